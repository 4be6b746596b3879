// generated from schema/bundle/tndata.json by `cargo xtask foreign --update`, do not edit

/**
 * Person-to-person chat with read receipts, one socket per conversation. Every document is one of these.
 */
export type TndataDocument =
  | ClientFrame
  | ServerFrame
  | MessageEntryPage
  | MessageList
  | MessageEntry
  | History
  | MarkRead
  | AccountPage
  | ProfilePage
  | ErrorBody;
/**
 * One frame of a client.
 *
 * A frame with the key `received` is always a receipt, whatever else it holds.
 */
export type ClientFrame = Receipt | NewMessage;
/**
 * User id: a number when it is one, else a string.
 */
export type WireUser = NumericUserId | TextUserId;
export type NumericUserId = number;
export type TextUserId = string;
/**
 * One frame of the server.
 */
export type ServerFrame = UserMessage | Notice;
/**
 * The message's name in receipts, unique to it.
 */
export type Digest = string;
/**
 * Opaque user id: at most 128 bytes of UTF-8, no control characters.
 */
export type UserId = string;
/**
 * Body of an answer that is an error.
 */
export type ErrorBody = ErrorBodyDetail | ErrorBodyError;

/**
 * Says that a message was received, which moves the read pointer of the room. Never answered; repeats are harmless.
 */
export interface Receipt {
  /**
   * The digest of the message. Other texts are no error: they name no message, and nothing happens.
   */
  received: string;
  /**
   * Credential, as in a message. The documented receipt has none; one is read because any frame may be the first.
   */
  token?: string | null;
}
/**
 * A message to everyone in the room of the socket. It is sent back to its sender too, which is how a client knows that it was stored.
 */
export interface NewMessage {
  /**
   * Who claims to have written it. Ignored: the sender is the user of the socket.
   */
  from?: WireUser | null;
  /**
   * What was written.
   */
  text: string;
  /**
   * Credential. Read from the first frame of a socket that has shown none, ignored later.
   */
  token?: string | null;
}
/**
 * A user message as it is written.
 */
export interface UserMessage {
  /**
   * Address of the sender's picture, without a scheme.
   */
  avatar: string;
  /**
   * The message's name in receipts.
   */
  digest: Digest;
  /**
   * The sender's name.
   */
  from: string;
  /**
   * The sender's id: a number when it is one, else a string; a string always when the server is set so.
   */
  from_id: WireUser;
  /**
   * What was written.
   */
  message: string;
  /**
   * The same again.
   */
  text: string;
}
/**
 * A notice as it is written.
 */
export interface Notice {
  /**
   * Always `system`.
   */
  from: string;
  /**
   * Always -1.
   */
  from_id: -1;
  /**
   * What people read.
   */
  message: string;
  /**
   * Name of the room.
   */
  room?: string;
  /**
   * The same again.
   */
  text: string;
}
/**
 * One page of a list.
 */
export interface MessageEntryPage {
  /**
   * Number of entries on all pages.
   */
  count: number;
  /**
   * Absolute address of the next page; null on the last.
   */
  next: string | null;
  /**
   * Absolute address of the page before; null on the first.
   */
  previous: string | null;
  /**
   * The entries.
   */
  results: MessageEntry[];
}
/**
 * A message as it is written.
 */
export interface MessageEntry {
  /**
   * Address of the author's picture, without a scheme.
   */
  avatar: string;
  /**
   * When it was stored.
   */
  created_on: string;
  /**
   * The message's name in receipts.
   */
  digest: Digest;
  /**
   * Number of the message, unique in the server and growing within a room.
   */
  id: number;
  /**
   * Always `chatmessage`.
   */
  object_type: string;
  /**
   * Whether any member other than the author has read it.
   */
  read: boolean;
  /**
   * Name of the room.
   */
  room: string;
  /**
   * What was written.
   */
  text: string;
  /**
   * Who wrote it: a number when the id is one, else a string.
   */
  user: WireUser;
  /**
   * The author's full name.
   */
  user_full_name: string;
  /**
   * The same, always a string.
   */
  user_id: UserId;
  /**
   * The author's short name.
   */
  user_username: string;
}
/**
 * Messages that are not paged, newest first.
 */
export interface MessageList {
  /**
   * Number of messages. Of a history: of those in this answer.
   */
  count: number;
  /**
   * The messages.
   */
  results: MessageEntry[];
}
/**
 * A history as it is written: both keys or none.
 */
export interface History {
  /**
   * Number of messages in this answer; absent when there is no such room.
   */
  count?: number;
  /**
   * The messages, newest first; absent when there is no such room.
   */
  results?: MessageEntry[];
}
/**
 * Marks everything that others wrote in a room as read. A form with the same key is as good.
 */
export interface MarkRead {
  /**
   * Name of the room.
   */
  room: string;
}
/**
 * One page of a list.
 */
export interface AccountPage {
  /**
   * Number of entries on all pages.
   */
  count: number;
  /**
   * Absolute address of the next page; null on the last.
   */
  next: string | null;
  /**
   * Absolute address of the page before; null on the first.
   */
  previous: string | null;
  /**
   * The entries.
   */
  results: Account[];
}
/**
 * The user who asks. Texts that are not known are empty.
 */
export interface Account {
  /**
   * E-mail address.
   */
  email: string;
  /**
   * First name.
   */
  first_name: string;
  /**
   * The user.
   */
  id: WireUser;
  /**
   * Last name.
   */
  last_name: string;
  /**
   * Short name.
   */
  username: string;
}
/**
 * One page of a list.
 */
export interface ProfilePage {
  /**
   * Number of entries on all pages.
   */
  count: number;
  /**
   * Absolute address of the next page; null on the last.
   */
  next: string | null;
  /**
   * Absolute address of the page before; null on the first.
   */
  previous: string | null;
  /**
   * The entries.
   */
  results: Profile[];
}
/**
 * The picture of the user who asks.
 */
export interface Profile {
  /**
   * Address of the picture, here with its scheme.
   */
  google_image: string;
}
/**
 * Whoever asks, what is asked for, or the server is at fault.
 */
export interface ErrorBodyDetail {
  /**
   * Whoever asks, what is asked for, or the server is at fault.
   */
  detail: string;
}
/**
 * A parameter is at fault.
 */
export interface ErrorBodyError {
  /**
   * A parameter is at fault.
   */
  error: string;
}
