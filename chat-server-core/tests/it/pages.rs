//! The newest page of a room: read once for all who ask for it, and never an old one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{ErrorCode, HistoryPage, HistoryQuery, RoomId, UserId};
use chat_server_core::{Caller, ChatServer, Providers, ServerConfig};

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, quick, send};

/// Counts reads, which take a while.
#[derive(Default)]
struct Reads(AtomicUsize);

#[async_trait]
impl Hooks for Reads {
    async fn before_history(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

struct Scene {
    server: ChatServer,
    store: Arc<Hooked<Reads>>,
    room: RoomId,
}

impl Scene {
    fn new(config: ServerConfig) -> Self {
        let store = Arc::new(Hooked::<Reads>::default());
        let providers = Providers { storage: store.clone(), ..Providers::default() };
        Self { server: ChatServer::start(providers, config), store, room: "r".parse().unwrap() }
    }

    fn reads(&self) -> usize {
        self.store.hooks.0.load(Ordering::SeqCst)
    }

    async fn page(&self, caller: &Caller, query: HistoryQuery) -> Vec<u64> {
        let json = self.server.history(caller, &self.room, query).await.unwrap();
        let page: HistoryPage = serde_json::from_str(json.get()).unwrap();
        page.messages.iter().map(|message| message.seq.get()).collect()
    }
}

fn user(id: &str) -> Caller {
    Caller::User(UserId::new(id).unwrap())
}

async fn room_of_alice(server: &ChatServer) -> Peer {
    let mut alice = Peer::log_in(server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    alice.ok(&send("1", "r", "x")).await;
    alice
}

#[tokio::test]
async fn many_who_ask_at_once_are_answered_by_one_read() {
    let scene = Scene::new(quick());
    let _alice = room_of_alice(&scene.server).await;
    let (alice, bob) = (user("alice"), user("bob"));
    let newest = HistoryQuery::default();
    let asked = (0..20).map(|n| scene.page(if n % 2 == 0 { &alice } else { &bob }, newest));
    for page in futures::future::join_all(asked).await {
        assert_eq!(page, [1]);
    }
    assert_eq!(scene.reads(), 1);
    // Nobody is spared the question whether they may read it.
    let refused = scene.server.history(&user("stranger"), &scene.room, newest).await;
    assert_eq!(refused.unwrap_err().wire().code, ErrorCode::Forbidden);
}

#[tokio::test]
async fn a_page_is_never_older_than_the_last_acknowledged_message() {
    let scene = Scene::new(quick());
    let mut alice = room_of_alice(&scene.server).await;
    let newest = HistoryQuery::default();
    for last in 2..30 {
        assert_eq!(scene.page(&user("bob"), newest).await.last(), Some(&(last - 1)));
        alice.ok(&send(&last.to_string(), "r", "x")).await;
        assert_eq!(scene.page(&user("bob"), newest).await.last(), Some(&last));
    }
    alice.ok(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    let refused = scene.server.history(&user("alice"), &scene.room, newest).await;
    assert_eq!(refused.unwrap_err().wire().code, ErrorCode::Forbidden);
}

#[tokio::test]
async fn other_pages_are_read_as_they_are_asked_for() {
    let scene = Scene::new(quick());
    let mut alice = room_of_alice(&scene.server).await;
    alice.ok(&send("2", "r", "x")).await;
    let before = HistoryQuery { before: chat_protocol::Seq::new(2), ..HistoryQuery::default() };
    let one = HistoryQuery { limit: Some(1), ..HistoryQuery::default() };
    for (query, expected) in
        [(before, vec![1]), (before, vec![1]), (one, vec![2]), (HistoryQuery::default(), vec![1, 2])]
    {
        assert_eq!(scene.page(&user("bob"), query).await, expected);
    }
    assert_eq!(scene.page(&Caller::Operator, HistoryQuery::default()).await, [1, 2]);
    assert_eq!(scene.reads(), 5);
}

#[tokio::test]
async fn without_a_cache_every_page_is_read() {
    let scene = Scene::new(ServerConfig { max_page_cache: 0, ..quick() });
    let _alice = room_of_alice(&scene.server).await;
    for reads in 1..4 {
        assert_eq!(scene.page(&user("bob"), HistoryQuery::default()).await, [1]);
        assert_eq!(scene.reads(), reads);
    }
}

#[tokio::test]
async fn who_asks_first_may_stop_listening_or_leave() {
    let scene = Scene::new(quick());
    let _alice = room_of_alice(&scene.server).await;
    let (alice, bob) = (user("alice"), user("bob"));
    {
        let first = scene.page(&alice, HistoryQuery::default());
        futures::pin_mut!(first);
        assert!(futures::poll!(first.as_mut()).is_pending());
        // Nobody polls the first one meanwhile.
        let second = scene.page(&bob, HistoryQuery::default());
        assert_eq!(tokio::time::timeout(Duration::from_secs(5), second).await.unwrap(), [1]);
    }
    assert_eq!(scene.page(&alice, HistoryQuery::default()).await, [1]);
    assert_eq!(scene.reads(), 1);
}
