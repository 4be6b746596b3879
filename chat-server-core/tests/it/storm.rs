//! Two hundred members of one room come back at once: what each connection is told, with and without bounds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chat_protocol::{Frame, Text, UserId};
use chat_server_core::transport::PeerInfo;
use chat_server_core::transport::memory::{self, MemoryConnection};
use chat_server_core::{ChatServer, Policy, Providers, Rate, ServerConfig};
use futures::{SinkExt, StreamExt};
use tokio::time::Instant;

const MEMBERS: usize = 200;

/// How many others each of them watches.
const WATCHED: usize = 50;

/// In which time they come back.
const WITHIN: Duration = Duration::from_secs(5);

/// How long is listened after that: what was put off has come by then.
const AFTER: Duration = Duration::from_secs(10);

/// Everybody may watch everybody.
struct Open;

impl Policy for Open {
    fn may_listen(&self, _: &UserId, _: &UserId, _: bool) -> bool {
        true
    }
}

/// What one connection was told from its beginning on.
#[derive(Debug, Default, Clone)]
struct Told {
    bytes: usize,
    presence_bytes: usize,
    presence: usize,
    counts: usize,
    /// How each user was shown in the end.
    shown: BTreeMap<String, String>,
}

impl Told {
    fn take(&mut self, text: &Text) {
        self.bytes += text.len();
        let Some(presence) = text.as_str().strip_prefix(r#"{"pres":{"what":""#) else { return };
        self.presence += 1;
        self.presence_bytes += text.len();
        let (what, rest) = presence.split_once('"').unwrap();
        self.counts += usize::from(what == "counts");
        if let ("online" | "offline", Some((_, user))) = (what, rest.split_once(r#""from":""#)) {
            self.shown.insert(user.split('"').next().unwrap().to_owned(), what.to_owned());
        }
    }
}

async fn say(connection: &mut MemoryConnection, json: String) {
    connection.send(Frame::Text(Text::from(json))).await.unwrap();
}

/// Notes what is told until something that begins like this, or until the time.
async fn hear(connection: &mut MemoryConnection, told: &mut Told, end: &str, until: Instant) {
    while let Ok(Some(Ok(frame))) = tokio::time::timeout_at(until, connection.next()).await {
        let Frame::Text(text) = frame else { continue };
        told.take(&text);
        if text.as_str().starts_with(end) {
            return;
        }
    }
}

/// A connection of a member that watches some others, follows the room and says that it writes there.
async fn come(server: &ChatServer, member: usize, told: &mut Told) -> MemoryConnection {
    let (mut ours, theirs) = memory::pair(4_096);
    tokio::spawn(server.serve_connection(theirs, PeerInfo::default()));
    say(&mut ours, format!(r#"{{"auth":{{"id":"a","token":"dev-m{member}","follow":false}}}}"#)).await;
    for next in 1..=WATCHED {
        let other = (member + next) % MEMBERS;
        say(&mut ours, format!(r#"{{"listen":{{"id":"l","user":"m{other}"}}}}"#)).await;
    }
    match member {
        0 => {
            say(&mut ours, r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#.to_owned())
                .await
        }
        _ => say(&mut ours, r#"{"join":{"id":"j","room":"r"}}"#.to_owned()).await,
    }
    say(&mut ours, r#"{"follow":{"id":"f","room":"r"}}"#.to_owned()).await;
    let far = Instant::now() + Duration::from_secs(3_600);
    hear(&mut ours, told, r#"{"reply":{"id":"f""#, far).await;
    say(&mut ours, r#"{"typing":{"room":"r"}}"#.to_owned()).await;
    ours
}

/// All come, then all lose their connection and come back, spread over the time. What each was told from then on.
async fn storm(config: ServerConfig) -> Vec<Told> {
    let free = Rate::UNLIMITED;
    // Without a grace every loss is told: the worst case.
    let config =
        ServerConfig { presence_grace: Duration::ZERO, connection_rate: free, user_rate: free, ..config };
    let server = ChatServer::start(Providers { policy: Arc::new(Open), ..Providers::default() }, config);
    let mut connections = Vec::with_capacity(MEMBERS);
    for member in 0..MEMBERS {
        connections.push(come(&server, member, &mut Told::default()).await);
    }
    let start = Instant::now() + AFTER;
    let until = start + WITHIN + AFTER;
    let readers = connections.into_iter().enumerate().map(|(member, mut old)| {
        let server = server.clone();
        tokio::spawn(async move {
            let mut told = Told::default();
            hear(&mut old, &mut Told::default(), "never", start).await;
            let lost = start + WITHIN * member as u32 / MEMBERS as u32;
            hear(&mut old, &mut told, "never", lost).await;
            drop(old);
            // What was put off is gone with its connection; the answers to `listen` say anew who is there.
            told.shown.clear();
            tokio::time::sleep(Duration::from_millis(50)).await;
            let mut connection = come(&server, member, &mut told).await;
            hear(&mut connection, &mut told, "never", until).await;
            // Nobody goes before all have heard all.
            tokio::time::sleep(AFTER).await;
            told
        })
    });
    let readers: Vec<_> = readers.collect();
    let mut all = Vec::with_capacity(MEMBERS);
    for reader in readers {
        all.push(reader.await.unwrap());
    }
    all
}

fn sum(all: &[Told], of: impl Fn(&Told) -> usize) -> usize {
    all.iter().map(of).sum()
}

fn print(name: &str, all: &[Told]) {
    let most = all.iter().map(|told| told.presence_bytes).max().unwrap_or_default();
    println!(
        "{name}: {} presence packets, {} of them counts; per connection {} bytes in the mean, {} of them presence, at \
         most {most}",
        sum(all, |told| told.presence),
        sum(all, |told| told.counts),
        sum(all, |told| told.bytes) / all.len(),
        sum(all, |told| told.presence_bytes) / all.len(),
    );
}

#[tokio::test(start_paused = true)]
async fn two_hundred_that_reconnect_at_once_are_told_numbers_and_at_most_so_much_a_second() {
    let config = ServerConfig::default();
    let single = ServerConfig { presence_room_threshold: usize::MAX, max_ephemeral_rate: u32::MAX, ..config };
    let single = storm(single).await;
    print("each told of each", &single);
    let rate = 10;
    let bounded =
        storm(ServerConfig { presence_room_threshold: 100, max_ephemeral_rate: rate, ..Default::default() })
            .await;
    print("numbers, and 10 packets a second", &bounded);

    let packets = |all: &[Told]| sum(all, |told| told.presence);
    assert!(packets(&single) > MEMBERS * (MEMBERS - 1), "{}: each wrote once", packets(&single));
    assert!(packets(&bounded) * 3 < packets(&single));
    let seconds = (WITHIN + AFTER).as_secs() as usize;
    let most = bounded.iter().map(|told| told.presence).max().unwrap();
    assert!(most <= (seconds + 1) * rate as usize, "{most} in {seconds} seconds");
    assert!(bounded.iter().all(|told| (1..=4).contains(&told.counts)), "one on each interval");
    // What was put off and what was not told one by one is right in the end.
    for told in single.iter().chain(&bounded) {
        let offline = told.shown.iter().filter(|(_, what)| *what == "offline").count();
        assert_eq!(offline, 0, "{:?}", told.shown);
    }
}
