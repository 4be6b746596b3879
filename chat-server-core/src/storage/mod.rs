//! Where rooms, messages, logs and pointers live.
//!
//! Small facets, usually one object: a message, its place in the room's log and what it changes in users' logs
//! must be one transaction. [`memory::MemoryStore`] is the model; every implementation proves itself with one line,
//! `storage_conformance!(fresh_store())`, and each guarantee below names the case of that suite that checks it.

mod change;
mod devices;
mod error;
mod feed;
mod jobs;
mod layer;
mod lists;
pub mod memory;
mod messages;
mod names;
mod rooms;
mod traces;
mod uploads;
mod users;

use std::sync::Arc;

pub use change::{Append, Appended, Change, NewMessage, NewRoom, Refusal};
pub use devices::{Device, DeviceStore, MAX_DEVICES};
pub use error::{StorageError, StorageErrorKind};
pub use feed::{ChangeFeed, FeedEntry};
pub use jobs::{Job, JobKind, JobStore, NewJob, Schedule};
pub use layer::{Answers, StorageLayer};
pub use lists::{ListStore, Listed, ListedPage};
pub use messages::{LogEntry, LogPage, Marks, MessageStore, StoredMessage};
pub use names::{AliasStore, DesksQuery, MessageAlias, RoomRecord, key_name, key_of_name};
pub use rooms::{BanEntry, Bar, MemberEntry, Place, Relation, RoomStore, RoomView, RoomsQuery, Standing};
pub use traces::TraceStore;
pub use uploads::{DOOMED_AGAIN, Quota, UploadBytes, UploadChange, UploadEntry, UploadStore};
pub use users::{Blocked, OwnAppend, OwnAppended, OwnChange, Pointer, Pointers, UserLog, UserLogPage};

/// What a store can do. Conformance cases are chosen by it: not able is a skip, able and wrong is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// What was appended is there after the store is opened again.
    pub durable: bool,
    /// What writes blocks its thread (a file is synced): the server calls it from threads of its own then, and spares
    /// every commit two hand-overs between threads.
    pub blocking_writes: bool,
    /// Greatest number of changes in one `append` that still pays. The server gathers no more than that.
    pub max_batch: usize,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { durable: false, blocking_writes: false, max_batch: 256 }
    }
}

/// All facets in one object, which is what most stores are.
///
/// A store that differs a little from another one is a [`StorageLayer`] around it. One over a database of yours begins with
/// [`MessageStore::append`] for creations, memberships and messages, one transaction for each batch, and with what shows the
/// outcome: [`MessageStore::log`], [`MessageStore::history`], [`RoomStore::standing`] and [`RoomStore::views`]. From there on the
/// suite says what is missing, case by case, and [`memory`] how it is meant.
pub trait Storage:
    MessageStore
    + RoomStore
    + AliasStore
    + UserLog
    + ChangeFeed
    + JobStore
    + DeviceStore
    + UploadStore
    + TraceStore
    + ListStore
{
}

impl<T> Storage for T where
    T: MessageStore
        + RoomStore
        + AliasStore
        + UserLog
        + ChangeFeed
        + JobStore
        + DeviceStore
        + UploadStore
        + TraceStore
        + ListStore
{
}

/// The facets as a server uses them.
pub type SharedStorage = Arc<dyn Storage>;
