"""Support cases of an organization: messages by HTTP, updates by socket. Every document is one of these.

generated from schema/bundle/helpdesk.json by `cargo xtask foreign --update`, do not edit
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from typing import Annotated, Any, Literal
from typing_extensions import TypeAliasType
from uuid import UUID


class Created(BaseModel):
    """
    Answer of `POST /api/send-message/`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    message: str
    """
    A word for people. Not the text that was sent.
    """


Direction = TypeAliasType("Direction", Literal["sent", "received"])
"""
Which side wrote a message.

- `sent`: The organization wrote it.
- `received`: The desk's client wrote it.
"""


class ErrorBodyDetail(BaseModel):
    """
    What is wrong with the request, in words for people.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    detail: str
    """
    The words.
    """


EventKind = TypeAliasType(
    "EventKind", Literal["update_helpdesk", "new_message", "update_message"]
)
"""
What happened, as the frames of both directions name it.

- `update_helpdesk`: A desk was created, or its own data changed. The spelling with one more underscore in the prose of the original document was never used.
- `new_message`: A message was written.
- `update_message`: A message or its status changed.
"""


class Relay(BaseModel):
    """
    An event with any data, told to all sockets of the organization.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: Any
    """
    Any JSON value.
    """
    type: EventKind
    """
    What happened, as the frames of both directions name it.
    """


Status = TypeAliasType("Status", Literal["sending", "sent"])
"""
How far the delivery of a message is.

- `sending`: Stored, on its way.
- `sent`: Delivered.
"""


Uuid = TypeAliasType("Uuid", UUID)
"""
128 bits in groups of 8, 4, 4, 4 and 12 hexadecimal digits.
"""


class Client(BaseModel):
    """
    The person outside the organization whose case it is.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    created_at: Annotated[str, Field(examples=["2021-06-14T22:10:39.551836-03:00"])]
    """
    When the client became known.
    """
    name: str
    """
    Name of the client.
    """
    phone: str
    """
    Telephone number of the client, as it was typed.
    """
    updated_at: Annotated[str, Field(examples=["2021-06-14T22:10:39.551836-03:00"])]
    """
    When the client's data last changed.
    """
    uuid: Uuid
    """
    Id of the client.
    """


class ClientFrame(BaseModel):
    """
    An event with any data, told to all sockets of the organization.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: Any | None = None
    """
    Any JSON value.
    """
    type: EventKind
    """
    What happened, as the frames of both directions name it.
    """


ErrorBody = TypeAliasType("ErrorBody", ErrorBodyDetail | dict[str, list[str]])
"""
Body of an answer that refuses.
"""


class Message(BaseModel):
    """
    One message of a desk.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    created_at: Annotated[str, Field(examples=["2021-06-14T22:10:39.551836-03:00"])]
    """
    When it was stored.
    """
    file: str | None
    """
    Where its file is; null when it has none. An absolute URL in history, a path elsewhere. Absent is read as null.
    """
    help_desk: Uuid
    """
    The desk it belongs to.
    """
    message: str | None
    """
    Its text; null when it is a file alone. Absent is read as null.
    """
    status: Status
    """
    How far its delivery is. Always written; absent is read as `sent`.
    """
    type: Direction
    """
    Which side wrote it.
    """
    updated_at: Annotated[str, Field(examples=["2021-06-14T22:10:39.551836-03:00"])]
    """
    When it or its status last changed.
    """
    uuid: Uuid
    """
    Its id.
    """


MessageData = TypeAliasType("MessageData", str | Message)
"""
The object, or a string that holds it as JSON.
"""


MessageOrEmpty = TypeAliasType("MessageOrEmpty", Message | dict[str, Any])
"""
The schema of a message or an empty object.
"""


class SendMessage(BaseModel):
    """
    Body of `POST /api/send-message/`, as JSON, as a form or, with a file beside it, as a multipart form.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    help_desk: Uuid
    """
    The desk to write to.
    """
    message: str | None = None
    """
    Its text; may be absent when there is a file.
    """


class ServerNewMessage(BaseModel):
    """
    A message was written.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: MessageData
    """
    The object, or a string that holds it as JSON.
    """
    type: Literal["new_message"]
    """
    Always this word.
    """


class ServerUpdateMessage(BaseModel):
    """
    A message changed.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: MessageData
    """
    The object, or a string that holds it as JSON.
    """
    type: Literal["update_message"]
    """
    Always this word.
    """


class Desk(BaseModel):
    """
    One support case.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    client: Client
    """
    Whose case it is.
    """
    created_at: Annotated[str, Field(examples=["2021-06-14T22:10:39.551836-03:00"])]
    """
    When it was opened.
    """
    last_message: MessageOrEmpty
    """
    The newest message; an empty object when there is none. Null and absent are read as that, too.
    """
    updated_at: Annotated[str, Field(examples=["2021-06-14T22:10:39.551836-03:00"])]
    """
    When its own data last changed.
    """
    uuid: Uuid
    """
    Its id.
    """


DeskData = TypeAliasType("DeskData", str | Desk)
"""
The object, or a string that holds it as JSON.
"""


Desks = TypeAliasType("Desks", list[Desk])
"""
Desks of an organization, newest first.
"""


History = TypeAliasType("History", list[Message])
"""
Messages of a desk, newest first.
"""


class ServerUpdateHelpdesk(BaseModel):
    """
    A desk was created or changed.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: DeskData
    """
    The object, or a string that holds it as JSON.
    """
    type: Literal["update_helpdesk"]
    """
    Always this word.
    """


ServerFrame = TypeAliasType(
    "ServerFrame", ServerUpdateHelpdesk | ServerNewMessage | ServerUpdateMessage | Relay
)
"""
A frame from server to client.
"""


HelpdeskDocument = TypeAliasType(
    "HelpdeskDocument",
    Annotated[
        ClientFrame | ServerFrame | Desks | History | SendMessage | Created | ErrorBody,
        Field(title="HelpdeskDocument"),
    ],
)
"""
Support cases of an organization: messages by HTTP, updates by socket. Every document is one of these.
"""
