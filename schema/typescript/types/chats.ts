// generated from schema/bundle/chats.json by `cargo xtask foreign --update`, do not edit

/**
 * Direct and project chats over one socket per user, typed events. Every document is one of these.
 */
export type ChatsDocument =
  | ClientFrame
  | ServerFrame
  | Directs
  | DirectDetail
  | Projects
  | ProjectDetail
  | MessagePage
  | Files
  | HasUnreads
  | Detail;
/**
 * A frame from client to server.
 *
 * Written in the form of the newest clients. Read in all three: `message` for `text`, no `reply_to`, and `typing` for `user_typing`.
 */
export type ClientFrame =
  | ClientNewMessage
  | ClientUserTyping
  | ClientMessageRead
  | ClientDeleteMessage
  | ClientEditMessage
  | ClientSetOnline
  | ClientSetOffline
  | ClientTyping;
/**
 * A message to write.
 */
export type NewMessage = NewMessageDirect | NewMessageProject;
/**
 * Number of a message: unique in the server, growing within a chat.
 */
export type MessageId = number;
/**
 * Number of a project chat; may also be a string of digits.
 */
export type ProjectIdInput = ProjectNumber | ProjectDigits;
/**
 * Number of a project chat.
 */
export type ProjectNumber = number;
export type ProjectDigits = string;
/**
 * A chat, as frames name it.
 *
 * Written as the server does, `{"chat_id":"1_2","chat_type":"direct"}`; commands have the two in the other order. Without `chat_type`, which the original left out at times, a number or digits are a project's.
 */
export type Chat = ChatDirect | ChatProject;
/**
 * A message of a chat, named: what is to be read or deleted, and what was deleted.
 *
 * Written as the server does; commands have the chat's type before its id.
 */
export type MessageRefInput = MessageRefDirect | MessageRefProjectInput;
/**
 * A changed text.
 */
export type EditMessage = EditMessageDirect | EditMessageProject;
/**
 * A frame from server to client.
 */
export type ServerFrame =
  | ServerNewMessage
  | ServerEditMessage
  | ServerUserTyping
  | ServerMessageRead
  | ServerDeleteMessage
  | ServerSetOnline
  | ServerSetOffline
  | ServerError;
/**
 * A message in its chat. The flat keys repeat what the message says.
 */
export type MessageEvent = MessageEventDirect | MessageEventProject;
/**
 * User id: a number when it is one, else a string.
 */
export type WireUser = NumericUserId | TextUserId;
export type NumericUserId = number;
export type TextUserId = string;
/**
 * Number of a project chat.
 */
export type ProjectId = number;
/**
 * A user is writing.
 */
export type TypingEvent = TypingEventDirect | TypingEventProject;
/**
 * A user has read a message of another.
 */
export type ReadEvent = ReadEventDirect | ReadEventProject;
/**
 * A message of a chat, named: what is to be read or deleted, and what was deleted.
 *
 * Written as the server does; commands have the chat's type before its id.
 */
export type MessageRef = MessageRefDirect | MessageRefProject;
/**
 * The newest message, or what stands for it in a chat without one.
 */
export type NewestMessage = MessageEntry | NoMessage;
/**
 * The caller's direct chats.
 */
export type Directs = DirectSummary[];
/**
 * The caller's project chats.
 */
export type Projects = ProjectSummary[];
/**
 * The files of a chat.
 */
export type Files = FileEntry[];

/**
 * Write a message.
 */
export interface ClientNewMessage {
  /**
   * A message to write.
   */
  content: NewMessage;
  type: "new_message";
}
/**
 * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
 */
export interface NewMessageDirect {
  /**
   * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
   */
  chat_id: string;
  chat_type: "direct";
  /**
   * URLs of files that come with it.
   */
  file_urls?: string[];
  /**
   * The older name of `text`. One of the two must be there; `text` wins.
   */
  message?: string;
  /**
   * The message that it answers.
   */
  reply_to?: MessageId | null;
  /**
   * What is written, at most 8192 characters; may be empty. The key may also be message.
   */
  text?: string;
}
/**
 * Of a project, by its number.
 */
export interface NewMessageProject {
  /**
   * Of a project, by its number.
   */
  chat_id: ProjectIdInput;
  chat_type: "project";
  /**
   * URLs of files that come with it.
   */
  file_urls?: string[];
  /**
   * The older name of `text`. One of the two must be there; `text` wins.
   */
  message?: string;
  /**
   * The message that it answers.
   */
  reply_to?: MessageId | null;
  /**
   * What is written, at most 8192 characters; may be empty. The key may also be message.
   */
  text?: string;
}
/**
 * Tell that I am writing.
 */
export interface ClientUserTyping {
  /**
   * A chat, as frames name it.
   */
  content: Chat;
  type: "user_typing";
}
/**
 * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
 */
export interface ChatDirect {
  /**
   * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
   */
  chat_id: string;
  chat_type: "direct";
}
/**
 * Of a project, by its number.
 */
export interface ChatProject {
  /**
   * Number of a project chat; may also be a string of digits.
   */
  chat_id: ProjectIdInput;
  chat_type: "project";
}
/**
 * I have read up to a message.
 */
export interface ClientMessageRead {
  /**
   * A message of a chat, named: what is to be read or deleted, and what was deleted.
   */
  content: MessageRefInput;
  type: "message_read";
}
/**
 * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
 */
export interface MessageRefDirect {
  /**
   * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
   */
  chat_id: string;
  chat_type: "direct";
  /**
   * Which message.
   */
  message_id: MessageId;
}
/**
 * Of a project, by its number.
 */
export interface MessageRefProjectInput {
  /**
   * Of a project, by its number.
   */
  chat_id: ProjectIdInput;
  chat_type: "project";
  /**
   * Which message.
   */
  message_id: MessageId;
}
/**
 * Delete a message of mine.
 */
export interface ClientDeleteMessage {
  /**
   * A message of a chat, named: what is to be read or deleted, and what was deleted.
   */
  content: MessageRefInput;
  type: "delete_message";
}
/**
 * Change the text of a message of mine.
 */
export interface ClientEditMessage {
  /**
   * A changed text.
   */
  content: EditMessage;
  type: "edit_message";
}
/**
 * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
 */
export interface EditMessageDirect {
  /**
   * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
   */
  chat_id: string;
  chat_type: "direct";
  /**
   * The older name of `text`. One of the two must be there; `text` wins.
   */
  message?: string;
  /**
   * Which message.
   */
  message_id: MessageId;
  /**
   * What it says from now on, at most 8192 characters. The key may also be message.
   */
  text?: string;
}
/**
 * Of a project, by its number.
 */
export interface EditMessageProject {
  /**
   * Of a project, by its number.
   */
  chat_id: ProjectIdInput;
  chat_type: "project";
  /**
   * The older name of `text`. One of the two must be there; `text` wins.
   */
  message?: string;
  /**
   * Which message.
   */
  message_id: MessageId;
  /**
   * What it says from now on, at most 8192 characters. The key may also be message.
   */
  text?: string;
}
/**
 * Show me as online.
 */
export interface ClientSetOnline {
  type: "set_online";
}
/**
 * Show me as offline.
 */
export interface ClientSetOffline {
  type: "set_offline";
}
/**
 * The same, in the word of the document.
 */
export interface ClientTyping {
  /**
   * A chat, as frames name it.
   */
  content: Chat;
  type: "typing";
}
/**
 * A message was written.
 */
export interface ServerNewMessage {
  /**
   * A message in its chat. The flat keys repeat what the message says.
   */
  content: MessageEvent;
  type: "new_message";
}
/**
 * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
 */
export interface MessageEventDirect {
  /**
   * User id: a number when it is one, else a string.
   */
  author_id: WireUser;
  /**
   * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
   */
  chat_id: string;
  chat_type: "direct";
  /**
   * Seconds since 1970-01-01T00:00:00Z.
   */
  created_at: number;
  /**
   * A message.
   */
  message: MessageEntry;
  /**
   * Number of a message: unique in the server, growing within a chat.
   */
  message_id: MessageId;
  /**
   * What was written.
   */
  text: string;
}
/**
 * A message.
 */
export interface MessageEntry {
  /**
   * Who wrote it.
   */
  author: User;
  /**
   * When it was stored.
   */
  created_at: string;
  /**
   * Files that came with it.
   */
  files: FileEntry[];
  /**
   * Number of the message.
   */
  id: MessageId;
  /**
   * Whether it was deleted.
   */
  is_deleted: boolean;
  /**
   * Whether it was changed.
   */
  is_edited: boolean;
  /**
   * Whether anyone but its author has read it.
   */
  is_read: boolean;
  /**
   * The message that it answers.
   */
  reply_to: ReplyEntry | null;
  /**
   * What was written; may be empty.
   */
  text: string;
}
/**
 * A user, as messages and chats show them.
 */
export interface User {
  /**
   * URL of a picture.
   */
  avatar: string | null;
  /**
   * First name; may be empty.
   */
  first_name: string;
  /**
   * Who.
   */
  id: WireUser;
  /**
   * Whether the account is in use.
   */
  is_active: boolean;
  /**
   * Whether the user is online.
   */
  is_online: boolean;
  /**
   * Last name; may be empty.
   */
  last_name: string;
  /**
   * Middle name after the father.
   */
  patronymic: string | null;
}
/**
 * A file of a message.
 */
export interface FileEntry {
  /**
   * When it was sent.
   */
  datetime_uploaded: string;
  /**
   * What follows the last dot of its name; may be empty.
   */
  extension: string;
  /**
   * URL of its bytes.
   */
  link: string;
  /**
   * Media type; empty from systems of before there was one.
   */
  mime_type: string;
  /**
   * Name without extension; may be empty.
   */
  name: string;
  /**
   * Size in bytes; 0 when unknown.
   */
  size: number;
  /**
   * Who sent it.
   */
  user: WireUser;
}
/**
 * A message that another one answers: without files, and with no more than the number of what it answers itself.
 */
export interface ReplyEntry {
  /**
   * Who wrote it.
   */
  author: User;
  /**
   * When it was stored.
   */
  created_at: string;
  /**
   * Number of the message.
   */
  id: MessageId;
  /**
   * Whether it was deleted.
   */
  is_deleted: boolean;
  /**
   * Whether it was changed.
   */
  is_edited: boolean;
  /**
   * Whether anyone but its author has read it.
   */
  is_read: boolean;
  /**
   * Number of the message that it answers.
   */
  reply_to: MessageId | null;
  /**
   * What was written; may be empty.
   */
  text: string;
}
/**
 * Of a project, by its number.
 */
export interface MessageEventProject {
  /**
   * User id: a number when it is one, else a string.
   */
  author_id: WireUser;
  /**
   * Of a project, by its number.
   */
  chat_id: ProjectId;
  chat_type: "project";
  /**
   * Seconds since 1970-01-01T00:00:00Z.
   */
  created_at: number;
  /**
   * A message.
   */
  message: MessageEntry;
  /**
   * Number of a message: unique in the server, growing within a chat.
   */
  message_id: MessageId;
  /**
   * What was written.
   */
  text: string;
}
/**
 * A message was edited.
 */
export interface ServerEditMessage {
  /**
   * A message in its chat. The flat keys repeat what the message says.
   */
  content: MessageEvent;
  type: "edit_message";
}
/**
 * A user is writing.
 */
export interface ServerUserTyping {
  /**
   * A user is writing.
   */
  content: TypingEvent;
  type: "user_typing";
}
/**
 * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
 */
export interface TypingEventDirect {
  /**
   * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
   */
  chat_id: string;
  chat_type: "direct";
  /**
   * When the notice ends unless it is renewed.
   */
  end_time: number;
  /**
   * Who.
   */
  user_id: WireUser;
}
/**
 * Of a project, by its number.
 */
export interface TypingEventProject {
  /**
   * Of a project, by its number.
   */
  chat_id: ProjectId;
  chat_type: "project";
  /**
   * When the notice ends unless it is renewed.
   */
  end_time: number;
  /**
   * Who.
   */
  user_id: WireUser;
}
/**
 * A user has read a message.
 */
export interface ServerMessageRead {
  /**
   * A user has read a message of another.
   */
  content: ReadEvent;
  type: "message_read";
}
/**
 * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
 */
export interface ReadEventDirect {
  /**
   * Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may have it wrong.
   */
  chat_id: string;
  chat_type: "direct";
  /**
   * Which message.
   */
  message_id: MessageId;
  /**
   * Who has read it.
   */
  user_id: WireUser;
}
/**
 * Of a project, by its number.
 */
export interface ReadEventProject {
  /**
   * Of a project, by its number.
   */
  chat_id: ProjectId;
  chat_type: "project";
  /**
   * Which message.
   */
  message_id: MessageId;
  /**
   * Who has read it.
   */
  user_id: WireUser;
}
/**
 * A message was deleted.
 */
export interface ServerDeleteMessage {
  /**
   * A message of a chat, named: what is to be read or deleted, and what was deleted.
   */
  content: MessageRef;
  type: "delete_message";
}
/**
 * Of a project, by its number.
 */
export interface MessageRefProject {
  /**
   * Of a project, by its number.
   */
  chat_id: ProjectId;
  chat_type: "project";
  /**
   * Which message.
   */
  message_id: MessageId;
}
/**
 * A user came online.
 */
export interface ServerSetOnline {
  /**
   * A user who has come or gone.
   */
  content: Presence;
  type: "set_online";
  /**
   * User id: a number when it is one, else a string.
   */
  user_id: WireUser;
}
/**
 * A user who has come or gone.
 */
export interface Presence {
  /**
   * Who.
   */
  user_id: WireUser;
}
/**
 * A user went offline.
 */
export interface ServerSetOffline {
  /**
   * A user who has come or gone.
   */
  content: Presence;
  type: "set_offline";
  /**
   * User id: a number when it is one, else a string.
   */
  user_id: WireUser;
}
/**
 * Why something was refused, to its sender alone. The socket stays open.
 */
export interface ServerError {
  /**
   * Why something was refused, to its sender alone. The socket stays open.
   */
  error: string;
}
/**
 * A direct chat in the list of them.
 */
export interface DirectSummary {
  /**
   * Name of the pair, such as 1_2.
   */
  id: string;
  /**
   * URL of a picture.
   */
  image_address: string | null;
  /**
   * The newest message. A chat without one has an object with an empty author, an empty text and no id.
   */
  last_message: NewestMessage;
  /**
   * What to call the chat: the other user's name.
   */
  name: string;
  /**
   * The other user; oneself in a chat with oneself.
   */
  opponent: User;
  /**
   * Both users.
   */
  users: User[];
}
/**
 * What stands for the newest message of a chat without one.
 */
export interface NoMessage {
  /**
   * Nobody.
   */
  author: NoAuthor;
  /**
   * Always null.
   */
  created_at: null;
  /**
   * Always empty.
   */
  files: null[];
  /**
   * Always false.
   */
  is_deleted: boolean;
  /**
   * Always false.
   */
  is_edited: boolean;
  /**
   * Always true.
   */
  is_read: boolean;
  /**
   * Always null.
   */
  reply_to: null;
  /**
   * Always empty.
   */
  text: string;
}
/**
 * No author: an object without fields.
 */
export interface NoAuthor {}
/**
 * A direct chat.
 */
export interface DirectDetail {
  /**
   * Name of the pair, such as 1_2.
   */
  id: string;
  /**
   * URL of a picture.
   */
  image_address: string | null;
  /**
   * What to call the chat: the other user's name.
   */
  name: string;
  /**
   * The other user; oneself in a chat with oneself.
   */
  opponent: User;
  /**
   * Both users.
   */
  users: User[];
}
/**
 * A project chat in the list of them. The number is given twice, also as `project`.
 */
export interface ProjectSummary {
  /**
   * Number of the chat.
   */
  id: ProjectId;
  /**
   * URL of a picture.
   */
  image_address: string | null;
  /**
   * The newest message. A chat without one has an object with an empty author, an empty text and no id.
   */
  last_message: NewestMessage;
  /**
   * Name of the project.
   */
  name: string;
  /**
   * Number of its project, which is the same.
   */
  project: ProjectId | null;
}
/**
 * A project chat.
 */
export interface ProjectDetail {
  /**
   * Number of the chat.
   */
  id: ProjectId;
  /**
   * URL of a picture.
   */
  image_address: string | null;
  /**
   * Name of the project.
   */
  name: string;
  /**
   * Its members.
   */
  users: User[];
}
/**
 * One page of a chat's messages, newest first and without the deleted ones.
 */
export interface MessagePage {
  /**
   * Number of messages in all pages.
   */
  count: number;
  /**
   * Address of the page with older messages.
   */
  next: string | null;
  /**
   * Address of the page with newer messages.
   */
  previous: string | null;
  /**
   * The messages.
   */
  results: MessageEntry[];
}
/**
 * Whether messages of others wait for the caller.
 */
export interface HasUnreads {
  /**
   * True when at least one is unread.
   */
  has_unreads: boolean;
}
/**
 * The body of every HTTP error, and of a refused handshake.
 */
export interface Detail {
  /**
   * What was wrong.
   */
  detail: string;
}
