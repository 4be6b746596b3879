//! A power cut: SIGKILL keeps what the kernel holds, this does not.

use std::path::PathBuf;
use std::time::Duration;

use chat_tests::crowd::{Crowd, client, whole_history};
use chat_tests::powercut::PowerCut;
use chat_tests::server::{Server, Start};

/// Talks until a few hundred messages are acknowledged, then cuts the power: how many were acknowledged, and how
/// many of these are there after a start from what the disk held; `None` when it holds no readable database.
async fn cut_power(synchronous: &str) -> (usize, Option<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let power = PowerCut::new(&data).unwrap();
    let mut env: Vec<_> = power.env().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    env.push(("CHAT_STORAGE__SYNCHRONOUS".to_owned(), synchronous.into()));
    let server = Server::start(&data, &Start { env, ..Start::default() }).await;
    let crowd = Crowd::gather(&server.url(), 4, 3).await;
    let talking = tokio::spawn(crowd.talk(10_000));
    let enough = async {
        while crowd.record().acked.len() < 400 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), enough).await.expect("the server acknowledges");
    server.kill().await;
    // No ack can come any more; the clients are gone before a new server could give them one.
    talking.abort();
    let acked = crowd.record().acked.clone();
    (acked.len(), survivors(power.cut(), &acked).await)
}

type Acked = std::collections::BTreeMap<String, (chat_protocol::RoomId, chat_protocol::reply::SendData)>;

async fn survivors(disk: PathBuf, acked: &Acked) -> Option<usize> {
    let server = tokio::spawn(async move { Server::start(&disk, &Start::default()).await }).await.ok()?;
    let reader = client(&server.url(), "u0").await;
    let mut found = 0;
    for room in reader.rooms().await.unwrap() {
        for message in whole_history(&reader, &room.room).await {
            let text = message.content.text().unwrap().into_owned();
            let Some((of, data)) = acked.get(&text) else { continue };
            found += usize::from((of, data.seq) == (&room.room, message.seq));
        }
    }
    Some(found)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_acknowledged_survives_a_power_cut() {
    let (acked, found) = cut_power("full").await;
    println!("{acked} acknowledged, {found:?} found");
    assert_eq!(found, Some(acked));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_syncing_a_power_cut_loses_what_was_acknowledged() {
    let (acked, found) = cut_power("off").await;
    println!("{acked} acknowledged, {found:?} found");
    assert!(found.is_none_or(|found| found < acked), "the power cut would not be one");
}
