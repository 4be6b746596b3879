//! A crowd reads one message within a second: what is written and what is told must not be one for each of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{
    Access, Event, HistoryVisibility, Role, RoomId, RoomInfo, RoomKind, Timestamp, UserId, limits,
};
use chat_server_core::storage::{Append, Change, MessageStore, NewRoom, OwnAppend, RoomStore, StorageError};
use chat_server_core::{ChatServer, Providers, ServerConfig};

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, send};

/// Pointers of each write that reaches the store.
#[derive(Default)]
struct Writes(Mutex<Vec<usize>>);

#[async_trait]
impl Hooks for Writes {
    async fn before_own(&self, batch: &[OwnAppend]) -> Result<(), StorageError> {
        self.0.lock().unwrap().push(batch.len());
        Ok(())
    }
}

/// How long the crowd takes.
const SECOND: Duration = Duration::from_secs(1);

/// Each reads so often: while scrolling, on several devices.
const READS: u64 = 5;

fn name(n: usize) -> UserId {
    UserId::new(format!("u{n}")).unwrap()
}

/// A room of so many members.
fn room_of(members: usize) -> Append {
    let new = NewRoom {
        kind: RoomKind::Group,
        access: Access::Open,
        history: HistoryVisibility::All,
        info: RoomInfo::default(),
        desk: None,
        number: None,
        alias: None,
        members: (0..members).map(|n| (name(n), Role::Member)).collect(),
        request: None,
    };
    let change = Change::Create(Box::new(new));
    Append {
        room: RoomId::new("r").unwrap(),
        by: name(0),
        access_version: None,
        now: Timestamp::default(),
        change,
    }
}

/// What a crowd's reading costs.
#[derive(Debug)]
struct Cost {
    /// Transactions of the store.
    writes: usize,
    /// Pointers in all of them together.
    pointers: usize,
    /// The greatest number of receipts that one follower was told.
    receipts: usize,
}

/// `members` follow a room and all read its messages, one after the other, at different times of a second.
async fn crowd_of(members: usize) -> Cost {
    let store = Arc::new(Hooked::<Writes>::default());
    store.append(&[room_of(members)]).await.unwrap().remove(0).unwrap();
    let config = ServerConfig { presence_grace: Duration::from_millis(1), ..ServerConfig::default() };
    let server = ChatServer::start(Providers { storage: store.clone(), ..Providers::default() }, config);
    let mut peers = Vec::new();
    for n in 0..members {
        peers.push(Peer::log_in(&server, name(n).as_str()).await);
    }
    for n in 1..=READS {
        peers[0].ok(&send(&format!("m{n}"), "r", "hello")).await;
    }
    let reading = peers.into_iter().enumerate().map(|(n, mut peer)| {
        tokio::spawn(async move {
            tokio::time::sleep(SECOND * n as u32 / members as u32).await;
            for seq in 1..=READS {
                peer.say(&format!(r#"{{"read":{{"room":"r","seq":{seq}}}}}"#)).await;
            }
            peer
        })
    });
    let mut peers = Vec::new();
    for peer in reading.collect::<Vec<_>>() {
        peers.push(peer.await.unwrap());
    }
    let read_all = async || {
        for n in [0, members / 2, members - 1] {
            let view = store.views(&name(n), &["r".parse().unwrap()]).await.unwrap().remove(0).unwrap();
            if view.state.read.get() < READS {
                return false;
            }
        }
        true
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !read_all().await {
        assert!(tokio::time::Instant::now() < deadline, "not all is stored");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut receipts = 0;
    for peer in &mut peers {
        peer.say(r#"{"ping":{"id":"p"}}"#).await;
        let heard = peer.until(|event| matches!(event, Event::Pong(_))).await;
        receipts = receipts.max(heard.iter().filter(|event| matches!(event, Event::Reads(_))).count());
    }
    let writes = store.hooks.0.lock().unwrap();
    Cost { writes: writes.len(), pointers: writes.iter().sum(), receipts }
}

#[tokio::test]
async fn a_crowd_that_reads_within_a_second_costs_a_few_writes_and_no_receipts() {
    let cost = crowd_of(1_000).await;
    println!("1,000 members above the limit of receipts: {cost:?}");
    // One write for each 200 ms of the second, and as long as it took beyond that.
    assert!(cost.writes <= 15, "{cost:?}");
    // Five reads of one member are one pointer, or two where a write came in between.
    assert!(cost.pointers <= 1_200, "{cost:?}");
    assert_eq!(cost.receipts, 0, "{cost:?}");
}

#[tokio::test]
async fn in_a_room_of_as_many_as_are_told_each_follower_hears_of_each_member_once() {
    let most = usize::try_from(ServerConfig::default().max_receipt_members).unwrap();
    let cost = crowd_of(most).await;
    println!("{most} members: {cost:?}");
    assert!(cost.writes <= 15 && cost.pointers <= most + most / 5, "{cost:?}");
    assert!((most - 1..=most + most / 5).contains(&cost.receipts), "{cost:?}");
    assert!(most <= limits::MAX_POINTERS, "whoever comes back is told all of them");
}
