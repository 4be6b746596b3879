//! Clients that talk into rooms, and a record of what the server acknowledged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chat_client::{Client, ClientEvent, Error, NewRoom};
use chat_protocol::reply::SendData;
use chat_protocol::{HistoryQuery, Message, RoomId, UserId};
use futures::StreamExt;

/// How many sends of one client are under way at the same time.
const WINDOW: usize = 8;

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the server acknowledged, and what it has not yet.
#[derive(Debug, Default)]
pub struct Record {
    /// By text: where the message is stored.
    pub acked: BTreeMap<String, (RoomId, SendData)>,
    /// By text: since when its sender waits.
    pub waiting: BTreeMap<String, Instant>,
}

/// Users `u0`, `u1`, ... and rooms `r0`, `r1`, ... of which all are members.
#[derive(Debug)]
pub struct Crowd {
    /// One client per user.
    pub clients: Vec<Client>,
    /// The rooms.
    pub rooms: Vec<RoomId>,
    record: Arc<Mutex<Record>>,
    heard: Vec<Heard>,
}

/// What one client was told, per room, in the order of arrival.
type Heard = Arc<Mutex<BTreeMap<RoomId, Vec<Message>>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client of development auth.
///
/// # Panics
/// When it cannot connect.
pub async fn client(url: &str, user: &str) -> Client {
    Client::builder(url).token(format!("dev-{user}")).connect().await.expect("connects")
}

impl Crowd {
    /// Connects `users` clients and makes `rooms` rooms.
    ///
    /// # Panics
    /// When that fails.
    pub async fn gather(url: &str, users: usize, rooms: usize) -> Self {
        let mut clients = Vec::new();
        for user in 0..users {
            clients.push(client(url, &format!("u{user}")).await);
        }
        let heard: Vec<Heard> = clients.iter().map(listen).collect();
        let mut ids = Vec::new();
        for room in 0..rooms {
            let mut new = NewRoom::group().id(RoomId::new(format!("r{room}")).expect("an id"));
            for user in 1..users {
                new = new.member(UserId::new(format!("u{user}")).expect("an id"));
            }
            ids.push(clients[0].create(new).await.expect("made").room.room);
        }
        Self { clients, rooms: ids, record: Arc::default(), heard }
    }

    /// What is acknowledged and what is not, now.
    pub fn record(&self) -> MutexGuard<'_, Record> {
        lock(&self.record)
    }

    /// Every client sends `each` messages, in turn into the rooms; the end of all of it can be waited for.
    pub fn talk(&self, each: usize) -> impl Future<Output = ()> + use<> {
        let tasks: Vec<_> =
            (0..self.clients.len()).map(|user| tokio::spawn(self.talk_as(user, each))).collect();
        async move {
            for task in tasks {
                task.await.expect("no panic");
            }
        }
    }

    fn talk_as(&self, user: usize, each: usize) -> impl Future<Output = ()> + Send + use<> {
        let (client, rooms, record) = (self.clients[user].clone(), self.rooms.clone(), self.record.clone());
        let sends = futures::stream::iter(0..each).map(move |number| {
            let (text, room) = (format!("u{user}-{number}"), rooms[number % rooms.len()].clone());
            send(client.clone(), room, text, record.clone())
        });
        async move { sends.buffered(WINDOW).collect().await }
    }

    /// What each client was told of a room, once it has heard of message number `last`.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn told(&self, room: &RoomId, last: u64) -> Vec<Vec<Message>> {
        let mut all = Vec::new();
        for heard in &self.heard {
            let complete = async {
                loop {
                    let messages = lock(heard).get(room).cloned().unwrap_or_default();
                    if messages.last().is_some_and(|message| message.seq.get() >= last) {
                        return messages;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            all.push(tokio::time::timeout(PATIENCE, complete).await.expect("everything is told in time"));
        }
        all
    }
}

async fn send(client: Client, room: RoomId, text: String, record: Arc<Mutex<Record>>) {
    lock(&record).waiting.insert(text.clone(), now());
    let sent = client.room(room.clone()).send_text(&text).await;
    let mut record = lock(&record);
    record.waiting.remove(&text);
    match sent {
        Ok(data) => _ = record.acked.insert(text, (room, data)),
        // The test ended the crowd while it talked.
        Err(Error::Closed | Error::Ended { .. }) => {}
        Err(error) => panic!("{text}: {error}"),
    }
}

fn now() -> Instant {
    Instant::now()
}

/// Notes every message that a client is told.
fn listen(client: &Client) -> Heard {
    let heard = Heard::default();
    let (noted, mut events) = (heard.clone(), client.events());
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            match event {
                ClientEvent::Message(message) => {
                    lock(&noted).entry(message.room.clone()).or_default().push(message);
                }
                ClientEvent::Lagged { missed } => panic!("{missed} events were not taken in time"),
                _ => {}
            }
        }
    });
    heard
}

/// All messages of a room, page by page.
///
/// # Panics
/// When the room cannot be read.
pub async fn whole_history(client: &Client, room: &RoomId) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let after = messages.last().map(|message| message.seq).unwrap_or_default();
        let query = HistoryQuery { after: Some(after), limit: Some(100), ..HistoryQuery::default() };
        let page = client.room(room.clone()).history(query).await.expect("history");
        messages.extend(page.messages);
        if !page.more {
            return messages;
        }
    }
}
