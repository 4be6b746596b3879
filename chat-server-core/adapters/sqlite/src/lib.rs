//! SQLite storage for `chat-server-core`: durable group commits, history, room and user logs in one file.
//!
//! The data directory holds
//!
//! | file | what |
//! | --- | --- |
//! | `chat.db` | the database |
//! | `chat.db-wal`, `chat.db-shm` | what was written lately; part of the data while the store is open or was killed |
//! | `search.db`, `search.db-wal`, `search.db-shm` | the words of messages, when [`SqliteSearch`] is used; made anew when missing |
//! | `LOCK` | held while the store is open, with the process id; a second process is refused |
//!
//! Back it up with SQLite's own means (`VACUUM INTO`, `.backup`), or copy the directory while the server is stopped.
//! After restoring a backup open the store once with [`SqliteConfig::new_epoch`].
//!
//! # What survives what
//!
//! | | [`Full`](Synchronous::Full) | [`Normal`](Synchronous::Normal) | [`Off`](Synchronous::Off) |
//! | --- | --- | --- | --- |
//! | a killed process | everything | everything | everything |
//! | a power cut | everything | not the last seconds; new epoch | perhaps nothing |
//!
//! A full disk fails the batch at hand, stores nothing of it, and passes by itself. A failed sync ends all writing
//! until the store is opened again, because nobody can know what of it reached the disk. A flipped bit in a message is
//! an error that names the message when it is read, and a change of that message is refused; elsewhere SQLite notices
//! what breaks the structure of its pages.

mod agents;
mod ahead;
mod append;
mod cache;
mod checkpoint;
mod client_ids;
mod codec;
mod config;
mod counts;
mod create;
mod database;
mod devices;
mod edits;
mod entry;
mod error;
mod feed;
mod forget;
mod head;
mod jobs;
mod key;
mod lists;
mod lock;
mod log;
mod members;
mod message;
mod names;
mod number;
mod own;
mod pages;
mod people;
mod readers;
mod room_data;
mod rooms;
mod search;
mod sent;
mod standings;
mod store;
mod traces;
mod trim;
mod uploads;
mod writer;

#[cfg(test)]
mod tests;

pub use config::{SqliteConfig, Synchronous};
pub use error::OpenError;
pub use search::SqliteSearch;
pub use store::SqliteStore;
