// generated from schema/bundle/native.json by `cargo xtask foreign --update`, do not edit

/**
 * The protocol's own format, version 1: rooms, durable messages, receipts, presence and resumption. Every document is one of these.
 */
export type NativeDocument =
  | Command
  | Event
  | Message
  | AuthData
  | RoomData
  | SendData
  | ReadData
  | ListenData
  | ScheduleData
  | ChangeData
  | SetData
  | InviteData
  | RevokeData
  | MembersPage
  | SearchPage
  | InboxPage
  | BlocksPage
  | ScheduledPage
  | SessionsData
  | ExportLine
  | InboxTotals
  | RoomState
  | Uploaded
  | UserEntry
  | AgentsData
  | DesksPage
  | ForgetData
  | HistoryPage
  | Reply
  | WebhookBody
  | PushBody
  | PushAnswer;
/**
 * One frame: one object with one key that names the command.
 */
export type Command =
  | AuthPacket
  | ResumePacket
  | FollowPacket
  | UnfollowPacket
  | CreatePacket
  | JoinPacket
  | LeavePacket
  | MembersPacket
  | RolePacket
  | InvitePacket
  | KickPacket
  | BanPacket
  | UnbanPacket
  | BlockPacket
  | UnblockPacket
  | SetPacket
  | SendPacket
  | CancelPacket
  | EditPacket
  | DeletePacket
  | ReactPacket
  | UnreactPacket
  | DeliveredPacket
  | ReadPacket
  | MarkUnreadPacket
  | TypingPacket
  | AwayPacket
  | ListenPacket
  | UnlistenPacket
  | HistoryPacket
  | ThreadPacket
  | SearchPacket
  | InboxPacket
  | BlocksPacket
  | ScheduledPacket
  | DevicePacket
  | SessionsPacket
  | RevokePacket
  | PingPacket;
/**
 * Opaque device id: at most 128 bytes of UTF-8, no control characters.
 */
export type DeviceId = string;
/**
 * Opaque request id: at most 128 bytes of UTF-8, no control characters.
 */
export type RequestId = string;
/**
 * Opaque session id: at most 128 bytes of UTF-8, no control characters.
 */
export type SessionId = string;
/**
 * Opaque epoch id: at most 64 bytes of UTF-8, no control characters.
 */
export type Epoch = string;
/**
 * Number: a position in a room's log. Dense, from 1; 0 means nothing yet.
 */
export type Offset = number;
/**
 * Number: a position in a user's log. Dense, from 1; 0 means nothing yet.
 */
export type UserOffset = number;
/**
 * Opaque room id: at most 320 bytes of UTF-8, no control characters.
 */
export type RoomId = string;
/**
 * Who may join a room without being asked in.
 *
 * - `open`: Everyone who knows its id.
 * - `invite`: Nobody: members are added by others.
 */
export type Access = "open" | "invite";
/**
 * Opaque client_room id: at most 128 bytes of UTF-8, no control characters.
 */
export type ClientRoomId = string;
/**
 * Opaque user id: at most 128 bytes of UTF-8, no control characters.
 */
export type UserId = string;
/**
 * From where on a member reads a room's messages.
 *
 * - `all`: From the first on.
 * - `joined`: A member reads only what was written since they joined.
 */
export type HistoryVisibility = "all" | "joined";
/**
 * What a room is for.
 *
 * - `direct`: Two users, or one with oneself. One room per pair, with a derived id.
 * - `group`: Some people, all of whom write.
 * - `channel`: Few write, many read: members join as readers.
 * - `desk`: A support case: a client and the agents of an organization.
 */
export type RoomKind = "direct" | "group" | "channel" | "desk";
/**
 * Number: a room's number in the server.
 */
export type RoomNumber = number;
/**
 * A place in a list, as the server named it: at most 512 bytes of UTF-8, no control characters.
 */
export type Cursor = string;
/**
 * A member's rights in one room, from most to least.
 *
 * - `owner`: Made the room; may do everything.
 * - `admin`: Manages members and messages.
 * - `member`: Reads and writes.
 * - `reader`: Reads.
 */
export type Role = "owner" | "admin" | "member" | "reader";
/**
 * RFC 3339, UTC, milliseconds: 2026-11-20T08:30:39.789Z.
 */
export type Timestamp = string;
/**
 * State of a support case.
 *
 * - `open`: Somebody of the organization has to act.
 * - `pending`: The client has to act.
 * - `closed`: It is done.
 */
export type DeskStatus = "open" | "pending" | "closed";
/**
 * Opaque client_msg id: at most 128 bytes of UTF-8, no control characters.
 */
export type ClientMsgId = string;
/**
 * A reaction, usually one emoji: at most 64 bytes of UTF-8, no control characters.
 */
export type Emoji = string;
/**
 * Number: a message's number in its room. Dense, from 1; 0 means nothing yet.
 */
export type Seq = number;
/**
 * Who carries a push to a device.
 *
 * - `apns`: Apple Push Notification service.
 * - `fcm`: Firebase Cloud Messaging, HTTP v1.
 * - `web_push`: Web Push (RFC 8030); the token is the subscription as JSON text.
 * - `webhook`: The operator's own HTTP endpoint decides.
 */
export type PushService = "apns" | "fcm" | "web_push" | "webhook";
/**
 * One frame: one object with one key that names the packet.
 */
export type Event =
  | ReplyPacket
  | MessagePacket
  | EditedPacket
  | DeletedPacket
  | ReactionPacket
  | MemberPacket
  | RoomPacket
  | UserPacket
  | ReadsPacket
  | PresPacket
  | ResumedPacket
  | SystemPacket
  | PongPacket;
/**
 * What the receiver of an error does next.
 *
 * - `retry`: Send the same command again later, on the same connection.
 * - `reconnect`: Connect again and resume.
 * - `refresh`: Get a new token, then authenticate again.
 * - `stop`: Do not repeat it: the command itself must change.
 */
export type Action = "retry" | "reconnect" | "refresh" | "stop";
/**
 * Stable error code. A newer server may send others: act on `action` then.
 *
 * - `ERR_BAD_REQUEST`: A field is missing, of the wrong type or out of range; `detail` names it.
 * - `ERR_INVALID_JSON`: The frame or body is not JSON.
 * - `ERR_TOO_DEEP`: JSON nests deeper than 64 levels.
 * - `ERR_UNKNOWN_COMMAND`: No command has this name, or the frame holds none or several.
 * - `ERR_UNSUPPORTED_FRAME`: Native packets are text frames; this one was binary.
 * - `ERR_PROTOCOL`: The peer broke the rules of the transport.
 * - `ERR_INVALID_UTF8`: A text frame is not UTF-8.
 * - `ERR_UNSUPPORTED_VERSION`: None of the offered subprotocols is spoken here; `chat.v1` is.
 * - `ERR_TOO_LARGE`: The frame, body or content exceeds its size limit.
 * - `ERR_NOT_AUTHENTICATED`: Authenticate first.
 * - `ERR_INVALID_ACCESS_TOKEN`: The token is wrong, expired or revoked.
 * - `ERR_TOKEN_EXPIRED`: The token of this connection expired and was not refreshed.
 * - `ERR_AUTH_TIMEOUT`: No successful `auth` arrived within the deadline.
 * - `ERR_FORBIDDEN_ACCESS`: There is no such room, or it is not yours, or your role does not allow this.
 * - `ERR_ORIGIN_REFUSED`: Pages of this origin may not connect; the operator lists the allowed ones.
 * - `ERR_NOT_FOUND`: There is no such path or user.
 * - `ERR_MESSAGE_NOT_FOUND`: There is no such message in this room, or it was deleted.
 * - `ERR_METHOD_NOT_ALLOWED`: The path exists, but not with this method.
 * - `ERR_ALREADY_EXISTS`: A room with this id exists; join it instead.
 * - `ERR_CLIENT_ID_CONFLICT`: The same client_msg_id or client_room_id was used before with another body.
 * - `ERR_LIMIT_REACHED`: A documented number of things (sessions, rooms followed, users listened to, reactions to a message) would be exceeded.
 * - `ERR_NOT_SUPPORTED`: This server does not offer that; `detail` names it.
 * - `ERR_UNSUPPORTED_MEDIA_TYPE`: A body or upload of this media type is not taken.
 * - `ERR_SESSION_REVOKED`: The session was ended from another one, or by the operator.
 * - `ERR_TOO_MANY_REQUESTS`: Too much at once; wait `retry_after_ms`.
 * - `ERR_SESSION_REPLACED`: Another connection took this session over.
 * - `ERR_SLOW_READER`: The connection read too slowly and its queue is full; nothing stored is lost.
 * - `ERR_HEARTBEAT_TIMEOUT`: Nothing was heard from the peer, or it took nothing, for too long.
 * - `ERR_SHUTTING_DOWN`: The server is going away.
 * - `ERR_STORAGE_UNAVAILABLE`: The store cannot take or give data now. Nothing was stored, unless `detail` says that nobody knows.
 * - `ERR_INTERNAL_ERROR`: The server failed; the operator's log says why.
 */
export type ErrorCode =
  | "ERR_BAD_REQUEST"
  | "ERR_INVALID_JSON"
  | "ERR_TOO_DEEP"
  | "ERR_UNKNOWN_COMMAND"
  | "ERR_UNSUPPORTED_FRAME"
  | "ERR_PROTOCOL"
  | "ERR_INVALID_UTF8"
  | "ERR_UNSUPPORTED_VERSION"
  | "ERR_TOO_LARGE"
  | "ERR_NOT_AUTHENTICATED"
  | "ERR_INVALID_ACCESS_TOKEN"
  | "ERR_TOKEN_EXPIRED"
  | "ERR_AUTH_TIMEOUT"
  | "ERR_FORBIDDEN_ACCESS"
  | "ERR_ORIGIN_REFUSED"
  | "ERR_NOT_FOUND"
  | "ERR_MESSAGE_NOT_FOUND"
  | "ERR_METHOD_NOT_ALLOWED"
  | "ERR_ALREADY_EXISTS"
  | "ERR_CLIENT_ID_CONFLICT"
  | "ERR_LIMIT_REACHED"
  | "ERR_NOT_SUPPORTED"
  | "ERR_UNSUPPORTED_MEDIA_TYPE"
  | "ERR_SESSION_REVOKED"
  | "ERR_TOO_MANY_REQUESTS"
  | "ERR_SESSION_REPLACED"
  | "ERR_SLOW_READER"
  | "ERR_HEARTBEAT_TIMEOUT"
  | "ERR_SHUTTING_DOWN"
  | "ERR_STORAGE_UNAVAILABLE"
  | "ERR_INTERNAL_ERROR";
/**
 * What happened to a reaction.
 *
 * - `added`: The user has it now.
 * - `removed`: The user has it no more.
 */
export type ReactionAction = "added" | "removed";
/**
 * What happened to a membership. `joined` makes one member more; `left` and `kicked` one less; the others none.
 *
 * - `joined`: The user is a member now, by joining or by being added.
 * - `left`: The user is no member any more, by its own will, or because it was deleted: in direct rooms, too.
 * - `kicked`: The user is no member any more, by another's.
 * - `banned`: The user may not become a member until `until`. Who was one is `kicked` first.
 * - `unbanned`: The user may become a member again.
 * - `role`: The member has another role now.
 */
export type MemberAction = "joined" | "left" | "kicked" | "banned" | "unbanned" | "role";
/**
 * What happened to a room.
 *
 * - `created`: The first entry of every room's log.
 * - `changed`: Its data changed: everything that the packet says is how it is now.
 * - `trimmed`: The messages before `oldest_seq` are forgotten, and their part of the log. Whoever had unread ones among them reads the room's state again.
 */
export type RoomAction = "created" | "changed" | "trimmed";
/**
 * A change that concerns me alone, in my user log.
 */
export type UserChanged =
  | UserChangedRoomJoined
  | UserChangedRoomLeft
  | UserChangedRead
  | UserChangedReadPrivate
  | UserChangedMarkedUnread
  | UserChangedSettings
  | UserChangedBlocked
  | UserChangedUnblocked
  | UserChangedHidden
  | UserChangedScheduled
  | UserChangedCancelled
  | UserChangedSessionRevoked
  | UserChangedUnknown;
/**
 * Presence or typing. Never stored, never replayed, dropped first when a reader is slow.
 */
export type Presence =
  PresenceOnline | PresenceOffline | PresenceTyping | PresenceStopTyping | PresenceCounts | PresenceUnknown;
/**
 * How a log was resumed.
 *
 * - `recovered`: Every missed event was sent before this packet: nothing is missing.
 * - `snapshot`: The missed events were not sent: replace what you know by `state`, read history where you need it.
 * - `trimmed`: As a snapshot, because the log no longer reaches back to your position; `oldest` is the first that it has.
 * - `gone`: The room is not yours any more, or never was: forget it.
 */
export type Outcome = "recovered" | "snapshot" | "trimmed" | "gone";
/**
 * What a `system` packet is about.
 *
 * - `draining`: The server stops soon: finish what is under way, reconnect after the close.
 * - `left_out`: `rooms` are mine but are not followed, because a session follows only so many.
 * - `limits`: What this server takes has changed to `limits`.
 */
export type SystemKind = "draining" | "left_out" | "limits";
/**
 * One line: one object with one key that says what the line is about.
 */
export type ExportLine =
  | UserLine
  | DeviceLine
  | SessionLine
  | RoomLine
  | BlockLine
  | ScheduledLine
  | MessageLine
  | UploadLine
  | EndLine;
/**
 * A packet of a room's log: one object with one key that names it.
 */
export type LogPacket = LogMessage | LogEdited | LogDeleted | LogReaction | LogMember | LogRoom;
/**
 * What became of a push.
 *
 * - `delivered`: The service has it.
 * - `gone`: The service does not know the token any more: it is forgotten.
 * - `retry`: Not now: it comes again.
 * - `refused`: The service will never take it; the token may be good all the same.
 */
export type PushStatus = "delivered" | "gone" | "retry" | "refused";

/**
 * Authenticates the connection. It is the first command; repeated later by the same user it refreshes the token.
 */
export interface AuthPacket {
  /**
   * Authenticates the connection. It is the first command; repeated later by the same user it refreshes the token.
   */
  auth: Auth;
}
/**
 * Authenticates the connection. It is the first command; repeated later by the same user it refreshes the token.
 *
 * Answered with `{"user_id","session_id","epoch","user_offset","expires_at","limits"}`. After it the session follows all rooms of the user, newest activity first, each told by one `resumed` packet with outcome `snapshot`; the `resumed` packet of the user log comes last. A client that has positions says `follow: false` and sends `resume`.
 *
 * A refresh whose token is refused with `ERR_INVALID_ACCESS_TOKEN` closes the connection too: the token that it lives by may be the one that is no longer taken.
 */
export interface Auth {
  /**
   * The installation; absent for one that receives no pushes.
   */
  device_id?: DeviceId | null;
  /**
   * Whether to follow all my rooms from now on; true when absent. False when a `resume` comes next.
   */
  follow?: boolean;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The session to go on with, from an earlier answer. Its old connection, if any, is closed. Correctness never depends on it: one that is unknown, revoked or of another `device_id` is replaced by a new one, and after a restart of the server all are unknown.
   */
  session_id?: SessionId | null;
  /**
   * Credential. May be absent when the handshake carried one.
   */
  token?: string | null;
}
/**
 * Goes on after the named positions.
 */
export interface ResumePacket {
  /**
   * Goes on after the named positions.
   */
  resume: Resume;
}
/**
 * Goes on after the named positions.
 *
 * Each room is answered by its missed events, if they can be told, and then by one `resumed` packet; rooms of mine that are not named are followed as after `auth`. The reply comes when all is told. A resume that would exceed a frame is split into several: all but the last say `more: true`, and only the last adds the rooms not named and goes on with my user log.
 */
export interface Resume {
  /**
   * The life of the logs that the positions belong to.
   */
  epoch: Epoch;
  /**
   * Repeated in the reply and in every `resumed`.
   */
  id: RequestId;
  /**
   * Another part of the same resume follows: do not add rooms that were not named yet.
   */
  more?: boolean;
  /**
   * Position in each room.
   */
  rooms?: {
    [k: string]: Offset;
  };
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * Listens to one room of mine. Answered by one `resumed` and the reply.
 */
export interface FollowPacket {
  /**
   * Listens to one room of mine. Answered by one `resumed` and the reply.
   */
  follow: Follow;
}
/**
 * Listens to one room of mine. Answered by one `resumed` and the reply.
 */
export interface Follow {
  /**
   * The epoch of `offset`; absent: the present one.
   */
  epoch?: Epoch | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Go on after this position; absent: from now on, beginning with a snapshot.
   */
  offset?: Offset | null;
  /**
   * The room.
   */
  room: RoomId;
}
/**
 * Stops listening to one room in this session. Membership stays.
 */
export interface UnfollowPacket {
  /**
   * Stops listening to one room in this session. Membership stays.
   */
  unfollow: Unfollow;
}
/**
 * Stops listening to one room in this session. Membership stays.
 */
export interface Unfollow {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The room.
   */
  room: RoomId;
}
/**
 * Makes a room; the creator is its owner and follows it. Answered with `{"room": state, "created": bool}`.
 */
export interface CreatePacket {
  /**
   * Makes a room; the creator is its owner and follows it. Answered with `{"room": state, "created": bool}`.
   */
  create: Create;
}
/**
 * Makes a room; the creator is its owner and follows it. Answered with `{"room": state, "created": bool}`.
 */
export interface Create {
  /**
   * Who may join. Direct rooms are always by invitation.
   */
  access?: Access & string;
  /**
   * URL of a picture, at most 2048 bytes.
   */
  avatar?: string | null;
  /**
   * My name for this creation: repeated, it gives the first room again.
   */
  client_room_id?: ClientRoomId | null;
  /**
   * Whatever the application keeps with the room, at most 8 KiB as JSON text.
   */
  custom?: {
    [k: string]: unknown;
  } | null;
  /**
   * The support case, for kind `desk`.
   */
  desk?: NewDesk | null;
  /**
   * From where on members read its messages.
   */
  history?: HistoryVisibility & string;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * What it is for. Desks are made by an operator.
   */
  kind: RoomKind;
  /**
   * Other members from the start, at most 100. A direct room names exactly one: the other side.
   *
   * @maxItems 100
   */
  members?: UserId[];
  /**
   * How long messages are kept, in seconds; absent: for ever.
   */
  message_ttl_s?: number | null;
  /**
   * Name for people, at most 256 bytes. Direct rooms have none.
   */
  name?: string | null;
  /**
   * The room's number in the whole server, by which some older systems name it. Only an operator gives it.
   */
  number?: RoomNumber | null;
  /**
   * Who is its owner instead of me. Only an operator says so.
   */
  owner?: UserId | null;
  /**
   * Its id, chosen by the creator; absent: chosen by the server. Must not begin with `~`. Direct rooms have a derived id and take none.
   */
  room?: RoomId | null;
  /**
   * What it is about, at most 1024 bytes.
   */
  topic?: string | null;
}
/**
 * A support case to be made. It begins `open`.
 */
export interface NewDesk {
  /**
   * The user who asks.
   */
  client: UserId;
  /**
   * Whose agents answer: letters, digits and `_`, at most 128 bytes.
   */
  organization: string;
}
/**
 * Becomes a member and follows the room. Answered with `{"room": state, "created": bool}`; already being a member is no error.
 */
export interface JoinPacket {
  /**
   * Becomes a member and follows the room. Answered with `{"room": state, "created": bool}`; already being a member is no error.
   */
  join: Join;
}
/**
 * Becomes a member and follows the room. Answered with `{"room": state, "created": bool}`; already being a member is no error.
 *
 * In an open room I become a `member`, of a channel a `reader`, also where everybody has left: who runs such a room again says the operator. A desk is joined by its organization's agents, and by its client who left it.
 */
export interface Join {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The room.
   */
  room: RoomId;
}
/**
 * Stops being a member.
 */
export interface LeavePacket {
  /**
   * Stops being a member.
   */
  leave: Leave;
}
/**
 * Stops being a member.
 */
export interface Leave {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The room.
   */
  room: RoomId;
}
/**
 * Lists members, owners and admins first, then by id. Answered with a page of members.
 */
export interface MembersPacket {
  /**
   * Lists members, owners and admins first, then by id. Answered with a page of members.
   */
  members: Members;
}
/**
 * Lists members, owners and admins first, then by id. Answered with a page of members.
 *
 * With `banned: true` it lists who may not become a member, by id, instead; that needs an owner or admin.
 */
export interface Members {
  /**
   * Banned users instead of members.
   */
  banned?: boolean;
  /**
   * Where the last page ended; absent: from the first.
   */
  cursor?: Cursor | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Greatest number of members, 1 to 100; 50 when absent.
   */
  limit?: number | null;
  /**
   * The room.
   */
  room: RoomId;
}
/**
 * Changes a member's role. Needs an owner or admin; nobody gives a role above the own or changes that of an equal.
 */
export interface RolePacket {
  /**
   * Changes a member's role. Needs an owner or admin; nobody gives a role above the own or changes that of an equal.
   */
  role: SetRole;
}
/**
 * Changes a member's role. Needs an owner or admin; nobody gives a role above the own or changes that of an equal.
 *
 * Giving `owner` to another makes the former owner an admin: a room has one owner.
 */
export interface SetRole {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The role from now on.
   */
  role: Role;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Whose.
   */
  user: UserId;
}
/**
 * Adds members. Needs an owner or admin, in a direct room nobody can.
 */
export interface InvitePacket {
  /**
   * Adds members. Needs an owner or admin, in a direct room nobody can.
   */
  invite: Invite;
}
/**
 * Adds members. Needs an owner or admin, in a direct room nobody can.
 *
 * Who is added is a member at once and may leave. Answered with `{"added":[...]}`, those who were no members before; a user who blocked me, or is banned from the room, refuses the whole command.
 */
export interface Invite {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Their role, not above mine and not `owner`; absent: what joiners of the room get.
   */
  role?: Role | null;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Whom to add, 1 to 100.
   *
   * @minItems 1
   * @maxItems 100
   */
  users: [UserId, ...UserId[]];
}
/**
 * Ends another's membership. Needs an owner or admin, of a higher role than the user's.
 */
export interface KickPacket {
  /**
   * Ends another's membership. Needs an owner or admin, of a higher role than the user's.
   */
  kick: Kick;
}
/**
 * Ends another's membership. Needs an owner or admin, of a higher role than the user's.
 *
 * The user may join again where the room is open: `ban` prevents that.
 */
export interface Kick {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Why, told to the room's members; at most 256 bytes.
   */
  reason?: string | null;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Who has to go.
   */
  user: UserId;
}
/**
 * Keeps a user out of the room; a member is kicked first. Needs an owner or admin, of a higher role than the user's.
 */
export interface BanPacket {
  /**
   * Keeps a user out of the room; a member is kicked first. Needs an owner or admin, of a higher role than the user's.
   */
  ban: Ban;
}
/**
 * Keeps a user out of the room; a member is kicked first. Needs an owner or admin, of a higher role than the user's.
 */
export interface Ban {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Why, told to the room's members; at most 256 bytes.
   */
  reason?: string | null;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Until when; absent: until `unban`.
   */
  until?: Timestamp | null;
  /**
   * Whom to keep out.
   */
  user: UserId;
}
/**
 * Lets a banned user join or be added again; who is not banned is no error. Needs an owner or admin.
 */
export interface UnbanPacket {
  /**
   * Lets a banned user join or be added again; who is not banned is no error. Needs an owner or admin.
   */
  unban: Unban;
}
/**
 * Lets a banned user join or be added again; who is not banned is no error. Needs an owner or admin.
 */
export interface Unban {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Whom.
   */
  user: UserId;
}
/**
 * Keeps a user away from me: no messages in our direct room, no presence, no adding me to rooms. The user is not told.
 */
export interface BlockPacket {
  /**
   * Keeps a user away from me: no messages in our direct room, no presence, no adding me to rooms. The user is not told.
   */
  block: Block;
}
/**
 * Keeps a user away from me: no messages in our direct room, no presence, no adding me to rooms. The user is not told.
 *
 * While it lasts I do not watch the user's presence either, do not add the user to rooms, and what I read in our direct room is read in private.
 */
export interface Block {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Whom.
   */
  user: UserId;
}
/**
 * Ends a block; who is not blocked is no error.
 */
export interface UnblockPacket {
  /**
   * Ends a block; who is not blocked is no error.
   */
  unblock: Unblock;
}
/**
 * Ends a block; who is not blocked is no error.
 */
export interface Unblock {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Whom.
   */
  user: UserId;
}
/**
 * Changes a room's data, or my own settings of it, or both; what is absent stays.
 */
export interface SetPacket {
  /**
   * Changes a room's data, or my own settings of it, or both; what is absent stays.
   */
  set: Set;
}
/**
 * Changes a room's data, or my own settings of it, or both; what is absent stays.
 *
 * `data` needs an owner or admin and is told to all members by a `room` packet, `settings` are mine alone and told to my devices by a `user` packet. Answered with `{"offset"?,"user_offset"?,"ts"}`, of what changed.
 */
export interface Set {
  /**
   * Changes of the room.
   */
  data?: RoomPatch | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Changes of what the room is to me.
   */
  settings?: SettingsPatch | null;
}
/**
 * Changes of a room's data: absent keeps, null clears where it may.
 */
export interface RoomPatch {
  /**
   * Who may join.
   */
  access?: Access;
  /**
   * URL of a picture, at most 2048 bytes.
   */
  avatar?: string | null;
  /**
   * Whatever the application keeps with the room, at most 8 KiB as JSON text. Replaced as a whole.
   */
  custom?: {
    [k: string]: unknown;
  } | null;
  /**
   * From where on members read its messages.
   */
  history?: HistoryVisibility;
  /**
   * How long messages are kept, in seconds, at least 1; null: for ever. It holds for those that are there too.
   */
  message_ttl_s?: number | null;
  /**
   * Name for people, at most 256 bytes.
   */
  name?: string | null;
  /**
   * State of the support case, for kind `desk`.
   */
  status?: DeskStatus;
  /**
   * What it is about, at most 1024 bytes.
   */
  topic?: string | null;
}
/**
 * Changes of what a room is to me: absent keeps, null clears where it may.
 */
export interface SettingsPatch {
  /**
   * Whether it is out of my list until the next message.
   */
  archived?: boolean;
  /**
   * No pushes until then; null: pushes again.
   */
  mute_until?: Timestamp | null;
  /**
   * Whether it stands on top of my list.
   */
  pinned?: boolean;
}
/**
 * Writes a message. Answered, once it is durable, with `{"seq","offset","duplicate","ts"}`; one with `send_at` with `{"send_at","duplicate"}`.
 */
export interface SendPacket {
  /**
   * Writes a message. Answered, once it is durable, with `{"seq","offset","duplicate","ts"}`; one with `send_at` with `{"send_at","duplicate"}`.
   */
  send: SendMessage;
}
/**
 * Writes a message. Answered, once it is durable, with `{"seq","offset","duplicate","ts"}`; one with `send_at` with `{"send_at","duplicate"}`.
 */
export interface SendMessage {
  /**
   * My name for the message. Sent again with the same body it gives the first answer again, with another body a conflict; without it a retry may store the message twice.
   */
  client_msg_id?: ClientMsgId | null;
  /**
   * What to write, at most 16 KiB.
   */
  content: Content;
  /**
   * Whose message it is, instead of mine. Only an operator says so; `~system` is the server itself.
   */
  from?: UserId | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Whom it calls.
   */
  mentions?: Mentions | null;
  /**
   * Number of the message that this one answers.
   */
  reply_to?: number | null;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Send it then, with the number, the time and the rights of that moment. Needs a `client_msg_id`, by which `cancel` names it. Where I may not write by then, nothing is sent, and a `user` packet with `cancelled` tells all my devices.
   */
  send_at?: Timestamp | null;
  /**
   * Number of the message whose thread this one belongs to. It is not counted in the room's main line.
   */
  thread?: number | null;
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
 * Whom a message calls. Who is called is counted and pushed even where the room is muted.
 */
export interface Mentions {
  /**
   * Everyone in the room. In a room with many members, more than 100 if the operator did not say otherwise, only an owner or admin calls all.
   */
  room?: boolean;
  /**
   * These members, at most 50.
   *
   * @maxItems 50
   */
  users?: UserId[];
}
/**
 * Takes back a scheduled message that was not sent yet.
 */
export interface CancelPacket {
  /**
   * Takes back a scheduled message that was not sent yet.
   */
  cancel: Cancel;
}
/**
 * Takes back a scheduled message that was not sent yet.
 *
 * `ERR_MESSAGE_NOT_FOUND` says that nothing waits under this name: it was sent, which the `message` with it tells, or taken back before.
 */
export interface Cancel {
  /**
   * Its name in the `send`.
   */
  client_msg_id: ClientMsgId;
  /**
   * Whose message it is, instead of mine. Only an operator says so; its own are those of `~system`.
   */
  from?: UserId | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The room.
   */
  room: RoomId;
}
/**
 * Replaces the content of a message of mine. Answered with `{"offset","ts"}`.
 */
export interface EditPacket {
  /**
   * Replaces the content of a message of mine. Answered with `{"offset","ts"}`.
   */
  edit: Edit;
}
/**
 * Replaces the content of a message of mine. Answered with `{"offset","ts"}`.
 *
 * It keeps its number, its place and its mentions; everyone is told by an `edited` packet. The same content again changes nothing and is answered with the position of the last change.
 */
export interface Edit {
  /**
   * What it says from now on, at most 16 KiB.
   */
  content: Content;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * The message.
   */
  seq: number;
}
/**
 * Deletes a message: mine, or as owner or admin anybody's. Answered with `{"offset","ts"}`, for `for_me` with `{"user_offset","ts"}`.
 */
export interface DeletePacket {
  /**
   * Deletes a message: mine, or as owner or admin anybody's. Answered with `{"offset","ts"}`, for `for_me` with `{"user_offset","ts"}`.
   */
  delete: Delete;
}
/**
 * Deletes a message: mine, or as owner or admin anybody's. Answered with `{"offset","ts"}`, for `for_me` with `{"user_offset","ts"}`.
 *
 * Its number stays, its content is gone for everyone. Deleting what is deleted is no error.
 */
export interface Delete {
  /**
   * Hide it from my devices only, whoever wrote it.
   */
  for_me?: boolean;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * The message.
   */
  seq: number;
}
/**
 * Adds my reaction to a message. Answered with `{"offset","ts"}`; the same one again is no error.
 */
export interface ReactPacket {
  /**
   * Adds my reaction to a message. Answered with `{"offset","ts"}`; the same one again is no error.
   */
  react: React;
}
/**
 * Adds my reaction to a message. Answered with `{"offset","ts"}`; the same one again is no error.
 *
 * A message takes 20 different reactions, from however many users; one more is `ERR_LIMIT_REACHED`.
 */
export interface React {
  /**
   * The reaction.
   */
  emoji: Emoji;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * The message.
   */
  seq: number;
}
/**
 * Takes my reaction back. Answered with `{"offset","ts"}`; one that is not there is no error.
 */
export interface UnreactPacket {
  /**
   * Takes my reaction back. Answered with `{"offset","ts"}`; one that is not there is no error.
   */
  unreact: Unreact;
}
/**
 * Takes my reaction back. Answered with `{"offset","ts"}`; one that is not there is no error.
 */
export interface Unreact {
  /**
   * The reaction.
   */
  emoji: Emoji;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * The message.
   */
  seq: number;
}
/**
 * Moves my delivered pointer forward: this device has every message up to it. A smaller number than before changes nothing.
 */
export interface DeliveredPacket {
  /**
   * Moves my delivered pointer forward: this device has every message up to it. A smaller number than before changes nothing.
   */
  delivered: MarkDelivered;
}
/**
 * Moves my delivered pointer forward: this device has every message up to it. A smaller number than before changes nothing.
 *
 * Stored and told as read pointers are; not needed where `read` says as much, and nothing to anybody in a direct room whose other side I block.
 */
export interface MarkDelivered {
  /**
   * Repeated in the reply; absent: only an error is told.
   */
  id?: RequestId | null;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Everything up to this message has arrived.
   */
  seq: Seq;
}
/**
 * Moves my read pointer forward; a smaller number than before changes nothing.
 */
export interface ReadPacket {
  /**
   * Moves my read pointer forward; a smaller number than before changes nothing.
   */
  read: MarkRead;
}
/**
 * Moves my read pointer forward; a smaller number than before changes nothing.
 *
 * The server stores pointers a few times a second and tells others afterwards. The reply, if an `id` asks for one, comes when it is stored. In a direct room whose other side I block every read is private.
 */
export interface MarkRead {
  /**
   * Repeated in the reply; absent: only an error is told.
   */
  id?: RequestId | null;
  /**
   * Do not tell others; my own counts follow all the same.
   */
  private?: boolean;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Everything up to this message is read.
   */
  seq: Seq;
  /**
   * In the thread of this message, instead of the main line.
   */
  thread?: number | null;
}
/**
 * Marks the main line unread from a message on, for my own devices only. Cleared by the next `read`.
 */
export interface MarkUnreadPacket {
  /**
   * Marks the main line unread from a message on, for my own devices only. Cleared by the next `read`.
   */
  mark_unread: MarkUnread;
}
/**
 * Marks the main line unread from a message on, for my own devices only. Cleared by the next `read`.
 */
export interface MarkUnread {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * The first message to count as unread.
   */
  seq: number;
}
/**
 * Tells the other followers that I am writing. It holds 6 seconds, or until my message, until I leave the room or until this connection ends.
 */
export interface TypingPacket {
  /**
   * Tells the other followers that I am writing. It holds 6 seconds, or until my message, until I leave the room or until this connection ends.
   */
  typing: Typing;
}
/**
 * Tells the other followers that I am writing. It holds 6 seconds, or until my message, until I leave the room or until this connection ends.
 */
export interface Typing {
  /**
   * Repeated in the reply; absent: only an error is told.
   */
  id?: RequestId | null;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * True: I stopped without sending. It only shortens the wait.
   */
  stop?: boolean;
  /**
   * In the thread of this message, instead of the main line.
   */
  thread?: number | null;
}
/**
 * Says whether a person is looking: an application that went to the background says `away: true`.
 */
export interface AwayPacket {
  /**
   * Says whether a person is looking: an application that went to the background says `away: true`.
   */
  away: Away;
}
/**
 * Says whether a person is looking: an application that went to the background says `away: true`.
 *
 * A user whose sessions are all away counts as offline for pushes; presence stays online until the last one ends.
 */
export interface Away {
  /**
   * True: nobody looks at this session. False: somebody does again.
   */
  away: boolean;
  /**
   * Repeated in the reply; absent: only an error is told.
   */
  id?: RequestId | null;
}
/**
 * Watches a user's presence while this connection lasts. Answered with `{"user","online","last_seen"?}`.
 */
export interface ListenPacket {
  /**
   * Watches a user's presence while this connection lasts. Answered with `{"user","online","last_seen"?}`.
   */
  listen: Listen;
}
/**
 * Watches a user's presence while this connection lasts. Answered with `{"user","online","last_seen"?}`.
 */
export interface Listen {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The user to watch: someone with whom I have a direct room, or whom the server's own rules let me watch, and neither of us blocks the other. Anyone else is refused with `ERR_FORBIDDEN_ACCESS`.
   */
  user: UserId;
}
/**
 * Stops watching a user's presence; not watching it is no error.
 */
export interface UnlistenPacket {
  /**
   * Stops watching a user's presence; not watching it is no error.
   */
  unlisten: Unlisten;
}
/**
 * Stops watching a user's presence; not watching it is no error.
 */
export interface Unlisten {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * The user.
   */
  user: UserId;
}
/**
 * Reads one page of messages. Answered with a history page.
 */
export interface HistoryPacket {
  /**
   * Reads one page of messages. Answered with a history page.
   */
  history: History;
}
/**
 * Reads one page of messages. Answered with a history page.
 */
export interface History {
  /**
   * Only messages with a greater number, the oldest of them first to be chosen. With `before` as well: a window read from its old end.
   */
  after?: Seq | null;
  /**
   * Only messages with a smaller number, the newest of them first to be chosen.
   */
  before?: Seq | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Greatest number of messages, 1 to 100; 50 when absent.
   */
  limit?: number | null;
  /**
   * The room.
   */
  room: RoomId;
}
/**
 * Reads one page of a thread. Answered with a history page of the replies, with the thread's state beside them.
 */
export interface ThreadPacket {
  /**
   * Reads one page of a thread. Answered with a history page of the replies, with the thread's state beside them.
   */
  thread: Thread;
}
/**
 * Reads one page of a thread. Answered with a history page of the replies, with the thread's state beside them.
 */
export interface Thread {
  /**
   * Only messages with a greater number, the oldest of them first to be chosen. With `before` as well: a window read from its old end.
   */
  after?: Seq | null;
  /**
   * Only messages with a smaller number, the newest of them first to be chosen.
   */
  before?: Seq | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Greatest number of messages, 1 to 100; 50 when absent.
   */
  limit?: number | null;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * The message that the thread hangs on.
   */
  root: number;
}
/**
 * Finds messages of my rooms by their text, the newest first. Answered with `{"hits":[message...],"next"?}`.
 */
export interface SearchPacket {
  /**
   * Finds messages of my rooms by their text, the newest first. Answered with `{"hits":[message...],"next"?}`.
   */
  search: Search;
}
/**
 * Finds messages of my rooms by their text, the newest first. Answered with `{"hits":[message...],"next"?}`.
 *
 * A server without an index answers `ERR_NOT_SUPPORTED`. What was sent a moment ago may not be found yet.
 */
export interface Search {
  /**
   * Where the last page ended; absent: from the newest.
   */
  cursor?: Cursor | null;
  /**
   * Only messages of this user.
   */
  from?: UserId | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Greatest number of messages, 1 to 100; 50 when absent.
   */
  limit?: number | null;
  /**
   * Words that all occur, in any order, at most 256 bytes; "words in quotes" occur as they stand.
   */
  query: string;
  /**
   * Only in this room.
   */
  room?: RoomId | null;
}
/**
 * Lists my rooms, pinned ones first, then by latest activity. Answered with an inbox page: enough to draw a list of chats.
 */
export interface InboxPacket {
  /**
   * Lists my rooms, pinned ones first, then by latest activity. Answered with an inbox page: enough to draw a list of chats.
   */
  inbox: Inbox;
}
/**
 * Lists my rooms, pinned ones first, then by latest activity. Answered with an inbox page: enough to draw a list of chats.
 */
export interface Inbox {
  /**
   * Archived rooms instead of the others.
   */
  archived?: boolean;
  /**
   * Where the last page ended; absent: from the top.
   */
  cursor?: Cursor | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Greatest number of rooms, 1 to 100; 50 when absent.
   */
  limit?: number | null;
}
/**
 * Lists the users whom I block, by id. Answered with `{"users":[{"user","ts"}...],"next"?}`.
 */
export interface BlocksPacket {
  /**
   * Lists the users whom I block, by id. Answered with `{"users":[{"user","ts"}...],"next"?}`.
   */
  blocks: Blocks;
}
/**
 * Lists the users whom I block, by id. Answered with `{"users":[{"user","ts"}...],"next"?}`.
 *
 * Together with the `blocked` and `unblocked` changes of my user log that follow it is complete.
 */
export interface Blocks {
  /**
   * Where the last page ended; absent: from the first.
   */
  cursor?: Cursor | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Greatest number of users, 1 to 100; 50 when absent.
   */
  limit?: number | null;
}
/**
 * Lists my messages that wait for their time, the earliest first. Answered with `{"messages":[...],"next"?}`.
 */
export interface ScheduledPacket {
  /**
   * Lists my messages that wait for their time, the earliest first. Answered with `{"messages":[...],"next"?}`.
   */
  scheduled: Scheduled;
}
/**
 * Lists my messages that wait for their time, the earliest first. Answered with `{"messages":[...],"next"?}`.
 *
 * Together with the `scheduled` and `cancelled` changes of my user log that follow it is complete; a message that was sent is told by its `message` packet, which has the same `client_msg_id`.
 */
export interface Scheduled {
  /**
   * Where the last page ended; absent: from the earliest.
   */
  cursor?: Cursor | null;
  /**
   * Whose messages they are, instead of mine. Only an operator says so; its own are those of `~system`.
   */
  from?: UserId | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Greatest number of messages, 1 to 100; 50 when absent.
   */
  limit?: number | null;
  /**
   * Only those for this room.
   */
  room?: RoomId | null;
}
/**
 * Says how this installation receives pushes, or that it no longer wants any.
 */
export interface DevicePacket {
  /**
   * Says how this installation receives pushes, or that it no longer wants any.
   */
  device: Device;
}
/**
 * Says how this installation receives pushes, or that it no longer wants any.
 */
export interface Device {
  /**
   * The installation; when absent, the one that `auth` of this session named. Without either it is refused with `ERR_BAD_REQUEST`.
   */
  device_id?: DeviceId | null;
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * Name for people, such as "Ann's phone", at most 128 bytes; null: none; absent: as before.
   */
  name?: string | null;
  /**
   * Where its pushes go; null: nowhere; absent: as before.
   */
  push?: PushTarget | null;
}
/**
 * Address of a device at a push service.
 */
export interface PushTarget {
  /**
   * Which application, for services that carry several: bundle id or package name, at most 256 bytes.
   */
  app?: string | null;
  /**
   * The service.
   */
  service: PushService;
  /**
   * The device's token there, at most 4096 bytes.
   */
  token: string;
}
/**
 * Lists my sessions. Answered with `{"sessions":[...]}`, the most recently active first.
 */
export interface SessionsPacket {
  /**
   * Lists my sessions. Answered with `{"sessions":[...]}`, the most recently active first.
   */
  sessions: Sessions;
}
/**
 * Lists my sessions. Answered with `{"sessions":[...]}`, the most recently active first.
 *
 * Those that have a connection now, and those whose connection ended a moment ago, at the node that answers. They are not stored: after a restart of the server each is listed when it has connected again, under a new id.
 */
export interface Sessions {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
}
/**
 * Ends sessions of mine: their connections are closed with `ERR_SESSION_REVOKED`, and what they know is no longer valid. A device that has no other session gets no pushes any more.
 */
export interface RevokePacket {
  /**
   * Ends sessions of mine: their connections are closed with `ERR_SESSION_REVOKED`, and what they know is no longer valid. A device that has no other session gets no pushes any more.
   */
  revoke: Revoke;
}
/**
 * Ends sessions of mine: their connections are closed with `ERR_SESSION_REVOKED`, and what they know is no longer valid. A device that has no other session gets no pushes any more.
 *
 * Names one session or says `others: true`; the session that says it is ended only by its own id. Answered with `{"revoked":n}`; a session that does not exist counts as ended already. To the session that it ends itself, the close is the answer.
 *
 * It takes no token back: who has one that is still good can connect again, and is listed as a new session.
 */
export interface Revoke {
  /**
   * Repeated in the reply.
   */
  id: RequestId;
  /**
   * End all but this one.
   */
  others?: boolean;
  /**
   * The session to end.
   */
  session_id?: SessionId | null;
}
/**
 * Asks for a `pong`: liveness for clients that cannot send transport pings, such as browsers. Needs no authentication.
 */
export interface PingPacket {
  /**
   * Asks for a `pong`: liveness for clients that cannot send transport pings, such as browsers. Needs no authentication.
   */
  ping: Ping;
}
/**
 * Asks for a `pong`: liveness for clients that cannot send transport pings, such as browsers. Needs no authentication.
 */
export interface Ping {
  /**
   * Repeated in the `pong`.
   */
  id?: RequestId | null;
}
/**
 * The answer to one command.
 */
export interface ReplyPacket {
  /**
   * The answer to one command.
   */
  reply: Reply;
}
/**
 * The answer to one command.
 */
export interface Reply {
  /**
   * What to do about the error; absent for success. A newer server may send other words: act then as the table of errors says of `err`, and stop where it does not know it either.
   */
  action?: Action | (string & {});
  /**
   * Result of a success; its members depend on the command.
   */
  data?: {
    [k: string]: unknown;
  };
  /**
   * What exactly was wrong, for the person who debugs. Not stable: do not compare it.
   */
  detail?: string;
  /**
   * Error code; absent for success.
   */
  err?: ErrorCode | (string & {});
  /**
   * The command's id; absent when the command could not be read well enough to know it.
   */
  id?: RequestId;
  /**
   * With action `retry`: how long to wait, in milliseconds.
   */
  retry_after_ms?: number;
  /**
   * As HTTP: 200 for success, 4xx and 5xx for errors.
   */
  status: number;
  /**
   * When it was said.
   */
  ts: Timestamp;
}
/**
 * A stored message, as the live packet and as an entry of history.
 */
export interface MessagePacket {
  /**
   * A stored message, as the live packet and as an entry of history.
   */
  message: Message;
}
/**
 * A stored message, as the live packet and as an entry of history.
 */
export interface Message {
  /**
   * The sender's own name for it, told to every reader so that all devices of the sender recognise it.
   */
  client_msg_id?: ClientMsgId;
  /**
   * What was written.
   */
  content: Content;
  /**
   * When it was deleted. Its content is then `text/plain` with an empty text: what was written is gone.
   */
  deleted_at?: Timestamp;
  /**
   * When its content was last replaced.
   */
  edited_at?: Timestamp;
  /**
   * The user who wrote it.
   */
  from: UserId;
  /**
   * A backend wrote it, on behalf of `from`.
   */
  injected?: boolean;
  /**
   * Whom it calls.
   */
  mentions?: Mentions;
  /**
   * Position in the room's log.
   */
  offset: Offset;
  /**
   * Reactions, at most 20 different ones, in history only; live ones are told one by one.
   *
   * @maxItems 20
   */
  reactions?: ReactionCount[];
  /**
   * The thread that hangs on it, in history only.
   */
  replies?: Replies;
  /**
   * Number of the message that this one answers.
   */
  reply_to?: Seq;
  /**
   * Room of the message.
   */
  room: RoomId;
  /**
   * Number in the room.
   */
  seq: Seq;
  /**
   * Number of the message whose thread it belongs to.
   */
  thread?: Seq;
  /**
   * When it was stored. Never runs backwards within a room.
   */
  ts: Timestamp;
}
/**
 * One reaction to a message, summed up.
 */
export interface ReactionCount {
  /**
   * How many users have it.
   */
  count: number;
  /**
   * The reaction.
   */
  emoji: Emoji;
  /**
   * Some of them, the first at most 5.
   *
   * @maxItems 5
   */
  users?: UserId[];
}
/**
 * The thread that hangs on a message.
 */
export interface Replies {
  /**
   * How many replies it has.
   */
  count: number;
  /**
   * Number of the newest.
   */
  last_seq: Seq;
}
/**
 * A message's content was replaced. Its number, place and mentions stay.
 */
export interface EditedPacket {
  /**
   * A message's content was replaced. Its number, place and mentions stay.
   */
  edited: Edited;
}
/**
 * A message's content was replaced. Its number, place and mentions stay.
 */
export interface Edited {
  /**
   * What it says now; absent when it was deleted since, which a `deleted` packet tells, and when the room hides the message from me, because it was written before I joined: then all that becomes of it, also a deletion or a reaction, is told in this way, so that the log has no hole.
   */
  content?: Content;
  /**
   * Who wrote it; `~system` when the room hides the message from me.
   */
  from: UserId;
  /**
   * Position in the room's log.
   */
  offset: Offset;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Number of the message.
   */
  seq: Seq;
  /**
   * Number of the message whose thread it belongs to.
   */
  thread?: Seq;
  /**
   * When it was stored.
   */
  ts: Timestamp;
}
/**
 * A message was deleted for everyone. What is said of it is what a reader needs to count without having it.
 */
export interface DeletedPacket {
  /**
   * A message was deleted for everyone. What is said of it is what a reader needs to count without having it.
   */
  deleted: Deleted;
}
/**
 * A message was deleted for everyone. What is said of it is what a reader needs to count without having it.
 */
export interface Deleted {
  /**
   * Who deleted it; absent: who wrote it, or its time had come.
   */
  by?: UserId;
  /**
   * Who wrote it.
   */
  from: UserId;
  /**
   * Whom it called.
   */
  mentions?: Mentions;
  /**
   * Position in the room's log.
   */
  offset: Offset;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Number of the message; it is not given to another.
   */
  seq: Seq;
  /**
   * Number of the message whose thread it belonged to.
   */
  thread?: Seq;
  /**
   * When it was stored.
   */
  ts: Timestamp;
}
/**
 * A user's reaction to a message came or went.
 */
export interface ReactionPacket {
  /**
   * A user's reaction to a message came or went.
   */
  reaction: Reaction;
}
/**
 * A user's reaction to a message came or went.
 */
export interface Reaction {
  /**
   * What happened.
   */
  action: ReactionAction | (string & {});
  /**
   * How many users have this reaction to the message now.
   */
  count: number;
  /**
   * The reaction.
   */
  emoji: Emoji;
  /**
   * Whose reaction it is.
   */
  from: UserId;
  /**
   * Position in the room's log.
   */
  offset: Offset;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Number of the message.
   */
  seq: Seq;
  /**
   * When it was stored.
   */
  ts: Timestamp;
}
/**
 * A change of membership, in the room's log.
 */
export interface MemberPacket {
  /**
   * A change of membership, in the room's log.
   */
  member: MemberChanged;
}
/**
 * A change of membership, in the room's log.
 */
export interface MemberChanged {
  /**
   * What happened.
   */
  action: MemberAction | (string & {});
  /**
   * Who did it; absent when it was the user itself.
   */
  by?: UserId;
  /**
   * Position in the room's log.
   */
  offset: Offset;
  /**
   * Why, in the words of who did it.
   */
  reason?: string;
  /**
   * The role that the user has now; absent when there is none.
   */
  role?: Role | (string & {});
  /**
   * The room.
   */
  room: RoomId;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * For `banned`: until when; absent: until `unbanned`.
   */
  until?: Timestamp;
  /**
   * Whose membership it is.
   */
  user: UserId;
}
/**
 * A change of a room itself, in its log. It says the room's data as they are after it; only `access` and `history` may be left out where nothing changed them.
 */
export interface RoomPacket {
  /**
   * A change of a room itself, in its log. It says the room's data as they are after it; only `access` and `history` may be left out where nothing changed them.
   */
  room: RoomChanged;
}
/**
 * A change of a room itself, in its log. It says the room's data as they are after it; only `access` and `history` may be left out where nothing changed them.
 */
export interface RoomChanged {
  /**
   * Who may join now; absent: as before.
   */
  access?: Access | (string & {});
  /**
   * What happened.
   */
  action: RoomAction | (string & {});
  /**
   * URL of a picture, at most 2048 bytes.
   */
  avatar?: string;
  /**
   * Who did it.
   */
  by: UserId;
  /**
   * Whatever the application keeps with the room, at most 8 KiB as JSON text.
   */
  custom?: {
    [k: string]: unknown;
  };
  /**
   * The support case now, for kind `desk`.
   */
  desk?: Desk;
  /**
   * From where on members read its messages now; absent: as before. Where it is not what the room's state says, I can read more of the room or less than before, and other messages are unread: drop its messages, read its state again with a `follow` without `offset`, and `history` where you need it. Members, bans and pointers stay as they are.
   */
  history?: HistoryVisibility | (string & {});
  /**
   * What the room is for.
   */
  kind: RoomKind | (string & {});
  /**
   * How long messages are kept, in seconds; absent: for ever.
   */
  message_ttl_s?: number;
  /**
   * Name for people, at most 256 bytes. Direct rooms have none.
   */
  name?: string;
  /**
   * Position in the room's log.
   */
  offset: Offset;
  /**
   * For `trimmed`: number of the oldest message that can still be read.
   */
  oldest_seq?: Seq;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * What it is about, at most 1024 bytes.
   */
  topic?: string;
  /**
   * When it was stored.
   */
  ts: Timestamp;
}
/**
 * A support case: who asks, and who answers.
 */
export interface Desk {
  /**
   * The user who asks.
   */
  client: UserId;
  /**
   * Whose agents answer: letters, digits and `_`, at most 128 bytes.
   */
  organization: string;
  /**
   * Where it stands.
   */
  status: DeskStatus | (string & {});
}
/**
 * A change that concerns me alone, in my user log.
 */
export interface UserPacket {
  /**
   * A change that concerns me alone, in my user log.
   */
  user: UserChanged;
}
/**
 * I am a member of the room now.
 */
export interface UserChangedRoomJoined {
  action: "room_joined";
  /**
   * The room.
   */
  room: RoomId;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * I am no member of the room any more.
 */
export interface UserChangedRoomLeft {
  action: "room_left";
  /**
   * The room.
   */
  room: RoomId;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * My read pointer moved, on whichever device. It clears what was marked unread.
 */
export interface UserChangedRead {
  action: "read";
  /**
   * Everything up to this message is read.
   */
  read: Seq;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * The thread in which it moved; absent: the main line.
   */
  thread?: Seq;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * I read without telling others. It clears what was marked unread.
 */
export interface UserChangedReadPrivate {
  action: "read_private";
  /**
   * Everything up to this message is read.
   */
  read: Seq;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * The thread in which I read; absent: the main line.
   */
  thread?: Seq;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * I marked messages unread.
 */
export interface UserChangedMarkedUnread {
  action: "marked_unread";
  /**
   * The room.
   */
  room: RoomId;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * The first of them.
   */
  unread_from: Seq;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * My settings of a room changed.
 */
export interface UserChangedSettings {
  action: "settings";
  /**
   * The room.
   */
  room: RoomId;
  /**
   * All of them as they are now.
   */
  settings: RoomSettings;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * What a room is to me alone.
 */
export interface RoomSettings {
  /**
   * It is out of my list until the next message.
   */
  archived?: boolean;
  /**
   * No pushes until then.
   */
  mute_until?: Timestamp;
  /**
   * It stands on top of my list.
   */
  pinned?: boolean;
}
/**
 * I blocked a user.
 */
export interface UserChangedBlocked {
  action: "blocked";
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Whom.
   */
  user: UserId;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * I block a user no longer.
 */
export interface UserChangedUnblocked {
  action: "unblocked";
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Whom.
   */
  user: UserId;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * I deleted a message for myself.
 */
export interface UserChangedHidden {
  action: "hidden";
  /**
   * Who wrote it.
   */
  from: UserId;
  /**
   * Whom it called.
   */
  mentions?: Mentions;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Number of the message.
   */
  seq: Seq;
  /**
   * Number of the message whose thread it belongs to.
   */
  thread?: Seq;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * A message of mine waits for its time.
 */
export interface UserChangedScheduled {
  action: "scheduled";
  /**
   * Its name.
   */
  client_msg_id: ClientMsgId;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * When it will be sent.
   */
  send_at: Timestamp;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * A message of mine will not be sent: I took it back; or its time came, and I could not write any more or had sent another one under its name.
 */
export interface UserChangedCancelled {
  action: "cancelled";
  /**
   * Its name.
   */
  client_msg_id: ClientMsgId;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * A session of mine was ended.
 */
export interface UserChangedSessionRevoked {
  action: "session_revoked";
  /**
   * Which one.
   */
  session_id: SessionId;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * Something that only a newer server knows. Its position counts.
 */
export interface UserChangedUnknown {
  /**
   * Stands for any word but those of the other forms.
   */
  action: "unknown";
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Position in my user log.
   */
  user_offset: UserOffset;
}
/**
 * A member's pointers moved: at least one of `read` and `delivered` is there.
 */
export interface ReadsPacket {
  /**
   * A member's pointers moved: at least one of `read` and `delivered` is there.
   */
  reads: Reads;
}
/**
 * A member's pointers moved: at least one of `read` and `delivered` is there.
 *
 * Not in the log: pointers are state, sent again with each `resumed`. Above a number of members that the operator sets they are not told.
 */
export interface Reads {
  /**
   * Everything up to this message has arrived at some device.
   */
  delivered?: Seq;
  /**
   * Whose pointers they are.
   */
  from: UserId;
  /**
   * Everything up to this message is read.
   */
  read?: Seq;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * The thread in which it was read; absent: the main line.
   */
  thread?: Seq;
  /**
   * When it was stored.
   */
  ts: Timestamp;
}
/**
 * Presence or typing. Never stored, never replayed, dropped first when a reader is slow.
 */
export interface PresPacket {
  /**
   * Presence or typing. Never stored, never replayed, dropped first when a reader is slow.
   */
  pres: Presence;
}
/**
 * Some session of the user lives. Sent to those who listen.
 */
export interface PresenceOnline {
  /**
   * Who.
   */
  from: UserId;
  /**
   * When it became true.
   */
  ts: Timestamp;
  what: "online";
}
/**
 * No session of the user lives any more. Sent to those who listen.
 */
export interface PresenceOffline {
  /**
   * Who.
   */
  from: UserId;
  /**
   * When the last one ended.
   */
  last_seen?: Timestamp;
  /**
   * When it became true.
   */
  ts: Timestamp;
  what: "offline";
}
/**
 * The user writes in the room. Sent to its followers.
 */
export interface PresenceTyping {
  /**
   * Who.
   */
  from: UserId;
  /**
   * Where.
   */
  room: RoomId;
  /**
   * In the thread of this message; absent: in the main line.
   */
  thread?: Seq;
  /**
   * When it became true.
   */
  ts: Timestamp;
  /**
   * How long it holds if nothing renews it, in milliseconds.
   */
  ttl_ms: number;
  what: "typing";
}
/**
 * The user stopped writing in the room without sending.
 */
export interface PresenceStopTyping {
  /**
   * Who.
   */
  from: UserId;
  /**
   * Where.
   */
  room: RoomId;
  /**
   * In the thread of this message; absent: in the main line.
   */
  thread?: Seq;
  /**
   * When it became true.
   */
  ts: Timestamp;
  what: "stop_typing";
}
/**
 * How many do what in a room that is too large to tell each: said on an interval instead.
 */
export interface PresenceCounts {
  /**
   * How many members are online.
   */
  online: number;
  /**
   * Where.
   */
  room: RoomId;
  /**
   * When it became true.
   */
  ts: Timestamp;
  /**
   * How many of them write.
   */
  typing: number;
  what: "counts";
}
/**
 * Something that only a newer server knows.
 */
export interface PresenceUnknown {
  /**
   * When it became true.
   */
  ts: Timestamp;
  /**
   * Stands for any word but those of the other forms.
   */
  what: "unknown";
}
/**
 * Where one log stands. Events after it are live and follow without a hole.
 */
export interface ResumedPacket {
  /**
   * Where one log stands. Events after it are live and follow without a hole.
   */
  resumed: Resumed;
}
/**
 * Where one log stands. Events after it are live and follow without a hole.
 *
 * What a `snapshot` or `trimmed` of my user log asks of me: it carries no state, so read `inbox` (rooms, pointers and settings), `blocks` and `scheduled`. What I deleted for myself is marked in the pages of `history` and `thread`. How far I read each thread comes with the changes of my user log; after its snapshot the answer to `thread` says it.
 */
export interface Resumed {
  /**
   * Delivered pointers of members that are further than their read pointers, at most 200, and at most 16 KiB as JSON text.
   */
  delivered?: {
    [k: string]: Seq;
  };
  /**
   * The present life of the logs.
   */
  epoch: Epoch;
  /**
   * The command that asked, when one did.
   */
  id?: RequestId;
  /**
   * My new position in the room; absent for `gone` and for the user log.
   */
  offset?: Offset;
  /**
   * For `trimmed`: the oldest position that the log still has.
   */
  oldest?: Offset;
  /**
   * How it went. A newer server may send other words: read them as `snapshot`, from the position that they give.
   */
  outcome: Outcome | (string & {});
  /**
   * Read pointers of members, at most 200, and at most 16 KiB as JSON text.
   */
  pointers?: {
    [k: string]: Seq;
  };
  /**
   * The room; absent: it is my user log.
   */
  room?: RoomId;
  /**
   * For `snapshot` and `trimmed` of a room: the room as it is at `offset`.
   */
  state?: RoomState;
  /**
   * My new position in the user log; absent for rooms.
   */
  user_offset?: UserOffset;
}
/**
 * A room as one of its members sees it now.
 */
export interface RoomState {
  /**
   * Who may join.
   */
  access: Access | (string & {});
  /**
   * URL of a picture, at most 2048 bytes.
   */
  avatar?: string;
  /**
   * Whatever the application keeps with the room, at most 8 KiB as JSON text.
   */
  custom?: {
    [k: string]: unknown;
  };
  /**
   * The support case, for kind `desk`.
   */
  desk?: Desk;
  /**
   * From where on members read its messages.
   */
  history: HistoryVisibility | (string & {});
  /**
   * What it is for.
   */
  kind: RoomKind | (string & {});
  /**
   * How many members it has.
   */
  members: number;
  /**
   * How many of the unread ones mention me.
   */
  mentions?: number;
  /**
   * How long messages are kept, in seconds; absent: for ever.
   */
  message_ttl_s?: number;
  /**
   * Name for people, at most 256 bytes. Direct rooms have none.
   */
  name?: string;
  /**
   * The room's number in the whole server, if it has one.
   */
  number?: RoomNumber;
  /**
   * Head of the room's log.
   */
  offset: Offset;
  /**
   * Number of the oldest message that I can read: the oldest that is kept, or with `history` `joined` the first since I joined, if that is later. Beyond `seq` when there is none.
   */
  oldest_seq: Seq;
  /**
   * In a direct room: the other user.
   */
  peer?: UserId;
  /**
   * How far I have read.
   */
  read: Seq;
  /**
   * How far I have read without telling others, when that is further than `read`. Then `unread` counts from here.
   */
  read_private?: Seq;
  /**
   * My role.
   */
  role: Role | (string & {});
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Number of the newest message; 0 when there is none.
   */
  seq: Seq;
  /**
   * What the room is to me.
   */
  settings?: RoomSettings;
  /**
   * What it is about, at most 1024 bytes.
   */
  topic?: string;
  /**
   * When it last changed.
   */
  ts: Timestamp;
  /**
   * Messages of others after `read`, threads not counted; after `mark_unread`, those from its message on.
   */
  unread: number;
  /**
   * The first message that I marked unread.
   */
  unread_from?: Seq;
}
/**
 * Something about the connection itself.
 */
export interface SystemPacket {
  /**
   * Something about the connection itself.
   */
  system: System;
}
/**
 * Something about the connection itself.
 */
export interface System {
  /**
   * For `limits`: the new ones.
   */
  limits?: Limits;
  /**
   * The rooms concerned.
   */
  rooms?: RoomId[];
  /**
   * When it was said.
   */
  ts: Timestamp;
  /**
   * What it is about.
   */
  what: SystemKind | (string & {});
}
/**
 * What a server takes, told after `auth`.
 */
export interface Limits {
  /**
   * Greatest content of one message in bytes.
   */
  max_content: number;
  /**
   * Greatest frame in bytes, in either direction.
   */
  max_frame: number;
  /**
   * Greatest number of messages in one page of history.
   */
  max_history_page: number;
  /**
   * Greatest number of unanswered commands; the server reads no further until one is answered.
   */
  max_in_flight: number;
  /**
   * Greatest number of rooms that one session follows.
   */
  max_rooms_followed: number;
  /**
   * How long a `typing` holds, in milliseconds: who goes on writing says it again before that.
   */
  typing_ttl_ms: number;
}
/**
 * Answer to `ping`.
 */
export interface PongPacket {
  /**
   * Answer to `ping`.
   */
  pong: Pong;
}
/**
 * Answer to `ping`.
 */
export interface Pong {
  /**
   * The ping's own.
   */
  id?: RequestId;
  /**
   * The server's time.
   */
  ts: Timestamp;
}
/**
 * Result of `auth`.
 */
export interface AuthData {
  /**
   * The present life of the logs.
   */
  epoch: Epoch;
  /**
   * When the token expires; absent: never.
   */
  expires_at?: Timestamp;
  /**
   * What this server takes.
   */
  limits: Limits;
  /**
   * Name it in the next `auth` to go on with this session.
   */
  session_id: SessionId;
  /**
   * Who I am.
   */
  user_id: UserId;
  /**
   * Head of my user log.
   */
  user_offset: UserOffset;
}
/**
 * Result of `create` and `join`: the room as it is now.
 *
 * Where the session stands in the room's log is said by the `resumed` packet before; `room.offset` may be further, and then the events in between are told too. A session that follows as many rooms as it may does not follow this one: a `system` packet says so.
 */
export interface RoomData {
  /**
   * False: it was there, or I was a member, before.
   */
  created: boolean;
  /**
   * The room as I see it.
   */
  room: RoomState;
}
/**
 * Result of `send`: the message is durable.
 */
export interface SendData {
  /**
   * True: it was stored by an earlier send with the same `client_msg_id`, and these are its values.
   */
  duplicate: boolean;
  /**
   * Its position in the room's log.
   */
  offset: Offset;
  /**
   * Number of the message.
   */
  seq: Seq;
  /**
   * When it was stored.
   */
  ts: Timestamp;
}
/**
 * Result of `read`: where the pointer stands, which may be further than asked.
 */
export interface ReadData {
  /**
   * Everything up to this message is read.
   */
  read: Seq;
}
/**
 * Result of `listen`.
 */
export interface ListenData {
  /**
   * When the last session ended; absent while one lives, or when it is not known.
   */
  last_seen?: Timestamp;
  /**
   * Whether the user is online now.
   */
  online: boolean;
  /**
   * The user that is watched now.
   */
  user: UserId;
}
/**
 * Result of a `send` with `send_at`: the order is durable.
 */
export interface ScheduleData {
  /**
   * True: an earlier send with the same `client_msg_id` ordered it. It waits, or was sent.
   */
  duplicate: boolean;
  /**
   * When it will be sent.
   */
  send_at: Timestamp;
}
/**
 * Result of `edit`, `delete`, `react`, `unreact`, `role`, `kick`, `ban` and `unban`: the change is durable.
 */
export interface ChangeData {
  /**
   * Its position in the room's log, or that of the earlier change that made it needless.
   */
  offset: Offset;
  /**
   * When it was stored.
   */
  ts: Timestamp;
}
/**
 * Result of `set`, and of a `delete` with `for_me`: positions of what changed.
 */
export interface SetData {
  /**
   * In the room's log.
   */
  offset?: Offset;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * In my user log.
   */
  user_offset?: UserOffset;
}
/**
 * Result of `invite`.
 */
export interface InviteData {
  /**
   * Who became a member; the others were.
   */
  added: UserId[];
}
/**
 * Result of `revoke`.
 */
export interface RevokeData {
  /**
   * How many sessions were ended.
   */
  revoked: number;
}
/**
 * Result of `members`: one page.
 */
export interface MembersPage {
  /**
   * The banned users, by id, when they were asked for. One whose ban has ended is not among them.
   *
   * @maxItems 100
   */
  banned?: BannedUser[];
  /**
   * The members, owners and admins first, then by id. None, when banned users were asked for.
   *
   * @maxItems 100
   */
  members: Member[];
  /**
   * Where the next page begins; absent: this is the last.
   */
  next?: Cursor;
  /**
   * The room.
   */
  room: RoomId;
}
/**
 * A user who may not become a member of a room.
 */
export interface BannedUser {
  /**
   * Who did it.
   */
  by: UserId;
  /**
   * Why, in the words of who did it.
   */
  reason?: string;
  /**
   * When it was stored.
   */
  ts: Timestamp;
  /**
   * Until when; absent: until `unban`.
   */
  until?: Timestamp;
  /**
   * Who it is.
   */
  user: UserId;
}
/**
 * One member, as others see it.
 */
export interface Member {
  /**
   * URL of a picture, from the directory.
   */
  avatar?: string;
  /**
   * Everything up to this message has arrived at some device; absent: nothing, or not told in a room of this size.
   */
  delivered?: Seq;
  /**
   * Since when.
   */
  joined_at: Timestamp;
  /**
   * Name for people, from the directory.
   */
  name?: string;
  /**
   * Everything up to this message is read; absent: nothing, or not told in a room of this size.
   */
  read?: Seq;
  /**
   * The role in this room.
   */
  role: Role | (string & {});
  /**
   * Who it is.
   */
  user: UserId;
}
/**
 * Result of `search`: one page.
 */
export interface SearchPage {
  /**
   * The messages, newest first, without reactions. What I deleted for myself is not among them.
   *
   * @maxItems 100
   */
  hits: Message[];
  /**
   * Where the next page begins; absent: this is the last.
   */
  next?: Cursor;
}
/**
 * Result of `inbox`: one page.
 */
export interface InboxPage {
  /**
   * Where the next page begins; absent: this is the last.
   */
  next?: Cursor;
  /**
   * The rooms, pinned ones first, then by latest activity.
   *
   * @maxItems 100
   */
  rooms: InboxEntry[];
  /**
   * Counts over all rooms, whatever the page.
   */
  totals: InboxTotals;
}
/**
 * One room of an inbox: what a line in a list of chats shows.
 */
export interface InboxEntry {
  /**
   * Its newest message that I may read and did not delete for myself, without reactions; absent when there is none, or I deleted the newest fifty.
   */
  last?: Message;
  /**
   * In a direct room: URL of the other user's picture, from the directory.
   */
  peer_avatar?: string;
  /**
   * In a direct room: when the other user's last session ended.
   */
  peer_last_seen?: Timestamp;
  /**
   * In a direct room: the other user's name, from the directory.
   */
  peer_name?: string;
  /**
   * In a direct room: whether the other user is online; absent when I may not know.
   */
  peer_online?: boolean;
  /**
   * The room as I see it.
   */
  state: RoomState;
}
/**
 * Counts over all rooms of mine that are neither muted nor archived: what a badge shows.
 */
export interface InboxTotals {
  /**
   * Unread messages that mention me, muted rooms included.
   */
  mentions: number;
  /**
   * Rooms with unread messages.
   */
  rooms: number;
  /**
   * Unread messages.
   */
  unread: number;
}
/**
 * Result of `blocks`: one page.
 */
export interface BlocksPage {
  /**
   * Where the next page begins; absent: this is the last.
   */
  next?: Cursor;
  /**
   * The users, by id.
   *
   * @maxItems 100
   */
  users: BlockedUser[];
}
/**
 * A user whom I block.
 */
export interface BlockedUser {
  /**
   * Since when.
   */
  ts: Timestamp;
  /**
   * Who it is.
   */
  user: UserId;
}
/**
 * Result of `scheduled`: one page.
 *
 * A page may hold fewer messages than asked for, because it never exceeds a frame.
 */
export interface ScheduledPage {
  /**
   * The messages, the earliest first.
   *
   * @maxItems 100
   */
  messages: ScheduledMessage[];
  /**
   * Where the next page begins; absent: this is the last.
   */
  next?: Cursor;
}
/**
 * A message of mine that waits for its time: what its `send` said.
 */
export interface ScheduledMessage {
  /**
   * My name for it, by which `cancel` takes it back.
   */
  client_msg_id: ClientMsgId;
  /**
   * What it will say.
   */
  content: Content;
  /**
   * Whom it calls.
   */
  mentions?: Mentions;
  /**
   * Number of the message that it answers.
   */
  reply_to?: Seq;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * When it will be sent.
   */
  send_at: Timestamp;
  /**
   * Number of the message whose thread it belongs to.
   */
  thread?: Seq;
}
/**
 * Result of `sessions`.
 */
export interface SessionsData {
  /**
   * My sessions, the most recently heard first; at most 100, and no more than fit into a frame.
   *
   * @maxItems 100
   */
  sessions: SessionEntry[];
}
/**
 * A session of mine.
 */
export interface SessionEntry {
  /**
   * Whether it has a connection now.
   */
  connected: boolean;
  /**
   * When it began.
   */
  created_at: Timestamp;
  /**
   * Whether it is the one that asks.
   */
  current: boolean;
  /**
   * The installation that it belongs to.
   */
  device_id?: DeviceId;
  /**
   * The wire format that it speaks: `native`, or one of the dialects.
   */
  dialect: string;
  /**
   * Name of the installation, as `device` gave it; absent: it has none.
   */
  name?: string;
  /**
   * When it was last heard.
   */
  seen_at: Timestamp;
  /**
   * Its id.
   */
  session_id: SessionId;
}
/**
 * A user, as the directory knows it.
 */
export interface UserLine {
  /**
   * A user, as the directory knows it.
   */
  user: UserEntry;
}
/**
 * A user, as the directory knows it.
 */
export interface UserEntry {
  /**
   * URL of a picture.
   */
  avatar?: string;
  /**
   * When the last session ended.
   */
  last_seen?: Timestamp;
  /**
   * Name for people.
   */
  name?: string;
  /**
   * Whether some session of the user lives; absent when I may not know.
   */
  online?: boolean;
  /**
   * Who it is.
   */
  user: UserId;
}
/**
 * An installation of a user, without its token.
 */
export interface DeviceLine {
  /**
   * An installation of a user, without its token.
   */
  device: ExportedDevice;
}
/**
 * An installation of a user, without its token.
 */
export interface ExportedDevice {
  /**
   * The application that is pushed.
   */
  app?: string;
  /**
   * Its id.
   */
  device_id: DeviceId;
  /**
   * Its name for people.
   */
  name?: string;
  /**
   * Who carries its pushes; absent: it gets none.
   */
  push?: PushService | (string & {});
  /**
   * When it was registered last.
   */
  updated_at: Timestamp;
}
/**
 * A session of mine.
 */
export interface SessionLine {
  /**
   * A session of mine.
   */
  session: SessionEntry;
}
/**
 * A room as one of its members sees it now.
 */
export interface RoomLine {
  /**
   * A room as one of its members sees it now.
   */
  room: RoomState;
}
/**
 * A user whom I block.
 */
export interface BlockLine {
  /**
   * A user whom I block.
   */
  block: BlockedUser;
}
/**
 * A message of mine that waits for its time: what its `send` said.
 */
export interface ScheduledLine {
  /**
   * A message of mine that waits for its time: what its `send` said.
   */
  scheduled: ScheduledMessage;
}
/**
 * A stored message, as the live packet and as an entry of history.
 */
export interface MessageLine {
  /**
   * A stored message, as the live packet and as an entry of history.
   */
  message: Message;
}
/**
 * A file that a user uploaded.
 */
export interface UploadLine {
  /**
   * A file that a user uploaded.
   */
  upload: ExportedUpload;
}
/**
 * A file that a user uploaded.
 */
export interface ExportedUpload {
  /**
   * Name that the file had.
   */
  name: string;
  /**
   * The room that it was uploaded to.
   */
  room: RoomId;
  /**
   * Size in bytes.
   */
  size: number;
  /**
   * When.
   */
  ts: Timestamp;
  /**
   * Media type, as the server found it.
   */
  type: string;
  /**
   * Address of the bytes, for members of the room.
   */
  url: string;
}
/**
 * The end of an export.
 */
export interface EndLine {
  /**
   * The end of an export.
   */
  end: ExportEnd;
}
/**
 * The end of an export.
 */
export interface ExportEnd {
  /**
   * How many lines came before.
   */
  lines: number;
  /**
   * When the last one was read.
   */
  ts: Timestamp;
}
/**
 * What was uploaded, to be named in a message's content.
 */
export interface Uploaded {
  /**
   * Name that the file had.
   */
  name: string;
  /**
   * Size in bytes.
   */
  size: number;
  /**
   * Media type, as the server found it.
   */
  type: string;
  /**
   * Address of the bytes, for members of the room that it was uploaded to. They are there as long as a message of that room names the address, and at first for a day, or as long as the operator has set.
   */
  url: string;
}
/**
 * The agents of an organization: who sees its desks and answers there.
 */
export interface AgentsData {
  /**
   * Its agents, by id, at most 1000. An organization of which nothing was said has none.
   *
   * @maxItems 1000
   */
  agents: UserId[];
  /**
   * The organization: letters, digits and `_`, at most 128 bytes.
   */
  organization: string;
}
/**
 * Support cases of an organization: one page.
 */
export interface DesksPage {
  /**
   * Its cases, those made last first.
   *
   * @maxItems 100
   */
  desks: DeskEntry[];
  /**
   * Where the next page begins; absent: this is the last.
   */
  next?: Cursor;
  /**
   * The organization.
   */
  organization: string;
}
/**
 * One support case of an organization: what a line in its list shows.
 */
export interface DeskEntry {
  /**
   * When it was made.
   */
  created_at: Timestamp;
  /**
   * Whose case it is, and how it stands.
   */
  desk: Desk;
  /**
   * How many members it has: with its client alone nobody answers yet.
   */
  members: number;
  /**
   * The room's name.
   */
  name?: string;
  /**
   * The room.
   */
  room: RoomId;
  /**
   * Number of its newest message.
   */
  seq: Seq;
}
/**
 * A user is being deleted: it was asked for now, or before. Until that is done the user is refused everywhere, and nobody adds it anywhere; after that it is like one who was never here.
 */
export interface ForgetData {
  /**
   * Since when.
   */
  ts: Timestamp;
  /**
   * Who is deleted.
   */
  user: UserId;
}
/**
 * One page of history, always in ascending order of `seq`.
 *
 * A page may hold fewer messages than asked for, because it never exceeds a frame; `more` says whether others follow in the direction of the query. The next page goes on `before` the first or `after` the last message of this one.
 */
export interface HistoryPage {
  /**
   * Which of the messages I deleted for myself, ascending: a reader does not show them to me.
   *
   * @maxItems 100
   */
  hidden?: Seq[];
  /**
   * The messages, oldest first.
   *
   * @maxItems 100
   */
  messages: Message[];
  /**
   * Whether more messages exist in the direction of the query.
   */
  more: boolean;
  /**
   * Which of the reactions are mine.
   */
  my_reactions?: MyReactions[];
  /**
   * Room of the messages.
   */
  room: RoomId;
  /**
   * The thread whose replies these are.
   */
  thread?: ThreadState;
}
/**
 * My reactions to one message.
 */
export interface MyReactions {
  /**
   * What I reacted with.
   */
  emoji: Emoji[];
  /**
   * The message.
   */
  seq: Seq;
}
/**
 * A thread as one member sees it now.
 */
export interface ThreadState {
  /**
   * How many replies it has.
   */
  count: number;
  /**
   * Read pointers of others in this thread, at most 200, at most 16 KiB as JSON text, and no more than fit into a frame beside the first reply.
   */
  pointers?: {
    [k: string]: Seq;
  };
  /**
   * How far I have read it; at first the newest message when I became a member.
   */
  read: Seq;
  /**
   * The message that it hangs on.
   */
  root: Seq;
  /**
   * Replies of others after `read`.
   */
  unread: number;
}
/**
 * What happened in rooms, in the order in which it was stored.
 *
 * Bodies come one after the other, each after the one before was taken or given up. After a restart of either side some events may come again: `num` says which were there before.
 */
export interface WebhookBody {
  /**
   * What happened, ascending by `num`, 1 to 100 events.
   */
  events: RoomEvent[];
  /**
   * When it was posted.
   */
  ts: Timestamp;
}
/**
 * One thing that happened in a room.
 */
export interface RoomEvent {
  /**
   * What happened, as the packet that members are told by: `message`, `edited`, `deleted`, `reaction`, `member` or `room`. It says what is true when it is posted: a message that was deleted since comes without its text.
   */
  event: LogPacket;
  /**
   * Its number among all of the server's, growing: who has seen it has seen all with smaller ones.
   */
  num: number;
}
/**
 * A stored message, as the live packet and as an entry of history.
 */
export interface LogMessage {
  /**
   * A stored message, as the live packet and as an entry of history.
   */
  message: Message;
}
/**
 * A message's content was replaced. Its number, place and mentions stay.
 */
export interface LogEdited {
  /**
   * A message's content was replaced. Its number, place and mentions stay.
   */
  edited: Edited;
}
/**
 * A message was deleted for everyone. What is said of it is what a reader needs to count without having it.
 */
export interface LogDeleted {
  /**
   * A message was deleted for everyone. What is said of it is what a reader needs to count without having it.
   */
  deleted: Deleted;
}
/**
 * A user's reaction to a message came or went.
 */
export interface LogReaction {
  /**
   * A user's reaction to a message came or went.
   */
  reaction: Reaction;
}
/**
 * A change of membership, in the room's log.
 */
export interface LogMember {
  /**
   * A change of membership, in the room's log.
   */
  member: MemberChanged;
}
/**
 * A change of a room itself, in its log. It says the room's data as they are after it; only `access` and `history` may be left out where nothing changed them.
 */
export interface LogRoom {
  /**
   * A change of a room itself, in its log. It says the room's data as they are after it; only `access` and `history` may be left out where nothing changed them.
   */
  room: RoomChanged;
}
/**
 * Pushes, to be handed on to the services of their devices.
 */
export interface PushBody {
  /**
   * The pushes, at least one. A body has at most 1 MiB, unless it is one push alone.
   */
  pushes: PushEntry[];
}
/**
 * One push for one device.
 */
export interface PushEntry {
  /**
   * Which application, for services that carry several.
   */
  app?: string;
  /**
   * Unread messages in all rooms that are neither muted nor archived: the number on the application.
   */
  badge: number;
  /**
   * A newer push with this key replaces this one on the device: 32 hexadecimal digits, the same for a room.
   */
  collapse_key: string;
  /**
   * Which one.
   */
  device: DeviceId;
  /**
   * Its name: the same when it comes again.
   */
  id: string;
  /**
   * What the service takes, of at most 4,096 bytes: for `apns` and `fcm` as in the documents of those names, for `web_push` and `webhook` the packet `message`.
   */
  payload: {
    [k: string]: unknown;
  };
  /**
   * The service that carries it.
   */
  service: PushService;
  /**
   * It must not ring.
   */
  silent: boolean;
  /**
   * The device's token there.
   */
  token: string;
  /**
   * Whose device.
   */
  user: UserId;
}
/**
 * What became of the pushes of a body.
 */
export interface PushAnswer {
  /**
   * By the pushes' ids, in any order; those that are not named were delivered.
   */
  results?: PushResult[];
}
/**
 * What became of one push.
 */
export interface PushResult {
  /**
   * Which one.
   */
  id: string;
  /**
   * With `retry`: after so many seconds. Absent: when the server thinks fit.
   */
  retry_after_s?: number | null;
  /**
   * What became of it.
   */
  status: PushStatus;
}
