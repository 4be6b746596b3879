//! The suite of [`BlobStore`]: one test per guarantee.
//!
//! As with [`storage`](super::storage), a store that keeps nothing says how a fresh one is made, and a durable one where
//! it lives and how it is opened there:
//!
//! ```
//! mod conformance {
//!     use chat_server_core::blob::memory::MemoryBlobs;
//!     chat_server_core::blob_conformance!(MemoryBlobs::default());
//! }
//! ```

use std::ops::Range;
use std::sync::Arc;

use chat_protocol::{RoomId, Timestamp, UserId};
use futures::TryStreamExt;

use super::{Opens, skip, suite};
use crate::blob::{BlobMeta, BlobName, BlobStore, BlobWriter};

/// A store as the suite uses it.
pub type SharedBlobs = Arc<dyn BlobStore>;

/// The store under test: opened the first time a fresh one, afterwards with the same data, if it can be opened again.
pub type Subject = Opens<dyn BlobStore>;

/// A store that lives at `place`; `again` when the same data can be opened there again.
pub fn subject<P, S>(place: P, open: impl Fn(&P) -> S + Send + Sync + 'static, again: bool) -> Subject
where
    P: Send + Sync + 'static,
    S: BlobStore + 'static,
{
    Opens::new(again, move || -> SharedBlobs { Arc::new(open(&place)) })
}

suite! { $
    /// Proves a [`BlobStore`](crate::blob::BlobStore) with one line: see [the suite](crate::conformance::blob).
    blob_conformance in blob {
        ($store:expr) => subject((), |()| $store, false);
        ($place:expr, $open:expr) => subject($place, $open, true);
        docs { "../blob/mod.rs" }
        cases {
            a_finished_blob_is_whole
            finished_survives_reopen
            an_unfinished_blob_is_nowhere
            blobs_at_once_stay_apart
            a_writer_that_rested_goes_on
            ranges_give_their_bytes
            a_finished_blob_never_changes
            a_deleted_blob_is_nowhere
        }
    }
}

/// What is told of a blob of that size.
pub fn meta(size: u64) -> BlobMeta {
    BlobMeta {
        room: RoomId::new("r \u{202e}1").expect("an id"),
        by: UserId::new("1").expect("an id"),
        file_name: "Grüße \"👍\".png".to_owned(),
        kind: "image/png".to_owned(),
        size,
        ts: Timestamp::from_micros(1_700_000_000_123_000),
    }
}

/// Bytes that differ from place to place, more than one piece of any stream.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

async fn begin(blobs: &SharedBlobs, name: &BlobName) -> Box<dyn BlobWriter> {
    blobs.create(name).await.expect("a blob can be begun")
}

async fn put(blobs: &SharedBlobs, name: &BlobName, bytes: &[u8]) {
    let mut writer = begin(blobs, name).await;
    for piece in bytes.chunks(60_001) {
        writer.write(piece).await.expect("bytes are taken");
    }
    writer.finish(meta(bytes.len() as u64)).await.expect("a blob can be finished");
}

async fn read(blobs: &SharedBlobs, name: &BlobName, range: Range<u64>) -> Option<Vec<u8>> {
    let stream = blobs.read(name, range).await.expect("it can be read")?;
    let pieces: Vec<_> = stream.try_collect().await.expect("all of it can be read");
    Some(pieces.concat())
}

async fn assert_nowhere(blobs: &SharedBlobs, name: &BlobName, why: &str) {
    assert_eq!(blobs.meta(name).await.expect("it can be asked"), None, "{why}");
    assert_eq!(read(blobs, name, 0..u64::MAX).await, None, "{why}");
    assert!(!blobs.delete(name).await.expect("it can be deleted"), "{why}");
}

async fn a_finished_blob_is_whole(subject: Subject) {
    let blobs = subject.open();
    for (bits, length) in [(0, 0), (1, 1), (u128::MAX, 300_000)] {
        let (name, bytes) = (BlobName::from_bits(bits), bytes(length));
        put(&blobs, &name, &bytes).await;
        assert_eq!(blobs.meta(&name).await.expect("it can be asked"), Some(meta(length as u64)));
        assert!(read(&blobs, &name, 0..length as u64).await.as_deref() == Some(&bytes), "{length} bytes");
    }
}

async fn finished_survives_reopen(subject: Subject) {
    if !subject.again() {
        return skip("what it keeps cannot be opened again");
    }
    let (name, bytes) = (BlobName::from_bits(7), bytes(100_000));
    let blobs = subject.open();
    put(&blobs, &name, &bytes).await;
    drop(blobs);
    let blobs = subject.open();
    assert_eq!(blobs.meta(&name).await.expect("it can be asked"), Some(meta(100_000)), "after reopening");
    assert!(read(&blobs, &name, 0..100_000).await == Some(bytes), "bytes after reopening");
}

async fn an_unfinished_blob_is_nowhere(subject: Subject) {
    let blobs = subject.open();
    let name = BlobName::from_bits(7);
    let mut writer = begin(&blobs, &name).await;
    writer.write(&bytes(100_000)).await.expect("bytes are taken");
    assert_nowhere(&blobs, &name, "while it is written").await;
    drop(writer);
    assert_nowhere(&blobs, &name, "after its writer was dropped").await;
    if subject.again() {
        drop(blobs);
        assert_nowhere(&subject.open(), &name, "after reopening").await;
    }
}

async fn blobs_at_once_stay_apart(subject: Subject) {
    let blobs = subject.open();
    let names = [BlobName::from_bits(1), BlobName::from_bits(2)];
    let mut writers = [begin(&blobs, &names[0]).await, begin(&blobs, &names[1]).await];
    for _ in 0..10 {
        for (mark, writer) in writers.iter_mut().enumerate() {
            writer.write(&[mark as u8; 1_000]).await.expect("bytes are taken");
        }
    }
    for writer in writers {
        writer.finish(meta(10_000)).await.expect("a blob can be finished");
    }
    for (mark, name) in names.iter().enumerate() {
        assert!(read(&blobs, name, 0..10_000).await == Some(vec![mark as u8; 10_000]), "blob {name}");
    }
}

async fn a_writer_that_rested_goes_on(subject: Subject) {
    let blobs = subject.open();
    let (name, bytes) = (BlobName::from_bits(7), bytes(100_000));
    let mut writer = begin(&blobs, &name).await;
    writer.rest().await.expect("it may rest before anything is written");
    for piece in bytes.chunks(30_001) {
        writer.write(piece).await.expect("bytes are taken");
        writer.rest().await.expect("it may rest");
        writer.rest().await.expect("it may rest for longer");
    }
    writer.finish(meta(100_000)).await.expect("a blob can be finished");
    assert!(
        read(&blobs, &name, 0..100_000).await == Some(bytes),
        "nothing is missing, nothing is there twice"
    );
}

async fn ranges_give_their_bytes(subject: Subject) {
    let blobs = subject.open();
    let (name, bytes) = (BlobName::from_bits(7), bytes(200_000));
    put(&blobs, &name, &bytes).await;
    for range in [0..1, 0..200_000, 65_535..65_537, 199_999..200_000, 199_999..u64::MAX, 5..5] {
        let within = range.start as usize..range.end.min(200_000) as usize;
        assert!(
            read(&blobs, &name, range.clone()).await.as_deref() == Some(&bytes[within]),
            "range {range:?}"
        );
    }
    for range in [200_000..u64::MAX, u64::MAX - 1..u64::MAX] {
        assert_eq!(read(&blobs, &name, range).await, Some(Vec::new()), "nothing is behind the end");
    }
}

async fn a_finished_blob_never_changes(subject: Subject) {
    let blobs = subject.open();
    let name = BlobName::from_bits(7);
    put(&blobs, &name, b"first").await;
    // Refused when it begins or when it ends, as the store likes.
    if let Ok(mut writer) = blobs.create(&name).await {
        let written = writer.write(b"second").await;
        assert!(
            written.is_err() || writer.finish(meta(6)).await.is_err(),
            "the name of a finished blob is not given again"
        );
    }
    assert_eq!(read(&blobs, &name, 0..10).await.as_deref(), Some(&b"first"[..]));
    assert_eq!(blobs.meta(&name).await.expect("it can be asked"), Some(meta(5)));
}

async fn a_deleted_blob_is_nowhere(subject: Subject) {
    let blobs = subject.open();
    let (name, other) = (BlobName::from_bits(7), BlobName::from_bits(8));
    put(&blobs, &name, b"gone").await;
    put(&blobs, &other, b"kept").await;
    assert!(blobs.delete(&name).await.expect("it can be deleted"), "there was one");
    assert_nowhere(&blobs, &name, "after it was deleted").await;
    assert_eq!(read(&blobs, &other, 0..10).await.as_deref(), Some(&b"kept"[..]));
}
