//! Uploaded files as an operator sets them.

use std::path::PathBuf;
use std::time::Duration;

use chat_server_core::blob::DEFAULT_KINDS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::keys;

/// Files that users upload.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Uploads {
    /// Directory of the files, made if it does not exist; default `uploads` in `data`. One process at a time may use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// Greatest size of one file, in bytes; 0 takes no files any more. Memory does not grow with it: files go to the disk
    /// as they come.
    pub max_size: u64,
    /// Greatest number of uploads that one user has under way; the next is refused and may be tried again. Together with
    /// `max_size` it is what one user can take of the disk at once without finishing anything.
    pub max_per_user: usize,
    /// Greatest number of unfinished uploads of one user, of those that come in several requests; one more gives up the one for
    /// which nothing has come for the longest time. Each takes as many bytes of the disk as have come. 0 takes no such uploads.
    pub max_unfinished_per_user: usize,
    /// How long an unfinished upload waits for its next byte. Longer serves clients that are without a network for longer, and
    /// holds more of the disk for what may never be whole.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub unfinished_expiry: Duration,
    /// Greatest number of bytes of all files of one user that are there; the next file is refused with `ERR_TOO_LARGE`. Files
    /// that go with their messages make place.
    pub quota_per_user: u64,
    /// Greatest number of bytes of all files; the next one is refused with `ERR_STORAGE_UNAVAILABLE`. Keep it below the size
    /// of the disk: where messages are on the same one, a full disk stores none of them either.
    pub quota: u64,
    /// How long a file is kept that no message names, from its upload on; one that some message named goes with the last that
    /// does. Shorter loses what is uploaded by clients that send their messages much later.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub expiry: Duration,
    /// Media types that are taken, each as `image/png`, `image/*` or `*/*`. What counts is what the bytes show. Files that
    /// are no picture, sound or film are only ever saved by readers, never shown.
    pub types: Vec<String>,
    /// How long one request may bring bytes of a file; a sender that pauses for 30 seconds is given up before. Shorter refuses
    /// large files of slow networks, longer lets senders that trickle hold connections.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub timeout: Duration,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            directory: None,
            max_size: 25 * 1024 * 1024,
            max_per_user: 4,
            max_unfinished_per_user: 8,
            unfinished_expiry: Duration::from_secs(60 * 60),
            quota_per_user: 1024 * 1024 * 1024,
            quota: 100 * 1024 * 1024 * 1024,
            expiry: Duration::from_secs(24 * 60 * 60),
            types: DEFAULT_KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
            timeout: Duration::from_secs(600),
        }
    }
}

/// Whether it can be an entry of `types`: `type/subtype` in lower case, without parameters.
pub(super) fn is_type(text: &str) -> bool {
    let name = |part: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "!#$&-^_.+".contains(c);
        !part.is_empty() && part.chars().all(plain)
    };
    match text.split_once('/') {
        Some(("*", sub)) => sub == "*",
        Some((family, sub)) => name(family) && (sub == "*" || name(sub)),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_families_or_single_ones() {
        for good in ["*/*", "image/*", "image/png", "application/vnd.ms-excel", "application/x-7z+zip"] {
            assert!(is_type(good), "{good}");
        }
        for bad in ["", "*", "image", "image/", "*/png", "Image/png", "image/png; q=1", "image/ png", "a/b/c"]
        {
            assert!(!is_type(bad), "{bad}");
        }
    }
}
