// generated from schema/bundle/haraj.json by `cargo xtask foreign --update`, do not edit

/**
 * A socket for receiving only; sending, reading and typing are HTTP. Every document is one of these.
 */
export type HarajDocument =
  | ClientFrame
  | ServerFrame
  | Login
  | SessionAnswer
  | StartTopic
  | StartedTopicAnswer
  | SendMessage
  | SentAnswer
  | HistoryAnswer
  | ConfirmReads
  | ConfirmedReadsAnswer
  | SetTyping
  | TypingSetAnswer
  | DeletedMessageAnswer
  | HiddenTopicAnswer
  | TopicsAnswer
  | ResolvedTopicsAnswer
  | FoundUsersAnswer
  | ProfileAnswer
  | UpdateUser
  | UpdatedUserAnswer
  | Upload
  | UploadGrantAnswer
  | Push;
/**
 * One object with one key that names the command.
 */
export type ClientFrame = ClientAuth | ClientListen | ClientUnlisten;
/**
 * A text that is not shown: passwords, access tokens, tokens of devices.
 */
export type Secret = string;
/**
 * User id: a number when it is one, else a string.
 */
export type WireUser = NumericUserId | TextUserId;
export type NumericUserId = number;
export type TextUserId = string;
/**
 * One object with one key that names the packet, or the reply to a command.
 */
export type ServerFrame = ServerMessage | ServerReads | ServerPres | ReplyDataAnswer;
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
 * What a user does.
 */
export type What = "online" | "offline" | "typing" | "stop_typing";
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type ReplyDataAnswer = ReplyDataReply | Refusal;
/**
 * Opaque session id: at most 128 bytes of UTF-8, no control characters.
 */
export type SessionId = string;
/**
 * A code as it travels: a known one, or the text of one that only the peer knows.
 */
export type Reason = string;
/**
 * Request: get an access token.
 */
export type Login = LoginBasic | LoginHarajSession;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type SessionAnswer = SessionReply | Refusal;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type StartedTopicAnswer = StartedTopicReply | Refusal;
/**
 * A topic in one of two forms.
 */
export type StartedTopicName = StartedTopicNameTopicId | TopicId;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type SentAnswer = SentReply | Refusal;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type HistoryAnswer = HistoryReply | Refusal;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type ConfirmedReadsAnswer = ConfirmedReadsReply | Refusal;
/**
 * What is done in a topic without a message.
 */
export type TopicAction = "typing";
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type TypingSetAnswer = TypingSetReply | Refusal;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type DeletedMessageAnswer = DeletedMessageReply | Refusal;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type HiddenTopicAnswer = HiddenTopicReply | Refusal;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type TopicsAnswer = TopicsReply | Refusal;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type ResolvedTopicsAnswer = ResolvedTopicsReply | Refusal;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type FoundUsersAnswer = FoundUsersReply | Refusal;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type ProfileAnswer = ProfileReply | Refusal;
/**
 * Request: change my picture or my device.
 */
export type UpdateUser = UpdateUserUpdateAvatar | UpdateUserUpdateDevice;
/**
 * Kind of a device.
 *
 * - `iOS`: Apple.
 * - `Android`: Android.
 */
export type Platform = "iOS" | "Android";
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type UpdatedUserAnswer = UpdatedUserReply | Refusal;
/**
 * Result of changing my picture or device: who I am, and the request.
 */
export type UpdatedUser = UpdatedUserUpdateAvatar | UpdatedUserUpdateDevice;
/**
 * An answer: a success with `data`, or a refusal with `err`.
 */
export type UploadGrantAnswer = UploadGrantReply | Refusal;
/**
 * A push, in the form of its service.
 */
export type Push = ApnsPush | FcmLegacyPush | FcmV1Push;
/**
 * What a push is about.
 */
export type Kind = "NEW_MESSAGE";
/**
 * A push to one device.
 */
export type FcmV1Message = FcmV1Android | FcmV1Apple;

/**
 * Parameters of `auth`.
 */
export interface ClientAuth {
  /**
   * Parameters of `auth`.
   */
  auth: Auth;
}
/**
 * Parameters of `auth`.
 */
export interface Auth {
  /**
   * From the login.
   */
  access_token: Secret;
  /**
   * Repeated in the reply.
   */
  id: string;
}
/**
 * Parameters of `listen` and `unlisten`.
 */
export interface ClientListen {
  /**
   * Parameters of `listen` and `unlisten`.
   */
  listen: Peer;
}
/**
 * Parameters of `listen` and `unlisten`.
 */
export interface Peer {
  /**
   * Repeated in the reply.
   */
  id: string;
  /**
   * The user to watch.
   */
  peer_id: WireUser;
}
/**
 * Parameters of `listen` and `unlisten`.
 */
export interface ClientUnlisten {
  /**
   * Parameters of `listen` and `unlisten`.
   */
  unlisten: Peer;
}
/**
 * A message as the socket and pushes tell it.
 */
export interface ServerMessage {
  /**
   * A message as the socket and pushes tell it.
   */
  message: Message;
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
 * A member has read messages of others.
 */
export interface ServerReads {
  /**
   * A member has read messages of others.
   */
  reads: Reads;
}
/**
 * A member has read messages of others.
 */
export interface Reads {
  /**
   * Who read.
   */
  from_id: WireUser;
  /**
   * Every message that became read, at most the newest 100.
   */
  seq_ids: Seq[];
  /**
   * Topic of the messages.
   */
  topic_id: TopicId;
  /**
   * When it was read.
   */
  ts: Timestamp;
}
/**
 * What a user does now.
 */
export interface ServerPres {
  /**
   * What a user does now.
   */
  pres: Presence;
}
/**
 * What a user does now.
 */
export interface Presence {
  /**
   * Who it is.
   */
  from_id: WireUser;
  /**
   * Where the user types.
   */
  topic_id?: TopicId;
  /**
   * When it was said.
   */
  ts: Timestamp;
  /**
   * What it is.
   */
  what: What;
}
/**
 * An answer that is a success.
 */
export interface ReplyDataReply {
  /**
   * The result.
   */
  data: ReplyData;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Result of a command on the socket. Nothing but its keys tells which command it answers.
 */
export interface ReplyData {
  /**
   * Of `listen`: whether the other user is online now.
   */
  is_online?: boolean;
  /**
   * Of `listen` and `unlisten`: the other user.
   */
  peer_id?: WireUser;
  /**
   * Of `auth`: this connection's session.
   */
  session_id?: SessionId;
  /**
   * Who I am.
   */
  user_id: WireUser;
}
/**
 * An answer that is a refusal.
 */
export interface Refusal {
  /**
   * Why.
   */
  err: Reason;
  /**
   * The command's id; only on the socket, and only when the command could be read.
   */
  id?: string;
  /**
   * As the status of HTTP: 400 and above.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * With name and password.
 */
export interface LoginBasic {
  auth_type: "basic";
  /**
   * The password.
   */
  password: Secret;
  /**
   * Name of the user.
   */
  username: string;
}
/**
 * With a session of the site.
 */
export interface LoginHarajSession {
  auth_type: "haraj_session";
  /**
   * Value of the session.
   */
  session_value: Secret;
}
/**
 * An answer that is a success.
 */
export interface SessionReply {
  /**
   * The result.
   */
  data: Session;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Result of login and of renewal: a new access token.
 */
export interface Session {
  /**
   * The token, for `auth` and the header of requests.
   */
  access_token: Secret;
  /**
   * When it ends.
   */
  expires: Timestamp;
  /**
   * Who I am.
   */
  user_id: WireUser;
}
/**
 * Request: begin the topic with a user, or find it again.
 */
export interface StartTopic {
  type: "p2p";
  /**
   * The other user.
   */
  with_id: WireUser;
}
/**
 * An answer that is a success.
 */
export interface StartedTopicReply {
  /**
   * The result.
   */
  data: StartedTopic;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Result of starting a topic. Both forms are read, and the form is kept.
 */
export interface StartedTopic {
  /**
   * The topic.
   */
  topic: StartedTopicName;
  /**
   * Who started it.
   */
  user_id: WireUser;
  /**
   * The other user.
   */
  with_id: WireUser;
}
/**
 * As production clients read it.
 */
export interface StartedTopicNameTopicId {
  /**
   * The topic.
   */
  topic_id: TopicId;
}
/**
 * Request: write a message.
 */
export interface SendMessage {
  /**
   * What to write.
   */
  content: Content;
  /**
   * The sender's own session, which is not told of the message; absent: none of the sender's sessions is. Any text: one that is unknown or closed is not an error.
   */
  session_id?: string | null;
}
/**
 * An answer that is a success.
 */
export interface SentReply {
  /**
   * The result.
   */
  data: Sent;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Result of sending. On the wire most of it stands twice, in `data` and in `data.message`, because documented clients read the number in the one place and production clients in the other. Either place alone is read.
 */
export interface Sent {
  /**
   * What was written.
   */
  content?: Content;
  /**
   * The message as the packet tells it.
   */
  message?: SentPacket;
  /**
   * Its number in the topic.
   */
  seq_id?: Seq;
  /**
   * Where it was written.
   */
  topic_id?: TopicId;
  /**
   * Who wrote it: me.
   */
  user_id: WireUser;
}
/**
 * The packet in an answer. Of an unknown server's only the number is relied on.
 */
export interface SentPacket {
  /**
   * What was written.
   */
  content?: Content;
  /**
   * Who wrote it.
   */
  from_id?: WireUser;
  /**
   * Name of who wrote it.
   */
  name?: string;
  /**
   * Its number in the topic.
   */
  seq_id?: Seq;
  /**
   * Each recipient, and whether that one has read it.
   */
  status?: {
    [k: string]: boolean;
  };
  /**
   * Where it was written.
   */
  topic_id?: TopicId;
  /**
   * When it was stored.
   */
  ts?: Timestamp;
}
/**
 * An answer that is a success.
 */
export interface HistoryReply {
  /**
   * The result.
   */
  data: History;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * One page of a topic's messages.
 */
export interface History {
  /**
   * Opaque key of the next page; null at the end.
   */
  last_key: string | null;
  /**
   * The messages, oldest first; the first page holds the newest, further pages go back.
   */
  messages: MessageEntry[];
  /**
   * Topic of the messages.
   */
  topic_id: TopicId;
  /**
   * Who asked.
   */
  user_id: WireUser;
}
/**
 * A message as history tells it: without its topic, and with a mark when it was deleted.
 */
export interface MessageEntry {
  /**
   * What was written; an empty text when it was deleted.
   */
  content: Content;
  /**
   * Who wrote it.
   */
  from_id: WireUser;
  /**
   * Whether it was deleted. Servers of the documented era did not write it.
   */
  is_deleted: boolean;
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
   * When it was stored.
   */
  ts: Timestamp;
}
/**
 * Request: I have read these messages.
 */
export interface ConfirmReads {
  /**
   * The messages, at most 2.
   */
  seq_ids: Seq[];
}
/**
 * An answer that is a success.
 */
export interface ConfirmedReadsReply {
  /**
   * The result.
   */
  data: ConfirmedReads;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Result of confirming reads.
 */
export interface ConfirmedReads {
  /**
   * Messages that could not be confirmed, to be tried again.
   */
  failed_ids: Seq[];
  /**
   * Messages that are read now.
   */
  success_ids: Seq[];
  /**
   * Topic of the messages.
   */
  topic_id: TopicId;
}
/**
 * Request: tell that I am typing, or no more.
 */
export interface SetTyping {
  /**
   * False: no more.
   */
  start: boolean;
  /**
   * Always `typing`.
   */
  what: TopicAction;
}
/**
 * An answer that is a success.
 */
export interface TypingSetReply {
  /**
   * The result.
   */
  data: TypingSet;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Result of telling that one is typing.
 */
export interface TypingSet {
  /**
   * False: no more.
   */
  start: boolean;
  /**
   * Where.
   */
  topic_id: TopicId;
  /**
   * Who is typing.
   */
  user_id: WireUser;
  /**
   * Always `typing`.
   */
  what: TopicAction;
}
/**
 * An answer that is a success.
 */
export interface DeletedMessageReply {
  /**
   * The result.
   */
  data: DeletedMessage;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Result of deleting a message.
 */
export interface DeletedMessage {
  /**
   * Its number in the topic.
   */
  seq_id: Seq;
  /**
   * Topic of the message.
   */
  topic_id: TopicId;
  /**
   * Who deleted it: its author.
   */
  user_id: WireUser;
}
/**
 * An answer that is a success.
 */
export interface HiddenTopicReply {
  /**
   * The result.
   */
  data: HiddenTopic;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Result of hiding a topic. It comes back with the next message.
 */
export interface HiddenTopic {
  /**
   * The topic.
   */
  topic_id: TopicId;
  /**
   * Who hid it.
   */
  user_id: WireUser;
}
/**
 * An answer that is a success.
 */
export interface TopicsReply {
  /**
   * The result.
   */
  data: Topics;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * One page of a user's topics.
 */
export interface Topics {
  /**
   * Opaque key of the next page; null at the end.
   */
  last_key: string | null;
  /**
   * At most 8 topics, newest activity first.
   */
  topics: TopicEntry[];
  /**
   * Whose topics.
   */
  user_id: WireUser;
}
/**
 * A topic in the list.
 */
export interface TopicEntry {
  /**
   * The newest message.
   */
  last_message: LastMessage;
  /**
   * When it last changed.
   */
  last_updated: Timestamp;
  /**
   * Name of the other user; a group's name is told when it is resolved.
   */
  title?: string;
  /**
   * The topic.
   */
  topic_id: TopicId;
  /**
   * Messages of others that I have not read; absent when there are none.
   */
  unread?: number;
}
/**
 * The newest message of a topic, in short.
 */
export interface LastMessage {
  /**
   * Who wrote it.
   */
  from_id: WireUser;
  /**
   * Name of who wrote it.
   */
  name: string;
  /**
   * First 20 characters of a text; absent for other content.
   */
  short?: string;
  /**
   * Type of its content.
   */
  type: string;
}
/**
 * An answer that is a success.
 */
export interface ResolvedTopicsReply {
  /**
   * The result.
   */
  data: ResolvedTopics;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Result of resolving topics: what the list leaves out.
 */
export interface ResolvedTopics {
  /**
   * The others.
   */
  failed: TopicId[];
  /**
   * The topics that were found.
   */
  topics: ResolvedTopic[];
  /**
   * Who asked; always written. Servers of the documented era left it out when no topic failed.
   */
  user_id?: WireUser;
}
/**
 * A topic's picture, and a group's name.
 */
export interface ResolvedTopic {
  /**
   * Address of the picture; empty when there is none.
   */
  avatar: string;
  /**
   * Name of a group.
   */
  title?: string;
  /**
   * The topic.
   */
  topic_id: TopicId;
}
/**
 * An answer that is a success.
 */
export interface FoundUsersReply {
  /**
   * The result.
   */
  data: FoundUsers;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Result of looking users up by name. Names that nobody has are left out.
 */
export interface FoundUsers {
  /**
   * Who asked.
   */
  user_id: WireUser;
  /**
   * The users that were found.
   */
  users: FoundUser[];
}
/**
 * A user that was found.
 */
export interface FoundUser {
  /**
   * Address of the picture; empty when there is none.
   */
  avatar: string;
  /**
   * The user.
   */
  user_id: WireUser;
  /**
   * Name of the user.
   */
  username: string;
}
/**
 * An answer that is a success.
 */
export interface ProfileReply {
  /**
   * The result.
   */
  data: Profile;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * What everybody may know of a user.
 */
export interface Profile {
  /**
   * Address of the picture; empty when there is none.
   */
  avatar: string;
  /**
   * Name of the user.
   */
  name: string;
  /**
   * The user.
   */
  user_id: WireUser;
}
/**
 * Another picture.
 */
export interface UpdateUserUpdateAvatar {
  /**
   * Address of the picture.
   */
  avatar: string;
  what: "update_avatar";
}
/**
 * The one device that is told of messages while I am away; it replaces the one before.
 */
export interface UpdateUserUpdateDevice {
  /**
   * The device.
   */
  device: Device;
  what: "update_device";
}
/**
 * Where pushes for a user go.
 */
export interface Device {
  /**
   * Kind of device.
   */
  platform: Platform;
  /**
   * Token that the push service gave to the installation.
   */
  token: Secret;
}
/**
 * An answer that is a success.
 */
export interface UpdatedUserReply {
  /**
   * The result.
   */
  data: UpdatedUser;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Another picture.
 */
export interface UpdatedUserUpdateAvatar {
  /**
   * Address of the picture.
   */
  avatar: string;
  /**
   * Who I am.
   */
  user_id: WireUser;
  what: "update_avatar";
}
/**
 * The one device that is told of messages while I am away; it replaces the one before.
 */
export interface UpdatedUserUpdateDevice {
  /**
   * The device.
   */
  device: Device;
  /**
   * Who I am.
   */
  user_id: WireUser;
  what: "update_device";
}
/**
 * Request: a place for a file.
 */
export interface Upload {
  /**
   * Size of the file in bytes.
   */
  file_size: number;
  /**
   * Media type of the file.
   */
  mime_type: string;
}
/**
 * An answer that is a success.
 */
export interface UploadGrantReply {
  /**
   * The result.
   */
  data: UploadGrant;
  /**
   * The command's id; only on the socket.
   */
  id?: string;
  /**
   * As the status of HTTP: 200, or 207 when a part failed.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * Result of asking for a place.
 */
export interface UploadGrant {
  /**
   * Where to put the bytes; the same address goes into the message.
   */
  url: string;
}
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
