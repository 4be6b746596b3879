//! Rooms that hide their past: what was written before a member's time is not there for it, however it asks.

use chat_protocol::{Event, UserId};
use chat_server_core::ChatServer;
use serde_json::{Value, json};

use crate::peer::{Peer, send, server};

/// A room `r` that hides its past, in which alice wrote 60 messages before bob joined, and three afterwards.
async fn past() -> (ChatServer, Peer, Peer) {
    let server = server();
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open","history":"joined"}}"#).await;
    for n in 1..=60 {
        alice.ok(&send(&format!("m{n}"), "r", "secret")).await;
    }
    bob.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    for n in 61..=63 {
        alice.ok(&send(&format!("m{n}"), "r", "open")).await;
        bob.message().await;
    }
    (server, alice, bob)
}

async fn page(peer: &mut Peer, query: &str) -> (Vec<u64>, bool) {
    let page = peer.ok(&format!(r#"{{"history":{{"id":"h","room":"r",{query}}}}}"#)).await;
    let seqs = page["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap());
    (seqs.collect(), page["more"].as_bool().unwrap())
}

#[tokio::test]
async fn pages_begin_where_the_reader_may_read() {
    let (_server, _alice, mut bob) = past().await;
    for (query, seqs, more) in [
        (r#""after":0,"limit":5"#, vec![61, 62, 63], false),
        (r#""after":0,"limit":2"#, vec![61, 62], true),
        (r#""after":59,"before":63,"limit":5"#, vec![61, 62], false),
        (r#""before":62,"limit":5"#, vec![61], false),
        (r#""before":61,"limit":5"#, vec![], false),
        (r#""limit":2"#, vec![62, 63], true),
        (r#""limit":3"#, vec![61, 62, 63], false),
    ] {
        assert_eq!(page(&mut bob, query).await, (seqs, more), "{query}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_cannot_be_answered_changed_or_marked() {
    let (_server, mut alice, mut bob) = past().await;
    let content = json!({"type": "text/plain", "payload": {"text": "x"}});
    let of = |seq: u64| -> Vec<Value> {
        vec![
            json!({"react": {"id": "x", "room": "r", "seq": seq, "emoji": "+"}}),
            json!({"unreact": {"id": "x", "room": "r", "seq": seq, "emoji": "+"}}),
            json!({"delete": {"id": "x", "room": "r", "seq": seq}}),
            json!({"delete": {"id": "x", "room": "r", "seq": seq, "for_me": true}}),
            json!({"edit": {"id": "x", "room": "r", "seq": seq, "content": content}}),
            json!({"send": {"id": "x", "room": "r", "client_msg_id": "t", "content": content, "thread": seq}}),
            json!({"read": {"id": "x", "room": "r", "seq": 1, "thread": seq}}),
            json!({"thread": {"id": "x", "room": "r", "root": seq}}),
        ]
    };
    for (before, never) in of(60).into_iter().zip(of(99)) {
        let (before, never) = (bob.ask(&before.to_string()).await, bob.ask(&never.to_string()).await);
        assert_eq!((before.err, before.detail), (never.err, never.detail), "as if it was never written");
    }
    assert_eq!(bob.refused(&of(60)[0].to_string()).await, "ERR_MESSAGE_NOT_FOUND");
    // What may be read may be reacted to, and the one who was there may do all of it.
    bob.ok(&of(61)[0].to_string()).await;
    alice.ok(&of(60)[0].to_string()).await;
    alice.ok(&of(60)[5].to_string()).await;
}

#[tokio::test]
async fn an_edit_of_what_cannot_be_read_is_told_without_its_words() {
    let (server, mut alice, mut bob) = past().await;
    let edit = |seq: u64, text: &str| {
        let content = json!({"type": "text/plain", "payload": {"text": text}});
        json!({"edit": {"id": "e", "room": "r", "seq": seq, "content": content}}).to_string()
    };
    let edited = |event: &Event| match event {
        Event::Edited(edited) => Some((edited.seq.get(), edited.content.is_some())),
        _ => None,
    };
    alice.ok(&edit(60, "new secret")).await;
    alice.ok(&edit(61, "new")).await;
    let live = bob.until(|event| edited(event) == Some((61, true))).await;
    assert_eq!(live.iter().filter_map(edited).collect::<Vec<_>>(), [(60, false), (61, true)]);
    bob.say(r#"{"follow":{"id":"f","room":"r","offset":65}}"#).await;
    let replayed = bob.until(|event| matches!(event, Event::Reply(_))).await;
    assert_eq!(replayed.iter().filter_map(edited).collect::<Vec<_>>(), [(60, false), (61, true)]);
    alice.ok(&edit(60, "newer secret")).await;
    let live = bob.until(|event| edited(event).is_some()).await;
    assert_eq!(edited(live.last().unwrap()), Some((60, false)), "after a replay too");
    let mut alices_phone = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"set":{"id":"s","room":"r","data":{"history":"all"}}}"#).await;
    alice.ok(&edit(60, "open")).await;
    for reader in [&mut bob, &mut alices_phone] {
        let live = reader.until(|event| edited(event).is_some()).await;
        assert_eq!(edited(live.last().unwrap()), Some((60, true)), "nothing is hidden any more");
    }
}

#[tokio::test]
async fn what_becomes_of_what_cannot_be_read_names_nobody() {
    let (_server, mut alice, mut bob) = past().await;
    let about = |event: &Event| match event {
        Event::Edited(edited) => Some((edited.seq.get(), edited.from == UserId::system())),
        Event::Deleted(deleted) => Some((deleted.seq.get(), false)),
        Event::Reaction(reaction) => Some((reaction.seq.get(), false)),
        _ => None,
    };
    for seq in [59, 61] {
        for kind in ["react", "unreact"] {
            alice.ok(&format!(r#"{{"{kind}":{{"id":"x","room":"r","seq":{seq},"emoji":"+"}}}}"#)).await;
        }
        alice.ok(&format!(r#"{{"delete":{{"id":"x","room":"r","seq":{seq}}}}}"#)).await;
    }
    let told = [(59, true), (59, true), (59, true), (61, false), (61, false), (61, false)];
    let live = bob.until(|event| matches!(event, Event::Deleted(_))).await;
    assert_eq!(live.iter().filter_map(about).collect::<Vec<_>>(), told);
    bob.say(r#"{"follow":{"id":"f","room":"r","offset":65}}"#).await;
    let replayed = bob.until(|event| matches!(event, Event::Reply(_))).await;
    assert_eq!(replayed.iter().filter_map(about).collect::<Vec<_>>(), told);
}

#[tokio::test]
async fn a_room_that_hides_its_past_from_now_on_hides_it_from_those_who_are_there() {
    let server = server();
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    alice.ok(&send("m1", "r", "before")).await;
    bob.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    alice.ok(&send("m2", "r", "after")).await;
    let edit = |seq: u64, text: &str| {
        let content = json!({"type": "text/plain", "payload": {"text": text}});
        json!({"edit": {"id": "e", "room": "r", "seq": seq, "content": content}}).to_string()
    };
    async fn shown(peer: &mut Peer) -> bool {
        match peer.until(|event| matches!(event, Event::Edited(_))).await.pop() {
            Some(Event::Edited(edited)) => edited.content.is_some(),
            other => panic!("{other:?}"),
        }
    }
    alice.ok(&edit(1, "open")).await;
    assert!(shown(&mut bob).await, "it reads all");
    alice.ok(r#"{"set":{"id":"s","room":"r","data":{"history":"joined"}}}"#).await;
    // What each follower may read is looked up once that is told.
    let mut tries = 0;
    loop {
        alice.ok(&edit(1, &format!("secret {tries}"))).await;
        if !shown(&mut bob).await {
            break;
        }
        tries += 1;
        assert!(tries < 100, "it is hidden soon");
    }
    alice.ok(&edit(2, "open")).await;
    assert!(shown(&mut bob).await, "it was there");
}
