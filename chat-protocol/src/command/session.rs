//! Commands about the session itself: who I am, where I was, which of my devices this is.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::skip::{is_no, is_yes, yes};
use crate::{DeviceId, Epoch, Offset, Patch, RequestId, RoomId, SessionId, UserId, UserOffset};

/// Authenticates the connection. It is the first command; repeated later by the same user it refreshes the token.
///
/// Answered with `{"user_id","session_id","epoch","user_offset","expires_at","limits"}`. After it the session follows
/// all rooms of the user, newest activity first, each told by one `resumed` packet with outcome `snapshot`; the
/// `resumed` packet of the user log comes last. A client that has positions says `follow: false` and sends `resume`.
///
/// A refresh whose token is refused with `ERR_INVALID_ACCESS_TOKEN` closes the connection too: the token that it lives by
/// may be the one that is no longer taken.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Auth {
    /// Repeated in the reply.
    pub id: RequestId,
    /// Credential. May be absent when the handshake carried one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The installation; absent for one that receives no pushes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// The session to go on with, from an earlier answer. Its old connection, if any, is closed. Correctness never
    /// depends on it: one that is unknown, revoked or of another `device_id` is replaced by a new one, and after a restart
    /// of the server all are unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Whether to follow all my rooms from now on; true when absent. False when a `resume` comes next.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub follow: bool,
}

/// The token is not shown.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("id", &self.id)
            .field("token", &self.token.as_ref().map(|_| "<redacted>"))
            .field("device_id", &self.device_id)
            .field("follow", &self.follow)
            .finish_non_exhaustive()
    }
}

/// Goes on after the named positions.
///
/// Each room is answered by its missed events, if they can be told, and then by one `resumed` packet; rooms of mine
/// that are not named are followed as after `auth`. The reply comes when all is told. A resume that would exceed a
/// frame is split into several: all but the last say `more: true`, and only the last adds the rooms not named and goes on
/// with my user log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resume {
    /// Repeated in the reply and in every `resumed`.
    pub id: RequestId,
    /// The life of the logs that the positions belong to.
    pub epoch: Epoch,
    /// Position in my user log.
    pub user_offset: UserOffset,
    /// Position in each room.
    #[serde(default)]
    pub rooms: BTreeMap<RoomId, Offset>,
    /// Another part of the same resume follows: do not add rooms that were not named yet.
    #[serde(default, skip_serializing_if = "is_no")]
    pub more: bool,
}

/// Listens to one room of mine. Answered by one `resumed` and the reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Follow {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// Go on after this position; absent: from now on, beginning with a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// The epoch of `offset`; absent: the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
}

/// Stops listening to one room in this session. Membership stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unfollow {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
}

/// Watches a user's presence while this connection lasts. Answered with `{"user","online","last_seen"?}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Listen {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The user to watch: someone with whom I have a direct room, or whom the server's own rules let me watch, and
    /// neither of us blocks the other. Anyone else is refused with `ERR_FORBIDDEN_ACCESS`.
    pub user: UserId,
}

/// Stops watching a user's presence; not watching it is no error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unlisten {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The user.
    pub user: UserId,
}

/// Says whether a person is looking: an application that went to the background says `away: true`.
///
/// A user whose sessions are all away counts as offline for pushes; presence stays online until the last one ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Away {
    /// Repeated in the reply; absent: only an error is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// True: nobody looks at this session. False: somebody does again.
    pub away: bool,
}

/// Says how this installation receives pushes, or that it no longer wants any.
///
/// ```
/// use chat_protocol::{Command, Patch, decode};
/// let json = br#"{"device":{"id":"1","device_id":"d1","push":{"service":"fcm","token":"F"}}}"#;
/// let Command::Device(device) = decode(json).unwrap() else { panic!() };
/// assert!(device.push.value().is_some());
/// let Command::Device(silent) = decode(br#"{"device":{"id":"2","push":null}}"#).unwrap() else { panic!() };
/// assert_eq!(silent.push, Patch::Clear);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Device {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The installation; when absent, the one that `auth` of this session named. Without either it is refused with
    /// `ERR_BAD_REQUEST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// Where its pushes go; null: nowhere; absent: as before.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub push: Patch<PushTarget>,
    /// Name for people, such as "Ann's phone", at most 128 bytes; null: none; absent: as before.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
}

/// Who carries a push to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PushService {
    /// Apple Push Notification service.
    Apns,
    /// Firebase Cloud Messaging, HTTP v1.
    Fcm,
    /// Web Push (RFC 8030); the token is the subscription as JSON text.
    WebPush,
    /// The operator's own HTTP endpoint decides.
    Webhook,
}

/// Address of a device at a push service.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushTarget {
    /// The service.
    pub service: PushService,
    /// The device's token there, at most 4096 bytes.
    pub token: String,
    /// Which application, for services that carry several: bundle id or package name, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
}

/// The token is not shown: who has it can write to the device.
impl fmt::Debug for PushTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushTarget")
            .field("service", &self.service)
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

/// Lists my sessions. Answered with `{"sessions":[...]}`, the most recently active first.
///
/// Those that have a connection now, and those whose connection ended a moment ago, at the node that answers. They are not
/// stored: after a restart of the server each is listed when it has connected again, under a new id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sessions {
    /// Repeated in the reply.
    pub id: RequestId,
}

/// Ends sessions of mine: their connections are closed with `ERR_SESSION_REVOKED`, and what they know is no longer valid.
/// A device that has no other session gets no pushes any more.
///
/// Names one session or says `others: true`; the session that says it is ended only by its own id. Answered with
/// `{"revoked":n}`; a session that does not exist counts as ended already. To the session that it ends itself, the close
/// is the answer.
///
/// It takes no token back: who has one that is still good can connect again, and is listed as a new session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revoke {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The session to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// End all but this one.
    #[serde(default, skip_serializing_if = "is_no")]
    pub others: bool,
}

/// Asks for a `pong`: liveness for clients that cannot send transport pings, such as browsers. Needs no
/// authentication.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ping {
    /// Repeated in the `pong`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
}
