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

/// Names of all files below a directory, without the lock and without what says whose blobs are.
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
    found.retain(|name| name != "LOCK" && !name.starts_with("by-user"));
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

/// Names of the folders and files that say whose blobs are.
fn marks(dir: &Path) -> (usize, usize) {
    let folders: Vec<_> =
        std::fs::read_dir(dir.join("by-user")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let files = folders.iter().map(|folder| std::fs::read_dir(folder).unwrap().count());
    (folders.len(), files.sum())
}

#[tokio::test]
async fn nothing_of_a_user_is_left_but_what_a_crash_leaves_which_means_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    let names = [1, 2, 3].map(BlobName::from_bits);
    for name in &names {
        let mut writer = blobs.create(name).await.unwrap();
        writer.write(b"x").await.unwrap();
        writer.finish(meta(1)).await.unwrap();
    }
    assert_eq!(marks(dir.path()), (1, 3));
    // As if the process had died before the mark was taken away.
    std::fs::remove_file(dir.path().join("00").join(names[0].as_str())).unwrap();
    let user = meta(1).by;
    for limit in [1, 2, 9] {
        let found = blobs.of_user(&user, None, limit).await.unwrap();
        assert_eq!(found[0].0, names[1], "{limit}");
        assert_eq!(found.len(), limit.min(2));
    }
    assert!(!blobs.delete(&names[0]).await.unwrap());
    assert!(blobs.delete(&names[1]).await.unwrap() && blobs.delete(&names[2]).await.unwrap());
    assert_eq!(blobs.of_user(&user, None, 9).await.unwrap(), []);
    assert_eq!(marks(dir.path()), (1, 1));
    let mut writer = blobs.create(&names[0]).await.unwrap();
    writer.write(b"x").await.unwrap();
    writer.finish(meta(1)).await.unwrap();
    assert!(blobs.delete(&names[0]).await.unwrap());
    assert_eq!(marks(dir.path()), (0, 0), "nor the folder");
}
