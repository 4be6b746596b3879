//! SIGKILL at any moment: what was acknowledged is there once, in one order, without a gap.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use chat_client::{Client, ConnectionState};
use chat_protocol::Message;
use chat_tests::crowd::{Crowd, client, whole_history};
use chat_tests::server::{Server, Start};
use rand::RngExt;

const CLIENTS: usize = 4;
const ROOMS: usize = 3;
const EACH: usize = 500;
const KILLS: usize = 10;

/// A kill that met no unacknowledged send proves nothing and is not counted; this many more are tried.
const SPARE_KILLS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_lose_nothing_that_was_acknowledged() {
    let seed: u64 =
        std::env::var("CHAT_TEST_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("CHAT_TEST_SEED={seed}");
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let url = server.url();
    let crowd = Crowd::gather(&url, CLIENTS, ROOMS).await;
    let talking = tokio::spawn(crowd.talk(EACH));
    let server = kill_again_and_again(server, data.path(), &crowd, seed).await;
    tokio::time::timeout(Duration::from_secs(120), talking).await.expect("all sends end").unwrap();
    check_everything(&crowd, &url).await;
    server.kill().await;
}

/// Kills and restarts the server at random moments until enough kills met an unacknowledged send.
async fn kill_again_and_again(mut server: Server, data: &Path, crowd: &Crowd, seed: u64) -> Server {
    let mut random = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(seed);
    let (all, mut met, mut next) = (CLIENTS * EACH, 0, 0);
    for _ in 0..KILLS + SPARE_KILLS {
        if met == KILLS {
            break;
        }
        // Somewhere within the part of the messages that is this kill's.
        next = (next + random.random_range(1..=2 * all / (KILLS + 3) - 1)).min(all * (met + 1) / (KILLS + 1));
        until(|| crowd.record().acked.len() >= next).await;
        tokio::time::sleep(Duration::from_micros(random.random_range(0..2_000))).await;
        let (at, address) = (now(), server.address());
        server.kill().await;
        until(|| crowd.clients.iter().all(|client| !is_ready(client))).await;
        let (acked, waiting) = {
            let record = crowd.record();
            (record.acked.len(), record.waiting.values().filter(|since| **since < at).count())
        };
        println!("killed after {acked} acks, {waiting} sends were not acknowledged");
        met += usize::from(waiting > 0);
        server = Server::start(data, &Start { listen: Some(address), ..Start::default() }).await;
    }
    assert_eq!(met, KILLS, "each of the counted kills met an unacknowledged send");
    server
}

/// Every acknowledged message exactly once, where its ack said; no gap; one order for all.
async fn check_everything(crowd: &Crowd, url: &str) {
    let acked = crowd.record().acked.clone();
    assert_eq!(acked.len(), CLIENTS * EACH);
    let retried = acked.values().filter(|(_, data)| data.duplicate).count();
    println!("{retried} retries met a message that was stored already");
    let fresh = client(url, "u0").await;
    let mut texts = BTreeSet::new();
    for room in &crowd.rooms {
        let history = whole_history(&fresh, room).await;
        let seqs: Vec<u64> = history.iter().map(|message| message.seq.get()).collect();
        assert_eq!(seqs, (1..=history.len() as u64).collect::<Vec<u64>>(), "no gap in {room}");
        for message in &history {
            let text = message.content.text().unwrap().into_owned();
            let (of, data) = &acked[&text];
            assert_eq!((of, data.seq, data.offset, data.ts), (room, message.seq, message.offset, message.ts));
            assert!(texts.insert(text), "stored once");
        }
        for told in crowd.told(room, history.len() as u64).await {
            assert_same(&told, &history);
        }
    }
    assert_eq!(texts.len(), acked.len(), "everything acknowledged is there");
}

fn assert_same(told: &[Message], history: &[Message]) {
    let key = |message: &Message| (message.seq, message.offset, message.client_msg_id.clone());
    let (told, history): (Vec<_>, Vec<_>) =
        (told.iter().map(key).collect(), history.iter().map(key).collect());
    assert!(told == history, "a reader was told {told:?} instead of {history:?}");
}

fn is_ready(client: &Client) -> bool {
    client.state() == ConnectionState::Ready
}

fn now() -> Instant {
    Instant::now()
}

async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("in time");
}
