//! Uploaded files for `chat-server-core` in a directory.
//!
//! ```
//! use std::sync::Arc;
//! use chat_blob_fs::FsBlobs;
//! use chat_server_core::Providers;
//! # let dir = tempfile::tempdir().unwrap();
//! # let dir = dir.path();
//! let blobs = FsBlobs::open(dir)?;
//! let providers = Providers { blobs: Some(Arc::new(blobs)), ..Providers::default() };
//! # Ok::<(), chat_blob_fs::OpenError>(())
//! ```
//!
//! The directory holds
//!
//! | path | what |
//! | --- | --- |
//! | `ab/ab3f...` | a whole blob: its bytes, then what is known of them; the folder is the name's first two digits |
//! | `under-way/3f21...` | a blob that is being written |
//! | `LOCK` | held while the store is open: what is under way belongs to the process that holds it |
//!
//! Copy it with any tool, before or after the database: a blob that the database names and the copy lacks is a missing
//! file, a blob that nobody names is only space.
//!
//! # Why one file
//!
//! What is known of a blob stands behind its bytes and not in a file or table of its own. So one rename makes both
//! visible, one deletion takes both, nothing has to be compared after a power cut, and the store works beside any
//! database.
//!
//! # What survives what
//!
//! A blob's file is synced before it gets its name, and its folder before `finish` returns: a finished blob survives a
//! power cut, and so does a deletion. What was under way is deleted when the store is opened the next time.

mod error;
mod file;
mod store;

pub use error::OpenError;
pub use store::FsBlobs;
