//! Rooms that one is put out of.

use chat_client::Draft;
use chat_client::protocol::{ClientMsgId, Content, UserId};

use super::*;

const FORBIDDEN: &str = "refused: ERR_FORBIDDEN_ACCESS";

fn named(text: &str) -> Draft {
    Draft::new(Content::plain(text)).client_msg_id(ClientMsgId::new(text).unwrap())
}

fn bobs() -> UserId {
    UserId::new("bob").unwrap()
}

/// Events of messages under way, of this name.
fn of<'a>(told: &'a [String], name: &str) -> Vec<&'a str> {
    let own = told.iter().filter_map(|event| event.strip_prefix(name)?.strip_prefix(' '));
    own.map(|state| state.split(" (").next().unwrap_or(state)).collect()
}

#[tokio::test]
async fn what_waits_for_a_room_is_wedged_when_the_user_was_banned_meanwhile() {
    let scene = Scene::new().await;
    let ann = scene.client("ann").await;
    let (lobby, _other) = (open(&ann, "r").await, open(&ann, "s").await);
    let gate = scene.gate();
    let bob = ClientBuilder::new(gate.clone()).token("dev-bob").connect().await.unwrap();
    for id in ["r", "s"] {
        bob.join(room(id)).await.unwrap();
    }
    let mut events = bob.events();
    story(&mut events, "resumed s: snapshot").await;
    gate.shut();
    story(&mut events, "disconnected: the connection ended").await;
    let sends = [("r", "m1"), ("s", "m2"), ("r", "m3")];
    let [first, other, second] = sends.map(|(id, text)| bob.room(room(id)).send(named(text)));
    lobby.ban(bobs(), None, None).await.unwrap();
    gate.open();
    bob.network_changed().await.unwrap();

    let refused = |sent: Result<_, Error>| {
        let error = sent.map(|_: chat_client::protocol::reply::SendData| ()).unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::Forbidden));
        assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    };
    refused(timeout(PATIENCE, first).await.unwrap());
    refused(timeout(PATIENCE, second).await.unwrap());
    assert_eq!(timeout(PATIENCE, other).await.unwrap().unwrap().seq.get(), 1, "other rooms go on");
    let told = story(&mut events, &format!("m3 wedged ({FORBIDDEN})")).await;
    let gone = told.iter().position(|event| event == "resumed r: gone");
    let connected = told.iter().position(|event| event == "connected");
    let left = told.iter().position(|event| event == "left r");
    assert!(gone.is_some() && gone < left && left < connected, "{told:#?}");
    for name in ["m1", "m3"] {
        assert_eq!(of(&told, name), ["queued", "in flight", "wedged"], "{told:#?}");
    }
    let waiting: Vec<_> = bob.outbox().await.unwrap().into_iter().map(|send| send.client_msg_id).collect();
    assert_eq!(waiting, ["m1", "m3"].map(|name| ClientMsgId::new(name).unwrap()), "kept, for a decision");

    lobby.unban(bobs()).await.unwrap();
    bob.join(room("r")).await.unwrap();
    for (seq, name) in [(1, "m1"), (2, "m3")] {
        let retried = bob.room(room("r")).retry(ClientMsgId::new(name).unwrap());
        assert_eq!(timeout(PATIENCE, retried).await.unwrap().unwrap().seq.get(), seq);
    }
    assert_eq!(bob.outbox().await.unwrap(), []);
    assert_eq!(scene.texts("ann", "r").await, ["m1", "m3"]);
}

#[tokio::test]
async fn a_ban_is_told_and_what_is_sent_there_afterwards_is_wedged() {
    let scene = Scene::new().await;
    let ann = scene.client("ann").await;
    let (lobby, _other) = (open(&ann, "r").await, open(&ann, "s").await);
    let bob = scene.client("bob").await;
    for id in ["r", "s"] {
        bob.join(room(id)).await.unwrap();
    }
    let mut events = bob.events();
    story(&mut events, "resumed s: snapshot").await;
    lobby.ban(bobs(), None, Some("spam")).await.unwrap();
    let told = story(&mut events, "left r").await;
    assert!(!told.iter().any(|event| event.starts_with("disconnected")), "{told:#?}");
    let sent = timeout(PATIENCE, bob.room(room("r")).send(named("m1"))).await.unwrap();
    assert_eq!(sent.unwrap_err().code(), Some(ErrorCode::Forbidden));
    let told = story(&mut events, &format!("m1 wedged ({FORBIDDEN})")).await;
    assert_eq!(of(&told, "m1"), ["queued", "in flight", "wedged"]);
    assert!(bob.room(room("s")).send_text("m2").await.is_ok());
    assert_eq!(bob.join(room("r")).await.unwrap_err().code(), Some(ErrorCode::Forbidden));
    let rooms: Vec<_> = bob.rooms().await.unwrap().into_iter().map(|state| state.room).collect();
    assert_eq!(rooms, [room("s")]);
}
