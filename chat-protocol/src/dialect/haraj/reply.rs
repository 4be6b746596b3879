//! The envelope of every answer, on the socket and over HTTP.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Code, Reason};
use crate::dialect::WireUser;
use crate::{SessionId, Timestamp};

/// An answer: `{"id","status","data","ts"}` or `{"id","status","err","ts"}`.
///
/// `id` repeats that of the socket's command. It is absent in HTTP bodies and in refusals of frames that could not be
/// read. A body with `err` is a refusal, whatever else it holds.
///
/// ```
/// use chat_protocol::dialect::haraj::{Code, Reply, Reason, Upload, UploadGrant};
/// let json = r#"{"status":200,"data":{"url":"https://x.example/1"},"ts":"2018-02-02T08:30:39.789Z"}"#;
/// let reply: Reply<UploadGrant> = serde_json::from_str(json).unwrap();
/// assert_eq!(reply.outcome.as_ref().unwrap().url, "https://x.example/1");
/// assert_eq!(serde_json::to_string(&reply).unwrap(), json);
/// let json = r#"{"status":400,"err":"ERR_BAD_REQUEST","ts":"2018-02-02T08:30:39.789Z"}"#;
/// let reply: Reply<UploadGrant> = serde_json::from_str(json).unwrap();
/// assert_eq!(reply, Reply::refused(None, Code::BadRequest, reply.ts));
/// assert_eq!(serde_json::to_string(&reply).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<T> {
    /// The command's id; only on the socket.
    pub id: Option<String>,
    /// 200 for success, 207 when a part failed, 4xx and 5xx for refusals. Equal to the HTTP status: clients trust the
    /// body.
    pub status: u16,
    /// The result, or why there is none.
    pub outcome: Result<T, Reason>,
    /// When it was said.
    pub ts: Timestamp,
}

impl<T> Reply<T> {
    /// A success with status 200.
    pub fn ok(id: Option<String>, data: T, ts: Timestamp) -> Self {
        Self { id, status: 200, outcome: Ok(data), ts }
    }

    /// A refusal with the status of its code.
    pub fn refused(id: Option<String>, code: Code, ts: Timestamp) -> Self {
        Self { id, status: code.status(), outcome: Err(code.into()), ts }
    }

    /// The same with another status, for results of which a part failed (207).
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

/// An answer: `data` for a success, `err` for a refusal.
#[derive(Deserialize)]
struct Wire<T> {
    /// The command's id; only on the socket.
    id: Option<String>,
    /// As HTTP.
    status: u16,
    /// Result of a success.
    data: Option<T>,
    /// Why there is none.
    err: Option<Reason>,
    /// When it was said.
    ts: Timestamp,
}

/// The outcome of a body with these keys.
pub(super) fn outcome<T, E: de::Error>(data: Option<T>, err: Option<Reason>) -> Result<Result<T, Reason>, E> {
    match (err, data) {
        (Some(reason), _) => Ok(Err(reason)),
        (None, Some(data)) => Ok(Ok(data)),
        (None, None) => Err(E::missing_field("data")),
    }
}

impl<T: Serialize> Serialize for Reply<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(id) = &self.id {
            map.serialize_entry("id", id)?;
        }
        map.serialize_entry("status", &self.status)?;
        match &self.outcome {
            Ok(data) => map.serialize_entry("data", data)?,
            Err(reason) => map.serialize_entry("err", reason)?,
        }
        map.serialize_entry("ts", &self.ts)?;
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Reply<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let outcome = outcome(wire.data, wire.err)?;
        Ok(Self { id: wire.id, status: wire.status, outcome, ts: wire.ts })
    }
}

/// What the published schemas say of an answer: it is a success or a refusal.
#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Reason, Reply, Timestamp};

    /// An answer that is a success.
    #[derive(JsonSchema)]
    #[schemars(rename = "{T}Reply")]
    #[expect(dead_code, reason = "only its shape is of use")]
    pub(crate) struct Success<T> {
        /// The command's id; only on the socket.
        #[schemars(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// As the status of HTTP: 200, or 207 when a part failed.
        status: u16,
        /// The result.
        data: T,
        /// When it was said.
        ts: Timestamp,
    }

    /// An answer that is a refusal.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its shape is of use")]
    pub(crate) struct Refusal {
        /// The command's id; only on the socket, and only when the command could be read.
        #[schemars(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// As the status of HTTP: 400 and above.
        #[schemars(range(min = 400, max = 599))]
        status: u16,
        /// Why.
        err: Reason,
        /// When it was said.
        ts: Timestamp,
    }

    impl<T: JsonSchema> JsonSchema for Reply<T> {
        fn schema_name() -> Cow<'static, str> {
            format!("{}Answer", T::schema_name()).into()
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "An answer: a success with `data`, or a refusal with `err`.",
                "anyOf": [generator.subschema_for::<Success<T>>(), generator.subschema_for::<Refusal>()],
            })
        }
    }
}

#[cfg(feature = "schema")]
pub(crate) use schema::{Refusal, Success};

/// Result of a command on the socket. Nothing but its keys tells which command it answers.
///
/// ```
/// use chat_protocol::dialect::haraj::ReplyData;
/// let json = r#"{"user_id":1,"peer_id":2,"is_online":true}"#;
/// let data: ReplyData = serde_json::from_str(json).unwrap();
/// assert!(matches!(data, ReplyData::Listening { is_online: true, .. }));
/// assert_eq!(serde_json::to_string(&data).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "DataWire", into = "DataWire")]
pub enum ReplyData {
    /// Result of `auth`.
    Authenticated {
        /// Who I am.
        user_id: WireUser,
        /// This connection's session, to be named when sending. Always written: clients stop without it. Absent only
        /// where a server of the documented era wrote the frame.
        session_id: Option<SessionId>,
    },
    /// Result of `listen`.
    Listening {
        /// Who I am.
        user_id: WireUser,
        /// Who is watched now.
        peer_id: WireUser,
        /// Whether that user is online now.
        is_online: bool,
    },
    /// Result of `unlisten`.
    Unlistened {
        /// Who I am.
        user_id: WireUser,
        /// Who is not watched any more.
        peer_id: WireUser,
    },
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct DataWire {
    /// Who I am.
    user_id: WireUser,
    /// Of `listen` and `unlisten`: the other user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peer_id: Option<WireUser>,
    /// Of `listen`: whether the other user is online now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is_online: Option<bool>,
    /// Of `auth`: this connection's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
}

impl TryFrom<DataWire> for ReplyData {
    type Error = &'static str;
    fn try_from(wire: DataWire) -> Result<Self, Self::Error> {
        let user_id = wire.user_id;
        match (wire.peer_id, wire.is_online) {
            (Some(peer_id), Some(is_online)) => Ok(Self::Listening { user_id, peer_id, is_online }),
            (Some(peer_id), None) => Ok(Self::Unlistened { user_id, peer_id }),
            (None, None) => Ok(Self::Authenticated { user_id, session_id: wire.session_id }),
            (None, Some(_)) => Err("missing field `peer_id`"),
        }
    }
}

impl From<ReplyData> for DataWire {
    fn from(data: ReplyData) -> Self {
        let (user_id, peer_id, is_online, session_id) = match data {
            ReplyData::Authenticated { user_id, session_id } => (user_id, None, None, session_id),
            ReplyData::Listening { user_id, peer_id, is_online } => {
                (user_id, Some(peer_id), Some(is_online), None)
            }
            ReplyData::Unlistened { user_id, peer_id } => (user_id, Some(peer_id), None, None),
        };
        Self { user_id, peer_id, is_online, session_id }
    }
}
