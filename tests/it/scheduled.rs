//! SIGKILL while messages that wait are released: each is sent once, not before its time, and none that was cancelled.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use chat_protocol::{HistoryPage, Message, Timestamp};
use chat_server_core::clock::{Clock, SystemClock};
use chat_tests::server::{Server, Start};
use chat_tests::socket::Socket;
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::time::{sleep, timeout};

const ROOMS: usize = 6;
/// In each room; more may not wait there.
const EACH: usize = 100;
/// Every so many is cancelled before its time.
const CANCELLED: usize = 10;
/// The first is due so long after the last was accepted at the latest; the others follow in the time of `OVER`.
const AHEAD: Duration = Duration::from_secs(4);
const OVER: Duration = Duration::from_secs(3);
const KILLS: usize = 6;

/// What a worker had in hand when it died is taken up again so much later.
const LEASE: Duration = Duration::from_secs(16);
const PATIENCE: Duration = Duration::from_secs(60);

fn now() -> i64 {
    SystemClock.now().as_micros()
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).expect("short")
}

/// Schedules all, cancels some; when each of the others is due, by room and text.
async fn schedule(ann: &mut Socket) -> BTreeMap<(usize, String), Timestamp> {
    let (first, mut due) = (now() + micros(AHEAD), BTreeMap::new());
    for n in 0..EACH {
        // To the millisecond, as it is told.
        let at = (first + micros(OVER) * n as i64 / EACH as i64) / 1_000 * 1_000;
        let at = Timestamp::from_micros(at);
        let content = format!(r#"{{"type":"text/plain","payload":{{"text":"m{n}"}}}}"#);
        for room in 0..ROOMS {
            ann.ok(&format!(
                r#"{{"send":{{"id":"s","room":"r{room}","client_msg_id":"m{n}","content":{content},"send_at":"{at}"}}}}"#
            ))
            .await;
            if n % CANCELLED == 0 {
                let cancel = format!(r#"{{"cancel":{{"id":"c","room":"r{room}","client_msg_id":"m{n}"}}}}"#);
                ann.ok(&cancel).await;
            } else {
                due.insert((room, format!("m{n}")), at);
            }
        }
    }
    assert!(now() < first, "all were accepted before the first was due");
    due
}

/// All messages of a room, oldest first.
async fn history(ann: &mut Socket, room: usize) -> Vec<Message> {
    let page = ann.ok(&format!(r#"{{"history":{{"id":"h","room":"r{room}","after":0,"limit":100}}}}"#)).await;
    serde_json::from_value::<HistoryPage>(page).expect("a page").messages
}

/// How many are sent, each of them once, after its time and in order.
async fn sent(ann: &mut Socket, due: &BTreeMap<(usize, String), Timestamp>) -> usize {
    let mut sent = 0;
    for room in 0..ROOMS {
        let mut told = BTreeSet::new();
        for (place, message) in history(ann, room).await.iter().enumerate() {
            let text = message.content.text().expect("a text").into_owned();
            let at = due.get(&(room, text.clone())).expect("none that was cancelled");
            assert!(message.ts >= *at, "{text} is sent at {}, due at {at}", message.ts);
            assert_eq!(message.seq.get(), place as u64 + 1, "no gap");
            assert!(told.insert(text), "once");
        }
        sent += told.len();
    }
    sent
}

/// Kills and starts the server while messages come due.
async fn kill_meanwhile(mut server: Server, data: &Path, random: &mut StdRng) -> Server {
    for _ in 0..KILLS {
        sleep(Duration::from_millis(random.random_range(50..500))).await;
        let listen = Some(server.address());
        server.kill().await;
        server = Server::start(data, &Start { listen, ..Start::default() }).await;
    }
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_while_messages_come_due_lose_none_and_double_none() {
    let seed: u64 =
        std::env::var("CHAT_TEST_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("CHAT_TEST_SEED={seed}");
    let mut random = <StdRng as rand::SeedableRng>::seed_from_u64(seed);
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let mut ann = Socket::log_in(&server.url(), "ann").await;
    for room in 0..ROOMS {
        ann.ok(&format!(r#"{{"create":{{"id":"c","kind":"group","room":"r{room}"}}}}"#)).await;
    }
    let due = schedule(&mut ann).await;
    let first = due.values().min().expect("some").as_micros();
    sleep(Duration::from_micros(u64::try_from(first - now()).unwrap_or(0))).await;
    let server = kill_meanwhile(server, data.path(), &mut random).await;
    let mut ann = Socket::log_in(&server.url(), "ann").await;
    let all_sent = async {
        while sent(&mut ann, &due).await < due.len() {
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(PATIENCE, all_sent).await.expect("every message goes");
    // What a dead worker had sent and not noted comes up once more.
    sleep(LEASE).await;
    assert_eq!(sent(&mut ann, &due).await, due.len());
    server.kill().await;
}
