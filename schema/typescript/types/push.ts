// generated from schema/bundle/push.json by `cargo xtask foreign --update`, do not edit

/**
 * What absent members' devices are told: through Apple's service (APNs), Google's former and present one (FCM), or the operator's own. Every document is one of these.
 */
export type PushDocument = ApnsPush | FcmLegacyPush | FcmV1Push | Push | PushSignal;
/**
 * User id: a number when it is one, else a string.
 */
export type WireUser = NumericUserId | TextUserId;
export type NumericUserId = number;
export type TextUserId = string;
/**
 * Number: a message's number in its room. Dense, from 1; 0 means nothing yet.
 */
export type Seq = number;
/**
 * Name of a topic, as it came: `p2p1_2` of two users, `grp1518765515224234` of a group. Others are no room's.
 */
export type TopicId = string;
/**
 * RFC 3339, UTC, milliseconds: 2026-11-20T08:30:39.789Z.
 */
export type Timestamp = string;
/**
 * What a push is about.
 */
export type Kind = "NEW_MESSAGE";
/**
 * A text that is not shown: passwords, access tokens, tokens of devices.
 */
export type Secret = string;
/**
 * A push to one device.
 */
export type FcmV1Message = FcmV1Android | FcmV1Apple;
/**
 * Opaque user id: at most 128 bytes of UTF-8, no control characters.
 */
export type UserId = string;
/**
 * What kind of message it is about.
 *
 * - `message`: It came over a socket, or from another dialect.
 * - `item`: It was injected.
 */
export type PushKind = "message" | "item";

/**
 * A push through Apple's service; the device is named outside the body.
 */
export interface ApnsPush {
  /**
   * What is shown.
   */
  aps: Aps;
  /**
   * The message.
   */
  xdata: Message;
  /**
   * The recipients.
   */
  xto: WireUser[];
  /**
   * Always `NEW_MESSAGE`.
   */
  xtype: Kind;
}
/**
 * What Apple's devices show.
 */
export interface Aps {
  /**
   * The text; absent: nothing is shown.
   */
  alert?: Alert;
  /**
   * The number on the application; absent: it stays.
   */
  badge?: number;
  /**
   * Always 1 where nothing is shown: the app is told.
   */
  "content-available"?: number;
  /**
   * Always 1 where something is shown: the app may change it before.
   */
  "mutable-content"?: number;
  /**
   * Always `default`; absent: nothing rings.
   */
  sound?: string;
}
/**
 * The text of a push.
 */
export interface Alert {
  /**
   * The text of the message, or the type of other content.
   */
  body: string;
  /**
   * Name of who wrote the message.
   */
  title: string;
}
/**
 * A message as the socket and pushes tell it.
 */
export interface Message {
  /**
   * What was written.
   */
  content: Content;
  /**
   * Who wrote it.
   */
  from_id: WireUser;
  /**
   * Name of who wrote it.
   */
  name: string;
  /**
   * Its number in the topic.
   */
  seq_id: Seq;
  /**
   * Each recipient, and whether that one has read it.
   */
  status: {
    [k: string]: boolean;
  };
  /**
   * Where it was written.
   */
  topic_id: TopicId;
  /**
   * When it was stored.
   */
  ts: Timestamp;
}
/**
 * Typed content of a message.
 *
 * `text/plain` carries `{"text": "..."}`, `text/markdown` the same; `image/*` and other files carry `url`, `size` and `name`; `application/*` is opaque to the server and handed on byte for byte.
 */
export interface Content {
  /**
   * Object whose members depend on the type.
   */
  payload: {
    [k: string]: unknown;
  };
  /**
   * Media type, for example `text/plain`.
   */
  type: string;
}
/**
 * A push through Google's former service.
 */
export interface FcmLegacyPush {
  /**
   * What the device gets.
   */
  data: Notice;
  /**
   * Always `high`.
   */
  priority: string;
  /**
   * The devices.
   */
  registration_ids: Secret[];
  /**
   * Seconds for which it is kept, always 3600.
   */
  time_to_live: number;
}
/**
 * What a device gets.
 */
export interface Notice {
  /**
   * What Apple's devices show.
   */
  aps?: Aps;
  /**
   * The message.
   */
  xdata: Message;
  /**
   * The recipients.
   */
  xto: WireUser[];
  /**
   * Always `NEW_MESSAGE`.
   */
  xtype: Kind;
}
/**
 * A push through Google's service.
 */
export interface FcmV1Push {
  /**
   * For one device.
   */
  message: FcmV1Message;
}
/**
 * A push to an Android device.
 */
export interface FcmV1Android {
  /**
   * How it is delivered.
   */
  android: Android;
  /**
   * What the device gets. All values are strings.
   */
  data: Strings;
  /**
   * The device.
   */
  token: Secret;
}
/**
 * How an Android device gets it.
 */
export interface Android {
  /**
   * `HIGH`, or `NORMAL` when it must not ring.
   */
  priority: string;
  /**
   * For how long it is kept, always `3600s`.
   */
  ttl: string;
}
/**
 * What an Android device gets: all values are strings.
 */
export interface Strings {
  /**
   * The number on the application, as digits.
   */
  badge?: string;
  /**
   * `true`: it must not ring.
   */
  silent?: string;
  /**
   * The message, as JSON in a string.
   */
  xdata: string;
  /**
   * The recipients, as JSON in a string.
   */
  xto: string;
  /**
   * Always `NEW_MESSAGE`.
   */
  xtype: Kind;
}
/**
 * A push to an Apple device.
 */
export interface FcmV1Apple {
  /**
   * What the device gets.
   */
  apns: Apns;
  /**
   * The device.
   */
  token: Secret;
}
/**
 * What an Apple device gets.
 */
export interface Apns {
  /**
   * What the device gets.
   */
  payload: Notice;
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
 * Who wrote a message, as the operator's backend describes it.
 */
export interface Profile {
  /**
   * Id of the user. Without one it is derived from the token.
   */
  user_id?: WireUser;
}
/**
 * The first version's push: a form that says that there is something, and neither what nor for whom.
 */
export interface PushSignal {
  /**
   * The room.
   */
  chat_token: string;
  /**
   * What kind of message it is.
   */
  type: PushKind;
}
