//! Stores that cannot write or read, or that are somebody else's.

use std::sync::Mutex;

use chat_client::store::{Change, ClientStore, MemoryStore, StoreError, Stored};

use super::*;

/// A store whose disk can be full.
#[derive(Clone, Default)]
struct Disk {
    kept: MemoryStore,
    full: Arc<Mutex<bool>>,
}

impl Disk {
    fn fill(&self, full: bool) {
        *self.full.lock().unwrap() = full;
    }

    async fn waiting(&self) -> usize {
        self.kept.load().await.unwrap().sends.len()
    }
}

impl ClientStore for Disk {
    fn load(&self) -> BoxFuture<'_, Result<Stored, StoreError>> {
        match *self.full.lock().unwrap() {
            true => std::future::ready(Err(StoreError("no such device".to_owned()))).boxed(),
            false => self.kept.load(),
        }
    }

    fn apply<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Result<(), StoreError>> {
        match *self.full.lock().unwrap() {
            true => std::future::ready(Err(StoreError("disk full".to_owned()))).boxed(),
            false => self.kept.apply(changes),
        }
    }
}

#[tokio::test]
async fn a_store_that_cannot_write_is_told_once_and_keeps_nobody_from_sending() {
    let scene = Scene::new().await;
    let disk = Disk::default();
    let ann = scene.builder().token("dev-ann").store(disk.clone()).connect().await.unwrap();
    let lobby = open(&ann, "r").await;
    ann.save().await.unwrap();
    let mut events = ann.events();
    story(&mut events, "resumed r: snapshot").await;
    disk.fill(true);
    for n in 0..5 {
        let sent = timeout(PATIENCE, lobby.send_text(format!("{n}"))).await.unwrap();
        assert_eq!(sent.unwrap().seq.get(), n + 1, "sent all the same");
    }
    assert_eq!(ann.save().await, Err(Error::Store(StoreError("disk full".to_owned()))));
    let told = so_far(&mut events).await;
    let failures = |told: &[String]| told.iter().filter(|event| event.starts_with("store failed")).count();
    assert_eq!(failures(&told), 1, "{told:#?}");
    assert!(told.contains(&"store failed: disk full".to_owned()));

    // It is tried by itself until it works; the next failure is news again.
    disk.fill(false);
    let saved = async {
        while ann.save().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, saved).await.expect("it works again");
    assert_eq!(disk.waiting().await, 0, "all are sent, and nothing is left over from before");
    disk.fill(true);
    lobby.send_text("5").await.unwrap();
    let told = story(&mut events, "store failed: disk full").await;
    assert_eq!(failures(&told), 1, "{told:#?}");
}

#[tokio::test]
async fn a_store_that_cannot_be_read_keeps_the_client_from_starting() {
    let scene = Scene::new().await;
    let disk = Disk::default();
    disk.fill(true);
    let builder = || scene.builder().token("dev-ann").store(disk.clone());
    let error = Error::Store(StoreError("no such device".to_owned()));
    assert_eq!(builder().start().await.unwrap_err(), error);
    assert_eq!(builder().connect().await.unwrap_err(), error);
}

#[tokio::test]
async fn the_store_of_another_user_ends_the_client_and_sends_nothing() {
    let scene = Scene::new().await;
    let kept = MemoryStore::new();
    let gate = scene.gate();
    let ann = ClientBuilder::new(gate.clone()).token("dev-ann").store(kept.clone()).connect().await.unwrap();
    open(&ann, "r").await;
    let mut events = ann.events();
    gate.shut();
    story(&mut events, "disconnected: the connection ended").await;
    let waiting = ann.room(room("r")).send_text("ann's own");
    ann.save().await.unwrap();
    drop(waiting);

    let user = |id: &str| chat_client::protocol::UserId::new(id).unwrap();
    let error = Error::OtherUser { stored: user("ann"), connected: user("bob") };
    let builder = || scene.builder().token("dev-bob").store(kept.clone());
    assert_eq!(builder().connect().await.unwrap_err(), error);
    let bob = builder().start().await.unwrap();
    assert_eq!(bob.user_id(), Some(&user("ann")), "as the store has it, until the server says otherwise");
    let end = "closed: the store holds messages of user \"ann\", and the token is of user \"bob\"";
    assert_eq!(rest(&mut bob.events()).await, [end]);
    assert_eq!(scene.texts("ann", "r").await, [""; 0]);
    assert_eq!(kept.load().await.unwrap().sends.len(), 1, "still there for its owner");
}
