//! Where messages on their way outlive the application.
//!
//! A client with a [`ClientStore`] writes each message down before it leaves, and takes it out when the server has it. An
//! application that is killed and started again sends what is left, in order, under the same names: the server stores each once.
//!
//! [`MemoryStore`] is the model; `SqliteStore` (feature `sqlite`) keeps a file.

mod memory;
#[cfg(feature = "sqlite")]
pub mod sqlite;

use chat_protocol::{ClientMsgId, Content, Mentions, ReplyError, RoomId, Seq, Timestamp, UserId};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

pub use memory::MemoryStore;

/// Keeps the outbox of one user of one server.
///
/// # Guarantees
/// - [`load`](Self::load) gives everything that was applied and not removed, in the order of [`StoredSend::order`], also after the
///   process was killed.
/// - [`apply`](Self::apply) makes all changes or none; when it returns they outlive a crash of the process, and of the machine if
///   the store can.
///
/// The client calls one at a time, `load` first and once.
pub trait ClientStore: Send + Sync + 'static {
    /// Everything that is kept.
    ///
    /// # Errors
    /// [`StoreError`]; the client does not start then.
    fn load(&self) -> BoxFuture<'_, Result<Stored, StoreError>>;

    /// Makes changes, in their order.
    ///
    /// # Errors
    /// [`StoreError`]; the client tries the same changes again later.
    fn apply<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// What a store keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stored {
    /// Whose outbox it is; `None`: nobody's yet.
    pub user: Option<UserId>,
    /// The messages, in order.
    pub sends: Vec<StoredSend>,
}

/// A change of what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The outbox is this user's.
    User(UserId),
    /// Keep a message, in place of what was kept under its order.
    Put(StoredSend),
    /// Forget the message with this order. That there is none is no error.
    Remove(u64),
}

/// A message that waits.
///
/// ```
/// use chat_client::store::StoredSend;
/// let json = r#"{"order":3,"room":"r1","client_msg_id":"01J","content":{"type":"text/plain","payload":{"text":"hi"}},"created_at":"2026-11-20T08:30:39.789Z"}"#;
/// let send: StoredSend = serde_json::from_str(json).unwrap();
/// assert!(!send.attempted);
/// assert_eq!(serde_json::to_string(&send).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSend {
    /// Its place among all messages. Later ones have greater numbers.
    pub order: u64,
    /// The room.
    pub room: RoomId,
    /// The sender's name for it.
    pub client_msg_id: ClientMsgId,
    /// What it says.
    pub content: Content,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// The message whose thread it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
    /// Whom it calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mentions: Option<Mentions>,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it is not to be sent any more, unless it was sent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// It may have left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attempted: bool,
    /// The server did not take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// Why the server did not take a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The code of its error.
    pub code: chat_protocol::ErrorText,
    /// What exactly was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl From<&ReplyError> for Refused {
    fn from(error: &ReplyError) -> Self {
        Self { code: error.code.clone(), detail: error.detail.clone() }
    }
}

/// Why a store cannot read or write: what it tried, and what went wrong, for the person who repairs it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);
