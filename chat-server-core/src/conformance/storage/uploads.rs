//! Accounts of uploaded files.

use chat_protocol::{Seq, Timestamp};

use super::Subject;
use super::scene::*;
use crate::blob::BlobName;
use crate::storage::{Quota, Refusal, UploadBytes, UploadChange, UploadEntry};

/// More than any case uploads.
const PLENTY: Quota = Quota { user: 1_000_000, all: 1_000_000 };

fn name(n: u128) -> BlobName {
    BlobName::from_bits(n)
}

fn names(of: &[u128]) -> Vec<BlobName> {
    of.iter().map(|n| name(*n)).collect()
}

/// A file of 10 bytes that is due at 100.
fn upload(n: u128, of: &str, by: &str) -> UploadEntry {
    UploadEntry { name: name(n), room: room(of), by: user(by), size: 10, due: at(100) }
}

fn refer(of: &str, seq: u64, to: &[u128]) -> UploadChange {
    UploadChange::Refer { room: room(of), seq: Seq::new(seq).unwrap_or(Seq::ZERO), names: names(to) }
}

impl Scene {
    async fn add(&self, upload: &UploadEntry, quota: Quota) -> Result<(), Refusal> {
        self.store.add_upload(at(1), upload, quota).await.expect("add_upload works")
    }

    async fn uploaded(&self, n: u128, of: &str, by: &str) {
        self.add(&upload(n, of, by), PLENTY).await.expect("the file is taken");
    }

    /// Two files, of which a message names one.
    pub(super) async fn uploads(&self, of: &str, by: &str) {
        self.uploaded(1, of, by).await;
        self.uploaded(2, of, by).await;
        self.refers(at(10), &[refer(of, 2, &[2])]).await;
    }

    async fn bytes(&self, of: &str) -> (u64, u64) {
        let UploadBytes { user, all } = self.store.upload_bytes(&user(of)).await.expect("upload_bytes works");
        (user, all)
    }

    async fn refers(&self, now: Timestamp, changes: &[UploadChange]) {
        self.store.refer(now, changes).await.expect("refer works");
    }

    pub(super) async fn due(&self, now: i64) -> Vec<BlobName> {
        self.store.due_uploads(at(now), ALL).await.expect("due_uploads works")
    }

    async fn removed(&self, of: &[u128]) {
        self.store.remove_uploads(&names(of)).await.expect("remove_uploads works");
    }
}

/// Bytes come with an account and go with it.
pub async fn bytes_of_uploads_are_counted(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a", "b"])).await;
    assert_eq!(scene.bytes("a").await, (0, 0));
    assert_eq!(scene.add(&upload(9, "unknown", "a"), PLENTY).await, Err(Refusal::NoRoom));
    scene.uploaded(1, "r", "a").await;
    scene.uploaded(2, "r", "b").await;
    scene.uploaded(3, "r", "a").await;
    scene.uploaded(3, "r", "a").await;
    assert_eq!((scene.bytes("a").await, scene.bytes("b").await), ((20, 30), (10, 30)), "once each");
    for (quota, taken) in [
        (Quota { user: 29, all: 100 }, Err(Refusal::Full)),
        (Quota { user: 100, all: 39 }, Err(Refusal::Full)),
        (Quota { user: 30, all: 40 }, Ok(())),
    ] {
        assert_eq!(scene.add(&upload(4, "r", "a"), quota).await, taken, "{quota:?}");
        let used = if taken.is_ok() { (30, 40) } else { (20, 30) };
        assert_eq!(scene.bytes("a").await, used, "{quota:?}");
    }
    scene.removed(&[1, 2, 2, 77]).await;
    assert_eq!((scene.bytes("a").await, scene.bytes("b").await), ((20, 20), (0, 20)));
    scene.uploaded(1, "r", "b").await;
    assert_eq!(scene.bytes("b").await, (10, 30), "what is gone may come again");
}

/// Who refers to a file keeps it.
pub async fn an_upload_lasts_as_long_as_it_is_named(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a", "b"])).await;
    scene.stored(create("s", "a", &["a", "b"])).await;
    for n in 1..=5 {
        scene.uploaded(n, "r", "a").await;
    }
    assert_eq!(scene.due(99).await, []);
    // The third stands in a message of another room, which nobody there can read it by.
    let changes = [refer("r", 1, &[1, 2, 77]), refer("r", 2, &[1]), refer("s", 1, &[3]), refer("r", 0, &[5])];
    for _ in 0..2 {
        scene.refers(at(10), &changes).await;
        assert_eq!(scene.due(99).await, [], "not before its time");
        assert_eq!(scene.due(100).await, names(&[3, 4]), "nothing refers to them");
        let first = scene.store.due_uploads(at(100), 1).await.expect("due_uploads works");
        assert_eq!(first, names(&[3]), "at most as many as asked for");
    }
    scene.refers(at(20), &[refer("r", 1, &[2])]).await;
    assert_eq!(scene.due(100).await, names(&[3, 4]), "the second message still names the first file");
    scene.refers(at(30), &[refer("r", 2, &[])]).await;
    assert_eq!((scene.due(29).await, scene.due(30).await), (vec![], names(&[1])), "it comes up at once");
    scene.refers(at(40), &[refer("r", 3, &[1])]).await;
    assert_eq!(scene.due(50).await, [], "it was named again in time");
    let trim = |oldest| UploadChange::Trim { room: room("r"), oldest: Seq::new(oldest).expect("a number") };
    scene.refers(at(50), &[trim(3)]).await;
    assert_eq!(scene.due(50).await, names(&[2]), "the message that named it is gone");
    scene.refers(at(60), &[trim(4), trim(4)]).await;
    assert_eq!(scene.due(60).await, names(&[2, 1]), "the earliest first");
    assert_eq!(scene.due(1_000).await, names(&[2, 1, 3, 4]), "what the room itself names stays");
    scene.refers(at(70), &[refer("r", 0, &[])]).await;
    assert_eq!(scene.due(70).await, names(&[2, 1, 5]));
    scene.removed(&[1, 2, 3, 4, 5]).await;
    assert_eq!(scene.due(1_000).await, []);
    scene.uploaded(1, "r", "a").await;
    assert_eq!(scene.due(100).await, names(&[1]), "nothing of an earlier life is left");
}

/// What waits to be sent keeps its files.
pub async fn a_kept_upload_comes_up_later(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a", "b"])).await;
    scene.stored(create("s", "a", &["a", "b"])).await;
    for n in 1..=3 {
        scene.uploaded(n, "r", "a").await;
    }
    let keep =
        |of: &str, until| UploadChange::Keep { room: room(of), names: names(&[1, 2, 77]), until: at(until) };
    scene.refers(at(10), &[refer("r", 1, &[2]), keep("r", 500), keep("r", 400), keep("s", 900)]).await;
    assert_eq!((scene.due(499).await, scene.due(500).await), (names(&[3]), names(&[3, 1])));
    scene.refers(at(20), &[refer("r", 1, &[])]).await;
    assert_eq!(scene.due(20).await, names(&[2]), "it was kept by its message");
}
