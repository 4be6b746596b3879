//! Blobs in a directory: the suite, and what only a disk can show.

use std::path::Path;

use chat_blob_fs::{FsBlobs, OpenError};
use chat_server_core::blob::{BlobName, BlobStore};
use chat_server_core::conformance::blob::meta;
use chat_server_core::storage::StorageErrorKind;

mod conformance {
    use chat_blob_fs::FsBlobs;
    chat_server_core::blob_conformance!(tempfile::tempdir().unwrap(), |dir| {
        FsBlobs::open(dir.path()).unwrap()
    });
}

/// Names of all files below a directory, without the lock.
fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.strip_prefix(dir).unwrap().display().to_string()),
            }
        }
    }
    found.retain(|name| name != "LOCK");
    found.sort();
    found
}

#[tokio::test]
async fn a_dropped_upload_leaves_no_file_and_a_finished_one_exactly_one() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    let name = BlobName::from_bits(0xab);
    let mut dropped = blobs.create(&name).await.unwrap();
    dropped.write(b"half").await.unwrap();
    assert_eq!(files(dir.path()), [format!("under-way/{name}")]);
    drop(dropped);
    assert_eq!(files(dir.path()), [""; 0]);

    let mut whole = blobs.create(&name).await.unwrap();
    whole.write(b"whole").await.unwrap();
    whole.finish(meta(5)).await.unwrap();
    assert_eq!(files(dir.path()), [format!("00/{name}")]);
    blobs.delete(&name).await.unwrap();
    assert_eq!(files(dir.path()), [""; 0]);
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    let mut cut = blobs.create(&BlobName::from_bits(1)).await.unwrap();
    cut.write(b"half").await.unwrap();
    // A killed process runs no destructors.
    std::mem::forget(cut);
    drop(blobs);
    assert_eq!(files(dir.path()).len(), 1);
    FsBlobs::open(dir.path()).unwrap();
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn a_directory_in_use_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _used = FsBlobs::open(dir.path()).unwrap();
    assert!(matches!(FsBlobs::open(dir.path()), Err(OpenError::InUse { .. })));
}

#[tokio::test]
async fn a_file_that_was_cut_is_an_error_and_no_blob() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    let name = BlobName::from_bits(0xff << 120);
    let mut writer = blobs.create(&name).await.unwrap();
    writer.write(&[7; 1000]).await.unwrap();
    writer.finish(meta(1000)).await.unwrap();
    let path = dir.path().join("ff").join(name.as_str());
    let whole = std::fs::read(&path).unwrap();
    for kept in [0, 7, 8, 999, 1000, whole.len() - 1] {
        std::fs::write(&path, &whole[..kept]).unwrap();
        let error = blobs.meta(&name).await.unwrap_err();
        assert_eq!(error.kind, StorageErrorKind::Corrupt, "{kept}");
        assert!(blobs.read(&name, 0..1).await.is_err(), "{kept}");
    }
}

/// Descriptors of this process that are files below a directory.
#[cfg(target_os = "linux")]
fn open_below(dir: &Path) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").unwrap();
    // One may be closed meanwhile: other tests run in this process.
    all.flatten()
        .filter_map(|fd| std::fs::read_link(fd.path()).ok())
        .filter(|path| path.starts_with(dir))
        .count()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_writer_that_rests_holds_no_descriptor() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    let lock = open_below(dir.path());
    let mut writers = Vec::new();
    for bits in 0..20 {
        let mut writer = blobs.create(&BlobName::from_bits(bits)).await.unwrap();
        writer.write(b"half").await.unwrap();
        assert_eq!(open_below(dir.path()), lock + 1);
        writer.rest().await.unwrap();
        writers.push(writer);
    }
    assert_eq!(open_below(dir.path()), lock);
    assert_eq!(files(dir.path()).len(), 20);
    drop(writers);
    assert_eq!(files(dir.path()), [""; 0], "a writer that rests takes its file with it");
}
