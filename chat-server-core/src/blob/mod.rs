//! Where uploaded files live.
//!
//! A blob is written once, piece by piece, under a name that the server makes, and never changes. [`memory::MemoryBlobs`]
//! is the model; every implementation proves itself with one line, `blob_conformance!(fresh_store())`.

mod kind;
pub mod memory;

use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use async_trait::async_trait;
use bytes::Bytes;
use chat_protocol::{RoomId, Timestamp, UserId};
use futures::stream::BoxStream;
use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

use crate::storage::StorageError;

pub use kind::{DEFAULT_KINDS, is_shown};
pub(crate) use kind::{SNIFFED, allowed, essence, judge};

/// Digits of a name: 128 random bits, because who knows a name knows half of what is needed to read the blob.
const DIGITS: usize = 32;

/// Name of a blob: 32 hexadecimal digits in lower case that the server drew. No client chooses one, and nothing else is
/// ever a name, so that it can be a file's.
///
/// ```
/// use chat_server_core::blob::BlobName;
/// let name = BlobName::from_bits(0x0b5c);
/// assert_eq!(name.as_str(), "00000000000000000000000000000b5c");
/// assert_eq!(BlobName::parse(name.as_str()), Some(name));
/// assert_eq!(BlobName::parse("../../etc/passwd"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlobName(String);

impl BlobName {
    /// The name that these bits are.
    pub fn from_bits(bits: u128) -> Self {
        Self(format!("{bits:0DIGITS$x}"))
    }

    /// A name as it came from outside; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == DIGITS && digits).then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names of the files that a JSON text names by their addresses, `/v1/uploads/` and the name, with or without a host before it
/// and escapes before the slashes; each once.
pub(crate) fn named(json: &str) -> Vec<BlobName> {
    // Asked of every message, of which almost none names a file.
    static UPLOADS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("uploads"));
    let mut names: Vec<BlobName> = Vec::new();
    for at in UPLOADS.find_iter(json.as_bytes()) {
        let rest = &json[at + UPLOADS.needle().len()..];
        let rest = rest.strip_prefix('\\').unwrap_or(rest);
        let digits = rest.strip_prefix('/').and_then(|rest| rest.get(..DIGITS));
        names.extend(digits.and_then(BlobName::parse).filter(|name| !names.contains(name)));
    }
    names
}

impl fmt::Display for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of a blob beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobMeta {
    /// The room whose members read it.
    pub room: RoomId,
    /// Who uploaded it.
    pub by: UserId,
    /// Name that the file had, for people.
    pub file_name: String,
    /// Media type, as the server found it.
    pub kind: String,
    /// Size in bytes.
    pub size: u64,
    /// When it was whole.
    pub ts: Timestamp,
}

/// Bytes of a blob in order, piece by piece. An error ends them.
pub type BlobBytes = BoxStream<'static, Result<Bytes, StorageError>>;

/// Keeps blobs.
///
/// To write one, begin with `create` and its [`BlobWriter`]: write elsewhere, and let `finish` make all of it visible at once.
///
/// # Guarantees
/// - A finished blob is there, byte for byte, with what `finish` was told of it (`a_finished_blob_is_whole`), and after
///   the store is opened again, if it is durable (`finished_survives_reopen`).
/// - What is being written or was dropped is nowhere, also after the store is opened again (`an_unfinished_blob_is_nowhere`).
///   So is what was under way when the process was killed, which no case can show: test it yourself.
/// - Blobs that are written at once do not mix (`blobs_at_once_stay_apart`).
/// - A writer that rested goes on where it was (`a_writer_that_rested_goes_on`).
/// - A range gives its bytes and no others, as far as the blob goes (`ranges_give_their_bytes`).
/// - A finished blob never changes: the name is not given again (`a_finished_blob_never_changes`).
/// - A deleted blob is nowhere (`a_deleted_blob_is_nowhere`).
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Begins a blob. Nothing of it is seen until [`BlobWriter::finish`]; a writer that is dropped leaves nothing behind.
    ///
    /// # Errors
    /// [`StorageError`] when there is no room, or the store cannot write.
    async fn create(&self, name: &BlobName) -> Result<Box<dyn BlobWriter>, StorageError>;

    /// What is known of a blob; `None` when there is none of that name.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn meta(&self, name: &BlobName) -> Result<Option<BlobMeta>, StorageError>;

    /// The bytes of a blob from `range.start` to before `range.end`, or to its end if that comes first; `None` when there
    /// is none of that name.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn read(&self, name: &BlobName, range: Range<u64>) -> Result<Option<BlobBytes>, StorageError>;

    /// Forgets a blob, durably if the store is; whether there was one.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot write.
    async fn delete(&self, name: &BlobName) -> Result<bool, StorageError>;
}

/// A blob while it is written.
///
/// No call is cancel-safe: after one was dropped, drop the writer too.
#[async_trait]
pub trait BlobWriter: Send {
    /// Puts bytes behind those before.
    ///
    /// # Errors
    /// [`StorageError`] when there is no room, or the store cannot write. The blob cannot be finished then.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError>;

    /// Says that no bytes come for a while, an hour perhaps: what only writing needs, a descriptor or a connection, may be given
    /// back until the next call. Thousands of writers may rest at once. The provided one does nothing.
    ///
    /// # Errors
    /// [`StorageError`] when bytes of before could not be written. The blob cannot be finished then.
    async fn rest(&mut self) -> Result<(), StorageError> {
        Ok(())
    }

    /// Makes the blob whole, and durable if the store is. `meta.size` is the number of bytes written.
    ///
    /// # Errors
    /// [`StorageError`] when nothing of it is kept: the store cannot write, or the name is taken.
    async fn finish(self: Box<Self>, meta: BlobMeta) -> Result<(), StorageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_a_text_are_names() {
        let (one, two) = (BlobName::from_bits(1), BlobName::from_bits(2));
        for (json, expected) in [
            (format!(r#"{{"url":"/v1/uploads/{one}"}}"#), vec![one.clone()]),
            (format!(r#"{{"url":"https:\/\/example.org\/v1\/uploads\/{one}"}}"#), vec![one.clone()]),
            (
                format!("[\"/v1/uploads/{two}\",\"/v1/uploads/{one}?x\",\"uploads/{two}\"]"),
                vec![two.clone(), one],
            ),
            (format!("uploads uploads/ uploads/{} {two}", &two.as_str()[1..]), vec![]),
            ("uploads/\u{1f44d}0000000000000000000000000000000".to_owned(), vec![]),
        ] {
            assert_eq!(named(&json), expected, "{json}");
        }
    }
}
