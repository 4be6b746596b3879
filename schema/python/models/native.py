"""The protocol's own format, version 1: rooms, durable messages, receipts, presence and resumption. Every document is one of these.

generated from schema/bundle/native.json by `cargo xtask foreign --update`, do not edit
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from typing_extensions import TypeAliasType
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Access = TypeAliasType("Access", Literal["open", "invite"])
"""
Who may join a room without being asked in.

- `open`: Everyone who knows its id.
- `invite`: Nobody: members are added by others.
"""


Action = TypeAliasType("Action", Literal["retry", "reconnect", "refresh", "stop"])
"""
What the receiver of an error does next.

- `retry`: Send the same command again later, on the same connection.
- `reconnect`: Connect again and resume.
- `refresh`: Get a new token, then authenticate again.
- `stop`: Do not repeat it: the command itself must change.
"""


ClientMsgId = TypeAliasType(
    "ClientMsgId",
    Annotated[
        str,
        Field(
            max_length=128, min_length=1, pattern="^[^\\u0000-\\u001F\\u007F-\\u009F]*$"
        ),
    ],
)
"""
Opaque client_msg id: at most 128 bytes of UTF-8, no control characters.
"""


ClientRoomId = TypeAliasType(
    "ClientRoomId",
    Annotated[
        str,
        Field(
            max_length=128, min_length=1, pattern="^[^\\u0000-\\u001F\\u007F-\\u009F]*$"
        ),
    ],
)
"""
Opaque client_room id: at most 128 bytes of UTF-8, no control characters.
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


Cursor = TypeAliasType(
    "Cursor",
    Annotated[
        str,
        Field(
            max_length=512, min_length=1, pattern="^[^\\u0000-\\u001F\\u007F-\\u009F]*$"
        ),
    ],
)
"""
A place in a list, as the server named it: at most 512 bytes of UTF-8, no control characters.
"""


DeskStatus = TypeAliasType("DeskStatus", Literal["open", "pending", "closed"])
"""
State of a support case.

- `open`: Somebody of the organization has to act.
- `pending`: The client has to act.
- `closed`: It is done.
"""


DeviceId = TypeAliasType(
    "DeviceId",
    Annotated[
        str,
        Field(
            max_length=128, min_length=1, pattern="^[^\\u0000-\\u001F\\u007F-\\u009F]*$"
        ),
    ],
)
"""
Opaque device id: at most 128 bytes of UTF-8, no control characters.
"""


Emoji = TypeAliasType(
    "Emoji",
    Annotated[
        str,
        Field(
            max_length=64, min_length=1, pattern="^[^\\u0000-\\u001F\\u007F-\\u009F]*$"
        ),
    ],
)
"""
A reaction, usually one emoji: at most 64 bytes of UTF-8, no control characters.
"""


Epoch = TypeAliasType(
    "Epoch",
    Annotated[
        str,
        Field(
            max_length=64, min_length=1, pattern="^[^\\u0000-\\u001F\\u007F-\\u009F]*$"
        ),
    ],
)
"""
Opaque epoch id: at most 64 bytes of UTF-8, no control characters.
"""


ErrorCode = TypeAliasType(
    "ErrorCode",
    Literal[
        "ERR_BAD_REQUEST",
        "ERR_INVALID_JSON",
        "ERR_TOO_DEEP",
        "ERR_UNKNOWN_COMMAND",
        "ERR_UNSUPPORTED_FRAME",
        "ERR_PROTOCOL",
        "ERR_INVALID_UTF8",
        "ERR_UNSUPPORTED_VERSION",
        "ERR_TOO_LARGE",
        "ERR_NOT_AUTHENTICATED",
        "ERR_INVALID_ACCESS_TOKEN",
        "ERR_TOKEN_EXPIRED",
        "ERR_AUTH_TIMEOUT",
        "ERR_FORBIDDEN_ACCESS",
        "ERR_ORIGIN_REFUSED",
        "ERR_NOT_FOUND",
        "ERR_MESSAGE_NOT_FOUND",
        "ERR_METHOD_NOT_ALLOWED",
        "ERR_ALREADY_EXISTS",
        "ERR_CLIENT_ID_CONFLICT",
        "ERR_LIMIT_REACHED",
        "ERR_NOT_SUPPORTED",
        "ERR_UNSUPPORTED_MEDIA_TYPE",
        "ERR_SESSION_REVOKED",
        "ERR_TOO_MANY_REQUESTS",
        "ERR_SESSION_REPLACED",
        "ERR_SLOW_READER",
        "ERR_HEARTBEAT_TIMEOUT",
        "ERR_SHUTTING_DOWN",
        "ERR_STORAGE_UNAVAILABLE",
        "ERR_INTERNAL_ERROR",
    ],
)
"""
Stable error code. A newer server may send others: act on `action` then.

- `ERR_BAD_REQUEST`: A field is missing, of the wrong type or out of range; `detail` names it.
- `ERR_INVALID_JSON`: The frame or body is not JSON.
- `ERR_TOO_DEEP`: JSON nests deeper than 64 levels.
- `ERR_UNKNOWN_COMMAND`: No command has this name, or the frame holds none or several.
- `ERR_UNSUPPORTED_FRAME`: Native packets are text frames; this one was binary.
- `ERR_PROTOCOL`: The peer broke the rules of the transport.
- `ERR_INVALID_UTF8`: A text frame is not UTF-8.
- `ERR_UNSUPPORTED_VERSION`: None of the offered subprotocols is spoken here; `chat.v1` is.
- `ERR_TOO_LARGE`: The frame, body or content exceeds its size limit.
- `ERR_NOT_AUTHENTICATED`: Authenticate first.
- `ERR_INVALID_ACCESS_TOKEN`: The token is wrong, expired or revoked.
- `ERR_TOKEN_EXPIRED`: The token of this connection expired and was not refreshed.
- `ERR_AUTH_TIMEOUT`: No successful `auth` arrived within the deadline.
- `ERR_FORBIDDEN_ACCESS`: There is no such room, or it is not yours, or your role does not allow this.
- `ERR_ORIGIN_REFUSED`: Pages of this origin may not connect; the operator lists the allowed ones.
- `ERR_NOT_FOUND`: There is no such path or user.
- `ERR_MESSAGE_NOT_FOUND`: There is no such message in this room, or it was deleted.
- `ERR_METHOD_NOT_ALLOWED`: The path exists, but not with this method.
- `ERR_ALREADY_EXISTS`: A room with this id exists; join it instead.
- `ERR_CLIENT_ID_CONFLICT`: The same client_msg_id or client_room_id was used before with another body.
- `ERR_LIMIT_REACHED`: A documented number of things (sessions, rooms followed, users listened to, reactions to a message) would be exceeded.
- `ERR_NOT_SUPPORTED`: This server does not offer that; `detail` names it.
- `ERR_UNSUPPORTED_MEDIA_TYPE`: A body or upload of this media type is not taken.
- `ERR_SESSION_REVOKED`: The session was ended from another one, or by the operator.
- `ERR_TOO_MANY_REQUESTS`: Too much at once; wait `retry_after_ms`.
- `ERR_SESSION_REPLACED`: Another connection took this session over.
- `ERR_SLOW_READER`: The connection read too slowly and its queue is full; nothing stored is lost.
- `ERR_HEARTBEAT_TIMEOUT`: Nothing was heard from the peer, or it took nothing, for too long.
- `ERR_SHUTTING_DOWN`: The server is going away.
- `ERR_STORAGE_UNAVAILABLE`: The store cannot take or give data now. Nothing was stored, unless `detail` says that nobody knows.
- `ERR_INTERNAL_ERROR`: The server failed; the operator's log says why.
"""


HistoryVisibility = TypeAliasType("HistoryVisibility", Literal["all", "joined"])
"""
From where on a member reads a room's messages.

- `all`: From the first on.
- `joined`: A member reads only what was written since they joined.
"""


class InboxTotals(BaseModel):
    """
    Counts over all rooms of mine that are neither muted nor archived: what a badge shows.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    mentions: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Unread messages that mention me, muted rooms included.
    """
    rooms: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Rooms with unread messages.
    """
    unread: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Unread messages.
    """


class Limits(BaseModel):
    """
    What a server takes, told after `auth`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    max_content: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Greatest content of one message in bytes.
    """
    max_frame: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Greatest frame in bytes, in either direction.
    """
    max_history_page: Annotated[int, Field(ge=0, le=4294967295)]
    """
    Greatest number of messages in one page of history.
    """
    max_in_flight: Annotated[int, Field(ge=0, le=4294967295)]
    """
    Greatest number of unanswered commands; the server reads no further until one is answered.
    """
    max_rooms_followed: Annotated[int, Field(ge=0, le=4294967295)]
    """
    Greatest number of rooms that one session follows.
    """
    typing_ttl_ms: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How long a `typing` holds, in milliseconds: who goes on writing says it again before that.
    """


MemberAction = TypeAliasType(
    "MemberAction", Literal["joined", "left", "kicked", "banned", "unbanned", "role"]
)
"""
What happened to a membership. `joined` makes one member more; `left` and `kicked` one less; the others none.

- `joined`: The user is a member now, by joining or by being added.
- `left`: The user is no member any more, by its own will, or because it was deleted: in direct rooms, too.
- `kicked`: The user is no member any more, by another's.
- `banned`: The user may not become a member until `until`. Who was one is `kicked` first.
- `unbanned`: The user may become a member again.
- `role`: The member has another role now.
"""


Offset = TypeAliasType("Offset", Annotated[int, Field(ge=0, le=9007199254740991)])
"""
Number: a position in a room's log. Dense, from 1; 0 means nothing yet.
"""


Outcome = TypeAliasType("Outcome", Literal["recovered", "snapshot", "trimmed", "gone"])
"""
How a log was resumed.

- `recovered`: Every missed event was sent before this packet: nothing is missing.
- `snapshot`: The missed events were not sent: replace what you know by `state`, read history where you need it.
- `trimmed`: As a snapshot, because the log no longer reaches back to your position; `oldest` is the first that it has.
- `gone`: The room is not yours any more, or never was: forget it.
"""


PushService = TypeAliasType(
    "PushService", Literal["apns", "fcm", "web_push", "webhook"]
)
"""
Who carries a push to a device.

- `apns`: Apple Push Notification service.
- `fcm`: Firebase Cloud Messaging, HTTP v1.
- `web_push`: Web Push (RFC 8030); the token is the subscription as JSON text.
- `webhook`: The operator's own HTTP endpoint decides.
"""


PushStatus = TypeAliasType(
    "PushStatus", Literal["delivered", "gone", "retry", "refused"]
)
"""
What became of a push.

- `delivered`: The service has it.
- `gone`: The service does not know the token any more: it is forgotten.
- `retry`: Not now: it comes again.
- `refused`: The service will never take it; the token may be good all the same.
"""


class PushTarget(BaseModel):
    """
    Address of a device at a push service.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    app: Annotated[str | None, Field(max_length=256)] = None
    """
    Which application, for services that carry several: bundle id or package name, at most 256 bytes.
    """
    service: PushService
    """
    The service.
    """
    token: Annotated[str, Field(max_length=4096, min_length=1)]
    """
    The device's token there, at most 4096 bytes.
    """


ReactionAction = TypeAliasType("ReactionAction", Literal["added", "removed"])
"""
What happened to a reaction.

- `added`: The user has it now.
- `removed`: The user has it no more.
"""


RequestId = TypeAliasType(
    "RequestId",
    Annotated[
        str,
        Field(
            max_length=128, min_length=1, pattern="^[^\\u0000-\\u001F\\u007F-\\u009F]*$"
        ),
    ],
)
"""
Opaque request id: at most 128 bytes of UTF-8, no control characters.
"""


class RevokeData(BaseModel):
    """
    Result of `revoke`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    revoked: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How many sessions were ended.
    """


Role = TypeAliasType("Role", Literal["owner", "admin", "member", "reader"])
"""
A member's rights in one room, from most to least.

- `owner`: Made the room; may do everything.
- `admin`: Manages members and messages.
- `member`: Reads and writes.
- `reader`: Reads.
"""


RoomAction = TypeAliasType("RoomAction", Literal["created", "changed", "trimmed"])
"""
What happened to a room.

- `created`: The first entry of every room's log.
- `changed`: Its data changed: everything that the packet says is how it is now.
- `trimmed`: The messages before `oldest_seq` are forgotten, and their part of the log. Whoever had unread ones among them reads the room's state again.
"""


RoomId = TypeAliasType(
    "RoomId",
    Annotated[
        str,
        Field(
            max_length=320, min_length=1, pattern="^[^\\u0000-\\u001F\\u007F-\\u009F]*$"
        ),
    ],
)
"""
Opaque room id: at most 320 bytes of UTF-8, no control characters.
"""


RoomKind = TypeAliasType("RoomKind", Literal["direct", "group", "channel", "desk"])
"""
What a room is for.

- `direct`: Two users, or one with oneself. One room per pair, with a derived id.
- `group`: Some people, all of whom write.
- `channel`: Few write, many read: members join as readers.
- `desk`: A support case: a client and the agents of an organization.
"""


RoomNumber = TypeAliasType(
    "RoomNumber", Annotated[int, Field(ge=0, le=9007199254740991)]
)
"""
Number: a room's number in the server.
"""


class RoomPatch(BaseModel):
    """
    Changes of a room's data: absent keeps, null clears where it may.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    access: Access | None = None
    """
    Who may join.
    """
    avatar: Annotated[str | None, Field(max_length=2048)] = None
    """
    URL of a picture, at most 2048 bytes.
    """
    custom: dict[str, Any] | None = None
    """
    Whatever the application keeps with the room, at most 8 KiB as JSON text. Replaced as a whole.
    """
    history: HistoryVisibility | None = None
    """
    From where on members read its messages.
    """
    message_ttl_s: Annotated[int | None, Field(ge=1, le=9007199254740991)] = None
    """
    How long messages are kept, in seconds, at least 1; null: for ever. It holds for those that are there too.
    """
    name: Annotated[str | None, Field(max_length=256)] = None
    """
    Name for people, at most 256 bytes.
    """
    status: DeskStatus | None = None
    """
    State of the support case, for kind `desk`.
    """
    topic: Annotated[str | None, Field(max_length=1024)] = None
    """
    What it is about, at most 1024 bytes.
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


class Sessions(BaseModel):
    """
    Lists my sessions. Answered with `{"sessions":[...]}`, the most recently active first.

    Those that have a connection now, and those whose connection ended a moment ago, at the node that answers. They are not stored: after a restart of the server each is listed when it has connected again, under a new id.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """


class SessionsPacket(BaseModel):
    """
    Lists my sessions. Answered with `{"sessions":[...]}`, the most recently active first.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    sessions: Sessions
    """
    Lists my sessions. Answered with `{"sessions":[...]}`, the most recently active first.
    """


SystemKind = TypeAliasType("SystemKind", Literal["draining", "left_out", "limits"])
"""
What a `system` packet is about.

- `draining`: The server stops soon: finish what is under way, reconnect after the close.
- `left_out`: `rooms` are mine but are not followed, because a session follows only so many.
- `limits`: What this server takes has changed to `limits`.
"""


class Thread(BaseModel):
    """
    Reads one page of a thread. Answered with a history page of the replies, with the thread's state beside them.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    after: Seq | None = None
    """
    Only messages with a greater number, the oldest of them first to be chosen. With `before` as well: a window read from its old end.
    """
    before: Seq | None = None
    """
    Only messages with a smaller number, the newest of them first to be chosen.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    limit: Annotated[int | None, Field(ge=1, le=100)] = None
    """
    Greatest number of messages, 1 to 100; 50 when absent.
    """
    room: RoomId
    """
    The room.
    """
    root: Annotated[int, Field(ge=1, le=9007199254740991)]
    """
    The message that the thread hangs on.
    """


class ThreadPacket(BaseModel):
    """
    Reads one page of a thread. Answered with a history page of the replies, with the thread's state beside them.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    thread: Thread
    """
    Reads one page of a thread. Answered with a history page of the replies, with the thread's state beside them.
    """


class ThreadState(BaseModel):
    """
    A thread as one member sees it now.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    count: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How many replies it has.
    """
    pointers: Annotated[
        dict[
            Annotated[
                str, StringConstraints(pattern=r"^[^\u0000-\u001F\u007F-\u009F]*$")
            ],
            Seq,
        ]
        | None,
        Field(max_length=200),
    ] = None
    """
    Read pointers of others in this thread, at most 200, at most 16 KiB as JSON text, and no more than fit into a frame beside the first reply.
    """
    read: Seq
    """
    How far I have read it; at first the newest message when I became a member.
    """
    root: Seq
    """
    The message that it hangs on.
    """
    unread: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Replies of others after `read`.
    """


Timestamp = TypeAliasType("Timestamp", AwareDatetime)
"""
RFC 3339, UTC, milliseconds: 2026-11-20T08:30:39.789Z.
"""


class Typing(BaseModel):
    """
    Tells the other followers that I am writing. It holds 6 seconds, or until my message, until I leave the room or until this connection ends.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId | None = None
    """
    Repeated in the reply; absent: only an error is told.
    """
    room: RoomId
    """
    The room.
    """
    stop: bool | None = None
    """
    True: I stopped without sending. It only shortens the wait.
    """
    thread: Annotated[int | None, Field(ge=1, le=9007199254740991)] = None
    """
    In the thread of this message, instead of the main line.
    """


class TypingPacket(BaseModel):
    """
    Tells the other followers that I am writing. It holds 6 seconds, or until my message, until I leave the room or until this connection ends.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    typing: Typing
    """
    Tells the other followers that I am writing. It holds 6 seconds, or until my message, until I leave the room or until this connection ends.
    """


class Unfollow(BaseModel):
    """
    Stops listening to one room in this session. Membership stays.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    room: RoomId
    """
    The room.
    """


class UnfollowPacket(BaseModel):
    """
    Stops listening to one room in this session. Membership stays.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    unfollow: Unfollow
    """
    Stops listening to one room in this session. Membership stays.
    """


class Unreact(BaseModel):
    """
    Takes my reaction back. Answered with `{"offset","ts"}`; one that is not there is no error.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    emoji: Emoji
    """
    The reaction.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    room: RoomId
    """
    The room.
    """
    seq: Annotated[int, Field(ge=1, le=9007199254740991)]
    """
    The message.
    """


class UnreactPacket(BaseModel):
    """
    Takes my reaction back. Answered with `{"offset","ts"}`; one that is not there is no error.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    unreact: Unreact
    """
    Takes my reaction back. Answered with `{"offset","ts"}`; one that is not there is no error.
    """


class Uploaded(BaseModel):
    """
    What was uploaded, to be named in a message's content.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    name: str
    """
    Name that the file had.
    """
    size: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Size in bytes.
    """
    type: str
    """
    Media type, as the server found it.
    """
    url: str
    """
    Address of the bytes, for members of the room that it was uploaded to. They are there as long as a message of that room names the address, and at first for a day, or as long as the operator has set.
    """


UserId = TypeAliasType(
    "UserId",
    Annotated[
        str,
        Field(
            max_length=128, min_length=1, pattern="^[^\\u0000-\\u001F\\u007F-\\u009F]*$"
        ),
    ],
)
"""
Opaque user id: at most 128 bytes of UTF-8, no control characters.
"""


UserOffset = TypeAliasType(
    "UserOffset", Annotated[int, Field(ge=0, le=9007199254740991)]
)
"""
Number: a position in a user's log. Dense, from 1; 0 means nothing yet.
"""


class AgentsData(BaseModel):
    """
    The agents of an organization: who sees its desks and answers there.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    agents: Annotated[list[UserId], Field(max_length=1000)]
    """
    Its agents, by id, at most 1000. An organization of which nothing was said has none.
    """
    organization: Annotated[str, Field(max_length=128, min_length=1)]
    """
    The organization: letters, digits and `_`, at most 128 bytes.
    """


class Auth(BaseModel):
    """
    Authenticates the connection. It is the first command; repeated later by the same user it refreshes the token.

    Answered with `{"user_id","session_id","epoch","user_offset","expires_at","limits"}`. After it the session follows all rooms of the user, newest activity first, each told by one `resumed` packet with outcome `snapshot`; the `resumed` packet of the user log comes last. A client that has positions says `follow: false` and sends `resume`.

    A refresh whose token is refused with `ERR_INVALID_ACCESS_TOKEN` closes the connection too: the token that it lives by may be the one that is no longer taken.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    device_id: DeviceId | None = None
    """
    The installation; absent for one that receives no pushes.
    """
    follow: bool | None = None
    """
    Whether to follow all my rooms from now on; true when absent. False when a `resume` comes next.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    session_id: SessionId | None = None
    """
    The session to go on with, from an earlier answer. Its old connection, if any, is closed. Correctness never depends on it: one that is unknown, revoked or of another `device_id` is replaced by a new one, and after a restart of the server all are unknown.
    """
    token: str | None = None
    """
    Credential. May be absent when the handshake carried one.
    """


class AuthData(BaseModel):
    """
    Result of `auth`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    epoch: Epoch
    """
    The present life of the logs.
    """
    expires_at: Timestamp | None = None
    """
    When the token expires; absent: never.
    """
    limits: Limits
    """
    What this server takes.
    """
    session_id: SessionId
    """
    Name it in the next `auth` to go on with this session.
    """
    user_id: UserId
    """
    Who I am.
    """
    user_offset: UserOffset
    """
    Head of my user log.
    """


class AuthPacket(BaseModel):
    """
    Authenticates the connection. It is the first command; repeated later by the same user it refreshes the token.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    auth: Auth
    """
    Authenticates the connection. It is the first command; repeated later by the same user it refreshes the token.
    """


class Away(BaseModel):
    """
    Says whether a person is looking: an application that went to the background says `away: true`.

    A user whose sessions are all away counts as offline for pushes; presence stays online until the last one ends.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    away: bool
    """
    True: nobody looks at this session. False: somebody does again.
    """
    id: RequestId | None = None
    """
    Repeated in the reply; absent: only an error is told.
    """


class AwayPacket(BaseModel):
    """
    Says whether a person is looking: an application that went to the background says `away: true`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    away: Away
    """
    Says whether a person is looking: an application that went to the background says `away: true`.
    """


class Ban(BaseModel):
    """
    Keeps a user out of the room; a member is kicked first. Needs an owner or admin, of a higher role than the user's.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    reason: Annotated[str | None, Field(max_length=256)] = None
    """
    Why, told to the room's members; at most 256 bytes.
    """
    room: RoomId
    """
    The room.
    """
    until: Timestamp | None = None
    """
    Until when; absent: until `unban`.
    """
    user: UserId
    """
    Whom to keep out.
    """


class BanPacket(BaseModel):
    """
    Keeps a user out of the room; a member is kicked first. Needs an owner or admin, of a higher role than the user's.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    ban: Ban
    """
    Keeps a user out of the room; a member is kicked first. Needs an owner or admin, of a higher role than the user's.
    """


class BannedUser(BaseModel):
    """
    A user who may not become a member of a room.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    by: UserId
    """
    Who did it.
    """
    reason: Annotated[str | None, Field(max_length=256)] = None
    """
    Why, in the words of who did it.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    until: Timestamp | None = None
    """
    Until when; absent: until `unban`.
    """
    user: UserId
    """
    Who it is.
    """


class Block(BaseModel):
    """
    Keeps a user away from me: no messages in our direct room, no presence, no adding me to rooms. The user is not told.

    While it lasts I do not watch the user's presence either, do not add the user to rooms, and what I read in our direct room is read in private.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    user: UserId
    """
    Whom.
    """


class BlockPacket(BaseModel):
    """
    Keeps a user away from me: no messages in our direct room, no presence, no adding me to rooms. The user is not told.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    block: Block
    """
    Keeps a user away from me: no messages in our direct room, no presence, no adding me to rooms. The user is not told.
    """


class BlockedUser(BaseModel):
    """
    A user whom I block.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    ts: Timestamp
    """
    Since when.
    """
    user: UserId
    """
    Who it is.
    """


class Blocks(BaseModel):
    """
    Lists the users whom I block, by id. Answered with `{"users":[{"user","ts"}...],"next"?}`.

    Together with the `blocked` and `unblocked` changes of my user log that follow it is complete.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    cursor: Cursor | None = None
    """
    Where the last page ended; absent: from the first.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    limit: Annotated[int | None, Field(ge=1, le=100)] = None
    """
    Greatest number of users, 1 to 100; 50 when absent.
    """


class BlocksPacket(BaseModel):
    """
    Lists the users whom I block, by id. Answered with `{"users":[{"user","ts"}...],"next"?}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    blocks: Blocks
    """
    Lists the users whom I block, by id. Answered with `{"users":[{"user","ts"}...],"next"?}`.
    """


class BlocksPage(BaseModel):
    """
    Result of `blocks`: one page.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    next: Cursor | None = None
    """
    Where the next page begins; absent: this is the last.
    """
    users: Annotated[list[BlockedUser], Field(max_length=100)]
    """
    The users, by id.
    """


class Cancel(BaseModel):
    """
    Takes back a scheduled message that was not sent yet.

    `ERR_MESSAGE_NOT_FOUND` says that nothing waits under this name: it was sent, which the `message` with it tells, or taken back before.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    client_msg_id: ClientMsgId
    """
    Its name in the `send`.
    """
    from_: Annotated[UserId | None, Field(alias="from")] = None
    """
    Whose message it is, instead of mine. Only an operator says so; its own are those of `~system`.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    room: RoomId
    """
    The room.
    """


class CancelPacket(BaseModel):
    """
    Takes back a scheduled message that was not sent yet.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    cancel: Cancel
    """
    Takes back a scheduled message that was not sent yet.
    """


class ChangeData(BaseModel):
    """
    Result of `edit`, `delete`, `react`, `unreact`, `role`, `kick`, `ban` and `unban`: the change is durable.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    offset: Offset
    """
    Its position in the room's log, or that of the earlier change that made it needless.
    """
    ts: Timestamp
    """
    When it was stored.
    """


class Delete(BaseModel):
    """
    Deletes a message: mine, or as owner or admin anybody's. Answered with `{"offset","ts"}`, for `for_me` with `{"user_offset","ts"}`.

    Its number stays, its content is gone for everyone. Deleting what is deleted is no error.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    for_me: bool | None = None
    """
    Hide it from my devices only, whoever wrote it.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    room: RoomId
    """
    The room.
    """
    seq: Annotated[int, Field(ge=1, le=9007199254740991)]
    """
    The message.
    """


class DeletePacket(BaseModel):
    """
    Deletes a message: mine, or as owner or admin anybody's. Answered with `{"offset","ts"}`, for `for_me` with `{"user_offset","ts"}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    delete: Delete
    """
    Deletes a message: mine, or as owner or admin anybody's. Answered with `{"offset","ts"}`, for `for_me` with `{"user_offset","ts"}`.
    """


class Desk(BaseModel):
    """
    A support case: who asks, and who answers.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    client: UserId
    """
    The user who asks.
    """
    organization: Annotated[str, Field(max_length=128, min_length=1)]
    """
    Whose agents answer: letters, digits and `_`, at most 128 bytes.
    """
    status: DeskStatus | str
    """
    Where it stands.
    """


class DeskEntry(BaseModel):
    """
    One support case of an organization: what a line in its list shows.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    created_at: Timestamp
    """
    When it was made.
    """
    desk: Desk
    """
    Whose case it is, and how it stands.
    """
    members: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How many members it has: with its client alone nobody answers yet.
    """
    name: Annotated[str | None, Field(max_length=256)] = None
    """
    The room's name.
    """
    room: RoomId
    """
    The room.
    """
    seq: Seq
    """
    Number of its newest message.
    """


class DesksPage(BaseModel):
    """
    Support cases of an organization: one page.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    desks: Annotated[list[DeskEntry], Field(max_length=100)]
    """
    Its cases, those made last first.
    """
    next: Cursor | None = None
    """
    Where the next page begins; absent: this is the last.
    """
    organization: Annotated[str, Field(max_length=128, min_length=1)]
    """
    The organization.
    """


class Device(BaseModel):
    """
    Says how this installation receives pushes, or that it no longer wants any.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    device_id: DeviceId | None = None
    """
    The installation; when absent, the one that `auth` of this session named. Without either it is refused with `ERR_BAD_REQUEST`.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    name: Annotated[str | None, Field(max_length=128)] = None
    """
    Name for people, such as "Ann's phone", at most 128 bytes; null: none; absent: as before.
    """
    push: PushTarget | None = None
    """
    Where its pushes go; null: nowhere; absent: as before.
    """


class DevicePacket(BaseModel):
    """
    Says how this installation receives pushes, or that it no longer wants any.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    device: Device
    """
    Says how this installation receives pushes, or that it no longer wants any.
    """


class Edit(BaseModel):
    """
    Replaces the content of a message of mine. Answered with `{"offset","ts"}`.

    It keeps its number, its place and its mentions; everyone is told by an `edited` packet. The same content again changes nothing and is answered with the position of the last change.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: Content
    """
    What it says from now on, at most 16 KiB.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    room: RoomId
    """
    The room.
    """
    seq: Annotated[int, Field(ge=1, le=9007199254740991)]
    """
    The message.
    """


class EditPacket(BaseModel):
    """
    Replaces the content of a message of mine. Answered with `{"offset","ts"}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    edit: Edit
    """
    Replaces the content of a message of mine. Answered with `{"offset","ts"}`.
    """


class Edited(BaseModel):
    """
    A message's content was replaced. Its number, place and mentions stay.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: Content | None = None
    """
    What it says now; absent when it was deleted since, which a `deleted` packet tells, and when the room hides the message from me, because it was written before I joined: then all that becomes of it, also a deletion or a reaction, is told in this way, so that the log has no hole.
    """
    from_: Annotated[UserId, Field(alias="from")]
    """
    Who wrote it; `~system` when the room hides the message from me.
    """
    offset: Offset
    """
    Position in the room's log.
    """
    room: RoomId
    """
    The room.
    """
    seq: Seq
    """
    Number of the message.
    """
    thread: Seq | None = None
    """
    Number of the message whose thread it belongs to.
    """
    ts: Timestamp
    """
    When it was stored.
    """


class EditedPacket(BaseModel):
    """
    A message's content was replaced. Its number, place and mentions stay.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    edited: Edited
    """
    A message's content was replaced. Its number, place and mentions stay.
    """


class ExportEnd(BaseModel):
    """
    The end of an export.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    lines: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How many lines came before.
    """
    ts: Timestamp
    """
    When the last one was read.
    """


class ExportedDevice(BaseModel):
    """
    An installation of a user, without its token.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    app: str | None = None
    """
    The application that is pushed.
    """
    device_id: DeviceId
    """
    Its id.
    """
    name: str | None = None
    """
    Its name for people.
    """
    push: PushService | str | None = None
    """
    Who carries its pushes; absent: it gets none.
    """
    updated_at: Timestamp
    """
    When it was registered last.
    """


class ExportedUpload(BaseModel):
    """
    A file that a user uploaded.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    name: str
    """
    Name that the file had.
    """
    room: RoomId
    """
    The room that it was uploaded to.
    """
    size: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Size in bytes.
    """
    ts: Timestamp
    """
    When.
    """
    type: str
    """
    Media type, as the server found it.
    """
    url: str
    """
    Address of the bytes, for members of the room.
    """


class Follow(BaseModel):
    """
    Listens to one room of mine. Answered by one `resumed` and the reply.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    epoch: Epoch | None = None
    """
    The epoch of `offset`; absent: the present one.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    offset: Offset | None = None
    """
    Go on after this position; absent: from now on, beginning with a snapshot.
    """
    room: RoomId
    """
    The room.
    """


class FollowPacket(BaseModel):
    """
    Listens to one room of mine. Answered by one `resumed` and the reply.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    follow: Follow
    """
    Listens to one room of mine. Answered by one `resumed` and the reply.
    """


class ForgetData(BaseModel):
    """
    A user is being deleted: it was asked for now, or before. Until that is done the user is refused everywhere, and nobody adds it anywhere; after that it is like one who was never here.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    ts: Timestamp
    """
    Since when.
    """
    user: UserId
    """
    Who is deleted.
    """


class History(BaseModel):
    """
    Reads one page of messages. Answered with a history page.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    after: Seq | None = None
    """
    Only messages with a greater number, the oldest of them first to be chosen. With `before` as well: a window read from its old end.
    """
    before: Seq | None = None
    """
    Only messages with a smaller number, the newest of them first to be chosen.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    limit: Annotated[int | None, Field(ge=1, le=100)] = None
    """
    Greatest number of messages, 1 to 100; 50 when absent.
    """
    room: RoomId
    """
    The room.
    """


class HistoryPacket(BaseModel):
    """
    Reads one page of messages. Answered with a history page.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    history: History
    """
    Reads one page of messages. Answered with a history page.
    """


class Inbox(BaseModel):
    """
    Lists my rooms, pinned ones first, then by latest activity. Answered with an inbox page: enough to draw a list of chats.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    archived: bool | None = None
    """
    Archived rooms instead of the others.
    """
    cursor: Cursor | None = None
    """
    Where the last page ended; absent: from the top.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    limit: Annotated[int | None, Field(ge=1, le=100)] = None
    """
    Greatest number of rooms, 1 to 100; 50 when absent.
    """


class InboxPacket(BaseModel):
    """
    Lists my rooms, pinned ones first, then by latest activity. Answered with an inbox page: enough to draw a list of chats.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    inbox: Inbox
    """
    Lists my rooms, pinned ones first, then by latest activity. Answered with an inbox page: enough to draw a list of chats.
    """


class Invite(BaseModel):
    """
    Adds members. Needs an owner or admin, in a direct room nobody can.

    Who is added is a member at once and may leave. Answered with `{"added":[...]}`, those who were no members before; a user who blocked me, or is banned from the room, refuses the whole command.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    role: Role | None = None
    """
    Their role, not above mine and not `owner`; absent: what joiners of the room get.
    """
    room: RoomId
    """
    The room.
    """
    users: Annotated[list[UserId], Field(max_length=100, min_length=1)]
    """
    Whom to add, 1 to 100.
    """


class InviteData(BaseModel):
    """
    Result of `invite`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    added: list[UserId]
    """
    Who became a member; the others were.
    """


class InvitePacket(BaseModel):
    """
    Adds members. Needs an owner or admin, in a direct room nobody can.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    invite: Invite
    """
    Adds members. Needs an owner or admin, in a direct room nobody can.
    """


class Join(BaseModel):
    """
    Becomes a member and follows the room. Answered with `{"room": state, "created": bool}`; already being a member is no error.

    In an open room I become a `member`, of a channel a `reader`, also where everybody has left: who runs such a room again says the operator. A desk is joined by its organization's agents, and by its client who left it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    room: RoomId
    """
    The room.
    """


class JoinPacket(BaseModel):
    """
    Becomes a member and follows the room. Answered with `{"room": state, "created": bool}`; already being a member is no error.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    join: Join
    """
    Becomes a member and follows the room. Answered with `{"room": state, "created": bool}`; already being a member is no error.
    """


class Kick(BaseModel):
    """
    Ends another's membership. Needs an owner or admin, of a higher role than the user's.

    The user may join again where the room is open: `ban` prevents that.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    reason: Annotated[str | None, Field(max_length=256)] = None
    """
    Why, told to the room's members; at most 256 bytes.
    """
    room: RoomId
    """
    The room.
    """
    user: UserId
    """
    Who has to go.
    """


class KickPacket(BaseModel):
    """
    Ends another's membership. Needs an owner or admin, of a higher role than the user's.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    kick: Kick
    """
    Ends another's membership. Needs an owner or admin, of a higher role than the user's.
    """


class Leave(BaseModel):
    """
    Stops being a member.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    room: RoomId
    """
    The room.
    """


class LeavePacket(BaseModel):
    """
    Stops being a member.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    leave: Leave
    """
    Stops being a member.
    """


class Listen(BaseModel):
    """
    Watches a user's presence while this connection lasts. Answered with `{"user","online","last_seen"?}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    user: UserId
    """
    The user to watch: someone with whom I have a direct room, or whom the server's own rules let me watch, and neither of us blocks the other. Anyone else is refused with `ERR_FORBIDDEN_ACCESS`.
    """


class ListenData(BaseModel):
    """
    Result of `listen`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    last_seen: Timestamp | None = None
    """
    When the last session ended; absent while one lives, or when it is not known.
    """
    online: bool
    """
    Whether the user is online now.
    """
    user: UserId
    """
    The user that is watched now.
    """


class ListenPacket(BaseModel):
    """
    Watches a user's presence while this connection lasts. Answered with `{"user","online","last_seen"?}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    listen: Listen
    """
    Watches a user's presence while this connection lasts. Answered with `{"user","online","last_seen"?}`.
    """


class LogEdited(BaseModel):
    """
    A message's content was replaced. Its number, place and mentions stay.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    edited: Edited
    """
    A message's content was replaced. Its number, place and mentions stay.
    """


class MarkDelivered(BaseModel):
    """
    Moves my delivered pointer forward: this device has every message up to it. A smaller number than before changes nothing.

    Stored and told as read pointers are; not needed where `read` says as much, and nothing to anybody in a direct room whose other side I block.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId | None = None
    """
    Repeated in the reply; absent: only an error is told.
    """
    room: RoomId
    """
    The room.
    """
    seq: Seq
    """
    Everything up to this message has arrived.
    """


class MarkRead(BaseModel):
    """
    Moves my read pointer forward; a smaller number than before changes nothing.

    The server stores pointers a few times a second and tells others afterwards. The reply, if an `id` asks for one, comes when it is stored. In a direct room whose other side I block every read is private.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId | None = None
    """
    Repeated in the reply; absent: only an error is told.
    """
    private: bool | None = None
    """
    Do not tell others; my own counts follow all the same.
    """
    room: RoomId
    """
    The room.
    """
    seq: Seq
    """
    Everything up to this message is read.
    """
    thread: Annotated[int | None, Field(ge=1, le=9007199254740991)] = None
    """
    In the thread of this message, instead of the main line.
    """


class MarkUnread(BaseModel):
    """
    Marks the main line unread from a message on, for my own devices only. Cleared by the next `read`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    room: RoomId
    """
    The room.
    """
    seq: Annotated[int, Field(ge=1, le=9007199254740991)]
    """
    The first message to count as unread.
    """


class MarkUnreadPacket(BaseModel):
    """
    Marks the main line unread from a message on, for my own devices only. Cleared by the next `read`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    mark_unread: MarkUnread
    """
    Marks the main line unread from a message on, for my own devices only. Cleared by the next `read`.
    """


class Member(BaseModel):
    """
    One member, as others see it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    avatar: str | None = None
    """
    URL of a picture, from the directory.
    """
    delivered: Seq | None = None
    """
    Everything up to this message has arrived at some device; absent: nothing, or not told in a room of this size.
    """
    joined_at: Timestamp
    """
    Since when.
    """
    name: str | None = None
    """
    Name for people, from the directory.
    """
    read: Seq | None = None
    """
    Everything up to this message is read; absent: nothing, or not told in a room of this size.
    """
    role: Role | str
    """
    The role in this room.
    """
    user: UserId
    """
    Who it is.
    """


class MemberChanged(BaseModel):
    """
    A change of membership, in the room's log.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: MemberAction | str
    """
    What happened.
    """
    by: UserId | None = None
    """
    Who did it; absent when it was the user itself.
    """
    offset: Offset
    """
    Position in the room's log.
    """
    reason: Annotated[str | None, Field(max_length=256)] = None
    """
    Why, in the words of who did it.
    """
    role: Role | str | None = None
    """
    The role that the user has now; absent when there is none.
    """
    room: RoomId
    """
    The room.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    until: Timestamp | None = None
    """
    For `banned`: until when; absent: until `unbanned`.
    """
    user: UserId
    """
    Whose membership it is.
    """


class MemberPacket(BaseModel):
    """
    A change of membership, in the room's log.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    member: MemberChanged
    """
    A change of membership, in the room's log.
    """


class Members(BaseModel):
    """
    Lists members, owners and admins first, then by id. Answered with a page of members.

    With `banned: true` it lists who may not become a member, by id, instead; that needs an owner or admin.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    banned: bool | None = None
    """
    Banned users instead of members.
    """
    cursor: Cursor | None = None
    """
    Where the last page ended; absent: from the first.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    limit: Annotated[int | None, Field(ge=1, le=100)] = None
    """
    Greatest number of members, 1 to 100; 50 when absent.
    """
    room: RoomId
    """
    The room.
    """


class MembersPacket(BaseModel):
    """
    Lists members, owners and admins first, then by id. Answered with a page of members.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    members: Members
    """
    Lists members, owners and admins first, then by id. Answered with a page of members.
    """


class MembersPage(BaseModel):
    """
    Result of `members`: one page.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    banned: Annotated[list[BannedUser] | None, Field(max_length=100)] = None
    """
    The banned users, by id, when they were asked for. One whose ban has ended is not among them.
    """
    members: Annotated[list[Member], Field(max_length=100)]
    """
    The members, owners and admins first, then by id. None, when banned users were asked for.
    """
    next: Cursor | None = None
    """
    Where the next page begins; absent: this is the last.
    """
    room: RoomId
    """
    The room.
    """


class Mentions(BaseModel):
    """
    Whom a message calls. Who is called is counted and pushed even where the room is muted.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    room: bool | None = None
    """
    Everyone in the room. In a room with many members, more than 100 if the operator did not say otherwise, only an owner or admin calls all.
    """
    users: Annotated[list[UserId] | None, Field(max_length=50)] = None
    """
    These members, at most 50.
    """


class MyReactions(BaseModel):
    """
    My reactions to one message.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    emoji: list[Emoji]
    """
    What I reacted with.
    """
    seq: Seq
    """
    The message.
    """


class NewDesk(BaseModel):
    """
    A support case to be made. It begins `open`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    client: UserId
    """
    The user who asks.
    """
    organization: Annotated[str, Field(max_length=128, min_length=1)]
    """
    Whose agents answer: letters, digits and `_`, at most 128 bytes.
    """


class Ping(BaseModel):
    """
    Asks for a `pong`: liveness for clients that cannot send transport pings, such as browsers. Needs no authentication.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId | None = None
    """
    Repeated in the `pong`.
    """


class PingPacket(BaseModel):
    """
    Asks for a `pong`: liveness for clients that cannot send transport pings, such as browsers. Needs no authentication.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    ping: Ping
    """
    Asks for a `pong`: liveness for clients that cannot send transport pings, such as browsers. Needs no authentication.
    """


class Pong(BaseModel):
    """
    Answer to `ping`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId | None = None
    """
    The ping's own.
    """
    ts: Timestamp
    """
    The server's time.
    """


class PongPacket(BaseModel):
    """
    Answer to `ping`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    pong: Pong
    """
    Answer to `ping`.
    """


class PresenceCounts(BaseModel):
    """
    How many do what in a room that is too large to tell each: said on an interval instead.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    online: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How many members are online.
    """
    room: RoomId
    """
    Where.
    """
    ts: Timestamp
    """
    When it became true.
    """
    typing: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How many of them write.
    """
    what: Literal["counts"]


class PresenceOffline(BaseModel):
    """
    No session of the user lives any more. Sent to those who listen.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    from_: Annotated[UserId, Field(alias="from")]
    """
    Who.
    """
    last_seen: Timestamp | None = None
    """
    When the last one ended.
    """
    ts: Timestamp
    """
    When it became true.
    """
    what: Literal["offline"]


class PresenceOnline(BaseModel):
    """
    Some session of the user lives. Sent to those who listen.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    from_: Annotated[UserId, Field(alias="from")]
    """
    Who.
    """
    ts: Timestamp
    """
    When it became true.
    """
    what: Literal["online"]


class PresenceStopTyping(BaseModel):
    """
    The user stopped writing in the room without sending.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    from_: Annotated[UserId, Field(alias="from")]
    """
    Who.
    """
    room: RoomId
    """
    Where.
    """
    thread: Seq | None = None
    """
    In the thread of this message; absent: in the main line.
    """
    ts: Timestamp
    """
    When it became true.
    """
    what: Literal["stop_typing"]


class PresenceTyping(BaseModel):
    """
    The user writes in the room. Sent to its followers.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    from_: Annotated[UserId, Field(alias="from")]
    """
    Who.
    """
    room: RoomId
    """
    Where.
    """
    thread: Seq | None = None
    """
    In the thread of this message; absent: in the main line.
    """
    ts: Timestamp
    """
    When it became true.
    """
    ttl_ms: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How long it holds if nothing renews it, in milliseconds.
    """
    what: Literal["typing"]


class PresenceUnknown(BaseModel):
    """
    Something that only a newer server knows.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    ts: Timestamp
    """
    When it became true.
    """
    what: str
    """
    Any word but those of the other forms.
    """


class PushEntry(BaseModel):
    """
    One push for one device.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    app: str | None = None
    """
    Which application, for services that carry several.
    """
    badge: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Unread messages in all rooms that are neither muted nor archived: the number on the application.
    """
    collapse_key: str
    """
    A newer push with this key replaces this one on the device: 32 hexadecimal digits, the same for a room.
    """
    device: DeviceId
    """
    Which one.
    """
    id: str
    """
    Its name: the same when it comes again.
    """
    payload: dict[str, Any]
    """
    What the service takes, of at most 4,096 bytes: for `apns` and `fcm` as in the documents of those names, for `web_push` and `webhook` the packet `message`.
    """
    service: PushService
    """
    The service that carries it.
    """
    silent: bool
    """
    It must not ring.
    """
    token: str
    """
    The device's token there.
    """
    user: UserId
    """
    Whose device.
    """


class PushResult(BaseModel):
    """
    What became of one push.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: str
    """
    Which one.
    """
    retry_after_s: Annotated[int | None, Field(ge=0, le=9007199254740991)] = None
    """
    With `retry`: after so many seconds. Absent: when the server thinks fit.
    """
    status: PushStatus
    """
    What became of it.
    """


class React(BaseModel):
    """
    Adds my reaction to a message. Answered with `{"offset","ts"}`; the same one again is no error.

    A message takes 20 different reactions, from however many users; one more is `ERR_LIMIT_REACHED`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    emoji: Emoji
    """
    The reaction.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    room: RoomId
    """
    The room.
    """
    seq: Annotated[int, Field(ge=1, le=9007199254740991)]
    """
    The message.
    """


class ReactPacket(BaseModel):
    """
    Adds my reaction to a message. Answered with `{"offset","ts"}`; the same one again is no error.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    react: React
    """
    Adds my reaction to a message. Answered with `{"offset","ts"}`; the same one again is no error.
    """


class Reaction(BaseModel):
    """
    A user's reaction to a message came or went.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: ReactionAction | str
    """
    What happened.
    """
    count: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How many users have this reaction to the message now.
    """
    emoji: Emoji
    """
    The reaction.
    """
    from_: Annotated[UserId, Field(alias="from")]
    """
    Whose reaction it is.
    """
    offset: Offset
    """
    Position in the room's log.
    """
    room: RoomId
    """
    The room.
    """
    seq: Seq
    """
    Number of the message.
    """
    ts: Timestamp
    """
    When it was stored.
    """


class ReactionCount(BaseModel):
    """
    One reaction to a message, summed up.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    count: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How many users have it.
    """
    emoji: Emoji
    """
    The reaction.
    """
    users: Annotated[list[UserId] | None, Field(max_length=5)] = None
    """
    Some of them, the first at most 5.
    """


class ReactionPacket(BaseModel):
    """
    A user's reaction to a message came or went.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    reaction: Reaction
    """
    A user's reaction to a message came or went.
    """


class ReadData(BaseModel):
    """
    Result of `read`: where the pointer stands, which may be further than asked.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    read: Seq
    """
    Everything up to this message is read.
    """


class ReadPacket(BaseModel):
    """
    Moves my read pointer forward; a smaller number than before changes nothing.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    read: MarkRead
    """
    Moves my read pointer forward; a smaller number than before changes nothing.
    """


class Reads(BaseModel):
    """
    A member's pointers moved: at least one of `read` and `delivered` is there.

    Not in the log: pointers are state, sent again with each `resumed`. Above a number of members that the operator sets they are not told.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    delivered: Seq | None = None
    """
    Everything up to this message has arrived at some device.
    """
    from_: Annotated[UserId, Field(alias="from")]
    """
    Whose pointers they are.
    """
    read: Seq | None = None
    """
    Everything up to this message is read.
    """
    room: RoomId
    """
    The room.
    """
    thread: Seq | None = None
    """
    The thread in which it was read; absent: the main line.
    """
    ts: Timestamp
    """
    When it was stored.
    """


class ReadsPacket(BaseModel):
    """
    A member's pointers moved: at least one of `read` and `delivered` is there.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    reads: Reads
    """
    A member's pointers moved: at least one of `read` and `delivered` is there.
    """


class Replies(BaseModel):
    """
    The thread that hangs on a message.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    count: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How many replies it has.
    """
    last_seq: Seq
    """
    Number of the newest.
    """


class Reply(BaseModel):
    """
    The answer to one command.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Action | str | None = None
    """
    What to do about the error; absent for success. A newer server may send other words: act then as the table of errors says of `err`, and stop where it does not know it either.
    """
    data: dict[str, Any] | None = None
    """
    Result of a success; its members depend on the command.
    """
    detail: str | None = None
    """
    What exactly was wrong, for the person who debugs. Not stable: do not compare it.
    """
    err: ErrorCode | str | None = None
    """
    Error code; absent for success.
    """
    id: RequestId | None = None
    """
    The command's id; absent when the command could not be read well enough to know it.
    """
    retry_after_ms: Annotated[int | None, Field(ge=0, le=9007199254740991)] = None
    """
    With action `retry`: how long to wait, in milliseconds.
    """
    status: Annotated[int, Field(ge=0, le=65535)]
    """
    As HTTP: 200 for success, 4xx and 5xx for errors.
    """
    ts: Timestamp
    """
    When it was said.
    """


class ReplyPacket(BaseModel):
    """
    The answer to one command.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    reply: Reply
    """
    The answer to one command.
    """


class Resume(BaseModel):
    """
    Goes on after the named positions.

    Each room is answered by its missed events, if they can be told, and then by one `resumed` packet; rooms of mine that are not named are followed as after `auth`. The reply comes when all is told. A resume that would exceed a frame is split into several: all but the last say `more: true`, and only the last adds the rooms not named and goes on with my user log.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    epoch: Epoch
    """
    The life of the logs that the positions belong to.
    """
    id: RequestId
    """
    Repeated in the reply and in every `resumed`.
    """
    more: bool | None = None
    """
    Another part of the same resume follows: do not add rooms that were not named yet.
    """
    rooms: (
        dict[
            Annotated[
                str, StringConstraints(pattern=r"^[^\u0000-\u001F\u007F-\u009F]*$")
            ],
            Offset,
        ]
        | None
    ) = {}
    """
    Position in each room.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class ResumePacket(BaseModel):
    """
    Goes on after the named positions.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    resume: Resume
    """
    Goes on after the named positions.
    """


class Revoke(BaseModel):
    """
    Ends sessions of mine: their connections are closed with `ERR_SESSION_REVOKED`, and what they know is no longer valid. A device that has no other session gets no pushes any more.

    Names one session or says `others: true`; the session that says it is ended only by its own id. Answered with `{"revoked":n}`; a session that does not exist counts as ended already. To the session that it ends itself, the close is the answer.

    It takes no token back: who has one that is still good can connect again, and is listed as a new session.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    others: bool | None = None
    """
    End all but this one.
    """
    session_id: SessionId | None = None
    """
    The session to end.
    """


class RevokePacket(BaseModel):
    """
    Ends sessions of mine: their connections are closed with `ERR_SESSION_REVOKED`, and what they know is no longer valid. A device that has no other session gets no pushes any more.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    revoke: Revoke
    """
    Ends sessions of mine: their connections are closed with `ERR_SESSION_REVOKED`, and what they know is no longer valid. A device that has no other session gets no pushes any more.
    """


class RoomChanged(BaseModel):
    """
    A change of a room itself, in its log. It says the room's data as they are after it; only `access` and `history` may be left out where nothing changed them.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    access: Access | str | None = None
    """
    Who may join now; absent: as before.
    """
    action: RoomAction | str
    """
    What happened.
    """
    avatar: Annotated[str | None, Field(max_length=2048)] = None
    """
    URL of a picture, at most 2048 bytes.
    """
    by: UserId
    """
    Who did it.
    """
    custom: dict[str, Any] | None = None
    """
    Whatever the application keeps with the room, at most 8 KiB as JSON text.
    """
    desk: Desk | None = None
    """
    The support case now, for kind `desk`.
    """
    history: HistoryVisibility | str | None = None
    """
    From where on members read its messages now; absent: as before. Where it is not what the room's state says, I can read more of the room or less than before, and other messages are unread: drop its messages, read its state again with a `follow` without `offset`, and `history` where you need it. Members, bans and pointers stay as they are.
    """
    kind: RoomKind | str
    """
    What the room is for.
    """
    message_ttl_s: Annotated[int | None, Field(ge=0, le=9007199254740991)] = None
    """
    How long messages are kept, in seconds; absent: for ever.
    """
    name: Annotated[str | None, Field(max_length=256)] = None
    """
    Name for people, at most 256 bytes. Direct rooms have none.
    """
    offset: Offset
    """
    Position in the room's log.
    """
    oldest_seq: Seq | None = None
    """
    For `trimmed`: number of the oldest message that can still be read.
    """
    room: RoomId
    """
    The room.
    """
    topic: Annotated[str | None, Field(max_length=1024)] = None
    """
    What it is about, at most 1024 bytes.
    """
    ts: Timestamp
    """
    When it was stored.
    """


class RoomPacket(BaseModel):
    """
    A change of a room itself, in its log. It says the room's data as they are after it; only `access` and `history` may be left out where nothing changed them.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    room: RoomChanged
    """
    A change of a room itself, in its log. It says the room's data as they are after it; only `access` and `history` may be left out where nothing changed them.
    """


class RoomSettings(BaseModel):
    """
    What a room is to me alone.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    archived: bool | None = None
    """
    It is out of my list until the next message.
    """
    mute_until: Timestamp | None = None
    """
    No pushes until then.
    """
    pinned: bool | None = None
    """
    It stands on top of my list.
    """


class RoomState(BaseModel):
    """
    A room as one of its members sees it now.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    access: Access | str
    """
    Who may join.
    """
    avatar: Annotated[str | None, Field(max_length=2048)] = None
    """
    URL of a picture, at most 2048 bytes.
    """
    custom: dict[str, Any] | None = None
    """
    Whatever the application keeps with the room, at most 8 KiB as JSON text.
    """
    desk: Desk | None = None
    """
    The support case, for kind `desk`.
    """
    history: HistoryVisibility | str
    """
    From where on members read its messages.
    """
    kind: RoomKind | str
    """
    What it is for.
    """
    members: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    How many members it has.
    """
    mentions: Annotated[int | None, Field(ge=0, le=9007199254740991)] = None
    """
    How many of the unread ones mention me.
    """
    message_ttl_s: Annotated[int | None, Field(ge=0, le=9007199254740991)] = None
    """
    How long messages are kept, in seconds; absent: for ever.
    """
    name: Annotated[str | None, Field(max_length=256)] = None
    """
    Name for people, at most 256 bytes. Direct rooms have none.
    """
    number: RoomNumber | None = None
    """
    The room's number in the whole server, if it has one.
    """
    offset: Offset
    """
    Head of the room's log.
    """
    oldest_seq: Seq
    """
    Number of the oldest message that I can read: the oldest that is kept, or with `history` `joined` the first since I joined, if that is later. Beyond `seq` when there is none.
    """
    peer: UserId | None = None
    """
    In a direct room: the other user.
    """
    read: Seq
    """
    How far I have read.
    """
    read_private: Seq | None = None
    """
    How far I have read without telling others, when that is further than `read`. Then `unread` counts from here.
    """
    role: Role | str
    """
    My role.
    """
    room: RoomId
    """
    The room.
    """
    seq: Seq
    """
    Number of the newest message; 0 when there is none.
    """
    settings: RoomSettings | None = None
    """
    What the room is to me.
    """
    topic: Annotated[str | None, Field(max_length=1024)] = None
    """
    What it is about, at most 1024 bytes.
    """
    ts: Timestamp
    """
    When it last changed.
    """
    unread: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Messages of others after `read`, threads not counted; after `mark_unread`, those from its message on.
    """
    unread_from: Seq | None = None
    """
    The first message that I marked unread.
    """


class ScheduleData(BaseModel):
    """
    Result of a `send` with `send_at`: the order is durable.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    duplicate: bool
    """
    True: an earlier send with the same `client_msg_id` ordered it. It waits, or was sent.
    """
    send_at: Timestamp
    """
    When it will be sent.
    """


class Scheduled(BaseModel):
    """
    Lists my messages that wait for their time, the earliest first. Answered with `{"messages":[...],"next"?}`.

    Together with the `scheduled` and `cancelled` changes of my user log that follow it is complete; a message that was sent is told by its `message` packet, which has the same `client_msg_id`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    cursor: Cursor | None = None
    """
    Where the last page ended; absent: from the earliest.
    """
    from_: Annotated[UserId | None, Field(alias="from")] = None
    """
    Whose messages they are, instead of mine. Only an operator says so; its own are those of `~system`.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    limit: Annotated[int | None, Field(ge=1, le=100)] = None
    """
    Greatest number of messages, 1 to 100; 50 when absent.
    """
    room: RoomId | None = None
    """
    Only those for this room.
    """


class ScheduledMessage(BaseModel):
    """
    A message of mine that waits for its time: what its `send` said.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    client_msg_id: ClientMsgId
    """
    My name for it, by which `cancel` takes it back.
    """
    content: Content
    """
    What it will say.
    """
    mentions: Mentions | None = None
    """
    Whom it calls.
    """
    reply_to: Seq | None = None
    """
    Number of the message that it answers.
    """
    room: RoomId
    """
    The room.
    """
    send_at: Timestamp
    """
    When it will be sent.
    """
    thread: Seq | None = None
    """
    Number of the message whose thread it belongs to.
    """


class ScheduledPacket(BaseModel):
    """
    Lists my messages that wait for their time, the earliest first. Answered with `{"messages":[...],"next"?}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    scheduled: Scheduled
    """
    Lists my messages that wait for their time, the earliest first. Answered with `{"messages":[...],"next"?}`.
    """


class ScheduledPage(BaseModel):
    """
    Result of `scheduled`: one page.

    A page may hold fewer messages than asked for, because it never exceeds a frame.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    messages: Annotated[list[ScheduledMessage], Field(max_length=100)]
    """
    The messages, the earliest first.
    """
    next: Cursor | None = None
    """
    Where the next page begins; absent: this is the last.
    """


class Search(BaseModel):
    """
    Finds messages of my rooms by their text, the newest first. Answered with `{"hits":[message...],"next"?}`.

    A server without an index answers `ERR_NOT_SUPPORTED`. What was sent a moment ago may not be found yet.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    cursor: Cursor | None = None
    """
    Where the last page ended; absent: from the newest.
    """
    from_: Annotated[UserId | None, Field(alias="from")] = None
    """
    Only messages of this user.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    limit: Annotated[int | None, Field(ge=1, le=100)] = None
    """
    Greatest number of messages, 1 to 100; 50 when absent.
    """
    query: Annotated[str, Field(max_length=256, min_length=1)]
    """
    Words that all occur, in any order, at most 256 bytes; "words in quotes" occur as they stand.
    """
    room: RoomId | None = None
    """
    Only in this room.
    """


class SearchPacket(BaseModel):
    """
    Finds messages of my rooms by their text, the newest first. Answered with `{"hits":[message...],"next"?}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    search: Search
    """
    Finds messages of my rooms by their text, the newest first. Answered with `{"hits":[message...],"next"?}`.
    """


class SendData(BaseModel):
    """
    Result of `send`: the message is durable.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    duplicate: bool
    """
    True: it was stored by an earlier send with the same `client_msg_id`, and these are its values.
    """
    offset: Offset
    """
    Its position in the room's log.
    """
    seq: Seq
    """
    Number of the message.
    """
    ts: Timestamp
    """
    When it was stored.
    """


class SendMessage(BaseModel):
    """
    Writes a message. Answered, once it is durable, with `{"seq","offset","duplicate","ts"}`; one with `send_at` with `{"send_at","duplicate"}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    client_msg_id: ClientMsgId | None = None
    """
    My name for the message. Sent again with the same body it gives the first answer again, with another body a conflict; without it a retry may store the message twice.
    """
    content: Content
    """
    What to write, at most 16 KiB.
    """
    from_: Annotated[UserId | None, Field(alias="from")] = None
    """
    Whose message it is, instead of mine. Only an operator says so; `~system` is the server itself.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    mentions: Mentions | None = None
    """
    Whom it calls.
    """
    reply_to: Annotated[int | None, Field(ge=1, le=9007199254740991)] = None
    """
    Number of the message that this one answers.
    """
    room: RoomId
    """
    The room.
    """
    send_at: Timestamp | None = None
    """
    Send it then, with the number, the time and the rights of that moment. Needs a `client_msg_id`, by which `cancel` names it. Where I may not write by then, nothing is sent, and a `user` packet with `cancelled` tells all my devices.
    """
    thread: Annotated[int | None, Field(ge=1, le=9007199254740991)] = None
    """
    Number of the message whose thread this one belongs to. It is not counted in the room's main line.
    """


class SendPacket(BaseModel):
    """
    Writes a message. Answered, once it is durable, with `{"seq","offset","duplicate","ts"}`; one with `send_at` with `{"send_at","duplicate"}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    send: SendMessage
    """
    Writes a message. Answered, once it is durable, with `{"seq","offset","duplicate","ts"}`; one with `send_at` with `{"send_at","duplicate"}`.
    """


class SessionEntry(BaseModel):
    """
    A session of mine.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    connected: bool
    """
    Whether it has a connection now.
    """
    created_at: Timestamp
    """
    When it began.
    """
    current: bool
    """
    Whether it is the one that asks.
    """
    device_id: DeviceId | None = None
    """
    The installation that it belongs to.
    """
    dialect: str
    """
    The wire format that it speaks: `native`, or one of the dialects.
    """
    name: str | None = None
    """
    Name of the installation, as `device` gave it; absent: it has none.
    """
    seen_at: Timestamp
    """
    When it was last heard.
    """
    session_id: SessionId
    """
    Its id.
    """


class SessionLine(BaseModel):
    """
    A session of mine.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    session: SessionEntry
    """
    A session of mine.
    """


class SessionsData(BaseModel):
    """
    Result of `sessions`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    sessions: Annotated[list[SessionEntry], Field(max_length=100)]
    """
    My sessions, the most recently heard first; at most 100, and no more than fit into a frame.
    """


class SetData(BaseModel):
    """
    Result of `set`, and of a `delete` with `for_me`: positions of what changed.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    offset: Offset | None = None
    """
    In the room's log.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    user_offset: UserOffset | None = None
    """
    In my user log.
    """


class SetRole(BaseModel):
    """
    Changes a member's role. Needs an owner or admin; nobody gives a role above the own or changes that of an equal.

    Giving `owner` to another makes the former owner an admin: a room has one owner.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    role: Role
    """
    The role from now on.
    """
    room: RoomId
    """
    The room.
    """
    user: UserId
    """
    Whose.
    """


class SettingsPatch(BaseModel):
    """
    Changes of what a room is to me: absent keeps, null clears where it may.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    archived: bool | None = None
    """
    Whether it is out of my list until the next message.
    """
    mute_until: Timestamp | None = None
    """
    No pushes until then; null: pushes again.
    """
    pinned: bool | None = None
    """
    Whether it stands on top of my list.
    """


class System(BaseModel):
    """
    Something about the connection itself.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    limits: Limits | None = None
    """
    For `limits`: the new ones.
    """
    rooms: list[RoomId] | None = None
    """
    The rooms concerned.
    """
    ts: Timestamp
    """
    When it was said.
    """
    what: SystemKind | str
    """
    What it is about.
    """


class SystemPacket(BaseModel):
    """
    Something about the connection itself.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    system: System
    """
    Something about the connection itself.
    """


class Unban(BaseModel):
    """
    Lets a banned user join or be added again; who is not banned is no error. Needs an owner or admin.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    room: RoomId
    """
    The room.
    """
    user: UserId
    """
    Whom.
    """


class UnbanPacket(BaseModel):
    """
    Lets a banned user join or be added again; who is not banned is no error. Needs an owner or admin.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    unban: Unban
    """
    Lets a banned user join or be added again; who is not banned is no error. Needs an owner or admin.
    """


class Unblock(BaseModel):
    """
    Ends a block; who is not blocked is no error.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    user: UserId
    """
    Whom.
    """


class UnblockPacket(BaseModel):
    """
    Ends a block; who is not blocked is no error.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    unblock: Unblock
    """
    Ends a block; who is not blocked is no error.
    """


class Unlisten(BaseModel):
    """
    Stops watching a user's presence; not watching it is no error.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: RequestId
    """
    Repeated in the reply.
    """
    user: UserId
    """
    The user.
    """


class UnlistenPacket(BaseModel):
    """
    Stops watching a user's presence; not watching it is no error.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    unlisten: Unlisten
    """
    Stops watching a user's presence; not watching it is no error.
    """


class UploadLine(BaseModel):
    """
    A file that a user uploaded.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    upload: ExportedUpload
    """
    A file that a user uploaded.
    """


class UserChangedBlocked(BaseModel):
    """
    I blocked a user.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["blocked"]
    ts: Timestamp
    """
    When it was stored.
    """
    user: UserId
    """
    Whom.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedCancelled(BaseModel):
    """
    A message of mine will not be sent: I took it back; or its time came, and I could not write any more or had sent another one under its name.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["cancelled"]
    client_msg_id: ClientMsgId
    """
    Its name.
    """
    room: RoomId
    """
    The room.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedHidden(BaseModel):
    """
    I deleted a message for myself.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["hidden"]
    from_: Annotated[UserId, Field(alias="from")]
    """
    Who wrote it.
    """
    mentions: Mentions | None = None
    """
    Whom it called.
    """
    room: RoomId
    """
    The room.
    """
    seq: Seq
    """
    Number of the message.
    """
    thread: Seq | None = None
    """
    Number of the message whose thread it belongs to.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedMarkedUnread(BaseModel):
    """
    I marked messages unread.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["marked_unread"]
    room: RoomId
    """
    The room.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    unread_from: Seq
    """
    The first of them.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedRead(BaseModel):
    """
    My read pointer moved, on whichever device. It clears what was marked unread.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["read"]
    read: Seq
    """
    Everything up to this message is read.
    """
    room: RoomId
    """
    The room.
    """
    thread: Seq | None = None
    """
    The thread in which it moved; absent: the main line.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedReadPrivate(BaseModel):
    """
    I read without telling others. It clears what was marked unread.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["read_private"]
    read: Seq
    """
    Everything up to this message is read.
    """
    room: RoomId
    """
    The room.
    """
    thread: Seq | None = None
    """
    The thread in which I read; absent: the main line.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedRoomJoined(BaseModel):
    """
    I am a member of the room now.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["room_joined"]
    room: RoomId
    """
    The room.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedRoomLeft(BaseModel):
    """
    I am no member of the room any more.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["room_left"]
    room: RoomId
    """
    The room.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedScheduled(BaseModel):
    """
    A message of mine waits for its time.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["scheduled"]
    client_msg_id: ClientMsgId
    """
    Its name.
    """
    room: RoomId
    """
    The room.
    """
    send_at: Timestamp
    """
    When it will be sent.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedSessionRevoked(BaseModel):
    """
    A session of mine was ended.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["session_revoked"]
    session_id: SessionId
    """
    Which one.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedSettings(BaseModel):
    """
    My settings of a room changed.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["settings"]
    room: RoomId
    """
    The room.
    """
    settings: RoomSettings
    """
    All of them as they are now.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedUnblocked(BaseModel):
    """
    I block a user no longer.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: Literal["unblocked"]
    ts: Timestamp
    """
    When it was stored.
    """
    user: UserId
    """
    Whom.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserChangedUnknown(BaseModel):
    """
    Something that only a newer server knows. Its position counts.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    action: str
    """
    Any word but those of the other forms.
    """
    ts: Timestamp
    """
    When it was stored.
    """
    user_offset: UserOffset
    """
    Position in my user log.
    """


class UserEntry(BaseModel):
    """
    A user, as the directory knows it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    avatar: str | None = None
    """
    URL of a picture.
    """
    last_seen: Timestamp | None = None
    """
    When the last session ended.
    """
    name: str | None = None
    """
    Name for people.
    """
    online: bool | None = None
    """
    Whether some session of the user lives; absent when I may not know.
    """
    user: UserId
    """
    Who it is.
    """


class UserLine(BaseModel):
    """
    A user, as the directory knows it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    user: UserEntry
    """
    A user, as the directory knows it.
    """


class BlockLine(BaseModel):
    """
    A user whom I block.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    block: BlockedUser
    """
    A user whom I block.
    """


class Create(BaseModel):
    """
    Makes a room; the creator is its owner and follows it. Answered with `{"room": state, "created": bool}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    access: Access | None = "invite"
    """
    Who may join. Direct rooms are always by invitation.
    """
    avatar: Annotated[str | None, Field(max_length=2048)] = None
    """
    URL of a picture, at most 2048 bytes.
    """
    client_room_id: ClientRoomId | None = None
    """
    My name for this creation: repeated, it gives the first room again.
    """
    custom: dict[str, Any] | None = None
    """
    Whatever the application keeps with the room, at most 8 KiB as JSON text.
    """
    desk: NewDesk | None = None
    """
    The support case, for kind `desk`.
    """
    history: HistoryVisibility | None = "all"
    """
    From where on members read its messages.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    kind: RoomKind
    """
    What it is for. Desks are made by an operator.
    """
    members: Annotated[list[UserId] | None, Field(max_length=100)] = None
    """
    Other members from the start, at most 100. A direct room names exactly one: the other side.
    """
    message_ttl_s: Annotated[int | None, Field(ge=1, le=9007199254740991)] = None
    """
    How long messages are kept, in seconds; absent: for ever.
    """
    name: Annotated[str | None, Field(max_length=256)] = None
    """
    Name for people, at most 256 bytes. Direct rooms have none.
    """
    number: RoomNumber | None = None
    """
    The room's number in the whole server, by which some older systems name it. Only an operator gives it.
    """
    owner: UserId | None = None
    """
    Who is its owner instead of me. Only an operator says so.
    """
    room: RoomId | None = None
    """
    Its id, chosen by the creator; absent: chosen by the server. Must not begin with `~`. Direct rooms have a derived id and take none.
    """
    topic: Annotated[str | None, Field(max_length=1024)] = None
    """
    What it is about, at most 1024 bytes.
    """


class CreatePacket(BaseModel):
    """
    Makes a room; the creator is its owner and follows it. Answered with `{"room": state, "created": bool}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    create: Create
    """
    Makes a room; the creator is its owner and follows it. Answered with `{"room": state, "created": bool}`.
    """


class Deleted(BaseModel):
    """
    A message was deleted for everyone. What is said of it is what a reader needs to count without having it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    by: UserId | None = None
    """
    Who deleted it; absent: who wrote it, or its time had come.
    """
    from_: Annotated[UserId, Field(alias="from")]
    """
    Who wrote it.
    """
    mentions: Mentions | None = None
    """
    Whom it called.
    """
    offset: Offset
    """
    Position in the room's log.
    """
    room: RoomId
    """
    The room.
    """
    seq: Seq
    """
    Number of the message; it is not given to another.
    """
    thread: Seq | None = None
    """
    Number of the message whose thread it belonged to.
    """
    ts: Timestamp
    """
    When it was stored.
    """


class DeletedPacket(BaseModel):
    """
    A message was deleted for everyone. What is said of it is what a reader needs to count without having it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    deleted: Deleted
    """
    A message was deleted for everyone. What is said of it is what a reader needs to count without having it.
    """


class DeliveredPacket(BaseModel):
    """
    Moves my delivered pointer forward: this device has every message up to it. A smaller number than before changes nothing.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    delivered: MarkDelivered
    """
    Moves my delivered pointer forward: this device has every message up to it. A smaller number than before changes nothing.
    """


class DeviceLine(BaseModel):
    """
    An installation of a user, without its token.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    device: ExportedDevice
    """
    An installation of a user, without its token.
    """


class EndLine(BaseModel):
    """
    The end of an export.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    end: ExportEnd
    """
    The end of an export.
    """


class LogDeleted(BaseModel):
    """
    A message was deleted for everyone. What is said of it is what a reader needs to count without having it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    deleted: Deleted
    """
    A message was deleted for everyone. What is said of it is what a reader needs to count without having it.
    """


class LogMember(BaseModel):
    """
    A change of membership, in the room's log.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    member: MemberChanged
    """
    A change of membership, in the room's log.
    """


class LogReaction(BaseModel):
    """
    A user's reaction to a message came or went.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    reaction: Reaction
    """
    A user's reaction to a message came or went.
    """


class LogRoom(BaseModel):
    """
    A change of a room itself, in its log. It says the room's data as they are after it; only `access` and `history` may be left out where nothing changed them.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    room: RoomChanged
    """
    A change of a room itself, in its log. It says the room's data as they are after it; only `access` and `history` may be left out where nothing changed them.
    """


class Message(BaseModel):
    """
    A stored message, as the live packet and as an entry of history.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    client_msg_id: ClientMsgId | None = None
    """
    The sender's own name for it, told to every reader so that all devices of the sender recognise it.
    """
    content: Content
    """
    What was written.
    """
    deleted_at: Timestamp | None = None
    """
    When it was deleted. Its content is then `text/plain` with an empty text: what was written is gone.
    """
    edited_at: Timestamp | None = None
    """
    When its content was last replaced.
    """
    from_: Annotated[UserId, Field(alias="from")]
    """
    The user who wrote it.
    """
    injected: bool | None = None
    """
    A backend wrote it, on behalf of `from`.
    """
    mentions: Mentions | None = None
    """
    Whom it calls.
    """
    offset: Offset
    """
    Position in the room's log.
    """
    reactions: Annotated[list[ReactionCount] | None, Field(max_length=20)] = None
    """
    Reactions, at most 20 different ones, in history only; live ones are told one by one.
    """
    replies: Replies | None = None
    """
    The thread that hangs on it, in history only.
    """
    reply_to: Seq | None = None
    """
    Number of the message that this one answers.
    """
    room: RoomId
    """
    Room of the message.
    """
    seq: Seq
    """
    Number in the room.
    """
    thread: Seq | None = None
    """
    Number of the message whose thread it belongs to.
    """
    ts: Timestamp
    """
    When it was stored. Never runs backwards within a room.
    """


class MessageLine(BaseModel):
    """
    A stored message, as the live packet and as an entry of history.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    message: Message
    """
    A stored message, as the live packet and as an entry of history.
    """


class MessagePacket(BaseModel):
    """
    A stored message, as the live packet and as an entry of history.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    message: Message
    """
    A stored message, as the live packet and as an entry of history.
    """


Presence = TypeAliasType(
    "Presence",
    PresenceOnline
    | PresenceOffline
    | PresenceTyping
    | PresenceStopTyping
    | PresenceCounts
    | PresenceUnknown,
)
"""
Presence or typing. Never stored, never replayed, dropped first when a reader is slow.
"""


class PushAnswer(BaseModel):
    """
    What became of the pushes of a body.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    results: Annotated[list[PushResult] | None, Field(validate_default=True)] = []
    """
    By the pushes' ids, in any order; those that are not named were delivered.
    """


class PushBody(BaseModel):
    """
    Pushes, to be handed on to the services of their devices.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    pushes: list[PushEntry]
    """
    The pushes, at least one. A body has at most 1 MiB, unless it is one push alone.
    """


class Resumed(BaseModel):
    """
    Where one log stands. Events after it are live and follow without a hole.

    What a `snapshot` or `trimmed` of my user log asks of me: it carries no state, so read `inbox` (rooms, pointers and settings), `blocks` and `scheduled`. What I deleted for myself is marked in the pages of `history` and `thread`. How far I read each thread comes with the changes of my user log; after its snapshot the answer to `thread` says it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    delivered: Annotated[
        dict[
            Annotated[
                str, StringConstraints(pattern=r"^[^\u0000-\u001F\u007F-\u009F]*$")
            ],
            Seq,
        ]
        | None,
        Field(max_length=200),
    ] = None
    """
    Delivered pointers of members that are further than their read pointers, at most 200, and at most 16 KiB as JSON text.
    """
    epoch: Epoch
    """
    The present life of the logs.
    """
    id: RequestId | None = None
    """
    The command that asked, when one did.
    """
    offset: Offset | None = None
    """
    My new position in the room; absent for `gone` and for the user log.
    """
    oldest: Offset | None = None
    """
    For `trimmed`: the oldest position that the log still has.
    """
    outcome: Outcome | str
    """
    How it went. A newer server may send other words: read them as `snapshot`, from the position that they give.
    """
    pointers: Annotated[
        dict[
            Annotated[
                str, StringConstraints(pattern=r"^[^\u0000-\u001F\u007F-\u009F]*$")
            ],
            Seq,
        ]
        | None,
        Field(max_length=200),
    ] = None
    """
    Read pointers of members, at most 200, and at most 16 KiB as JSON text.
    """
    room: RoomId | None = None
    """
    The room; absent: it is my user log.
    """
    state: RoomState | None = None
    """
    For `snapshot` and `trimmed` of a room: the room as it is at `offset`.
    """
    user_offset: UserOffset | None = None
    """
    My new position in the user log; absent for rooms.
    """


class ResumedPacket(BaseModel):
    """
    Where one log stands. Events after it are live and follow without a hole.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    resumed: Resumed
    """
    Where one log stands. Events after it are live and follow without a hole.
    """


class RolePacket(BaseModel):
    """
    Changes a member's role. Needs an owner or admin; nobody gives a role above the own or changes that of an equal.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    role: SetRole
    """
    Changes a member's role. Needs an owner or admin; nobody gives a role above the own or changes that of an equal.
    """


class RoomData(BaseModel):
    """
    Result of `create` and `join`: the room as it is now.

    Where the session stands in the room's log is said by the `resumed` packet before; `room.offset` may be further, and then the events in between are told too. A session that follows as many rooms as it may does not follow this one: a `system` packet says so.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    created: bool
    """
    False: it was there, or I was a member, before.
    """
    room: RoomState
    """
    The room as I see it.
    """


class RoomLine(BaseModel):
    """
    A room as one of its members sees it now.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    room: RoomState
    """
    A room as one of its members sees it now.
    """


class ScheduledLine(BaseModel):
    """
    A message of mine that waits for its time: what its `send` said.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    scheduled: ScheduledMessage
    """
    A message of mine that waits for its time: what its `send` said.
    """


class SearchPage(BaseModel):
    """
    Result of `search`: one page.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    hits: Annotated[list[Message], Field(max_length=100)]
    """
    The messages, newest first, without reactions. What I deleted for myself is not among them.
    """
    next: Cursor | None = None
    """
    Where the next page begins; absent: this is the last.
    """


class Set(BaseModel):
    """
    Changes a room's data, or my own settings of it, or both; what is absent stays.

    `data` needs an owner or admin and is told to all members by a `room` packet, `settings` are mine alone and told to my devices by a `user` packet. Answered with `{"offset"?,"user_offset"?,"ts"}`, of what changed.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: RoomPatch | None = None
    """
    Changes of the room.
    """
    id: RequestId
    """
    Repeated in the reply.
    """
    room: RoomId
    """
    The room.
    """
    settings: SettingsPatch | None = None
    """
    Changes of what the room is to me.
    """


class SetPacket(BaseModel):
    """
    Changes a room's data, or my own settings of it, or both; what is absent stays.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    set: Set
    """
    Changes a room's data, or my own settings of it, or both; what is absent stays.
    """


UserChanged = TypeAliasType(
    "UserChanged",
    UserChangedRoomJoined
    | UserChangedRoomLeft
    | UserChangedRead
    | UserChangedReadPrivate
    | UserChangedMarkedUnread
    | UserChangedSettings
    | UserChangedBlocked
    | UserChangedUnblocked
    | UserChangedHidden
    | UserChangedScheduled
    | UserChangedCancelled
    | UserChangedSessionRevoked
    | UserChangedUnknown,
)
"""
A change that concerns me alone, in my user log.
"""


class UserPacket(BaseModel):
    """
    A change that concerns me alone, in my user log.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    user: UserChanged
    """
    A change that concerns me alone, in my user log.
    """


Command = TypeAliasType(
    "Command",
    AuthPacket
    | ResumePacket
    | FollowPacket
    | UnfollowPacket
    | CreatePacket
    | JoinPacket
    | LeavePacket
    | MembersPacket
    | RolePacket
    | InvitePacket
    | KickPacket
    | BanPacket
    | UnbanPacket
    | BlockPacket
    | UnblockPacket
    | SetPacket
    | SendPacket
    | CancelPacket
    | EditPacket
    | DeletePacket
    | ReactPacket
    | UnreactPacket
    | DeliveredPacket
    | ReadPacket
    | MarkUnreadPacket
    | TypingPacket
    | AwayPacket
    | ListenPacket
    | UnlistenPacket
    | HistoryPacket
    | ThreadPacket
    | SearchPacket
    | InboxPacket
    | BlocksPacket
    | ScheduledPacket
    | DevicePacket
    | SessionsPacket
    | RevokePacket
    | PingPacket,
)
"""
One frame: one object with one key that names the command.
"""


ExportLine = TypeAliasType(
    "ExportLine",
    UserLine
    | DeviceLine
    | SessionLine
    | RoomLine
    | BlockLine
    | ScheduledLine
    | MessageLine
    | UploadLine
    | EndLine,
)
"""
One line: one object with one key that says what the line is about.
"""


class HistoryPage(BaseModel):
    """
    One page of history, always in ascending order of `seq`.

    A page may hold fewer messages than asked for, because it never exceeds a frame; `more` says whether others follow in the direction of the query. The next page goes on `before` the first or `after` the last message of this one.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    hidden: Annotated[list[Seq] | None, Field(max_length=100)] = None
    """
    Which of the messages I deleted for myself, ascending: a reader does not show them to me.
    """
    messages: Annotated[list[Message], Field(max_length=100)]
    """
    The messages, oldest first.
    """
    more: bool
    """
    Whether more messages exist in the direction of the query.
    """
    my_reactions: list[MyReactions] | None = None
    """
    Which of the reactions are mine.
    """
    room: RoomId
    """
    Room of the messages.
    """
    thread: ThreadState | None = None
    """
    The thread whose replies these are.
    """


class InboxEntry(BaseModel):
    """
    One room of an inbox: what a line in a list of chats shows.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    last: Message | None = None
    """
    Its newest message that I may read and did not delete for myself, without reactions; absent when there is none, or I deleted the newest fifty.
    """
    peer_avatar: str | None = None
    """
    In a direct room: URL of the other user's picture, from the directory.
    """
    peer_last_seen: Timestamp | None = None
    """
    In a direct room: when the other user's last session ended.
    """
    peer_name: str | None = None
    """
    In a direct room: the other user's name, from the directory.
    """
    peer_online: bool | None = None
    """
    In a direct room: whether the other user is online; absent when I may not know.
    """
    state: RoomState
    """
    The room as I see it.
    """


class InboxPage(BaseModel):
    """
    Result of `inbox`: one page.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    next: Cursor | None = None
    """
    Where the next page begins; absent: this is the last.
    """
    rooms: Annotated[list[InboxEntry], Field(max_length=100)]
    """
    The rooms, pinned ones first, then by latest activity.
    """
    totals: InboxTotals
    """
    Counts over all rooms, whatever the page.
    """


class LogMessage(BaseModel):
    """
    A stored message, as the live packet and as an entry of history.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    message: Message
    """
    A stored message, as the live packet and as an entry of history.
    """


LogPacket = TypeAliasType(
    "LogPacket", LogMessage | LogEdited | LogDeleted | LogReaction | LogMember | LogRoom
)
"""
A packet of a room's log: one object with one key that names it.
"""


class PresPacket(BaseModel):
    """
    Presence or typing. Never stored, never replayed, dropped first when a reader is slow.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    pres: Presence
    """
    Presence or typing. Never stored, never replayed, dropped first when a reader is slow.
    """


class RoomEvent(BaseModel):
    """
    One thing that happened in a room.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    event: LogPacket
    """
    What happened, as the packet that members are told by: `message`, `edited`, `deleted`, `reaction`, `member` or `room`. It says what is true when it is posted: a message that was deleted since comes without its text.
    """
    num: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Its number among all of the server's, growing: who has seen it has seen all with smaller ones.
    """


class WebhookBody(BaseModel):
    """
    What happened in rooms, in the order in which it was stored.

    Bodies come one after the other, each after the one before was taken or given up. After a restart of either side some events may come again: `num` says which were there before.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    events: list[RoomEvent]
    """
    What happened, ascending by `num`, 1 to 100 events.
    """
    ts: Timestamp
    """
    When it was posted.
    """


Event = TypeAliasType(
    "Event",
    ReplyPacket
    | MessagePacket
    | EditedPacket
    | DeletedPacket
    | ReactionPacket
    | MemberPacket
    | RoomPacket
    | UserPacket
    | ReadsPacket
    | PresPacket
    | ResumedPacket
    | SystemPacket
    | PongPacket,
)
"""
One frame: one object with one key that names the packet.
"""


NativeDocument = TypeAliasType(
    "NativeDocument",
    Annotated[
        Command
        | Event
        | Message
        | AuthData
        | RoomData
        | SendData
        | ReadData
        | ListenData
        | ScheduleData
        | ChangeData
        | SetData
        | InviteData
        | RevokeData
        | MembersPage
        | SearchPage
        | InboxPage
        | BlocksPage
        | ScheduledPage
        | SessionsData
        | ExportLine
        | InboxTotals
        | RoomState
        | Uploaded
        | UserEntry
        | AgentsData
        | DesksPage
        | ForgetData
        | HistoryPage
        | Reply
        | WebhookBody
        | PushBody
        | PushAnswer,
        Field(title="NativeDocument"),
    ],
)
"""
The protocol's own format, version 1: rooms, durable messages, receipts, presence and resumption. Every document is one of these.
"""
