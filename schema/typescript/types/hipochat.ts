// generated from schema/bundle/hipochat.json by `cargo xtask foreign --update`, do not edit

/**
 * Rooms by token, arbitrary JSON messages, unread counters, injection by a backend. Every document is one of these.
 */
export type HipochatDocument =
  | ClientFrame
  | ServerFrame
  | CreateRoom
  | RoomCreated
  | OldMessages
  | ItemRequest
  | Notification
  | Histories
  | ProfileInput
  | Push
  | Unauthorized;
/**
 * What a server sends.
 *
 * No key names the kind. A frame with `ERROR` and without `token` is a refusal. One with an object in `injected` and no `author` is an item, and so is one of `type` `item` with its content and, beside the profile of an `author`, a number as `timestamp`. All others are messages, among them what a client sends that looks like an item, unless it claims to be one: the wire has nothing that tells those apart.
 */
export type ServerFrame = MessageFrame | ItemInSeconds | ErrorFrame;
/**
 * User id: a number when it is one, else a string.
 */
export type WireUser = NumericUserId | TextUserId;
export type NumericUserId = number;
export type TextUserId = string;
/**
 * Opaque user id: at most 128 bytes of UTF-8, no control characters.
 */
export type UserId = string;
/**
 * An old message: the client's object with its author and the server's time; or an item.
 */
export type EntryInSeconds = ItemInSeconds | OldMessageInSeconds;
/**
 * An old message: the client's object with its author and the server's time; or an item.
 */
export type EntryInWholeSeconds = ItemInWholeSeconds | OldMessageInWholeSeconds;
/**
 * What kind of message it is about.
 *
 * - `message`: It came over a socket, or from another dialect.
 * - `item`: It was injected.
 */
export type PushKind = "message" | "item";

/**
 * What a client sends: any JSON object, all of whose keys are its own.
 *
 * Anything else is ignored by the server and the socket stays open.
 */
export interface ClientFrame {}
/**
 * A message: the object of the client who wrote it, and the room. `author` and `timestamp` are the client's own, or else the author's profile and a number of seconds.
 */
export interface MessageFrame {
  /**
   * Name of a room.
   */
  token: string;
}
/**
 * An item that a backend injected. `type`, `author` and `body` only where the operator wants them.
 */
export interface ItemInSeconds {
  /**
   * Who wrote a message, as the operator's backend describes it.
   */
  author?: Profile;
  /**
   * Any JSON object.
   */
  body?: {};
  /**
   * Any JSON object.
   */
  injected: {};
  /**
   * Seconds since 1970-01-01T00:00:00Z.
   */
  timestamp: number;
  /**
   * Name of a room.
   */
  token: string;
  type?: "item";
}
/**
 * Who wrote a message, as the operator's backend describes it.
 */
export interface Profile {
  /**
   * Id of the user. Without one it is derived from the token.
   */
  user_id?: WireUser;
}
/**
 * A refusal, to its sender alone.
 */
export interface ErrorFrame {
  /**
   * Why.
   */
  ERROR: string;
}
/**
 * What `POST /api/chat` asks for: a room of exactly these users and the caller. Without users it is the caller's own.
 */
export interface CreateRoom {
  /**
   * The other users. Of one other it is the room of the two.
   */
  users?: UserId[];
}
/**
 * The answer of `POST /api/chat`: 201 when the room was made, 200 when it was already there.
 */
export interface RoomCreated {
  /**
   * The room.
   */
  chat: Chat;
}
/**
 * Its name.
 */
export interface Chat {
  /**
   * Its name.
   */
  token: string;
}
/**
 * Old messages of one room.
 */
export interface OldMessages {
  /**
   * All of them, oldest first.
   */
  oldy: EntryInSeconds[];
  /**
   * The same, divided at the moment when the reader's last socket in the room closed.
   */
  results: Divided;
}
/**
 * An old message: the client's object with its author.
 */
export interface OldMessageInSeconds {
  /**
   * Seconds since 1970-01-01T00:00:00Z.
   */
  timestamp: number;
}
/**
 * Old messages on both sides of the moment when the reader's last socket in the room closed.
 */
export interface Divided {
  /**
   * Those before that moment, oldest first.
   */
  read_messages: EntryInSeconds[];
  /**
   * Those after it, oldest first.
   */
  unread_messages: EntryInSeconds[];
}
/**
 * The body of `POST /talk/item/<token>/`: any JSON object.
 */
export interface ItemRequest {}
/**
 * The answer of `GET /talk/notification/<token>/`.
 */
export interface Notification {
  /**
   * How many messages of others the reader has not read: a string of digits, or null for one who is no member.
   */
  notification: string | null;
}
/**
 * The answer of `GET /talk/history/<t1,t2>`: the newest messages of several rooms.
 */
export interface Histories {
  /**
   * One for each room that was asked for.
   */
  results: RoomHistory[];
}
/**
 * The newest messages of one room.
 */
export interface RoomHistory {
  /**
   * The newest messages, oldest first, with times in whole seconds.
   */
  messages: EntryInWholeSeconds[];
  /**
   * The room.
   */
  room_name: string;
  /**
   * How many messages the reader has not read: a string of digits, or the number 0 for one who is no member.
   */
  unread_count: (string & {}) | 0;
}
/**
 * An item that a backend injected. `type`, `author` and `body` only where the operator wants them.
 */
export interface ItemInWholeSeconds {
  /**
   * Who wrote a message, as the operator's backend describes it.
   */
  author?: Profile;
  /**
   * Any JSON object.
   */
  body?: {};
  /**
   * Any JSON object.
   */
  injected: {};
  /**
   * Seconds since 1970-01-01T00:00:00Z.
   */
  timestamp: number;
  /**
   * Name of a room.
   */
  token: string;
  type?: "item";
}
/**
 * An old message: the client's object with its author.
 */
export interface OldMessageInWholeSeconds {
  /**
   * Seconds since 1970-01-01T00:00:00Z.
   */
  timestamp: number;
}
/**
 * Who wrote a message, as the operator's backend describes it.
 */
export interface ProfileInput {
  /**
   * Id of the user. Without one it is derived from the token.
   */
  user_id?: WireUser | null;
}
/**
 * A push to the operator: some members do not follow the room now, and should be told of a message.
 */
export interface Push {
  /**
   * Who wrote it.
   */
  author: Profile;
  /**
   * The message's `body`, or else its `message`, or else null; of an item, what was injected.
   */
  body: {
    [k: string]: unknown;
  };
  /**
   * The room.
   */
  chat_token: string;
  /**
   * The members who are offline.
   */
  receivers: UserId[];
  /**
   * What kind of message it is.
   */
  type: PushKind;
}
/**
 * The body of a refusal of `/api/chat`, such as 401: `{"detail":"..."}`. All other refusals have none.
 */
export interface Unauthorized {
  /**
   * Why, for people.
   */
  detail: string;
}
