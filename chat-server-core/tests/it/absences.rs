//! Whom an existing system is told of, through a whole server of in-memory parts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{Command, UserId, decode};
use chat_server_core::dialects::ShownMessage;
use chat_server_core::push::{AbsenceSink, WebhookOutcome};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{JobKind, JobStore};
use chat_server_core::{Caller, ChatServer, Providers, ServerConfig};

use crate::peer::{Peer, quick, send};

const PATIENCE: Duration = Duration::from_secs(10);

/// What was told: the name, the text, and of whom.
type Told = (String, String, Vec<String>);

/// An hour, as a system that is overloaded may ask for.
const LATER: WebhookOutcome = WebhookOutcome::Retry(Some(Duration::from_secs(60 * 60)));

/// A system that answers as it is told, and then takes all but what says that it is stuck.
#[derive(Default)]
struct System {
    answers: Mutex<Vec<WebhookOutcome>>,
    told: Mutex<Vec<Told>>,
}

#[async_trait]
impl AbsenceSink for System {
    async fn tell(&self, id: &str, message: &ShownMessage, absent: &[UserId]) -> WebhookOutcome {
        let text = message.stored.message.content.text().unwrap().into_owned();
        let absent = absent.iter().map(ToString::to_string).collect();
        let taken = if text.starts_with("stuck") { LATER } else { WebhookOutcome::Delivered };
        self.told.lock().unwrap().push((id.to_owned(), text, absent));
        self.answers.lock().unwrap().pop().unwrap_or(taken)
    }
}

impl System {
    async fn until(&self, count: usize) -> Vec<Told> {
        let enough = async {
            while self.told.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, enough).await;
        let told = self.told.lock().unwrap().clone();
        assert!(done.is_ok(), "only {told:?}");
        told
    }
}

fn start(system: &Arc<System>, storage: &Arc<MemoryStore>) -> ChatServer {
    start_with(system, storage, Duration::from_secs(60 * 60))
}

fn start_with(system: &Arc<System>, storage: &Arc<MemoryStore>, max_push_age: Duration) -> ChatServer {
    let absence = Some(system.clone() as Arc<_>);
    let providers = Providers { storage: storage.clone(), absence, ..Providers::default() };
    ChatServer::start(providers, ServerConfig { max_push_attempts: 3, max_push_age, ..quick() })
}

async fn command(server: &ChatServer, of: &str, json: &str) {
    let command: Command = decode(json.as_bytes()).unwrap();
    let done = server.command(&Caller::User(UserId::new(of).unwrap()), command).await;
    done.unwrap_or_else(|error| panic!("{json}: {error}"));
}

async fn create(server: &ChatServer, members: &[&str]) {
    create_room(server, "r", members).await;
}

async fn create_room(server: &ChatServer, room: &str, members: &[&str]) {
    let members = serde_json::json!(members);
    let json = format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}","members":{members}}}}}"#);
    command(server, "alice", &json).await;
}

#[tokio::test]
async fn whoever_hears_nothing_of_a_room_is_told_of_and_nobody_else() {
    let (system, storage) = (Arc::new(System::default()), Arc::default());
    let server = start(&system, &storage);
    create(&server, &["bob", "carol", "dave", "eve"]).await;
    command(&server, "eve", r#"{"block":{"id":"b","user":"alice"}}"#).await;
    let mute = r#"{"set":{"id":"m","room":"r","settings":{"mute_until":"2999-01-01T00:00:00Z"}}}"#;
    command(&server, "dave", mute).await;
    let mut bob = Peer::log_in(&server, "bob").await;
    command(&server, "alice", &send("1", "r", "one")).await;
    system.until(1).await;
    bob.ok(r#"{"unfollow":{"id":"u","room":"r"}}"#).await;
    command(&server, "alice", &send("2", "r", "two")).await;
    let told = system.until(2).await;
    let of = |n: usize| (told[n].1.as_str(), told[n].2.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(of(0), ("one", vec!["carol"]), "bob hears of it, dave muted it, eve blocks");
    assert_eq!(of(1), ("two", vec!["bob", "carol"]), "a connection that does not hear of the room");
    server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn what_is_not_taken_is_told_again_under_its_name_and_given_up_in_the_end() {
    let (system, storage) = (Arc::new(System::default()), Arc::default());
    let server = start(&system, &storage);
    create(&server, &["bob"]).await;
    let soon = WebhookOutcome::Retry(Some(Duration::from_millis(1)));
    *system.answers.lock().unwrap() =
        vec![WebhookOutcome::Refused, soon, soon, soon, WebhookOutcome::Delivered];
    for text in ["one", "two", "three", "four"] {
        command(&server, "alice", &send(text, "r", text)).await;
    }
    let told = system.until(6).await;
    let texts: Vec<&str> = told.iter().map(|told| told.1.as_str()).collect();
    assert_eq!(texts, ["one", "two", "two", "two", "three", "four"], "three was refused");
    assert!(told[1].0 == told[3].0 && told[1].0 != told[4].0, "{told:?}");
    server.shutdown(PATIENCE).await;

    let server = start(&system, &storage);
    command(&server, "alice", &send("five", "r", "five")).await;
    let told = system.until(7).await;
    assert_eq!((told.len(), told[6].1.as_str()), (7, "five"), "nothing comes again after a restart");
    server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn what_is_not_taken_holds_up_its_room_alone() {
    let (system, storage) = (Arc::new(System::default()), Arc::default());
    let server = start(&system, &storage);
    create(&server, &["bob"]).await;
    create_room(&server, "s", &["bob"]).await;
    let later = WebhookOutcome::Retry(Some(Duration::from_millis(100)));
    *system.answers.lock().unwrap() = vec![later];
    command(&server, "alice", &send("1", "r", "one")).await;
    system.until(1).await;
    command(&server, "alice", &send("2", "r", "two")).await;
    command(&server, "alice", &send("3", "s", "elsewhere")).await;
    let told = system.until(4).await;
    let texts: Vec<&str> = told.iter().map(|told| told.1.as_str()).collect();
    assert_eq!(texts, ["one", "elsewhere", "one", "two"]);
    server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn however_many_rooms_wait_the_others_are_told_of_at_once() {
    let (system, storage) = (Arc::new(System::default()), Arc::default());
    let server = start(&system, &storage);
    create(&server, &["bob"]).await;
    for n in 0..20 {
        let room = format!("s{n}");
        create_room(&server, &room, &["bob"]).await;
        command(&server, "alice", &send("1", &room, "stuck")).await;
    }
    system.until(20).await;
    // More than may be under way of the feed, which goes on behind what waits.
    for n in 0..1_100 {
        let room = if n % 2 == 0 { "r" } else { "s7" };
        command(&server, "alice", &send(&format!("m{n}"), room, &n.to_string())).await;
    }
    let told = system.until(20 + 550).await;
    let texts: Vec<usize> = told[20..].iter().map(|told| told.1.parse().unwrap()).collect();
    assert!(texts.iter().copied().eq((0..1_100).step_by(2)), "{texts:?}");
    server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn nothing_waits_for_longer_than_anybody_wants_to_hear_of_it() {
    let (system, storage) = (Arc::new(System::default()), Arc::default());
    let server = start_with(&system, &storage, Duration::from_secs(1));
    create(&server, &["bob"]).await;
    command(&server, "alice", &send("first", "r", "stuck")).await;
    system.until(1).await;
    let more = async {
        for n in 0.. {
            command(&server, "alice", &send(&n.to_string(), "r", "new")).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let told = tokio::select! {
        () = more => unreachable!("it goes on for ever"),
        told = system.until(2) => told,
    };
    assert_eq!(told[1].1, "new", "though an hour was asked for");
    server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn what_waits_when_the_server_stops_comes_in_its_order_after_the_restart() {
    let (system, storage) = (Arc::new(System::default()), Arc::default());
    let server = start(&system, &storage);
    create(&server, &["bob"]).await;
    *system.answers.lock().unwrap() = vec![LATER];
    command(&server, "alice", &send("1", "r", "one")).await;
    system.until(1).await;
    command(&server, "alice", &send("2", "r", "two")).await;
    tokio::time::timeout(PATIENCE, server.shutdown(PATIENCE)).await.expect("nobody waits for an hour");

    let server = start(&system, &storage);
    command(&server, "alice", &send("3", "r", "three")).await;
    let told = system.until(4).await;
    let texts: Vec<&str> = told.iter().map(|told| told.1.as_str()).collect();
    assert_eq!(texts, ["one", "one", "two", "three"]);
    assert_eq!(told[0].0, told[1].0, "the same name");
    while storage.next_due(JobKind::Webhook).await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    server.shutdown(PATIENCE).await;
    assert_eq!(system.until(4).await.len(), 4, "each once");
}

#[tokio::test]
async fn a_repetition_has_its_name_whoever_is_absent_by_then() {
    let (system, storage) = (Arc::new(System::default()), Arc::default());
    let server = start(&system, &storage);
    create(&server, &["bob", "carol"]).await;
    *system.answers.lock().unwrap() = vec![WebhookOutcome::Retry(Some(Duration::from_millis(300)))];
    command(&server, "alice", &send("1", "r", "one")).await;
    system.until(1).await;
    let _bob = Peer::log_in(&server, "bob").await;
    let told = system.until(2).await;
    assert_eq!(
        (told[0].2.as_slice(), told[1].2.as_slice()),
        (&["bob", "carol"].map(str::to_owned)[..], &["carol".to_owned()][..])
    );
    assert_eq!(told[0].0, told[1].0);
    server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn many_are_told_of_in_pages_of_which_only_one_is_repeated() {
    let (system, storage) = (Arc::new(System::default()), Arc::default());
    let server = start(&system, &storage);
    create(&server, &[]).await;
    let users: Vec<String> = (100..350).map(|n| format!("u{n}")).collect();
    for some in users.chunks(50) {
        let users = serde_json::json!(some);
        let json = format!(r#"{{"invite":{{"id":"i","room":"r","users":{users}}}}}"#);
        command(&server, "alice", &json).await;
    }
    let soon = WebhookOutcome::Retry(Some(Duration::from_millis(1)));
    *system.answers.lock().unwrap() = vec![soon, WebhookOutcome::Delivered];
    command(&server, "alice", &send("1", "r", "one")).await;
    let told = system.until(3).await;
    assert_eq!((&told[1].0, &told[1].2), (&told[2].0, &told[2].2), "the page that was not taken");
    let all: Vec<String> = [told[0].2.clone(), told[1].2.clone()].concat();
    assert_eq!(all, users);
    server.shutdown(PATIENCE).await;
}
