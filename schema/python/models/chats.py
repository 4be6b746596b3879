"""Direct and project chats over one socket per user, typed events. Every document is one of these.

generated from schema/bundle/chats.json by `cargo xtask foreign --update`, do not edit
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType


class ChatDirect(BaseModel):
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: str
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """
    chat_type: Literal["direct"]


class ClientSetOffline(BaseModel):
    """
    Show me as offline.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    type: Literal["set_offline"]


class ClientSetOnline(BaseModel):
    """
    Show me as online.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    type: Literal["set_online"]


class Detail(BaseModel):
    """
    The body of every HTTP error, and of a refused handshake.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    detail: str
    """
    What was wrong.
    """


class HasUnreads(BaseModel):
    """
    Whether messages of others wait for the caller.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    has_unreads: bool
    """
    True when at least one is unread.
    """


MessageId = TypeAliasType("MessageId", Annotated[int, Field(ge=0, le=9007199254740991)])
"""
Number of a message: unique in the server, growing within a chat.
"""


class MessageRefDirect(BaseModel):
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: str
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """
    chat_type: Literal["direct"]
    message_id: MessageId
    """
    Which message.
    """


class NewMessageDirect(BaseModel):
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: str
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """
    chat_type: Literal["direct"]
    file_urls: list[str] | None = []
    """
    URLs of files that come with it.
    """
    message: str | None = None
    """
    The older name of `text`. One of the two must be there; `text` wins.
    """
    reply_to: MessageId | None = None
    """
    The message that it answers.
    """
    text: str | None = None
    """
    What is written, at most 8192 characters; may be empty. The key may also be message.
    """


NoAuthor = TypeAliasType("NoAuthor", Annotated[dict[str, Any], Field(max_length=0)])
"""
No author: an object without fields.
"""


class NoMessage(BaseModel):
    """
    What stands for the newest message of a chat without one.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    author: NoAuthor
    """
    Nobody.
    """
    created_at: None
    """
    Always null.
    """
    files: list[None]
    """
    Always empty.
    """
    is_deleted: bool
    """
    Always false.
    """
    is_edited: bool
    """
    Always false.
    """
    is_read: bool
    """
    Always true.
    """
    reply_to: None
    """
    Always null.
    """
    text: str
    """
    Always empty.
    """


ProjectId = TypeAliasType("ProjectId", Annotated[int, Field(ge=0, le=9007199254740991)])
"""
Number of a project chat.
"""


ProjectNumber = TypeAliasType(
    "ProjectNumber",
    Annotated[int, Field(ge=0, le=9007199254740991, title="ProjectNumber")],
)
"""
Number of a project chat.
"""


ProjectDigits = TypeAliasType(
    "ProjectDigits", Annotated[str, Field(pattern="^[0-9]+$", title="ProjectDigits")]
)
"""
Number of a project chat; may also be a string of digits.
"""


ProjectIdInput = TypeAliasType("ProjectIdInput", ProjectNumber | ProjectDigits)
"""
Number of a project chat; may also be a string of digits.
"""


class ServerError(BaseModel):
    """
    Why something was refused, to its sender alone. The socket stays open.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    error: str
    """
    Why something was refused, to its sender alone. The socket stays open.
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


class ChatProject(BaseModel):
    """
    Of a project, by its number.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: ProjectIdInput
    """
    Number of a project chat; may also be a string of digits.
    """
    chat_type: Literal["project"]


class EditMessageDirect(BaseModel):
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: str
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """
    chat_type: Literal["direct"]
    message: str | None = None
    """
    The older name of `text`. One of the two must be there; `text` wins.
    """
    message_id: MessageId
    """
    Which message.
    """
    text: str | None = None
    """
    What it says from now on, at most 8192 characters. The key may also be message.
    """


class EditMessageProject(BaseModel):
    """
    Of a project, by its number.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: ProjectIdInput
    """
    Of a project, by its number.
    """
    chat_type: Literal["project"]
    message: str | None = None
    """
    The older name of `text`. One of the two must be there; `text` wins.
    """
    message_id: MessageId
    """
    Which message.
    """
    text: str | None = None
    """
    What it says from now on, at most 8192 characters. The key may also be message.
    """


class FileEntry(BaseModel):
    """
    A file of a message.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    datetime_uploaded: Annotated[str, Field(examples=["2023-02-24T12:00:00.123456Z"])]
    """
    When it was sent.
    """
    extension: str
    """
    What follows the last dot of its name; may be empty.
    """
    link: str
    """
    URL of its bytes.
    """
    mime_type: str
    """
    Media type; empty from systems of before there was one.
    """
    name: str
    """
    Name without extension; may be empty.
    """
    size: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Size in bytes; 0 when unknown.
    """
    user: WireUser
    """
    Who sent it.
    """


Files = TypeAliasType("Files", list[FileEntry])
"""
The files of a chat.
"""


class MessageRefProject(BaseModel):
    """
    Of a project, by its number.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: ProjectId
    """
    Of a project, by its number.
    """
    chat_type: Literal["project"]
    message_id: MessageId
    """
    Which message.
    """


class MessageRefProjectInput(BaseModel):
    """
    Of a project, by its number.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: ProjectIdInput
    """
    Of a project, by its number.
    """
    chat_type: Literal["project"]
    message_id: MessageId
    """
    Which message.
    """


class NewMessageProject(BaseModel):
    """
    Of a project, by its number.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: ProjectIdInput
    """
    Of a project, by its number.
    """
    chat_type: Literal["project"]
    file_urls: list[str] | None = []
    """
    URLs of files that come with it.
    """
    message: str | None = None
    """
    The older name of `text`. One of the two must be there; `text` wins.
    """
    reply_to: MessageId | None = None
    """
    The message that it answers.
    """
    text: str | None = None
    """
    What is written, at most 8192 characters; may be empty. The key may also be message.
    """


class Presence(BaseModel):
    """
    A user who has come or gone.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    user_id: WireUser
    """
    Who.
    """


class ReadEventDirect(BaseModel):
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: str
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """
    chat_type: Literal["direct"]
    message_id: MessageId
    """
    Which message.
    """
    user_id: WireUser
    """
    Who has read it.
    """


class ReadEventProject(BaseModel):
    """
    Of a project, by its number.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: ProjectId
    """
    Of a project, by its number.
    """
    chat_type: Literal["project"]
    message_id: MessageId
    """
    Which message.
    """
    user_id: WireUser
    """
    Who has read it.
    """


class ServerSetOffline(BaseModel):
    """
    A user went offline.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: Presence
    """
    A user who has come or gone.
    """
    type: Literal["set_offline"]
    user_id: WireUser
    """
    User id: a number when it is one, else a string.
    """


class ServerSetOnline(BaseModel):
    """
    A user came online.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: Presence
    """
    A user who has come or gone.
    """
    type: Literal["set_online"]
    user_id: WireUser
    """
    User id: a number when it is one, else a string.
    """


class TypingEventDirect(BaseModel):
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: str
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """
    chat_type: Literal["direct"]
    end_time: Annotated[float, Field(examples=[1414768486.196569])]
    """
    When the notice ends unless it is renewed.
    """
    user_id: WireUser
    """
    Who.
    """


class TypingEventProject(BaseModel):
    """
    Of a project, by its number.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chat_id: ProjectId
    """
    Of a project, by its number.
    """
    chat_type: Literal["project"]
    end_time: Annotated[float, Field(examples=[1414768486.196569])]
    """
    When the notice ends unless it is renewed.
    """
    user_id: WireUser
    """
    Who.
    """


class User(BaseModel):
    """
    A user, as messages and chats show them.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    avatar: str | None
    """
    URL of a picture.
    """
    first_name: str
    """
    First name; may be empty.
    """
    id: WireUser
    """
    Who.
    """
    is_active: bool
    """
    Whether the account is in use.
    """
    is_online: bool
    """
    Whether the user is online.
    """
    last_name: str
    """
    Last name; may be empty.
    """
    patronymic: str | None
    """
    Middle name after the father.
    """


Chat = TypeAliasType(
    "Chat", Annotated[ChatDirect | ChatProject, Field(discriminator="chat_type")]
)
"""
A chat, as frames name it.

Written as the server does, `{"chat_id":"1_2","chat_type":"direct"}`; commands have the two in the other order. Without `chat_type`, which the original left out at times, a number or digits are a project's.
"""


class ClientTyping(BaseModel):
    """
    The same, in the word of the document.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: Chat
    """
    A chat, as frames name it.
    """
    type: Literal["typing"]


class ClientUserTyping(BaseModel):
    """
    Tell that I am writing.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: Chat
    """
    A chat, as frames name it.
    """
    type: Literal["user_typing"]


class DirectDetail(BaseModel):
    """
    A direct chat.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: str
    """
    Name of the pair, such as 1_2.
    """
    image_address: str | None
    """
    URL of a picture.
    """
    name: str
    """
    What to call the chat: the other user's name.
    """
    opponent: User
    """
    The other user; oneself in a chat with oneself.
    """
    users: list[User]
    """
    Both users.
    """


EditMessage = TypeAliasType(
    "EditMessage",
    Annotated[EditMessageDirect | EditMessageProject, Field(discriminator="chat_type")],
)
"""
A changed text.
"""


MessageRef = TypeAliasType(
    "MessageRef",
    Annotated[MessageRefDirect | MessageRefProject, Field(discriminator="chat_type")],
)
"""
A message of a chat, named: what is to be read or deleted, and what was deleted.

Written as the server does; commands have the chat's type before its id.
"""


MessageRefInput = TypeAliasType(
    "MessageRefInput",
    Annotated[
        MessageRefDirect | MessageRefProjectInput, Field(discriminator="chat_type")
    ],
)
"""
A message of a chat, named: what is to be read or deleted, and what was deleted.

Written as the server does; commands have the chat's type before its id.
"""


NewMessage = TypeAliasType(
    "NewMessage",
    Annotated[NewMessageDirect | NewMessageProject, Field(discriminator="chat_type")],
)
"""
A message to write.
"""


class ProjectDetail(BaseModel):
    """
    A project chat.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: ProjectId
    """
    Number of the chat.
    """
    image_address: str | None
    """
    URL of a picture.
    """
    name: str
    """
    Name of the project.
    """
    users: list[User]
    """
    Its members.
    """


ReadEvent = TypeAliasType(
    "ReadEvent",
    Annotated[ReadEventDirect | ReadEventProject, Field(discriminator="chat_type")],
)
"""
A user has read a message of another.
"""


class ReplyEntry(BaseModel):
    """
    A message that another one answers: without files, and with no more than the number of what it answers itself.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    author: User
    """
    Who wrote it.
    """
    created_at: Annotated[str, Field(examples=["2023-02-24T12:00:00.123456Z"])]
    """
    When it was stored.
    """
    id: MessageId
    """
    Number of the message.
    """
    is_deleted: bool
    """
    Whether it was deleted.
    """
    is_edited: bool
    """
    Whether it was changed.
    """
    is_read: bool
    """
    Whether anyone but its author has read it.
    """
    reply_to: MessageId | None
    """
    Number of the message that it answers.
    """
    text: str
    """
    What was written; may be empty.
    """


class ServerDeleteMessage(BaseModel):
    """
    A message was deleted.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: MessageRef
    """
    A message of a chat, named: what is to be read or deleted, and what was deleted.
    """
    type: Literal["delete_message"]


class ServerMessageRead(BaseModel):
    """
    A user has read a message.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: ReadEvent
    """
    A user has read a message of another.
    """
    type: Literal["message_read"]


TypingEvent = TypeAliasType(
    "TypingEvent",
    Annotated[TypingEventDirect | TypingEventProject, Field(discriminator="chat_type")],
)
"""
A user is writing.
"""


class ClientDeleteMessage(BaseModel):
    """
    Delete a message of mine.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: MessageRefInput
    """
    A message of a chat, named: what is to be read or deleted, and what was deleted.
    """
    type: Literal["delete_message"]


class ClientEditMessage(BaseModel):
    """
    Change the text of a message of mine.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: EditMessage
    """
    A changed text.
    """
    type: Literal["edit_message"]


class ClientMessageRead(BaseModel):
    """
    I have read up to a message.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: MessageRefInput
    """
    A message of a chat, named: what is to be read or deleted, and what was deleted.
    """
    type: Literal["message_read"]


class ClientNewMessage(BaseModel):
    """
    Write a message.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: NewMessage
    """
    A message to write.
    """
    type: Literal["new_message"]


class MessageEntry(BaseModel):
    """
    A message.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    author: User
    """
    Who wrote it.
    """
    created_at: Annotated[str, Field(examples=["2023-02-24T12:00:00.123456Z"])]
    """
    When it was stored.
    """
    files: list[FileEntry]
    """
    Files that came with it.
    """
    id: MessageId
    """
    Number of the message.
    """
    is_deleted: bool
    """
    Whether it was deleted.
    """
    is_edited: bool
    """
    Whether it was changed.
    """
    is_read: bool
    """
    Whether anyone but its author has read it.
    """
    reply_to: ReplyEntry | None
    """
    The message that it answers.
    """
    text: str
    """
    What was written; may be empty.
    """


class MessageEventDirect(BaseModel):
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    author_id: WireUser
    """
    User id: a number when it is one, else a string.
    """
    chat_id: str
    """
    Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
    """
    chat_type: Literal["direct"]
    created_at: Annotated[float, Field(examples=[1414768486.196569])]
    """
    Seconds since 1970-01-01T00:00:00Z.
    """
    message: MessageEntry
    """
    A message.
    """
    message_id: MessageId
    """
    Number of a message: unique in the server, growing within a chat.
    """
    text: str
    """
    What was written.
    """


class MessageEventProject(BaseModel):
    """
    Of a project, by its number.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    author_id: WireUser
    """
    User id: a number when it is one, else a string.
    """
    chat_id: ProjectId
    """
    Of a project, by its number.
    """
    chat_type: Literal["project"]
    created_at: Annotated[float, Field(examples=[1414768486.196569])]
    """
    Seconds since 1970-01-01T00:00:00Z.
    """
    message: MessageEntry
    """
    A message.
    """
    message_id: MessageId
    """
    Number of a message: unique in the server, growing within a chat.
    """
    text: str
    """
    What was written.
    """


class MessagePage(BaseModel):
    """
    One page of a chat's messages, newest first and without the deleted ones.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    count: Annotated[int, Field(ge=0, le=9007199254740991)]
    """
    Number of messages in all pages.
    """
    next: str | None
    """
    Address of the page with older messages.
    """
    previous: str | None
    """
    Address of the page with newer messages.
    """
    results: list[MessageEntry]
    """
    The messages.
    """


NewestMessage = TypeAliasType("NewestMessage", MessageEntry | NoMessage)
"""
The newest message, or what stands for it in a chat without one.
"""


class ProjectSummary(BaseModel):
    """
    A project chat in the list of them. The number is given twice, also as `project`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: ProjectId
    """
    Number of the chat.
    """
    image_address: str | None
    """
    URL of a picture.
    """
    last_message: NewestMessage
    """
    The newest message. A chat without one has an object with an empty author, an empty text and no id.
    """
    name: str
    """
    Name of the project.
    """
    project: ProjectId | None
    """
    Number of its project, which is the same.
    """


Projects = TypeAliasType("Projects", list[ProjectSummary])
"""
The caller's project chats.
"""


class ServerUserTyping(BaseModel):
    """
    A user is writing.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: TypingEvent
    """
    A user is writing.
    """
    type: Literal["user_typing"]


ClientFrame = TypeAliasType(
    "ClientFrame",
    Annotated[
        ClientNewMessage
        | ClientUserTyping
        | ClientMessageRead
        | ClientDeleteMessage
        | ClientEditMessage
        | ClientSetOnline
        | ClientSetOffline
        | ClientTyping,
        Field(discriminator="type"),
    ],
)
"""
A frame from client to server.

Written in the form of the newest clients. Read in all three: `message` for `text`, no `reply_to`, and `typing` for `user_typing`.
"""


class DirectSummary(BaseModel):
    """
    A direct chat in the list of them.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    id: str
    """
    Name of the pair, such as 1_2.
    """
    image_address: str | None
    """
    URL of a picture.
    """
    last_message: NewestMessage
    """
    The newest message. A chat without one has an object with an empty author, an empty text and no id.
    """
    name: str
    """
    What to call the chat: the other user's name.
    """
    opponent: User
    """
    The other user; oneself in a chat with oneself.
    """
    users: list[User]
    """
    Both users.
    """


Directs = TypeAliasType("Directs", list[DirectSummary])
"""
The caller's direct chats.
"""


MessageEvent = TypeAliasType(
    "MessageEvent",
    Annotated[
        MessageEventDirect | MessageEventProject, Field(discriminator="chat_type")
    ],
)
"""
A message in its chat. The flat keys repeat what the message says.
"""


class ServerEditMessage(BaseModel):
    """
    A message was edited.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: MessageEvent
    """
    A message in its chat. The flat keys repeat what the message says.
    """
    type: Literal["edit_message"]


class ServerNewMessage(BaseModel):
    """
    A message was written.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    content: MessageEvent
    """
    A message in its chat. The flat keys repeat what the message says.
    """
    type: Literal["new_message"]


ServerFrame = TypeAliasType(
    "ServerFrame",
    ServerNewMessage
    | ServerEditMessage
    | ServerUserTyping
    | ServerMessageRead
    | ServerDeleteMessage
    | ServerSetOnline
    | ServerSetOffline
    | ServerError,
)
"""
A frame from server to client.
"""


ChatsDocument = TypeAliasType(
    "ChatsDocument",
    Annotated[
        ClientFrame
        | ServerFrame
        | Directs
        | DirectDetail
        | Projects
        | ProjectDetail
        | MessagePage
        | Files
        | HasUnreads
        | Detail,
        Field(title="ChatsDocument"),
    ],
)
"""
Direct and project chats over one socket per user, typed events. Every document is one of these.
"""
