"""Person-to-person chat with read receipts, one socket per conversation. Every document is one of these.

generated from schema/bundle/tndata.json by `cargo xtask foreign --update`, do not edit
"""

from __future__ import annotations

from typing import Annotated, Literal
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType

Digest = TypeAliasType("Digest", Annotated[str, Field(pattern="^[0-9a-f]{32}$")])
"""
The message's name in receipts, unique to it.
"""


class ErrorBodyDetail(BaseModel):
    """
    Whoever asks, what is asked for, or the server is at fault.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    detail: str
    """
    Whoever asks, what is asked for, or the server is at fault.
    """


class ErrorBodyError(BaseModel):
    """
    A parameter is at fault.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    error: str
    """
    A parameter is at fault.
    """


class MarkRead(BaseModel):
    """
    Marks everything that others wrote in a room as read. A form with the same key is as good.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    room: str
    """
    Name of the room.
    """


class Notice(BaseModel):
    """
    A notice as it is written.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    from_: Annotated[str, Field(alias="from")]
    """
    Always `system`.
    """
    from_id: Literal[-1]
    """
    Always -1.
    """
    message: str
    """
    What people read.
    """
    room: str | None = None
    """
    Name of the room.
    """
    text: str
    """
    The same again.
    """


class Profile(BaseModel):
    """
    The picture of the user who asks.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    google_image: str
    """
    Address of the picture, here with its scheme.
    """


class ProfilePage(BaseModel):
    """
    One page of a list.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    count: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Number of entries on all pages.
    """
    next: str | None
    """
    Absolute address of the next page; null on the last.
    """
    previous: str | None
    """
    Absolute address of the page before; null on the first.
    """
    results: list[Profile]
    """
    The entries.
    """


class Receipt(BaseModel):
    """
    Says that a message was received, which moves the read pointer of the room. Never answered; repeats are harmless.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    received: str
    """
    The digest of the message. Other texts are no error: they name no message, and nothing happens.
    """
    token: str | None = None
    """
    Credential, as in a message. The documented receipt has none; one is read because any frame may be the first.
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


class Account(BaseModel):
    """
    The user who asks. Texts that are not known are empty.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    email: str
    """
    E-mail address.
    """
    first_name: str
    """
    First name.
    """
    id: WireUser
    """
    The user.
    """
    last_name: str
    """
    Last name.
    """
    username: str
    """
    Short name.
    """


class AccountPage(BaseModel):
    """
    One page of a list.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    count: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Number of entries on all pages.
    """
    next: str | None
    """
    Absolute address of the next page; null on the last.
    """
    previous: str | None
    """
    Absolute address of the page before; null on the first.
    """
    results: list[Account]
    """
    The entries.
    """


ErrorBody = TypeAliasType("ErrorBody", ErrorBodyDetail | ErrorBodyError)
"""
Body of an answer that is an error.
"""


class MessageEntry(BaseModel):
    """
    A message as it is written.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    avatar: str
    """
    Address of the author's picture, without a scheme.
    """
    created_on: Annotated[str, Field(examples=["2017-02-13 12:00:05.123+0000"])]
    """
    When it was stored.
    """
    digest: Digest
    """
    The message's name in receipts.
    """
    id: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Number of the message, unique in the server and growing within a room.
    """
    object_type: str
    """
    Always `chatmessage`.
    """
    read: bool
    """
    Whether any member other than the author has read it.
    """
    room: str
    """
    Name of the room.
    """
    text: str
    """
    What was written.
    """
    user: WireUser
    """
    Who wrote it: a number when the id is one, else a string.
    """
    user_full_name: str
    """
    The author's full name.
    """
    user_id: UserId
    """
    The same, always a string.
    """
    user_username: str
    """
    The author's short name.
    """


class MessageEntryPage(BaseModel):
    """
    One page of a list.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    count: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Number of entries on all pages.
    """
    next: str | None
    """
    Absolute address of the next page; null on the last.
    """
    previous: str | None
    """
    Absolute address of the page before; null on the first.
    """
    results: list[MessageEntry]
    """
    The entries.
    """


class MessageList(BaseModel):
    """
    Messages that are not paged, newest first.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    count: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Number of messages. Of a history: of those in this answer.
    """
    results: list[MessageEntry]
    """
    The messages.
    """


class NewMessage(BaseModel):
    """
    A message to everyone in the room of the socket. It is sent back to its sender too, which is how a client knows that it was stored.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    from_: Annotated[WireUser | None, Field(alias="from")] = None
    """
    Who claims to have written it. Ignored: the sender is the user of the socket.
    """
    text: str
    """
    What was written.
    """
    token: str | None = None
    """
    Credential. Read from the first frame of a socket that has shown none, ignored later.
    """


class UserMessage(BaseModel):
    """
    A user message as it is written.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    avatar: str
    """
    Address of the sender's picture, without a scheme.
    """
    digest: Digest
    """
    The message's name in receipts.
    """
    from_: Annotated[str, Field(alias="from")]
    """
    The sender's name.
    """
    from_id: WireUser
    """
    The sender's id: a number when it is one, else a string; a string always when the server is set so.
    """
    message: str
    """
    What was written.
    """
    text: str
    """
    The same again.
    """


ClientFrame = TypeAliasType("ClientFrame", Receipt | NewMessage)
"""
One frame of a client.

A frame with the key `received` is always a receipt, whatever else it holds.
"""


class History(BaseModel):
    """
    A history as it is written: both keys or none.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    count: Annotated[int | None, Field(ge=0, le=9007199254740991)] = None
    """
    Number of messages in this answer; absent when there is no such room.
    """
    results: list[MessageEntry] | None = None
    """
    The messages, newest first; absent when there is no such room.
    """


ServerFrame = TypeAliasType("ServerFrame", UserMessage | Notice)
"""
One frame of the server.
"""


TndataDocument = TypeAliasType(
    "TndataDocument",
    Annotated[
        ClientFrame
        | ServerFrame
        | MessageEntryPage
        | MessageList
        | MessageEntry
        | History
        | MarkRead
        | AccountPage
        | ProfilePage
        | ErrorBody,
        Field(title="TndataDocument"),
    ],
)
"""
Person-to-person chat with read receipts, one socket per conversation. Every document is one of these.
"""
