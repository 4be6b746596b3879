//! Applications against the fake server: offline, resume, conflict and slow paths.

use std::time::Duration;

use chat_client::protocol::{ClientMsgId, Content, ErrorCode, HistoryQuery, Seq};
use chat_client::testing::FakeServer;
use chat_client::{
    Client, ClientBuilder, ClientEvent, Draft, Error, EventStream, Recovery, RoomHandle, SendState,
};

use crate::server::patient;

/// A server with a room of two, the client of one of them, and what it hears.
async fn scene() -> (FakeServer, Client, EventStream, RoomHandle) {
    let server = FakeServer::new();
    server.room("r", &["ann", "bob"]);
    let client = patient(server.client("ann").connect()).await.unwrap();
    let events = client.events();
    let room = client.room("r".parse().unwrap());
    (server, client, events, room)
}

/// The first event of which something can be said.
async fn first<T>(events: &mut EventStream, what: impl Fn(ClientEvent) -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = what(events.next().await.expect("the client lives")) {
                return found;
            }
        }
    };
    patient(found).await
}

async fn texts(events: &mut EventStream, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        texts.push(first(events, text).await);
    }
    texts
}

fn text(event: ClientEvent) -> Option<String> {
    match event {
        ClientEvent::Message(message) => Some(message.content.text()?.into_owned()),
        _ => None,
    }
}

fn recovery(event: ClientEvent) -> Option<Recovery> {
    match event {
        ClientEvent::Resumed { room: Some(_), recovery, .. } => Some(recovery),
        _ => None,
    }
}

#[tokio::test]
async fn what_is_written_offline_arrives_once_and_in_order() {
    let (server, client, mut events, room) = scene().await;
    server.offline();
    let sendings: Vec<_> = (0..50).map(|n| room.send_text(format!("{n}"))).collect();
    server.say("bob", "r", "are you there?");
    assert_eq!(server.messages("r").len(), 1);
    server.online();
    client.network_changed().await.unwrap();
    for (sending, seq) in sendings.into_iter().zip(2..) {
        assert_eq!(patient(sending).await.unwrap().seq.get(), seq);
    }
    let mut expected = vec!["are you there?".to_owned()];
    expected.extend((0..50).map(|n| n.to_string()));
    assert_eq!(texts(&mut events, 51).await, expected);
}

#[tokio::test]
async fn a_lost_reply_repeats_nothing() {
    let (server, _client, _events, room) = scene().await;
    server.lose_next_reply("send");
    let sent = patient(room.send_text("once")).await.unwrap();
    assert_eq!((sent.seq.get(), server.messages("r").len()), (1, 1));
}

#[tokio::test]
async fn a_log_that_is_gone_or_new_is_a_snapshot() {
    let (server, client, mut events, _room) = scene().await;
    first(&mut events, recovery).await;
    for begin in [(|server: &FakeServer| server.forget_log("r")) as fn(&FakeServer), FakeServer::begin_anew] {
        server.offline();
        server.say("bob", "r", "meanwhile");
        begin(&server);
        server.online();
        client.network_changed().await.unwrap();
        let told = first(&mut events, recovery).await;
        assert!(matches!(told, Recovery::Snapshot { state: Some(_), .. }), "{told:?}");
    }
    server.say("bob", "r", "after it");
    assert_eq!(texts(&mut events, 1).await, ["after it"]);
}

#[tokio::test]
async fn a_name_that_was_used_before_is_a_conflict() {
    let (_server, client, _events, room) = scene().await;
    let name = ClientMsgId::new("m1").unwrap();
    let draft = |text: &str| Draft::new(Content::plain(text)).client_msg_id(name.clone());
    patient(room.send(draft("one"))).await.unwrap();
    assert!(patient(room.send(draft("one"))).await.unwrap().duplicate);
    let error = patient(room.send(draft("two"))).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Conflict));
    let wedged = client.outbox().await.unwrap();
    assert!(matches!(wedged[0].state, SendState::Wedged(_)));
    room.cancel(name).await.unwrap();
    assert!(client.outbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_asked_of_a_slow_server_waits_or_times_out() {
    let server = FakeServer::new();
    server.room("r", &["ann"]);
    let client = server.client("ann").request_timeout(Duration::from_millis(50)).connect().await.unwrap();
    let room = client.room("r".parse().unwrap());
    server.hold();
    let sending = room.send_text("slowly");
    let late = patient(room.history(HistoryQuery::default())).await;
    assert!(matches!(late, Err(Error::Timeout { .. })), "{late:?}");
    assert_eq!(server.messages("r").len(), 1, "it was stored before the answer");
    server.release();
    assert_eq!(patient(sending).await.unwrap().seq, Seq::new(1).unwrap());
}

#[tokio::test]
async fn a_refusal_is_told_once_and_only_to_its_command() {
    let (server, _client, _events, room) = scene().await;
    server.refuse_next("send", ErrorCode::Forbidden);
    let refused = room.send_text("no");
    let taken = room.send_text("yes");
    assert_eq!(patient(refused).await.unwrap_err().code(), Some(ErrorCode::Forbidden));
    assert_eq!(patient(taken).await.unwrap().seq.get(), 1);
}

#[tokio::test]
async fn a_close_with_a_final_code_ends_the_client() {
    let (server, client, mut events, _room) = scene().await;
    server.close(ErrorCode::SessionReplaced);
    let ended = |event| match event {
        ClientEvent::Closed { reason } => Some(reason),
        _ => None,
    };
    let reason = first(&mut events, ended).await;
    assert_eq!(reason, Some(Error::Ended { code: ErrorCode::SessionReplaced.into() }));
    assert!(client.ready().await.is_err());
}

#[tokio::test]
async fn two_clients_see_the_same() {
    let (server, _ann, _events, room) = scene().await;
    let bob = patient(server.client("bob").connect()).await.unwrap();
    let mut heard = bob.events();
    patient(room.send_text("hello")).await.unwrap();
    assert_eq!(texts(&mut heard, 1).await, ["hello"]);
    bob.room("r".parse().unwrap()).typing().await.unwrap();
    assert!(server.heard().iter().any(|command| command.kind() == "auth"));
}

#[tokio::test]
async fn a_part_that_panics_ends_the_client_and_is_told_to_all_who_wait() {
    let server = FakeServer::new();
    let builder = ClientBuilder::new(server.connector()).token_source(async |_| panic!("on purpose"));
    let client = builder.start().await.unwrap();
    let mut events = client.events();
    let sending = client.room("r".parse().unwrap()).send_text("x");
    assert_eq!(patient(client.ready()).await, Err(Error::Halted));
    assert_eq!(patient(sending).await, Err(Error::Halted));
    let closed = first(&mut events, |event| match event {
        ClientEvent::Closed { reason } => Some(reason),
        _ => None,
    });
    assert_eq!(closed.await, Some(Error::Halted));
    assert_eq!(patient(events.next()).await, None);
}
