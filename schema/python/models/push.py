"""What absent members' devices are told: through Apple's service (APNs), Google's former and present one (FCM), or the operator's own. Every document is one of these.

generated from schema/bundle/push.json by `cargo xtask foreign --update`, do not edit
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


PushKind = TypeAliasType("PushKind", Literal["message", "item"])
"""
What kind of message it is about.

- `message`: It came over a socket, or from another dialect.
- `item`: It was injected.
"""


class PushSignal(BaseModel):
    """
    The first version's push: a form that says that there is something, and neither what nor for whom.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_token: Annotated[
        str, Field(max_length=320, min_length=1, pattern="^[a-zA-Z0-9.:,_-]+$")
    ]
    """
    The room.
    """
    type: PushKind
    """
    What kind of message it is.
    """


Secret = TypeAliasType("Secret", str)
"""
A text that is not shown: passwords, access tokens, tokens of devices.
"""


Seq = TypeAliasType("Seq", Annotated[int, Field(ge=0, le=9007199254740991)])
"""
Number: a message's number in its room. Dense, from 1; 0 means nothing yet.
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


TopicId = TypeAliasType("TopicId", str)
"""
Name of a topic, as it came: `p2p1_2` of two users, `grp1518765515224234` of a group. Others are no room's.
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


class Profile(BaseModel):
    """
    Who wrote a message, as the operator's backend describes it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    user_id: WireUser | None = None
    """
    Id of the user. Without one it is derived from the token.
    """


class Push(BaseModel):
    """
    A push to the operator: some members do not follow the room now, and should be told of a message.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    author: Profile
    """
    Who wrote it.
    """
    body: Any
    """
    The message's `body`, or else its `message`, or else null; of an item, what was injected.
    """
    chat_token: Annotated[
        str, Field(max_length=320, min_length=1, pattern="^[a-zA-Z0-9.:,_-]+$")
    ]
    """
    The room.
    """
    receivers: list[UserId]
    """
    The members who are offline.
    """
    type: PushKind
    """
    What kind of message it is.
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


PushDocument = TypeAliasType(
    "PushDocument",
    Annotated[
        ApnsPush | FcmLegacyPush | FcmV1Push | Push | PushSignal,
        Field(title="PushDocument"),
    ],
)
"""
What absent members' devices are told: through Apple's service (APNs), Google's former and present one (FCM), or the operator's own. Every document is one of these.
"""
