//! Changes of a room's data.

use std::time::Duration;

use chat_protocol::command::RoomPatch;
use chat_protocol::{Access, DeskStatus, HistoryVisibility, Patch};
use serde_json::{Map, Value};

/// Changes of a room's data: what is not named stays as it is.
///
/// ```
/// use chat_client::RoomChanges;
/// use chat_client::protocol::Access;
/// let changes = RoomChanges::new().name("Plans").topic(None).access(Access::Open);
/// # let _ = changes;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "changes are made by `RoomHandle::set`"]
pub struct RoomChanges(RoomPatch);

impl RoomChanges {
    /// No changes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its name for people, at most 256 bytes; `None`: none.
    pub fn name<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.0.name = patch(name.into().map(str::to_owned));
        self
    }

    /// URL of its picture, at most 2,048 bytes; `None`: none.
    pub fn avatar<'a>(mut self, url: impl Into<Option<&'a str>>) -> Self {
        self.0.avatar = patch(url.into().map(str::to_owned));
        self
    }

    /// What it is about, at most 1,024 bytes; `None`: nothing.
    pub fn topic<'a>(mut self, topic: impl Into<Option<&'a str>>) -> Self {
        self.0.topic = patch(topic.into().map(str::to_owned));
        self
    }

    /// What the application keeps with it, at most 8 KiB as JSON text, replaced as a whole; `None`: nothing.
    pub fn custom(mut self, custom: impl Into<Option<Map<String, Value>>>) -> Self {
        self.0.custom = patch(custom.into());
        self
    }

    /// How long messages are kept, those that are there included, in whole seconds and at least one; `None`: for ever.
    pub fn message_ttl(mut self, ttl: impl Into<Option<Duration>>) -> Self {
        self.0.message_ttl_s = patch(ttl.into().map(|ttl| ttl.as_secs().max(1)));
        self
    }

    /// Who may join.
    pub fn access(mut self, access: Access) -> Self {
        self.0.access = Some(access);
        self
    }

    /// From where on members read its messages.
    pub fn history(mut self, history: HistoryVisibility) -> Self {
        self.0.history = Some(history);
        self
    }

    /// State of the support case, of a desk.
    pub fn status(mut self, status: DeskStatus) -> Self {
        self.0.status = Some(status);
        self
    }
}

impl From<RoomChanges> for RoomPatch {
    fn from(changes: RoomChanges) -> Self {
        changes.0
    }
}

impl From<RoomPatch> for RoomChanges {
    fn from(patch: RoomPatch) -> Self {
        Self(patch)
    }
}

pub(super) fn patch<T>(value: Option<T>) -> Patch<T> {
    value.map_or(Patch::Clear, Patch::Set)
}
