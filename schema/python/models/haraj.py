"""A socket for receiving only; sending, reading and typing are HTTP. Every document is one of these.

generated from schema/bundle/haraj.json by `cargo xtask foreign --update`, do not edit
"""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from typing import Annotated, Any, Literal
from typing_extensions import TypeAliasType


class Alert(BaseModel):
    """
    The text of a push.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    body: str
    """
    The text of the message, or the type of other content.
    """
    title: str
    """
    Name of who wrote the message.
    """


class Android(BaseModel):
    """
    How an Android device gets it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    priority: str
    """
    `HIGH`, or `NORMAL` when it must not ring.
    """
    ttl: str
    """
    For how long it is kept, always `3600s`.
    """


class Aps(BaseModel):
    """
    What Apple's devices show.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    alert: Alert | None = None
    """
    The text; absent: nothing is shown.
    """
    badge: Annotated[int | None, Field(ge=0, le=9007199254740991)] = None
    """
    The number on the application; absent: it stays.
    """
    content_available: Annotated[
        int | None, Field(alias="content-available", ge=0, le=255)
    ] = None
    """
    Always 1 where nothing is shown: the app is told.
    """
    mutable_content: Annotated[
        int | None, Field(alias="mutable-content", ge=0, le=255)
    ] = None
    """
    Always 1 where something is shown: the app may change it before.
    """
    sound: str | None = None
    """
    Always `default`; absent: nothing rings.
    """


class Content(BaseModel):
    """
    Typed content of a message.

    `text/plain` carries `{"text": "..."}`, `text/markdown` the same; `image/*` and other files carry `url`, `size` and `name`; `application/*` is opaque to the server and handed on byte for byte.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    payload: dict[str, Any]
    """
    Object whose members depend on the type.
    """
    type: Annotated[str, Field(max_length=255)]
    """
    Media type, for example `text/plain`.
    """


Kind = TypeAliasType("Kind", Literal["NEW_MESSAGE"])
"""
What a push is about.
"""


Platform = TypeAliasType("Platform", Literal["iOS", "Android"])
"""
Kind of a device.

- `iOS`: Apple.
- `Android`: Android.
"""


Reason = TypeAliasType("Reason", str)
"""
A code as it travels: a known one, or the text of one that only the peer knows.
"""


Secret = TypeAliasType("Secret", str)
"""
A text that is not shown: passwords, access tokens, tokens of devices.
"""


class SendMessage(BaseModel):
    """
    Request: write a message.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: Content
    """
    What to write.
    """
    session_id: str | None = None
    """
    The sender's own session, which is not told of the message; absent: none of the sender's sessions is. Any text: one that is unknown or closed is not an error.
    """


Seq = TypeAliasType("Seq", Annotated[int, Field(ge=0, le=9007199254740991)])
"""
Number: a message's number in its room. Dense, from 1; 0 means nothing yet.
"""


SessionId = TypeAliasType(
    "SessionId",
    Annotated[
        str,
        Field(
            max_length=128, min_length=1, pattern="^[^\\u0000-\\u001F\\u007F-\\u009F]*$"
        ),
    ],
)
"""
Opaque session id: at most 128 bytes of UTF-8, no control characters.
"""


class Strings(BaseModel):
    """
    What an Android device gets: all values are strings.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    badge: str | None = None
    """
    The number on the application, as digits.
    """
    silent: str | None = None
    """
    `true`: it must not ring.
    """
    xdata: str
    """
    The message, as JSON in a string.
    """
    xto: str
    """
    The recipients, as JSON in a string.
    """
    xtype: Kind
    """
    Always `NEW_MESSAGE`.
    """


Timestamp = TypeAliasType("Timestamp", AwareDatetime)
"""
RFC 3339, UTC, milliseconds: 2026-11-20T08:30:39.789Z.
"""


TopicAction = TypeAliasType("TopicAction", Literal["typing"])
"""
What is done in a topic without a message.
"""


TopicId = TypeAliasType("TopicId", str)
"""
Name of a topic, as it came: `p2p1_2` of two users, `grp1518765515224234` of a group. Others are no room's.
"""


class UpdateUserUpdateAvatar(BaseModel):
    """
    Another picture.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    avatar: str
    """
    Address of the picture.
    """
    what: Literal["update_avatar"]


class Upload(BaseModel):
    """
    Request: a place for a file.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    file_size: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Size of the file in bytes.
    """
    mime_type: str
    """
    Media type of the file.
    """


class UploadGrant(BaseModel):
    """
    Result of asking for a place.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    url: str
    """
    Where to put the bytes; the same address goes into the message.
    """


class UploadGrantReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: UploadGrant
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


What = TypeAliasType("What", Literal["online", "offline", "typing", "stop_typing"])
"""
What a user does.
"""


NumericUserId = TypeAliasType(
    "NumericUserId",
    Annotated[int, Field(ge=0, le=9007199254740991, title="NumericUserId")],
)
"""
User id: a number when it is one, else a string.
"""


TextUserId = TypeAliasType(
    "TextUserId",
    Annotated[str, Field(max_length=128, min_length=1, title="TextUserId")],
)
"""
User id: a number when it is one, else a string.
"""


WireUser = TypeAliasType("WireUser", NumericUserId | TextUserId)
"""
User id: a number when it is one, else a string.
"""


class Auth(BaseModel):
    """
    Parameters of `auth`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    access_token: Secret
    """
    From the login.
    """
    id: str
    """
    Repeated in the reply.
    """


class ClientAuth(BaseModel):
    """
    Parameters of `auth`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    auth: Auth
    """
    Parameters of `auth`.
    """


class ConfirmReads(BaseModel):
    """
    Request: I have read these messages.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    seq_ids: list[Seq]
    """
    The messages, at most 2.
    """


class ConfirmedReads(BaseModel):
    """
    Result of confirming reads.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    failed_ids: list[Seq]
    """
    Messages that could not be confirmed, to be tried again.
    """
    success_ids: list[Seq]
    """
    Messages that are read now.
    """
    topic_id: TopicId
    """
    Topic of the messages.
    """


class ConfirmedReadsReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: ConfirmedReads
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


class DeletedMessage(BaseModel):
    """
    Result of deleting a message.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    seq_id: Seq
    """
    Its number in the topic.
    """
    topic_id: TopicId
    """
    Topic of the message.
    """
    user_id: WireUser
    """
    Who deleted it: its author.
    """


class DeletedMessageReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: DeletedMessage
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


class Device(BaseModel):
    """
    Where pushes for a user go.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    platform: Platform
    """
    Kind of device.
    """
    token: Secret
    """
    Token that the push service gave to the installation.
    """


class FcmV1Android(BaseModel):
    """
    A push to an Android device.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    android: Android
    """
    How it is delivered.
    """
    data: Strings
    """
    What the device gets. All values are strings.
    """
    token: Secret
    """
    The device.
    """


class FoundUser(BaseModel):
    """
    A user that was found.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    avatar: str
    """
    Address of the picture; empty when there is none.
    """
    user_id: WireUser
    """
    The user.
    """
    username: str
    """
    Name of the user.
    """


class FoundUsers(BaseModel):
    """
    Result of looking users up by name. Names that nobody has are left out.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    user_id: WireUser
    """
    Who asked.
    """
    users: list[FoundUser]
    """
    The users that were found.
    """


class FoundUsersReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: FoundUsers
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


class HiddenTopic(BaseModel):
    """
    Result of hiding a topic. It comes back with the next message.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    topic_id: TopicId
    """
    The topic.
    """
    user_id: WireUser
    """
    Who hid it.
    """


class HiddenTopicReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: HiddenTopic
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


class LastMessage(BaseModel):
    """
    The newest message of a topic, in short.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    from_id: WireUser
    """
    Who wrote it.
    """
    name: str
    """
    Name of who wrote it.
    """
    short: str | None = None
    """
    First 20 characters of a text; absent for other content.
    """
    type: str
    """
    Type of its content.
    """


class LoginBasic(BaseModel):
    """
    With name and password.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    auth_type: Literal["basic"]
    password: Secret
    """
    The password.
    """
    username: str
    """
    Name of the user.
    """


class LoginHarajSession(BaseModel):
    """
    With a session of the site.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    auth_type: Literal["haraj_session"]
    session_value: Secret
    """
    Value of the session.
    """


class Message(BaseModel):
    """
    A message as the socket and pushes tell it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: Content
    """
    What was written.
    """
    from_id: WireUser
    """
    Who wrote it.
    """
    name: str
    """
    Name of who wrote it.
    """
    seq_id: Seq
    """
    Its number in the topic.
    """
    status: dict[
        Annotated[str, StringConstraints(pattern=r"^[^\u0000-\u001F\u007F-\u009F]*$")],
        bool,
    ]
    """
    Each recipient, and whether that one has read it.
    """
    topic_id: TopicId
    """
    Where it was written.
    """
    ts: Timestamp
    """
    When it was stored.
    """


class MessageEntry(BaseModel):
    """
    A message as history tells it: without its topic, and with a mark when it was deleted.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: Content
    """
    What was written; an empty text when it was deleted.
    """
    from_id: WireUser
    """
    Who wrote it.
    """
    is_deleted: bool
    """
    Whether it was deleted. Servers of the documented era did not write it.
    """
    name: str
    """
    Name of who wrote it.
    """
    seq_id: Seq
    """
    Its number in the topic.
    """
    status: dict[
        Annotated[str, StringConstraints(pattern=r"^[^\u0000-\u001F\u007F-\u009F]*$")],
        bool,
    ]
    """
    Each recipient, and whether that one has read it.
    """
    ts: Timestamp
    """
    When it was stored.
    """


class Notice(BaseModel):
    """
    What a device gets.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    aps: Aps | None = None
    """
    What Apple's devices show.
    """
    xdata: Message
    """
    The message.
    """
    xto: list[WireUser]
    """
    The recipients.
    """
    xtype: Kind
    """
    Always `NEW_MESSAGE`.
    """


class Peer(BaseModel):
    """
    Parameters of `listen` and `unlisten`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: str
    """
    Repeated in the reply.
    """
    peer_id: WireUser
    """
    The user to watch.
    """


class Presence(BaseModel):
    """
    What a user does now.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    from_id: WireUser
    """
    Who it is.
    """
    topic_id: TopicId | None = None
    """
    Where the user types.
    """
    ts: Timestamp
    """
    When it was said.
    """
    what: What
    """
    What it is.
    """


class Profile(BaseModel):
    """
    What everybody may know of a user.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    avatar: str
    """
    Address of the picture; empty when there is none.
    """
    name: str
    """
    Name of the user.
    """
    user_id: WireUser
    """
    The user.
    """


class ProfileReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: Profile
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


class Reads(BaseModel):
    """
    A member has read messages of others.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    from_id: WireUser
    """
    Who read.
    """
    seq_ids: list[Seq]
    """
    Every message that became read, at most the newest 100.
    """
    topic_id: TopicId
    """
    Topic of the messages.
    """
    ts: Timestamp
    """
    When it was read.
    """


class Refusal(BaseModel):
    """
    An answer that is a refusal.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    err: Reason
    """
    Why.
    """
    id: str | None = None
    """
    The command's id; only on the socket, and only when the command could be read.
    """
    status: Annotated[int, Field(ge=400, le=599)]
    """
    As the status of HTTP: 400 and above.
    """
    ts: Timestamp
    """
    When it was said.
    """


class ReplyData(BaseModel):
    """
    Result of a command on the socket. Nothing but its keys tells which command it answers.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    is_online: bool | None = None
    """
    Of `listen`: whether the other user is online now.
    """
    peer_id: WireUser | None = None
    """
    Of `listen` and `unlisten`: the other user.
    """
    session_id: SessionId | None = None
    """
    Of `auth`: this connection's session.
    """
    user_id: WireUser
    """
    Who I am.
    """


class ReplyDataReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: ReplyData
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


class ResolvedTopic(BaseModel):
    """
    A topic's picture, and a group's name.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    avatar: str
    """
    Address of the picture; empty when there is none.
    """
    title: str | None = None
    """
    Name of a group.
    """
    topic_id: TopicId
    """
    The topic.
    """


class ResolvedTopics(BaseModel):
    """
    Result of resolving topics: what the list leaves out.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    failed: list[TopicId]
    """
    The others.
    """
    topics: list[ResolvedTopic]
    """
    The topics that were found.
    """
    user_id: WireUser | None = None
    """
    Who asked; always written. Servers of the documented era left it out when no topic failed.
    """


class ResolvedTopicsReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: ResolvedTopics
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


class SentPacket(BaseModel):
    """
    The packet in an answer. Of an unknown server's only the number is relied on.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: Content | None = None
    """
    What was written.
    """
    from_id: WireUser | None = None
    """
    Who wrote it.
    """
    name: str | None = None
    """
    Name of who wrote it.
    """
    seq_id: Seq | None = None
    """
    Its number in the topic.
    """
    status: (
        dict[
            Annotated[
                str, StringConstraints(pattern=r"^[^\u0000-\u001F\u007F-\u009F]*$")
            ],
            bool,
        ]
        | None
    ) = None
    """
    Each recipient, and whether that one has read it.
    """
    topic_id: TopicId | None = None
    """
    Where it was written.
    """
    ts: Timestamp | None = None
    """
    When it was stored.
    """


class ServerMessage(BaseModel):
    """
    A message as the socket and pushes tell it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    message: Message
    """
    A message as the socket and pushes tell it.
    """


class ServerPres(BaseModel):
    """
    What a user does now.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    pres: Presence
    """
    What a user does now.
    """


class ServerReads(BaseModel):
    """
    A member has read messages of others.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    reads: Reads
    """
    A member has read messages of others.
    """


class Session(BaseModel):
    """
    Result of login and of renewal: a new access token.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    access_token: Secret
    """
    The token, for `auth` and the header of requests.
    """
    expires: Timestamp
    """
    When it ends.
    """
    user_id: WireUser
    """
    Who I am.
    """


class SessionReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: Session
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


class SetTyping(BaseModel):
    """
    Request: tell that I am typing, or no more.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    start: bool
    """
    False: no more.
    """
    what: TopicAction
    """
    Always `typing`.
    """


class StartTopic(BaseModel):
    """
    Request: begin the topic with a user, or find it again.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    type: Literal["p2p"]
    with_id: WireUser
    """
    The other user.
    """


class StartedTopicNameTopicId(BaseModel):
    """
    As production clients read it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    topic_id: TopicId
    """
    The topic.
    """


class TopicEntry(BaseModel):
    """
    A topic in the list.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    last_message: LastMessage
    """
    The newest message.
    """
    last_updated: Timestamp
    """
    When it last changed.
    """
    title: str | None = None
    """
    Name of the other user; a group's name is told when it is resolved.
    """
    topic_id: TopicId
    """
    The topic.
    """
    unread: Annotated[int | None, Field(ge=0, le=9007199254740991)] = None
    """
    Messages of others that I have not read; absent when there are none.
    """


class Topics(BaseModel):
    """
    One page of a user's topics.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    last_key: str | None
    """
    Opaque key of the next page; null at the end.
    """
    topics: list[TopicEntry]
    """
    At most 8 topics, newest activity first.
    """
    user_id: WireUser
    """
    Whose topics.
    """


class TopicsReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: Topics
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


class TypingSet(BaseModel):
    """
    Result of telling that one is typing.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    start: bool
    """
    False: no more.
    """
    topic_id: TopicId
    """
    Where.
    """
    user_id: WireUser
    """
    Who is typing.
    """
    what: TopicAction
    """
    Always `typing`.
    """


class TypingSetReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: TypingSet
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


class UpdateUserUpdateDevice(BaseModel):
    """
    The one device that is told of messages while I am away; it replaces the one before.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    device: Device
    """
    The device.
    """
    what: Literal["update_device"]


class UpdatedUserUpdateAvatar(BaseModel):
    """
    Another picture.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    avatar: str
    """
    Address of the picture.
    """
    user_id: WireUser
    """
    Who I am.
    """
    what: Literal["update_avatar"]


class UpdatedUserUpdateDevice(BaseModel):
    """
    The one device that is told of messages while I am away; it replaces the one before.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    device: Device
    """
    The device.
    """
    user_id: WireUser
    """
    Who I am.
    """
    what: Literal["update_device"]


UploadGrantAnswer = TypeAliasType("UploadGrantAnswer", UploadGrantReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


class Apns(BaseModel):
    """
    What an Apple device gets.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    payload: Notice
    """
    What the device gets.
    """


class ApnsPush(BaseModel):
    """
    A push through Apple's service; the device is named outside the body.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    aps: Aps
    """
    What is shown.
    """
    xdata: Message
    """
    The message.
    """
    xto: list[WireUser]
    """
    The recipients.
    """
    xtype: Kind
    """
    Always `NEW_MESSAGE`.
    """


class ClientListen(BaseModel):
    """
    Parameters of `listen` and `unlisten`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    listen: Peer
    """
    Parameters of `listen` and `unlisten`.
    """


class ClientUnlisten(BaseModel):
    """
    Parameters of `listen` and `unlisten`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    unlisten: Peer
    """
    Parameters of `listen` and `unlisten`.
    """


ConfirmedReadsAnswer = TypeAliasType(
    "ConfirmedReadsAnswer", ConfirmedReadsReply | Refusal
)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


DeletedMessageAnswer = TypeAliasType(
    "DeletedMessageAnswer", DeletedMessageReply | Refusal
)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


class FcmLegacyPush(BaseModel):
    """
    A push through Google's former service.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: Notice
    """
    What the device gets.
    """
    priority: str
    """
    Always `high`.
    """
    registration_ids: list[Secret]
    """
    The devices.
    """
    time_to_live: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Seconds for which it is kept, always 3600.
    """


class FcmV1Apple(BaseModel):
    """
    A push to an Apple device.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    apns: Apns
    """
    What the device gets.
    """
    token: Secret
    """
    The device.
    """


FcmV1Message = TypeAliasType("FcmV1Message", FcmV1Android | FcmV1Apple)
"""
A push to one device.
"""


class FcmV1Push(BaseModel):
    """
    A push through Google's service.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    message: FcmV1Message
    """
    For one device.
    """


FoundUsersAnswer = TypeAliasType("FoundUsersAnswer", FoundUsersReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


HiddenTopicAnswer = TypeAliasType("HiddenTopicAnswer", HiddenTopicReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


class History(BaseModel):
    """
    One page of a topic's messages.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    last_key: str | None
    """
    Opaque key of the next page; null at the end.
    """
    messages: list[MessageEntry]
    """
    The messages, oldest first; the first page holds the newest, further pages go back.
    """
    topic_id: TopicId
    """
    Topic of the messages.
    """
    user_id: WireUser
    """
    Who asked.
    """


class HistoryReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: History
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


Login = TypeAliasType(
    "Login", Annotated[LoginBasic | LoginHarajSession, Field(discriminator="auth_type")]
)
"""
Request: get an access token.
"""


ProfileAnswer = TypeAliasType("ProfileAnswer", ProfileReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


Push = TypeAliasType("Push", ApnsPush | FcmLegacyPush | FcmV1Push)
"""
A push, in the form of its service.
"""


ReplyDataAnswer = TypeAliasType("ReplyDataAnswer", ReplyDataReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


ResolvedTopicsAnswer = TypeAliasType(
    "ResolvedTopicsAnswer", ResolvedTopicsReply | Refusal
)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


class Sent(BaseModel):
    """
    Result of sending. On the wire most of it stands twice, in `data` and in `data.message`, because documented clients read the number in the one place and production clients in the other. Either place alone is read.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: Content | None = None
    """
    What was written.
    """
    message: SentPacket | None = None
    """
    The message as the packet tells it.
    """
    seq_id: Seq | None = None
    """
    Its number in the topic.
    """
    topic_id: TopicId | None = None
    """
    Where it was written.
    """
    user_id: WireUser
    """
    Who wrote it: me.
    """


class SentReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: Sent
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


ServerFrame = TypeAliasType(
    "ServerFrame", ServerMessage | ServerReads | ServerPres | ReplyDataAnswer
)
"""
One object with one key that names the packet, or the reply to a command.
"""


SessionAnswer = TypeAliasType("SessionAnswer", SessionReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


StartedTopicName = TypeAliasType("StartedTopicName", StartedTopicNameTopicId | TopicId)
"""
A topic in one of two forms.
"""


TopicsAnswer = TypeAliasType("TopicsAnswer", TopicsReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


TypingSetAnswer = TypeAliasType("TypingSetAnswer", TypingSetReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


UpdateUser = TypeAliasType(
    "UpdateUser",
    Annotated[
        UpdateUserUpdateAvatar | UpdateUserUpdateDevice, Field(discriminator="what")
    ],
)
"""
Request: change my picture or my device.
"""


UpdatedUser = TypeAliasType(
    "UpdatedUser",
    Annotated[
        UpdatedUserUpdateAvatar | UpdatedUserUpdateDevice, Field(discriminator="what")
    ],
)
"""
Result of changing my picture or device: who I am, and the request.
"""


class UpdatedUserReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: UpdatedUser
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


ClientFrame = TypeAliasType("ClientFrame", ClientAuth | ClientListen | ClientUnlisten)
"""
One object with one key that names the command.
"""


HistoryAnswer = TypeAliasType("HistoryAnswer", HistoryReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


SentAnswer = TypeAliasType("SentAnswer", SentReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


class StartedTopic(BaseModel):
    """
    Result of starting a topic. Both forms are read, and the form is kept.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    topic: StartedTopicName
    """
    The topic.
    """
    user_id: WireUser
    """
    Who started it.
    """
    with_id: WireUser
    """
    The other user.
    """


class StartedTopicReply(BaseModel):
    """
    An answer that is a success.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: StartedTopic
    """
    The result.
    """
    id: str | None = None
    """
    The command's id; only on the socket.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As the status of HTTP: 200, or 207 when a part failed.
    """
    ts: Timestamp
    """
    When it was said.
    """


UpdatedUserAnswer = TypeAliasType("UpdatedUserAnswer", UpdatedUserReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


StartedTopicAnswer = TypeAliasType("StartedTopicAnswer", StartedTopicReply | Refusal)
"""
An answer: a success with `data`, or a refusal with `err`.
"""


HarajDocument = TypeAliasType(
    "HarajDocument",
    Annotated[
        ClientFrame
        | ServerFrame
        | Login
        | SessionAnswer
        | StartTopic
        | StartedTopicAnswer
        | SendMessage
        | SentAnswer
        | HistoryAnswer
        | ConfirmReads
        | ConfirmedReadsAnswer
        | SetTyping
        | TypingSetAnswer
        | DeletedMessageAnswer
        | HiddenTopicAnswer
        | TopicsAnswer
        | ResolvedTopicsAnswer
        | FoundUsersAnswer
        | ProfileAnswer
        | UpdateUser
        | UpdatedUserAnswer
        | Upload
        | UploadGrantAnswer
        | Push,
        Field(title="HarajDocument"),
    ],
)
"""
A socket for receiving only; sending, reading and typing are HTTP. Every document is one of these.
"""
