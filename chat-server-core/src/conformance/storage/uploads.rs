//! Accounts of uploaded files.

use chat_protocol::Patch;
use chat_protocol::command::RoomPatch;

use super::Subject;
use super::scene::*;
use crate::blob::BlobName;
use crate::storage::{Append, DOOMED_AGAIN, JobKind, OwnChange, Quota, Refusal, UploadBytes, UploadEntry};

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

/// A message with a text that names files by their addresses.
fn naming(of: &str, by: &str, files: &[u128]) -> Append {
    text(of, by, &addresses(files))
}

fn addresses(files: &[u128]) -> String {
    files.iter().map(|n| format!("https://chat/v1/uploads/{} ", name(*n))).collect()
}

fn picture(of: &str, avatar: Patch<String>) -> Append {
    set(of, "a", RoomPatch { avatar, ..RoomPatch::default() })
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
        self.stored(naming(of, by, &[2])).await;
    }

    async fn bytes(&self, of: &str) -> (u64, u64, u64) {
        let UploadBytes { user, all, files } =
            self.store.upload_bytes(&user(of)).await.expect("upload_bytes works");
        (user, all, files)
    }

    /// What is doomed at a time.
    pub(super) async fn doomed(&self, now: i64) -> Vec<BlobName> {
        self.store.doom_uploads(at(now), ALL).await.expect("doom_uploads works")
    }

    pub(super) async fn uploads_of(&self, of: &str, after: Option<&BlobName>, limit: usize) -> Vec<BlobName> {
        self.store.uploads_of(&user(of), after, limit).await.expect("uploads_of works")
    }

    async fn removed(&self, of: &[u128]) {
        self.store.remove_uploads(&names(of)).await.expect("remove_uploads works");
    }
}

/// Bytes come with an account and go with it.
pub async fn bytes_of_uploads_are_counted(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a", "b"])).await;
    assert_eq!(scene.bytes("a").await, (0, 0, 0));
    assert_eq!(scene.add(&upload(9, "unknown", "a"), PLENTY).await, Err(Refusal::NoRoom));
    scene.uploaded(1, "r", "a").await;
    scene.uploaded(2, "r", "b").await;
    scene.uploaded(3, "r", "a").await;
    scene.uploaded(3, "r", "a").await;
    assert_eq!((scene.bytes("a").await, scene.bytes("b").await), ((20, 30, 3), (10, 30, 3)), "once each");
    for (quota, taken) in [
        (Quota { user: 29, all: 100 }, Err(Refusal::Full)),
        (Quota { user: 100, all: 39 }, Err(Refusal::Full)),
        (Quota { user: 30, all: 40 }, Ok(())),
    ] {
        assert_eq!(scene.add(&upload(4, "r", "a"), quota).await, taken, "{quota:?}");
        let used = if taken.is_ok() { (30, 40, 4) } else { (20, 30, 3) };
        assert_eq!(scene.bytes("a").await, used, "{quota:?}");
    }
    scene.removed(&[1, 2, 2, 77]).await;
    assert_eq!((scene.bytes("a").await, scene.bytes("b").await), ((20, 20, 2), (0, 20, 2)));
    scene.uploaded(1, "r", "b").await;
    assert_eq!(scene.bytes("b").await, (10, 30, 3), "what is gone may come again");
    scene.own(own("a", OwnChange::Forget)).await;
    assert_eq!(scene.add(&upload(5, "r", "a"), PLENTY).await, Err(Refusal::Forgotten));
}

/// Who names a file keeps it.
pub async fn an_upload_lasts_as_long_as_it_is_named(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), create("s", "a", &["a", "b"])]).await;
    for n in 1..=7 {
        scene.uploaded(n, "r", "a").await;
    }
    // The third stands in a message of another room, which nobody there can read it by.
    scene.all(&[naming("r", "a", &[1, 2, 77]), naming("r", "b", &[1, 6]), naming("s", "a", &[3])]).await;
    scene.stored(picture("r", Patch::Set(addresses(&[5]).trim().to_owned()))).await;
    let mut other = RoomPatch { topic: Patch::Set("files".to_owned()), ..RoomPatch::default() };
    scene.stored(set("r", "a", other.clone())).await;
    scene.stored(text_as("r", "b", &addresses(&[7]), "id")).await;
    assert_eq!(scene.doomed(99).await, [], "not before its time");
    assert_eq!(scene.doomed(100).await, names(&[3, 4]), "nothing names them");
    scene.removed(&[3, 4]).await;
    scene.stored(then(120, edit("r", "a", 1, &addresses(&[2])))).await;
    assert_eq!(scene.doomed(1_000).await, [], "the second message still names the first file");
    scene.stored(then(130, delete("r", "b", 2))).await;
    let dooms = async |now| scene.store.doom_uploads(at(now), 1).await.expect("doom_uploads works");
    assert_eq!((dooms(129).await, dooms(130).await), (vec![], names(&[1])), "at once, as many as asked for");
    assert_eq!(scene.doomed(130).await, names(&[6]), "the other one is on its way");
    scene.removed(&[1, 6]).await;
    scene.stored(then(140, react("r", "a", 1, "+"))).await;
    scene.stored(text_as("r", "b", &addresses(&[7]), "id")).await;
    scene.all(&[then(140, naming("r", "a", &[2])), then(150, trim("r", 4)), then(150, trim("r", 4))]).await;
    assert_eq!(scene.doomed(150).await, names(&[7]), "the only message that named it is gone");
    scene.stored(then(160, trim("r", 9))).await;
    assert_eq!(scene.doomed(160).await, names(&[2]));
    other.topic = Patch::Clear;
    scene.stored(then(170, set("r", "a", other))).await;
    assert_eq!(scene.doomed(1_000).await, [], "what the room itself names stays");
    scene.stored(then(180, picture("r", Patch::Clear))).await;
    assert_eq!(scene.doomed(180).await, names(&[5]));
    scene.removed(&[2, 5, 7]).await;
    scene.uploaded(1, "r", "a").await;
    assert_eq!(scene.doomed(100).await, names(&[1]), "nothing of an earlier life is left");
}

/// A message that is not sent yet keeps its files, and no longer than it waits.
pub async fn a_message_that_waits_keeps_its_uploads(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), create("s", "a", &["a", "b"])]).await;
    for n in 1..=3 {
        scene.uploaded(n, "r", "a").await;
    }
    scene.own(schedule("r", "b", "later", &addresses(&[1, 2]), 500)).await;
    scene.own(schedule("s", "b", "elsewhere", &addresses(&[3]), 500)).await;
    assert_eq!(scene.doomed(1_000).await, names(&[3]), "whenever that is; the room is another one");
    let taken = scene.store.lease(JobKind::Send, at(500), at(900), ALL).await.expect("lease works");
    assert_eq!(taken.len(), 2);
    assert_eq!(scene.doomed(1_000).await, [], "somebody has it in hand");
    scene.stored(then(510, naming("r", "b", &[1]))).await;
    scene.own(unschedule("r", "b", "later", true)).await;
    assert_eq!(scene.doomed(1_000).await, names(&[2]), "it waits no more");
}

/// What was decided once is not taken back.
pub async fn a_doomed_upload_goes(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a"])).await;
    scene.uploads("r", "a").await;
    assert_eq!(scene.doomed(100).await, names(&[1]));
    scene.stored(naming("r", "a", &[1, 2])).await;
    scene.own(schedule("r", "a", "later", &addresses(&[1]), 500)).await;
    let again = 100 + DOOMED_AGAIN.as_micros() as i64;
    assert_eq!(scene.doomed(again - 1).await, [], "it is given some time");
    scene.uploaded(3, "r", "a").await;
    assert_eq!(
        scene.doomed(again).await,
        names(&[3, 1]),
        "its file may be gone already; it keeps no others waiting"
    );
    assert_eq!(scene.bytes("a").await, (30, 30, 3), "it counts as long as it is there");
    scene.removed(&[1, 3]).await;
    assert_eq!(scene.doomed(again * 3).await, []);
}

/// All files of a user, and no others.
pub async fn uploads_are_found_by_their_user(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), create("s", "a", &["a", "b"])]).await;
    for (n, of, by) in [(5, "r", "a"), (3, "s", "a"), (4, "r", "b"), (1, "r", "a"), (2, "r", "a")] {
        scene.uploaded(n, of, by).await;
    }
    scene.stored(naming("r", "b", &[1])).await;
    scene.doomed(100).await;
    assert_eq!(scene.uploads_of("a", None, ALL).await, names(&[1, 2, 3, 5]), "also what goes");
    assert_eq!(scene.uploads_of("nobody", None, ALL).await, []);
    let (mut found, mut last) = (Vec::new(), None);
    loop {
        let page = scene.uploads_of("a", last.as_ref(), 2).await;
        assert!(page.len() <= 2, "at most as many as asked for");
        let Some(end) = page.last() else { break };
        last = Some(end.clone());
        found.extend(page);
    }
    assert_eq!(found, names(&[1, 2, 3, 5]), "pages meet");
    scene.removed(&[1, 2]).await;
    assert_eq!(scene.uploads_of("a", None, ALL).await, names(&[3, 5]));
}
