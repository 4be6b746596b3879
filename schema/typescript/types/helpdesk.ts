// generated from schema/bundle/helpdesk.json by `cargo xtask foreign --update`, do not edit

/**
 * Support cases of an organization: messages by HTTP, updates by socket. Every document is one of these.
 */
export type HelpdeskDocument =
  ClientFrame | ServerFrame | Desks | History | SendMessage | Created | ErrorBody;
/**
 * What happened, as the frames of both directions name it.
 *
 * - `update_helpdesk`: A desk was created, or its own data changed. The spelling with one more underscore in the prose of the original document was never used.
 * - `new_message`: A message was written.
 * - `update_message`: A message or its status changed.
 */
export type EventKind = "update_helpdesk" | "new_message" | "update_message";
/**
 * A frame from server to client.
 */
export type ServerFrame = ServerUpdateHelpdesk | ServerNewMessage | ServerUpdateMessage | Relay;
/**
 * The object, or a string that holds it as JSON.
 */
export type DeskData = string | Desk;
/**
 * 128 bits in groups of 8, 4, 4, 4 and 12 hexadecimal digits.
 */
export type Uuid = string;
/**
 * The schema of a message or an empty object.
 */
export type MessageOrEmpty = Message | {};
/**
 * How far the delivery of a message is.
 *
 * - `sending`: Stored, on its way.
 * - `sent`: Delivered.
 */
export type Status = "sending" | "sent";
/**
 * Which side wrote a message.
 *
 * - `sent`: The organization wrote it.
 * - `received`: The desk's client wrote it.
 */
export type Direction = "sent" | "received";
/**
 * The object, or a string that holds it as JSON.
 */
export type MessageData = string | Message;
/**
 * Desks of an organization, newest first.
 */
export type Desks = Desk[];
/**
 * Messages of a desk, newest first.
 */
export type History = Message[];
/**
 * Body of an answer that refuses.
 */
export type ErrorBody =
  | ErrorBodyDetail
  | {
      [k: string]: string[];
    };

/**
 * An event with any data, told to all sockets of the organization.
 */
export interface ClientFrame {
  /**
   * Any JSON value.
   */
  data?: {
    [k: string]: unknown;
  };
  /**
   * What happened, as the frames of both directions name it.
   */
  type: EventKind;
}
/**
 * A desk was created or changed.
 */
export interface ServerUpdateHelpdesk {
  /**
   * The object, or a string that holds it as JSON.
   */
  data: DeskData;
  /**
   * Always this word.
   */
  type: "update_helpdesk";
}
/**
 * One support case.
 */
export interface Desk {
  /**
   * Whose case it is.
   */
  client: Client;
  /**
   * When it was opened.
   */
  created_at: string;
  /**
   * The newest message; an empty object when there is none. Null and absent are read as that, too.
   */
  last_message: MessageOrEmpty;
  /**
   * When its own data last changed.
   */
  updated_at: string;
  /**
   * Its id.
   */
  uuid: Uuid;
}
/**
 * The person outside the organization whose case it is.
 */
export interface Client {
  /**
   * When the client became known.
   */
  created_at: string;
  /**
   * Name of the client.
   */
  name: string;
  /**
   * Telephone number of the client, as it was typed.
   */
  phone: string;
  /**
   * When the client's data last changed.
   */
  updated_at: string;
  /**
   * Id of the client.
   */
  uuid: Uuid;
}
/**
 * One message of a desk.
 */
export interface Message {
  /**
   * When it was stored.
   */
  created_at: string;
  /**
   * Where its file is; null when it has none. An absolute URL in history, a path elsewhere. Absent is read as null.
   */
  file: string | null;
  /**
   * The desk it belongs to.
   */
  help_desk: Uuid;
  /**
   * Its text; null when it is a file alone. Absent is read as null.
   */
  message: string | null;
  /**
   * How far its delivery is. Always written; absent is read as `sent`.
   */
  status: Status & string;
  /**
   * Which side wrote it.
   */
  type: Direction;
  /**
   * When it or its status last changed.
   */
  updated_at: string;
  /**
   * Its id.
   */
  uuid: Uuid;
}
/**
 * A message was written.
 */
export interface ServerNewMessage {
  /**
   * The object, or a string that holds it as JSON.
   */
  data: MessageData;
  /**
   * Always this word.
   */
  type: "new_message";
}
/**
 * A message changed.
 */
export interface ServerUpdateMessage {
  /**
   * The object, or a string that holds it as JSON.
   */
  data: MessageData;
  /**
   * Always this word.
   */
  type: "update_message";
}
/**
 * An event with any data, told to all sockets of the organization.
 */
export interface Relay {
  /**
   * Any JSON value.
   */
  data: {
    [k: string]: unknown;
  };
  /**
   * What happened, as the frames of both directions name it.
   */
  type: EventKind;
}
/**
 * Body of `POST /api/send-message/`, as JSON, as a form or, with a file beside it, as a multipart form.
 */
export interface SendMessage {
  /**
   * The desk to write to.
   */
  help_desk: Uuid;
  /**
   * Its text; may be absent when there is a file.
   */
  message?: string | null;
}
/**
 * Answer of `POST /api/send-message/`.
 */
export interface Created {
  /**
   * A word for people. Not the text that was sent.
   */
  message: string;
}
/**
 * What is wrong with the request, in words for people.
 */
export interface ErrorBodyDetail {
  /**
   * The words.
   */
  detail: string;
}
