//! Files and what becomes of them: how many bytes there may be, and when they go.

mod unfinished;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::reply::Uploaded;
use chat_protocol::{ErrorCode, RoomId, UserId, WireError};
use chat_server_core::blob::memory::MemoryBlobs;
use chat_server_core::blob::{BlobBytes, BlobMeta, BlobName, BlobStore, BlobWriter};
use chat_server_core::storage::{SharedStorage, StorageError, StorageErrorKind};
use chat_server_core::{Caller, ChatServer, NewUpload, Providers, ServerConfig};

use crate::peer::{Peer, TestClock, quick, send, shared};

/// A disk that may be full, one that deletes nothing, or one that never gets done.
#[derive(Clone, Default)]
struct Disk {
    blobs: MemoryBlobs,
    full: Arc<AtomicBool>,
    stuck: Arc<AtomicBool>,
    slow: Arc<AtomicBool>,
    /// Held by each writer.
    writers: Arc<()>,
}

struct DiskWriter {
    writer: Box<dyn BlobWriter>,
    _one: Arc<()>,
    full: Arc<AtomicBool>,
    slow: Arc<AtomicBool>,
}

fn room_on(full: &AtomicBool) -> Result<(), StorageError> {
    let full = full.load(Ordering::Relaxed);
    let error = || std::io::Error::from(std::io::ErrorKind::StorageFull);
    if full { Err(StorageError::new(StorageErrorKind::Unavailable, "write", error())) } else { Ok(()) }
}

#[async_trait]
impl BlobStore for Disk {
    async fn create(&self, name: &BlobName) -> Result<Box<dyn BlobWriter>, StorageError> {
        let (full, slow) = (self.full.clone(), self.slow.clone());
        let (writer, _one) = (self.blobs.create(name).await?, self.writers.clone());
        Ok(Box::new(DiskWriter { writer, _one, full, slow }))
    }
    async fn meta(&self, name: &BlobName) -> Result<Option<BlobMeta>, StorageError> {
        self.blobs.meta(name).await
    }
    async fn read(&self, name: &BlobName, range: Range<u64>) -> Result<Option<BlobBytes>, StorageError> {
        self.blobs.read(name, range).await
    }
    async fn delete(&self, name: &BlobName) -> Result<bool, StorageError> {
        room_on(&self.stuck)?;
        self.blobs.delete(name).await
    }
}

#[async_trait]
impl BlobWriter for DiskWriter {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        // What is refused comes with the last bytes.
        if bytes == b"last" {
            room_on(&self.full)?;
        }
        while bytes == b"slow" && self.slow.load(Ordering::Relaxed) {
            wait(1).await;
        }
        self.writer.write(bytes).await
    }
    async fn finish(self: Box<Self>, meta: BlobMeta) -> Result<(), StorageError> {
        room_on(&self.full)?;
        while self.slow.load(Ordering::Relaxed) {
            wait(1).await;
        }
        self.writer.finish(meta).await
    }
}

/// A server whose clock is the test's, and a group `r` of alice and bob.
struct Scene {
    server: ChatServer,
    storage: SharedStorage,
    disk: Disk,
    parts: Providers,
    alice: Peer,
}

fn config() -> ServerConfig {
    ServerConfig {
        max_user_bytes: 100_000,
        max_upload_bytes: 150_000,
        ping_interval: Duration::from_secs(10_000_000),
        // Days go by here.
        repair_interval: Duration::from_secs(DAY),
        presence_interval: Duration::from_secs(DAY),
        ..quick()
    }
}

impl Scene {
    async fn new() -> Self {
        let disk = Disk::default();
        let blobs: Option<Arc<dyn BlobStore>> = Some(Arc::new(disk.clone()));
        let parts = Providers { clock: TestClock::start(), blobs, ..shared() };
        let server = ChatServer::start(parts.clone(), config());
        let mut alice = Peer::log_in(&server, "alice").await;
        for room in ["r", "s"] {
            let json =
                format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}","members":["bob"]}}}}"#);
            alice.ok(&json).await;
        }
        Self { server, storage: parts.storage.clone(), disk, parts, alice }
    }

    async fn upload(&self, by: &str, size: usize) -> Result<Uploaded, WireError> {
        let by = Caller::User(UserId::new(by).unwrap());
        upload(&self.server, &by, size).await
    }

    /// A file of 10 bytes of alice's; its address.
    async fn file(&self) -> String {
        self.upload("alice", 10).await.unwrap().url
    }

    async fn post(&mut self, id: &str, room: &str, url: &str) {
        self.alice.ok(&posting(id, room, url, "")).await;
    }

    async fn is_there(&self, url: &str) -> bool {
        self.disk.blobs.meta(&name(url)).await.unwrap().is_some()
    }

    /// Bytes of alice, and of all.
    async fn bytes(&self) -> (u64, u64) {
        let bytes = self.storage.upload_bytes(&UserId::new("alice").unwrap()).await.unwrap();
        (bytes.user, bytes.all)
    }
}

async fn upload(server: &ChatServer, by: &Caller, size: usize) -> Result<Uploaded, WireError> {
    let new = NewUpload { room: RoomId::new("r").unwrap(), file_name: "f".into(), kind: None, size: None };
    let mut upload = server.upload(by, new).await.map_err(|error| error.wire())?;
    upload.write(&vec![b'x'; size.saturating_sub(4)]).await.map_err(|error| error.wire())?;
    upload.write(b"last").await.map_err(|error| error.wire())?;
    upload.finish().await.map_err(|error| error.wire())
}

fn posting(id: &str, room: &str, url: &str, more: &str) -> String {
    format!(
        r#"{{"send":{{"id":"{id}","room":"{room}","client_msg_id":"{id}",{more}"content":{{"type":"image/png","payload":{{"url":"https:\/\/chat.example.org{url}"}}}}}}}}"#
    )
}

fn name(url: &str) -> BlobName {
    BlobName::parse(url.rsplit('/').next().unwrap()).unwrap()
}

async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

const DAY: u64 = 24 * 60 * 60;

#[tokio::test(start_paused = true)]
async fn a_file_goes_with_the_last_message_that_names_it() {
    let mut scene = Scene::new().await;
    let (one, two) = (scene.file().await, scene.file().await);
    scene.post("1", "r", &one).await;
    scene.post("2", "r", &one).await;
    scene.post("3", "r", &two).await;
    wait(DAY + 60).await;
    assert!(scene.is_there(&one).await && scene.is_there(&two).await, "they are named");
    scene.alice.ok(r#"{"delete":{"id":"d","room":"r","seq":1}}"#).await;
    wait(60).await;
    assert!(scene.is_there(&one).await, "another message names it");
    let edited = r#"{"type":"text/plain","payload":{"text":"no picture"}}"#;
    scene.alice.ok(&format!(r#"{{"edit":{{"id":"e","room":"r","seq":2,"content":{edited}}}}}"#)).await;
    scene.alice.ok(r#"{"delete":{"id":"d","room":"r","seq":3,"for_me":true}}"#).await;
    wait(60).await;
    assert!(!scene.is_there(&one).await, "no message names it any more");
    assert!(scene.is_there(&two).await, "the others still see it");
    scene.alice.ok(r#"{"delete":{"id":"d","room":"r","seq":3}}"#).await;
    wait(60).await;
    assert!(!scene.is_there(&two).await);
    assert_eq!(scene.bytes().await, (0, 0));
    scene.server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_goes_when_its_message_is_forgotten() {
    let mut scene = Scene::new().await;
    let url = scene.file().await;
    scene.post("1", "r", &url).await;
    scene.alice.ok(r#"{"set":{"id":"s","room":"r","data":{"message_ttl_s":3600}}}"#).await;
    wait(3_000).await;
    assert!(scene.is_there(&url).await);
    wait(2_000).await;
    assert!(!scene.is_there(&url).await);
    scene.server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_that_no_message_of_its_room_names_goes_after_a_day() {
    let mut scene = Scene::new().await;
    let (never, elsewhere) = (scene.file().await, scene.file().await);
    scene.post("1", "s", &elsewhere).await;
    wait(DAY - 60).await;
    assert!(scene.is_there(&never).await && scene.is_there(&elsewhere).await);
    wait(120).await;
    assert!(!scene.is_there(&never).await, "nobody named it");
    assert!(!scene.is_there(&elsewhere).await, "nobody can read it there");
    scene.server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_room_or_a_message_that_waits_names_is_kept() {
    let mut scene = Scene::new().await;
    let (picture, later, never) = (scene.file().await, scene.file().await, scene.file().await);
    let set = |data: &str| format!(r#"{{"set":{{"id":"s","room":"r","data":{data}}}}}"#);
    scene.alice.ok(&set(&format!(r#"{{"avatar":"{picture}"}}"#))).await;
    scene.alice.ok(&set(r#"{"topic":"pictures"}"#)).await;
    scene.alice.ok(&set(r#"{"message_ttl_s":60}"#)).await;
    scene.alice.ok(&send("1", "r", "soon forgotten")).await;
    let clock = scene.parts.clock.now();
    let at = chat_protocol::Timestamp::from_micros(clock.as_micros() + 3 * DAY as i64 * 1_000_000);
    let at = serde_json::to_string(&at).unwrap();
    scene.alice.ok(&posting("2", "r", &later, &format!(r#""send_at":{at},"#))).await;
    scene.alice.ok(&posting("3", "r", &never, &format!(r#""send_at":{at},"#))).await;
    wait(2 * DAY).await;
    assert!(scene.is_there(&picture).await, "it is the room's picture, whatever else changed");
    assert!(scene.is_there(&later).await, "its message waits");
    assert!(scene.is_there(&never).await, "so does this one's");
    scene.alice.ok(&set(r#"{"message_ttl_s":null}"#)).await;
    scene.alice.ok(r#"{"cancel":{"id":"x","room":"r","client_msg_id":"3"}}"#).await;
    wait(60).await;
    assert!(scene.is_there(&later).await && !scene.is_there(&never).await, "not any more");
    wait(DAY).await;
    assert!(scene.is_there(&later).await, "it was sent");
    scene.alice.ok(&set(r#"{"avatar":null}"#)).await;
    wait(60).await;
    assert!(!scene.is_there(&picture).await);
    scene.server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn files_are_deleted_by_the_next_process_too() {
    let mut scene = Scene::new().await;
    let (one, two) = (scene.file().await, scene.file().await);
    scene.post("1", "r", &one).await;
    scene.post("2", "r", &two).await;
    wait(60).await;
    scene.disk.stuck.store(true, Ordering::Relaxed);
    scene.alice.ok(r#"{"delete":{"id":"d","room":"r","seq":1}}"#).await;
    wait(60).await;
    assert!(scene.is_there(&one).await, "the disk does nothing now");
    assert_eq!(scene.bytes().await, (8_192, 8_192), "and it is counted as long as it is there");
    scene.alice.ok(r#"{"delete":{"id":"d","room":"r","seq":2}}"#).await;
    scene.server.shutdown(Duration::from_secs(5)).await;
    scene.disk.stuck.store(false, Ordering::Relaxed);
    let server = ChatServer::start(scene.parts.clone(), config());
    wait(60).await;
    assert!(!scene.is_there(&one).await && !scene.is_there(&two).await);
    assert_eq!(scene.bytes().await, (0, 0));
    server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn users_and_all_of_them_have_a_bounded_number_of_bytes() {
    let mut scene = Scene::new().await;
    let large = scene.upload("alice", 96_000).await.unwrap().url;
    let refused = scene.upload("alice", 1).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::TooLarge, "every file takes 4 KiB");
    assert_eq!(refused.detail.as_deref(), Some("your files have 96000 bytes, at most 100000 are allowed"));
    scene.upload("bob", 48_000).await.unwrap();
    let refused = scene.upload("bob", 7_000).await.unwrap_err();
    assert_eq!((refused.code, refused.retry_after_ms), (ErrorCode::StorageUnavailable, Some(60_000)));
    assert_eq!(scene.bytes().await, (96_000, 144_000), "what is refused is not counted");
    let room = RoomId::new("r").unwrap();
    let announced = NewUpload { room, file_name: "f".into(), kind: None, size: Some(4_001) };
    let alice = Caller::User(UserId::new("alice").unwrap());
    let early = scene.server.upload(&alice, announced).await.unwrap_err();
    assert_eq!(early.wire().code, ErrorCode::TooLarge, "before its bytes come");
    upload(&scene.server, &Caller::Operator, 6).await.unwrap();
    assert_eq!(
        upload(&scene.server, &Caller::Operator, 6).await.unwrap_err().code,
        ErrorCode::StorageUnavailable
    );
    // Place is made by deleting.
    scene.post("1", "r", &large).await;
    scene.alice.ok(r#"{"delete":{"id":"d","room":"r","seq":1}}"#).await;
    wait(60).await;
    scene.upload("alice", 90_000).await.unwrap();
    scene.server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn uploads_at_once_are_counted_together_and_those_that_end_early_not_at_all() {
    let scene = Scene::new().await;
    let by = Caller::User(UserId::new("alice").unwrap());
    let begin = async || {
        let room = RoomId::new("r").unwrap();
        let new = NewUpload { room, file_name: "f".into(), kind: None, size: Some(60_000) };
        let mut upload = scene.server.upload(&by, new).await.unwrap();
        upload.write(&[b'x'; 60_000]).await.unwrap();
        upload
    };
    drop(begin().await);
    assert_eq!(scene.bytes().await, (0, 0));
    let (one, two) = (begin().await, begin().await);
    let (one, two) = tokio::join!(one.finish(), two.finish());
    let refused = one.and(two).unwrap_err().wire();
    assert_eq!(refused.code, ErrorCode::TooLarge, "one of the two is too many");
    assert_eq!(scene.bytes().await, (60_000, 60_000));
    scene.server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_told_and_leaves_nothing_behind() {
    let scene = Scene::new().await;
    scene.disk.full.store(true, Ordering::Relaxed);
    for size in [10, 10] {
        let refused = scene.upload("alice", size).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::StorageUnavailable);
        assert_eq!(refused.detail.as_deref(), Some("there is no room for files now"));
    }
    assert_eq!(scene.bytes().await, (0, 0));
    scene.disk.full.store(false, Ordering::Relaxed);
    assert!(scene.is_there(&scene.file().await).await, "without a restart");
    scene.server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_just_being_kept_goes_with_its_user() {
    let scene = Scene::new().await;
    let alice = UserId::new("alice").unwrap();
    scene.disk.slow.store(true, Ordering::Relaxed);
    let (server, by) = (scene.server.clone(), Caller::User(alice.clone()));
    let sender = tokio::spawn(async move { upload(&server, &by, 10).await });
    while scene.bytes().await.0 == 0 {
        wait(1).await;
    }
    sender.abort();
    let name = scene.storage.uploads_of(&alice, None, 9).await.unwrap().remove(0);
    scene.server.forget_user(&Caller::Operator, alice.clone()).await.unwrap().expect("begun");
    wait(100).await;
    assert!(scene.storage.forgetting(&alice).await.unwrap().is_some(), "its file is not there yet");
    scene.disk.slow.store(false, Ordering::Relaxed);
    wait(100).await;
    assert_eq!(scene.storage.forgetting(&alice).await.unwrap(), None);
    assert_eq!(scene.disk.blobs.meta(&name).await.unwrap(), None);
    assert_eq!(scene.bytes().await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn files_that_cannot_be_deleted_keep_no_others_waiting() {
    let mut scene = Scene::new().await;
    scene.disk.stuck.store(true, Ordering::Relaxed);
    for n in 0..2 {
        let url = scene.file().await;
        scene.post(&format!("s{n}"), "r", &url).await;
        scene.alice.ok(&format!(r#"{{"delete":{{"id":"d","room":"r","seq":{}}}}}"#, n + 1)).await;
    }
    wait(27).await;
    scene.disk.stuck.store(false, Ordering::Relaxed);
    let url = scene.file().await;
    scene.post("last", "r", &url).await;
    scene.alice.ok(r#"{"delete":{"id":"d","room":"r","seq":3}}"#).await;
    wait(12).await;
    assert!(!scene.is_there(&url).await, "the worker does not rest for longer because of them");
    assert_eq!(scene.bytes().await.0, 2 * 4_096);
    wait(61).await;
    assert_eq!(scene.bytes().await.0, 0, "they come up again");
}
