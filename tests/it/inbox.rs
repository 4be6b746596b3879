//! The inbox of a client after whatever happened is the one that the server would tell now.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_client::inbox::{Inbox, InboxOptions, Last, Shelf};
use chat_client::protocol::reply::{InboxPage, InboxTotals};
use chat_client::protocol::{Message, RoomState, Timestamp};
use chat_client::{Client, ClientBuilder};
use chat_tests::server::{Server, Start};
use chat_tests::socket::Socket;
use serde_json::{Value, json};

const USERS: [&str; 3] = ["ann", "bob", "cat"];
const ROOMS: [&str; 4] = ["r0", "r1", "r2", "r3"];

/// How long the inbox may take to show what the server knows.
const PATIENCE: Duration = Duration::from_secs(20);

/// Numbers that are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// A room's line in the list: its state, its newest message, and the name of the peer.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    state: RoomState,
    last: Option<Message>,
    peer: Option<Option<String>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Seen {
    shelves: [Vec<Row>; 2],
    totals: InboxTotals,
}

fn plain(message: &Message) -> Message {
    let mut message = Message { reactions: Vec::new(), replies: None, ..message.clone() };
    message.edited_at = message.edited_at.filter(|_| message.deleted_at.is_none());
    message
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "what is muted depends on the time of day")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(now.as_micros().try_into().unwrap())
}

/// What the server would show.
async fn fresh(socket: &mut Socket) -> Seen {
    let mut shelves = [Vec::new(), Vec::new()];
    let mut totals = None;
    for (shelf, archived) in shelves.iter_mut().zip([false, true]) {
        let command = json!({"inbox": {"id": "i", "archived": archived, "limit": 100}}).to_string();
        let page = socket.ok(&command);
        let page: InboxPage = serde_json::from_value(page.await).unwrap();
        assert!(page.next.is_none());
        totals = Some(page.totals);
        *shelf = page
            .rooms
            .into_iter()
            .map(|entry| {
                let peer = entry.state.peer.as_ref().map(|_| entry.peer_name.clone());
                Row { last: entry.last.as_ref().map(plain), state: entry.state, peer }
            })
            .collect();
    }
    Seen { shelves, totals: totals.unwrap() }
}

/// What the client shows; `None`: not all of it is loaded.
fn shown(inbox: &Inbox) -> Option<Seen> {
    let rows = |shelf| {
        let rows = inbox.rooms(shelf).iter().map(|room| {
            let last = match &room.last {
                Last::Unknown => return None,
                Last::None => None,
                Last::Message(message) => Some(plain(message)),
            };
            let peer = room.peer.as_ref().map(|peer| peer.name.clone());
            Some(Row { state: room.state.clone(), last, peer })
        });
        rows.collect::<Option<Vec<_>>>()
    };
    Some(Seen { shelves: [rows(Shelf::Main)?, rows(Shelf::Archive)?], totals: inbox.totals(now()) })
}

/// Follows the inbox until it shows what the server would.
async fn agree(inbox: &mut Inbox, socket: &mut Socket, what: &str) {
    let server = fresh(socket).await;
    let waited = tokio::time::timeout(PATIENCE, async {
        while shown(inbox).as_ref() != Some(&server) {
            inbox.changed().await.expect("it goes on");
        }
    });
    if waited.await.is_err() {
        let open: Vec<_> =
            inbox.list().rooms(Shelf::Main).iter().filter(|room| room.last == Last::Unknown).collect();
        let Some(client) = shown(inbox) else { panic!("{what}\nnot known: {open:#?}") };
        let rows = |seen: &Seen| seen.shelves.concat();
        let other = |row: &Row, seen: &Seen| !rows(seen).contains(row);
        let clients: Vec<Row> = rows(&client).into_iter().filter(|row| other(row, &server)).collect();
        let servers: Vec<Row> = rows(&server).into_iter().filter(|row| other(row, &client)).collect();
        let order = |seen: &Seen| {
            seen.shelves.clone().map(|shelf| shelf.into_iter().map(|row| row.state.room).collect::<Vec<_>>())
        };
        panic!(
            "{what}\nclient: {clients:#?} {:?} {:?}\nserver: {servers:#?} {:?} {:?}",
            order(&client),
            client.totals,
            order(&server),
            server.totals
        );
    }
}

/// One thing that somebody does, or is refused.
fn command(dice: &mut Dice, n: usize) -> Value {
    let (room, other) = (dice.of(&ROOMS), dice.of(&USERS));
    let seq = 1 + dice.below(6);
    let mut fields = match dice.below(26) {
        0 => json!({"create": {"kind": "direct", "members": [other]}}),
        1 => json!({"create": {"kind": "group", "room": room, "access": "open",
            "history": dice.of(&["all", "joined"]), "members": [other]}}),
        2 => json!({"join": {"room": room}}),
        3 => json!({"leave": {"room": room}}),
        4 => json!({"invite": {"room": room, "users": [other]}}),
        5 => json!({"kick": {"room": room, "user": other}}),
        6 => json!({"role": {"room": room, "user": other, "role": dice.of(&["admin", "member", "reader"])}}),
        7 => json!({"set": {"room": room, "data": {"name": format!("name {n}")}}}),
        8 => json!({"set": {"room": room, "data": {"history": dice.of(&["all", "joined"])}}}),
        9 | 10 => json!({"set": {"room": room, "settings": {
            "pinned": dice.below(2) == 0, "archived": dice.below(2) == 0}}}),
        11 => json!({"set": {"room": room, "settings": {
            "mute_until": dice.of(&[Some("2199-01-01T00:00:00.000Z"), Some("2001-01-01T00:00:00.000Z"), None])}}}),
        12 => json!({"edit": {"room": room, "seq": seq, "content": text(&format!("better {n}"))}}),
        13 | 14 => json!({"delete": {"room": room, "seq": seq}}),
        15 | 16 => json!({"delete": {"room": room, "seq": seq, "for_me": true}}),
        17 => json!({"react": {"room": room, "seq": seq, "emoji": "👍"}}),
        18 => json!({"read": {"room": room, "seq": seq, "private": dice.below(3) == 0}}),
        19 => json!({"mark_unread": {"room": room, "seq": seq}}),
        20 => json!({"send": {"room": room, "client_msg_id": format!("m{n}"), "content": text("reply"),
            "thread": seq}}),
        _ => {
            json!({"send": {"room": room, "client_msg_id": format!("m{n}"), "content": text(&format!("{n}")),
            "mentions": {"users": [other]}}})
        }
    };
    let packet = fields.as_object_mut().unwrap().values_mut().next().unwrap();
    packet["id"] = format!("n{n}").into();
    fields
}

fn text(text: &str) -> Value {
    json!({"type": "text/plain", "payload": {"text": text}})
}

async fn run(seed: u64, builder: impl FnOnce(ClientBuilder) -> ClientBuilder) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut sockets = Vec::new();
    for user in USERS {
        sockets.push(Socket::log_in(&server.url(), user).await);
    }
    for (n, room) in ROOMS.iter().enumerate().take(2) {
        let create =
            json!({"create": {"id": "c", "kind": "group", "room": room, "access": "open", "members": USERS}});
        sockets[n].ok(&create.to_string()).await;
    }
    let client = builder(Client::builder(server.url()).token("dev-ann")).connect().await.unwrap();
    let mut inbox = client.inbox(InboxOptions::default().page(2)).await.unwrap();
    inbox.more(Shelf::Archive);
    let mut said = Vec::new();
    for n in 0..120 {
        let command = command(&mut dice, n);
        let by = dice.below(USERS.len());
        let reply = sockets[by].ask(&command.to_string()).await;
        assert!(reply.status < 500, "{command}: {reply:?}");
        said.push(format!("{} {command}: {}", USERS[by], reply.status));
        if dice.below(6) == 0 {
            for _ in 0..4 {
                inbox.more(Shelf::Archive);
            }
            let what = format!("seed {seed}: {}", said.join("\n"));
            agree(&mut inbox, &mut sockets[0], &what).await;
        }
    }
    agree(&mut inbox, &mut sockets[0], &format!("seed {seed}: {}", said.join("\n"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_any_commands_it_is_the_one_that_the_server_tells() {
    for seed in 1..=6 {
        run(seed, |builder| builder).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_loses_events_comes_to_the_same() {
    for seed in 11..=14 {
        run(seed, |builder| builder.event_buffer(4)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_tells_who_writes_and_which_peer_is_online() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let ann = Client::builder(server.url()).token("dev-ann").connect().await.unwrap();
    let bob = Client::builder(server.url()).token("dev-bob").connect().await.unwrap();
    let direct = ann.create(chat_client::NewRoom::direct(bob.user_id().unwrap().clone())).await.unwrap();
    let mut inbox = ann.inbox(InboxOptions::default()).await.unwrap();
    ann.listen(bob.user_id().unwrap().clone()).await.unwrap();
    let bobs = bob.room(direct.room.room.clone());
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            // Dropped where nobody follows yet: said again until it is heard.
            bobs.typing().await.unwrap();
            inbox.changed().await.unwrap();
            let rooms = inbox.rooms(Shelf::Main);
            let writes = rooms.first().is_some_and(|room| room.typing.len() == 1);
            let online = rooms.first().and_then(|room| room.peer.as_ref()).and_then(|peer| peer.online);
            if writes && online == Some(true) {
                return;
            }
        }
    });
    waited.await.expect("it tells");
    bobs.send_text("written").await.unwrap();
    let waited = tokio::time::timeout(PATIENCE, async {
        let written = |inbox: &Inbox| {
            let room = &inbox.rooms(Shelf::Main)[0];
            room.typing.is_empty() && room.last.message().is_some() && room.state.unread == 1
        };
        while !written(&inbox) {
            inbox.changed().await.unwrap();
        }
    });
    waited.await.expect("it tells");
}
