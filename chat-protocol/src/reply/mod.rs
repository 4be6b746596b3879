//! Answers to commands, the same over the socket and as HTTP error bodies.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Action, ErrorCode, ErrorText, Open, RequestId, Timestamp, WireError};

mod data;
mod page;
mod people;

pub use data::{
    AgentsData, AuthData, ChangeData, InviteData, Limits, ListenData, ReadData, RevokeData, RoomData,
    ScheduleData, SendData, SetData, Uploaded, UserEntry,
};
pub use page::{
    BannedUser, BlockedUser, BlocksPage, DeskEntry, DesksPage, InboxEntry, InboxPage, InboxTotals,
    MembersPage, ScheduledMessage, ScheduledPage, SearchPage, SessionEntry, SessionsData,
};
pub use people::{ExportEnd, ExportLine, ExportedDevice, ExportedUpload, ForgetData};

/// The answer to one command.
///
/// ```
/// use chat_protocol::{ErrorCode, Reply};
/// let json = r#"{"id":"3","status":403,"err":"ERR_FORBIDDEN_ACCESS","action":"stop","ts":"2026-11-20T08:30:39.789Z"}"#;
/// let reply: Reply = serde_json::from_str(json).unwrap();
/// assert_eq!(reply.error().unwrap().code.known(), Some(ErrorCode::Forbidden));
/// assert_eq!(serde_json::to_string(&reply).unwrap(), json);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reply {
    /// The command's id; absent when the command could not be read well enough to know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// As HTTP: 200 for success, 4xx and 5xx for errors.
    pub status: u16,
    /// Result of a success; its members depend on the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Map<String, serde_json::Value>>"))]
    pub data: Option<Box<RawValue>>,
    /// Error code; absent for success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub err: Option<ErrorText>,
    /// What to do about the error; absent for success. A newer server may send other words: act then as the table of errors
    /// says of `err`, and stop where it does not know it either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Open<Action>>,
    /// What exactly was wrong, for the person who debugs. Not stable: do not compare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// With action `retry`: how long to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// When it was said.
    pub ts: Timestamp,
}

/// The error that a reply tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyError {
    /// Which error.
    pub code: ErrorText,
    /// What to do: the peer's word if we know it, or that of our table for the code, or `stop`.
    pub action: Action,
    /// What exactly was wrong.
    pub detail: Option<String>,
    /// How long to wait before a retry, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Reply {
    /// A success with `data`.
    ///
    /// # Panics
    /// When `data` cannot be written as JSON, which none of the types of this crate can cause.
    pub fn ok(id: Option<RequestId>, data: &impl Serialize, ts: Timestamp) -> Self {
        let data = serde_json::value::to_raw_value(data).expect("reply data is plain JSON");
        Self { data: Some(data), ..Self::done(id, ts) }
    }

    /// A success that has nothing more to tell.
    pub fn done(id: Option<RequestId>, ts: Timestamp) -> Self {
        Self { id, status: 200, data: None, err: None, action: None, detail: None, retry_after_ms: None, ts }
    }

    /// A refusal.
    pub fn refused(id: Option<RequestId>, error: &WireError, ts: Timestamp) -> Self {
        Self {
            status: error.code.status(),
            err: Some(error.code.into()),
            action: Some(error.code.action().into()),
            detail: error.detail.clone(),
            retry_after_ms: error.retry_after_ms,
            ..Self::done(id, ts)
        }
    }

    /// The error, if it is one: every status of 400 and above is, with or without a code.
    pub fn error(&self) -> Option<ReplyError> {
        if self.status < 400 && self.err.is_none() {
            return None;
        }
        let code = self.err.clone().unwrap_or(Open::Other(Box::default()));
        let said = self.action.as_ref().and_then(Open::known);
        let action = said.or(code.known().map(ErrorCode::action)).unwrap_or(Action::Stop);
        Some(ReplyError { code, action, detail: self.detail.clone(), retry_after_ms: self.retry_after_ms })
    }

    /// The result, read as `T`.
    ///
    /// # Errors
    /// When there is no data, or it has another shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.data.as_ref().map_or("null", |data| data.get()))
    }
}
