//! Pages that chat through the real server.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use chat_client::protocol::{Access, HistoryQuery, Message, RoomId};
use chat_client::{Client, ClientEvent, NewRoom, RoomHandle};
use chat_tests::server::{Server, Start};
use futures::future::join_all;
use tokio::task::JoinHandle;

use crate::chromium::{Browser, Page};
use crate::site;

/// How many messages each of the three says while the server is away.
const QUEUED: usize = 20;

/// How many of them each page has sent before its connection ends.
const LOST: usize = 5;

/// Counts in `pings` how often the page asks whether the server is there.
const COUNT_PINGS: &str = r#"
    window.pings = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        window.pings += String(data).startsWith('{"ping"') ? 1 : 0;
        return send.call(this, data);
    };
    null"#;

/// A server that lets the page's origin in.
async fn server(data: &Path, page: SocketAddr, listen: Option<SocketAddr>) -> Server {
    let origin = OsString::from(format!("http://{page}"));
    let env = vec![("CHAT_ORIGINS__ALLOW".to_owned(), origin)];
    Server::start(data, &Start { listen, env, ..Start::default() }).await
}

/// The address of the page for a user.
fn address(page: SocketAddr, server: &Server, user: &str) -> String {
    format!("http://{page}/?server={}&token=dev-{user}&room=lobby", server.url())
}

/// A client of this process that owns the room.
async fn owner(server: &Server, user: &str) -> Client {
    let client = Client::builder(server.url()).token(format!("dev-{user}")).connect().await.unwrap();
    let lobby = NewRoom::group().id(lobby()).access(Access::Open);
    client.create(lobby).await.unwrap();
    client
}

fn lobby() -> RoomId {
    RoomId::new("lobby").unwrap()
}

fn shown(message: &Message) -> String {
    format!("{} {}: {}", message.seq, message.from, message.content.text().unwrap_or_default())
}

/// What a client is told until it has so many messages, as the pages show it.
fn told(client: &Client, count: usize) -> JoinHandle<Vec<String>> {
    let mut events = client.events();
    tokio::spawn(async move {
        let mut lines = Vec::new();
        while lines.len() < count {
            match events.next().await.expect("the client goes on") {
                ClientEvent::Message(message) => lines.push(shown(&message)),
                ClientEvent::Lagged { missed } => panic!("{missed} events were lost"),
                _ => {}
            }
        }
        lines
    })
}

/// Says numbered messages, all at once and in order.
async fn say_all(room: &RoomHandle, count: usize) {
    let texts: Vec<_> = (0..count).map(|number| format!("carol queued {number}")).collect();
    for sent in join_all(texts.iter().map(|text| room.send_text(text))).await {
        sent.unwrap();
    }
}

/// What is stored, as the pages show it.
async fn stored(room: &RoomHandle) -> Vec<String> {
    let page = room.history(HistoryQuery { limit: Some(100), ..HistoryQuery::default() }).await.unwrap();
    page.messages.iter().map(shown).collect()
}

/// The messages of a user without their numbers.
fn said_by(lines: &[String], user: &str) -> Vec<String> {
    let texts = lines.iter().filter_map(|line| line.split_once(' ').map(|(_, text)| text.to_owned()));
    texts.filter_map(|text| text.strip_prefix(&format!("{user}: ")).map(str::to_owned)).collect()
}

/// Both ways between two pages and a client of this process, then the server is killed, all three write while it is away,
/// and it comes back: everybody has everything once and in the order of the room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium and a target: cargo xtask wasm"]
async fn pages_and_a_native_client_chat_on_after_the_server_was_killed() {
    let (page, data) = (site::serve().await, tempfile::tempdir().unwrap());
    let running = server(data.path(), page, None).await;
    let listen = running.address();
    let carol = owner(&running, "carol").await;
    let total = 6 + 3 * QUEUED;
    let heard = told(&carol, total);

    let browser = Browser::start().await;
    let mut ann = browser.open(&address(page, &running, "ann")).await;
    let mut bob = browser.open(&address(page, &running, "bob")).await;
    for page in [&mut ann, &mut bob] {
        page.until_state("ready").await;
    }
    for (count, round) in [(3, "hello"), (6, "grüße 🙂")] {
        ann.say(&format!("{round} from ann")).await;
        ann.until_lines("messages", count - 2).await;
        bob.say(&format!("{round} from bob")).await;
        bob.until_lines("messages", count - 1).await;
        carol.room(lobby()).send_text(format!("{round} from carol")).await.unwrap();
        for page in [&mut ann, &mut bob] {
            page.until_lines("messages", count).await;
        }
    }

    // The first of them leave and are lost on the way: a server that is stopped reads nothing.
    running.tell("kill", &["-STOP"]).await;
    let room = carol.room(lobby());
    let waiting = tokio::spawn(async move { say_all(&room, QUEUED).await });
    for number in 0..LOST {
        ann.say(&format!("ann queued {number}")).await;
        bob.say(&format!("bob queued {number}")).await;
    }
    running.kill().await;
    for page in [&mut ann, &mut bob] {
        page.until_state("away").await;
    }
    for number in LOST..QUEUED {
        ann.say(&format!("ann queued {number}")).await;
        bob.say(&format!("bob queued {number}")).await;
    }
    for (page, name) in [(&mut ann, "ann"), (&mut bob, "bob")] {
        assert_eq!(page.lines("messages").await.len(), 6, "{name} hears nothing while the server is away");
        assert_eq!(page.lines("waiting").await.len(), QUEUED, "{name}");
        page.draw(&format!("{name}-away.png")).await;
    }

    let running = server(data.path(), page, Some(listen)).await;
    let heard =
        tokio::time::timeout(Duration::from_secs(60), heard).await.expect("all is told in time").unwrap();
    waiting.await.unwrap();
    for (page, name) in [(&mut ann, "ann"), (&mut bob, "bob")] {
        page.until_lines("messages", total).await;
        page.until("document.querySelectorAll('#waiting > li').length === 0").await;
        page.until_state("ready").await;
        page.draw(&format!("{name}-back.png")).await;
        assert_eq!(page.lines("messages").await, heard, "{name} and carol are told the same");
        let resumed = page.lines("resumed").await;
        assert!(resumed.last().is_some_and(|last| last.starts_with("recovered")), "{resumed:?}");
    }
    assert_eq!(heard, stored(&carol.room(lobby())).await);
    for user in ["ann", "bob", "carol"] {
        let mut expected = vec![format!("hello from {user}"), format!("grüße 🙂 from {user}")];
        expected.extend((0..QUEUED).map(|number| format!("{user} queued {number}")));
        assert_eq!(said_by(&heard, user), expected);
    }

    ann.value("document.getElementById('leave').click()").await;
    ann.until_state("closed").await;
    bob.say("good night").await;
    bob.until_lines("messages", total + 1).await;
    assert_eq!(ann.lines("messages").await.len(), total, "who left hears no more");
    drop(running);
}

/// Nothing ends the connection but the page's own clock: the server is stopped, not gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium and a target: cargo xtask wasm"]
async fn a_page_notices_by_itself_that_the_server_is_silent() {
    let (page, data) = (site::serve().await, tempfile::tempdir().unwrap());
    let running = server(data.path(), page, None).await;
    let _carol = owner(&running, "carol").await;
    let browser = Browser::start().await;
    let mut ann = browser.open(&format!("{}&heartbeat=1000", address(page, &running, "ann"))).await;
    ann.until_state("ready").await;
    // The server says nothing by itself for longer than the interval; its answers keep the connection.
    ann.value(COUNT_PINGS).await;
    ann.until("window.pings >= 3").await;
    assert_eq!(ann.lines("states").await, ["connecting", "ready"]);

    running.tell("kill", &["-STOP"]).await;
    ann.until_state("away").await;
    ann.say("is anybody there").await;
    running.tell("kill", &["-CONT"]).await;
    ann.until_lines("messages", 1).await;
    ann.until_state("ready").await;
    assert_eq!(ann.lines("messages").await, ["1 ann: is anybody there"]);
}

/// A connection that the browser is refused says so, and a token that the server refuses ends the client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium and a target: cargo xtask wasm"]
async fn a_page_is_told_why_it_is_not_let_in_as_far_as_browsers_tell() {
    let (page, data) = (site::serve().await, tempfile::tempdir().unwrap());
    let running = server(data.path(), page, None).await;
    let browser = Browser::start().await;
    let open = async |address: String, state: &str| -> Page {
        let mut page = browser.open(&address).await;
        page.until_state(state).await;
        page
    };
    let wrong = address(page, &running, "ann").replace("dev-ann", "wrong");
    open(wrong, "ended: the server did not accept the token (ERR_INVALID_ACCESS_TOKEN)").await;
    let http = address(page, &running, "ann").replace("ws://", "http://");
    open(http, "ended: unusable server address: neither ws:// nor wss://").await;

    // The same page under another name is of another origin, which the server does not let in.
    let other = address(page, &running, "ann").replacen("127.0.0.1", "localhost", 1);
    let listening = format!("{other}&mode=listen");
    open(listening, "not open: no connection, and a browser does not say why").await;
}
