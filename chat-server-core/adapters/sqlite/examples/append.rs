//! How many messages a second the store takes: 500 rooms of two, 200-byte texts, each with a `client_msg_id`.
//!
//! ```text
//! cargo run --release -p chat-store-sqlite --example append -- [directory] [seconds per line] [rooms] [batch]...
//! ```
//!
//! Without a directory it writes to a temporary one, which may be in memory: name one on the disk that matters.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chat_protocol::{
    Access, ClientMsgId, Content, HistoryQuery, HistoryVisibility, Role, RoomId, RoomInfo, RoomKind,
    Timestamp, UserId,
};
use chat_server_core::storage::{Append, Change, MessageStore, NewMessage, NewRoom, RoomStore, RoomsQuery};
use chat_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let temporary = tempfile::tempdir()?;
    let dir = args.next().map_or(temporary.path().to_owned(), PathBuf::from);
    let seconds = args.next().map_or(Ok(3), |text| text.parse())?;
    let rooms = args.next().map_or(Ok(500), |text| text.parse())?;
    let mut batches = args.map(|text| text.parse()).collect::<Result<Vec<usize>, _>>()?;
    if batches.is_empty() {
        batches = vec![1, 16, 64, 256];
    }
    println!("{rooms} rooms in {}, {seconds} s a line", dir.display());
    println!("sync    batch   msgs/s  commits/s  p50 ms  p99 ms  max ms  CPU us/msg");
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        for &batch in &batches {
            let place = tempfile::tempdir_in(&dir)?;
            let config = SqliteConfig { synchronous, ..SqliteConfig::default() };
            let store = SqliteStore::open(place.path(), config)?;
            run(&store, synchronous, batch, rooms, Duration::from_secs(seconds)).await?;
        }
    }
    Ok(())
}

async fn run(
    store: &SqliteStore,
    synchronous: Synchronous,
    batch: usize,
    rooms: usize,
    length: Duration,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut load = Load::new(rooms)?;
    for chunk in load.creations()?.chunks(256) {
        store.append(chunk).await?;
    }
    let (began, cpu, mut commits, mut making) = (Instant::now(), cpu_seconds(), Vec::new(), 0.0);
    while began.elapsed() < length {
        // Making the messages is no work of the store.
        let thread = thread_seconds();
        let changes = load.messages(batch)?;
        making += thread_seconds() - thread;
        let start = Instant::now();
        let answers = store.append(&changes).await?;
        commits.push(start.elapsed());
        assert!(answers.iter().all(Result::is_ok));
    }
    let (took, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds() - cpu - making);
    commits.sort();
    let at = |part: usize| commits[(commits.len() - 1) * part / 1000].as_secs_f64() * 1e3;
    let (each, messages) = (commits.len() as f64, (commits.len() * batch) as f64);
    println!(
        "{:7} {batch:5} {:8.0} {:10.0} {:7.2} {:7.2} {:7.2} {:11.1}",
        format!("{synchronous:?}"),
        messages / took,
        each / took,
        at(500),
        at(990),
        at(1000),
        cpu / messages * 1e6
    );
    if batch == 256 {
        reads(store, &mut load).await?;
    }
    Ok(())
}

/// What reading costs beside it: the newest 50 messages, and how a user sees 20 rooms.
async fn reads(store: &SqliteStore, load: &mut Load) -> Result<(), Box<dyn std::error::Error>> {
    const TIMES: usize = 4_000;
    let scattered = pages(store, &load.rooms, TIMES).await?;
    // One room after the other: its messages lie side by side.
    for _ in 0..10 {
        let block = load.messages_in(0, 100)?;
        store.append(&block).await?;
    }
    let dense = pages(store, &load.rooms[..1], TIMES).await?;
    let (began, cpu) = (Instant::now(), cpu_seconds());
    for turn in 0..TIMES {
        let from = turn % load.rooms.len().saturating_sub(20).max(1);
        store.views(&load.users[from], &load.rooms[from..load.rooms.len().min(from + 20)]).await?;
    }
    let times = TIMES as f64 / 1e6;
    let views = (began.elapsed().as_secs_f64() / times, (cpu_seconds() - cpu) / times);
    let began = cpu_seconds();
    for turn in 0..TIMES {
        store.rooms_of(&load.users[turn % load.users.len()], RoomsQuery::default(), 1_000).await?;
    }
    let rooms = (cpu_seconds() - began) / times;
    println!(
        "        newest 50, in one place: {:.0} us, {:.0} us CPU; scattered: {:.0}, {:.0}",
        dense.0, dense.1, scattered.0, scattered.1
    );
    println!("        20 views: {:.0} us, {:.0} us CPU; a user's rooms: {rooms:.0} us CPU", views.0, views.1);
    Ok(())
}

/// Time and processor time of a page, in microseconds.
async fn pages(
    store: &SqliteStore,
    rooms: &[RoomId],
    times: usize,
) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let (began, cpu) = (Instant::now(), cpu_seconds());
    for turn in 0..times {
        let page = store.history(&rooms[turn % rooms.len()], None, HistoryQuery::default(), 50).await?;
        assert!(page.is_some());
    }
    let times = times as f64 / 1e6;
    Ok((began.elapsed().as_secs_f64() / times, (cpu_seconds() - cpu) / times))
}

struct Load {
    rooms: Vec<RoomId>,
    /// Room `i` has the users `i` and `i + 1`.
    users: Vec<UserId>,
    sent: u64,
    /// A generator of Lehmer's kind: any order of rooms will do, but the same in every run.
    random: u64,
}

impl Load {
    fn new(rooms: usize) -> Result<Self, Box<dyn std::error::Error>> {
        let users = (0..=rooms).map(|n| UserId::new(format!("user-{n}"))).collect::<Result<_, _>>()?;
        let rooms = (0..rooms).map(|n| RoomId::new(format!("room-{n}"))).collect::<Result<_, _>>()?;
        Ok(Self { rooms, users, sent: 0, random: 1 })
    }

    fn creations(&self) -> Result<Vec<Append>, Box<dyn std::error::Error>> {
        let create = |(index, room): (usize, &RoomId)| {
            let members = vec![
                (self.users[index].clone(), Role::Member),
                (self.users[index + 1].clone(), Role::Member),
            ];
            let (kind, access, history) = (RoomKind::Direct, Access::Invite, HistoryVisibility::All);
            let (info, desk, number, request) = (RoomInfo::default(), None, None, None);
            let new = NewRoom { kind, access, history, info, desk, number, alias: None, members, request };
            append(room.clone(), self.users[index].clone(), Change::Create(Box::new(new)))
        };
        Ok(self.rooms.iter().enumerate().map(create).collect())
    }

    fn messages(&mut self, count: usize) -> Result<Vec<Append>, Box<dyn std::error::Error>> {
        let mut changes = Vec::with_capacity(count);
        for _ in 0..count {
            self.random = self.random * 48_271 % 0x7fff_ffff;
            let index = usize::try_from(self.random)? % self.rooms.len();
            changes.push(self.message(index)?);
        }
        Ok(changes)
    }

    fn messages_in(&mut self, room: usize, count: usize) -> Result<Vec<Append>, Box<dyn std::error::Error>> {
        (0..count).map(|_| self.message(room)).collect()
    }

    fn message(&mut self, room: usize) -> Result<Append, Box<dyn std::error::Error>> {
        self.sent += 1;
        let client_msg_id = Some(ClientMsgId::new(format!("01J{:020}", self.sent))?);
        let content = Content::plain(format!("{:0>200}", self.sent));
        let digest = content.digest();
        let new = NewMessage { client_msg_id, ..NewMessage::new(content, digest) };
        let sender = self.users[room + usize::from(self.sent.is_multiple_of(2))].clone();
        Ok(append(self.rooms[room].clone(), sender, Change::Message(new)))
    }
}

fn append(room: RoomId, by: UserId, change: Change) -> Append {
    let now = Timestamp::from_micros(1_700_000_000_000_000);
    Append { room, by, access_version: Some(1), now, change }
}

/// Processor time of this process so far; 0 where the system does not say it in `/proc`.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // User and system time, in hundredths of a second: fields 14 and 15, counted after the name in brackets.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Processor time of this thread so far, likewise.
fn thread_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}
