"""Rooms by token, arbitrary JSON messages, unread counters, injection by a backend. Every document is one of these.

generated from schema/bundle/hipochat.json by `cargo xtask foreign --update`, do not edit
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType


class Chat(BaseModel):
    """
    Its name.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    token: Annotated[
        str, Field(max_length=320, min_length=1, pattern="^[a-zA-Z0-9.:,_-]+$")
    ]
    """
    Its name.
    """


class ClientFrame(BaseModel):
    """
    What a client sends: any JSON object, all of whose keys are its own.

    Anything else is ignored by the server and the socket stays open.
    """

    model_config = ConfigDict(
        extra="allow",
    )


class ErrorFrame(BaseModel):
    """
    A refusal, to its sender alone.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    ERROR: str
    """
    Why.
    """


class ItemRequest(BaseModel):
    """
    The body of `POST /talk/item/<token>/`: any JSON object.
    """

    model_config = ConfigDict(
        extra="allow",
    )


class MessageFrame(BaseModel):
    """
    A message: the object of the client who wrote it, and the room. `author` and `timestamp` are the client's own, or else the author's profile and a number of seconds.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    token: Annotated[
        str, Field(max_length=320, min_length=1, pattern="^[a-zA-Z0-9.:,_-]+$")
    ]
    """
    Name of a room.
    """


class Notification(BaseModel):
    """
    The answer of `GET /talk/notification/<token>/`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    notification: str | None
    """
    How many messages of others the reader has not read: a string of digits, or null for one who is no member.
    """


class OldMessageInSeconds(BaseModel):
    """
    An old message: the client's object with its author.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    timestamp: Annotated[float, Field(examples=[1414768486.196569])]
    """
    Seconds since 1970-01-01T00:00:00Z.
    """


class OldMessageInWholeSeconds(BaseModel):
    """
    An old message: the client's object with its author.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    timestamp: Annotated[
        int, Field(examples=[1414768486], ge=-9007199254740991, le=9007199254740991)
    ]
    """
    Seconds since 1970-01-01T00:00:00Z.
    """


PushKind = TypeAliasType("PushKind", Literal["message", "item"])
"""
What kind of message it is about.

- `message`: It came over a socket, or from another dialect.
- `item`: It was injected.
"""


class RoomCreated(BaseModel):
    """
    The answer of `POST /api/chat`: 201 when the room was made, 200 when it was already there.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat: Chat
    """
    The room.
    """


class Unauthorized(BaseModel):
    """
    The body of a refusal of `/api/chat`, such as 401: `{"detail":"..."}`. All other refusals have none.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    detail: str
    """
    Why, for people.
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


class CreateRoom(BaseModel):
    """
    What `POST /api/chat` asks for: a room of exactly these users and the caller. Without users it is the caller's own.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    users: list[UserId] | None = None
    """
    The other users. Of one other it is the room of the two.
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


class ProfileInput(BaseModel):
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


class ItemInSeconds(BaseModel):
    """
    An item that a backend injected. `type`, `author` and `body` only where the operator wants them.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    author: Profile | None = None
    """
    Who wrote a message, as the operator's backend describes it.
    """
    body: dict[str, Any] | None = None
    """
    Any JSON object.
    """
    injected: dict[str, Any]
    """
    Any JSON object.
    """
    timestamp: Annotated[float, Field(examples=[1414768486.196569])]
    """
    Seconds since 1970-01-01T00:00:00Z.
    """
    token: Annotated[
        str, Field(max_length=320, min_length=1, pattern="^[a-zA-Z0-9.:,_-]+$")
    ]
    """
    Name of a room.
    """
    type: Literal["item"] | None = None


class ItemInWholeSeconds(BaseModel):
    """
    An item that a backend injected. `type`, `author` and `body` only where the operator wants them.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    author: Profile | None = None
    """
    Who wrote a message, as the operator's backend describes it.
    """
    body: dict[str, Any] | None = None
    """
    Any JSON object.
    """
    injected: dict[str, Any]
    """
    Any JSON object.
    """
    timestamp: Annotated[
        int, Field(examples=[1414768486], ge=-9007199254740991, le=9007199254740991)
    ]
    """
    Seconds since 1970-01-01T00:00:00Z.
    """
    token: Annotated[
        str, Field(max_length=320, min_length=1, pattern="^[a-zA-Z0-9.:,_-]+$")
    ]
    """
    Name of a room.
    """
    type: Literal["item"] | None = None


ServerFrame = TypeAliasType("ServerFrame", MessageFrame | ItemInSeconds | ErrorFrame)
"""
What a server sends.

No key names the kind. A frame with `ERROR` and without `token` is a refusal. One with an object in `injected` and no `author` is an item, and so is one of `type` `item` with its content and, beside the profile of an `author`, a number as `timestamp`. All others are messages, among them what a client sends that looks like an item, unless it claims to be one: the wire has nothing that tells those apart.
"""


EntryInSeconds = TypeAliasType("EntryInSeconds", ItemInSeconds | OldMessageInSeconds)
"""
An old message: the client's object with its author and the server's time; or an item.
"""


EntryInWholeSeconds = TypeAliasType(
    "EntryInWholeSeconds", ItemInWholeSeconds | OldMessageInWholeSeconds
)
"""
An old message: the client's object with its author and the server's time; or an item.
"""


class RoomHistory(BaseModel):
    """
    The newest messages of one room.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    messages: list[EntryInWholeSeconds]
    """
    The newest messages, oldest first, with times in whole seconds.
    """
    room_name: Annotated[
        str, Field(max_length=320, min_length=1, pattern="^[a-zA-Z0-9.:,_-]+$")
    ]
    """
    The room.
    """
    unread_count: str | Literal[0]
    """
    How many messages the reader has not read: a string of digits, or the number 0 for one who is no member.
    """


class Divided(BaseModel):
    """
    Old messages on both sides of the moment when the reader's last socket in the room closed.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    read_messages: list[EntryInSeconds]
    """
    Those before that moment, oldest first.
    """
    unread_messages: list[EntryInSeconds]
    """
    Those after it, oldest first.
    """


class Histories(BaseModel):
    """
    The answer of `GET /talk/history/<t1,t2>`: the newest messages of several rooms.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    results: list[RoomHistory]
    """
    One for each room that was asked for.
    """


class OldMessages(BaseModel):
    """
    Old messages of one room.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    oldy: list[EntryInSeconds]
    """
    All of them, oldest first.
    """
    results: Divided
    """
    The same, divided at the moment when the reader's last socket in the room closed.
    """


HipochatDocument = TypeAliasType(
    "HipochatDocument",
    Annotated[
        ClientFrame
        | ServerFrame
        | CreateRoom
        | RoomCreated
        | OldMessages
        | ItemRequest
        | Notification
        | Histories
        | ProfileInput
        | Push
        | Unauthorized,
        Field(title="HipochatDocument"),
    ],
)
"""
Rooms by token, arbitrary JSON messages, unread counters, injection by a backend. Every document is one of these.
"""
