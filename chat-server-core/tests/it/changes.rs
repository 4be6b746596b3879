//! Messages after they were written, and what is one user's alone, through a whole server of in-memory parts.

use chat_protocol::event::UserChange;
use chat_protocol::{Event, UserId};
use serde_json::{Value, json};

use crate::peer::{Peer, send, server};

/// A group `r` of alice and bob in which alice wrote one message.
async fn talk() -> (chat_server_core::ChatServer, Peer, Peer) {
    let server = server();
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    alice.ok(&send("m1", "r", "first")).await;
    bob.message().await;
    (server, alice, bob)
}

fn edit(seq: u64, text: &str) -> String {
    let content = json!({"type": "text/plain", "payload": {"text": text}});
    json!({"edit": {"id": "e", "room": "r", "seq": seq, "content": content}}).to_string()
}

async fn history(peer: &mut Peer) -> Value {
    peer.ok(r#"{"history":{"id":"h","room":"r"}}"#).await
}

async fn state(peer: &mut Peer) -> Value {
    let inbox = peer.ok(r#"{"inbox":{"id":"i"}}"#).await;
    let rooms = inbox["rooms"].as_array().unwrap();
    rooms.iter().find(|entry| entry["state"]["room"] == "r").unwrap()["state"].clone()
}

#[tokio::test]
async fn an_edit_reaches_everyone_and_only_the_author_makes_it() {
    let (_, mut alice, mut bob) = talk().await;
    alice.ok(&edit(1, "better")).await;
    let Some(Event::Edited(edited)) = bob.until(|event| matches!(event, Event::Edited(_))).await.pop() else {
        panic!()
    };
    assert_eq!(edited.content.unwrap().text().as_deref(), Some("better"));
    assert_eq!(bob.refused(&edit(1, "mine")).await, "ERR_FORBIDDEN_ACCESS");
    assert_eq!(alice.refused(&edit(9, "nothing")).await, "ERR_MESSAGE_NOT_FOUND");
    let page = history(&mut bob).await;
    assert_eq!(page["messages"][0]["content"]["payload"]["text"], "better");
    assert!(page["messages"][0]["edited_at"].is_string());
    assert_eq!(alice.ok(&send("m1", "r", "first")).await["duplicate"], true, "the first body counts");
    assert_eq!(alice.refused(&send("m1", "r", "better")).await, "ERR_CLIENT_ID_CONFLICT");
}

#[tokio::test]
async fn a_deleted_message_is_gone_from_history_and_counts() {
    let (_, mut alice, mut bob) = talk().await;
    assert_eq!(state(&mut bob).await["unread"], 1);
    let delete = r#"{"delete":{"id":"d","room":"r","seq":1}}"#;
    assert_eq!(bob.refused(delete).await, "ERR_FORBIDDEN_ACCESS", "not bob's, who manages nothing");
    let first = alice.ok(delete).await;
    let Some(Event::Deleted(deleted)) = bob.until(|event| matches!(event, Event::Deleted(_))).await.pop()
    else {
        panic!()
    };
    assert_eq!((deleted.seq.get(), deleted.from.as_str()), (1, "alice"));
    assert_eq!(alice.ok(delete).await["offset"], first["offset"], "again is no error");
    let page = history(&mut bob).await;
    assert_eq!(page["messages"][0]["content"]["payload"]["text"], "");
    assert!(page["messages"][0]["deleted_at"].is_string());
    assert_eq!(state(&mut bob).await["unread"], 0);
    assert_eq!(alice.refused(&edit(1, "back")).await, "ERR_MESSAGE_NOT_FOUND");
}

#[tokio::test]
async fn reactions_are_summed_up_and_ones_own_are_told() {
    let (_, mut alice, mut bob) = talk().await;
    let react = r#"{"react":{"id":"x","room":"r","seq":1,"emoji":"👍"}}"#;
    bob.ok(react).await;
    bob.ok(react).await;
    alice.ok(react).await;
    let page = history(&mut bob).await;
    assert_eq!(
        page["messages"][0]["reactions"],
        json!([{"emoji": "👍", "count": 2, "users": ["bob", "alice"]}])
    );
    assert_eq!(page["my_reactions"], json!([{"seq": 1, "emoji": ["👍"]}]));
    bob.ok(r#"{"unreact":{"id":"x","room":"r","seq":1,"emoji":"👍"}}"#).await;
    let page = history(&mut bob).await;
    assert_eq!(page["messages"][0]["reactions"][0]["count"], 1);
    assert_eq!(page.get("my_reactions"), None);
}

#[tokio::test]
async fn threads_have_their_own_line() {
    let (_, mut alice, mut bob) = talk().await;
    let reply = |id: &str, root: u64| {
        let content = json!({"type": "text/plain", "payload": {"text": id}});
        json!({"send": {"id": id, "room": "r", "client_msg_id": id, "content": content, "thread": root}})
            .to_string()
    };
    alice.ok(&reply("t1", 1)).await;
    alice.ok(&reply("t2", 1)).await;
    assert_eq!(alice.refused(&reply("t3", 2)).await, "ERR_MESSAGE_NOT_FOUND", "a reply has no thread");
    assert_eq!(alice.refused(&reply("t4", 9)).await, "ERR_MESSAGE_NOT_FOUND");
    assert_eq!(state(&mut bob).await["unread"], 1, "the main line has one");
    let thread = r#"{"thread":{"id":"t","room":"r","root":1}}"#;
    let page = bob.ok(thread).await;
    assert_eq!(page["thread"], json!({"root": 1, "count": 2, "read": 0, "unread": 2}));
    assert_eq!(page["messages"].as_array().unwrap().len(), 2);
    bob.ok(r#"{"read":{"id":"x","room":"r","seq":3,"thread":1}}"#).await;
    let page = alice.ok(thread).await;
    assert_eq!(page["thread"]["pointers"], json!({"bob": 3}));
    assert_eq!(bob.ok(thread).await["thread"]["unread"], 0);
    assert_eq!(history(&mut bob).await["messages"][0]["replies"], json!({"count": 2, "last_seq": 3}));
}

#[tokio::test]
async fn marks_of_ones_own_reach_the_other_devices() {
    let (server, mut alice, mut bob) = talk().await;
    let mut phone = Peer::log_in(&server, "bob").await;
    bob.ok(r#"{"read":{"id":"x","room":"r","seq":1}}"#).await;
    bob.ok(r#"{"mark_unread":{"id":"x","room":"r","seq":1}}"#).await;
    phone
        .until(|event| matches!(event, Event::User(c) if matches!(c.change, UserChange::MarkedUnread { .. })))
        .await;
    let marked = state(&mut bob).await;
    assert_eq!(
        (&marked["unread"], &marked["read"], &marked["unread_from"]),
        (&json!(1), &json!(1), &json!(1))
    );
    bob.ok(r#"{"read":{"id":"x","room":"r","seq":1}}"#).await;
    assert_eq!(state(&mut bob).await["unread"], 0, "reading clears the mark, also where it moves nothing");
    bob.ok(r#"{"delete":{"id":"d","room":"r","seq":1,"for_me":true}}"#).await;
    phone
        .until(|event| matches!(event, Event::User(c) if matches!(c.change, UserChange::Hidden { .. })))
        .await;
    assert_eq!(history(&mut bob).await["hidden"], json!([1]));
    assert_eq!(history(&mut alice).await.get("hidden"), None);
}

#[tokio::test]
async fn an_archived_room_comes_back_with_the_next_message() {
    let (_, mut alice, mut bob) = talk().await;
    bob.ok(r#"{"set":{"id":"s","room":"r","settings":{"archived":true,"pinned":true}}}"#).await;
    let rooms = async |bob: &mut Peer, archived: bool| {
        let inbox = bob.ok(&json!({"inbox": {"id": "i", "archived": archived}}).to_string()).await;
        inbox["rooms"].as_array().unwrap().len()
    };
    assert_eq!((rooms(&mut bob, false).await, rooms(&mut bob, true).await), (0, 1));
    alice.ok(&send("m2", "r", "second")).await;
    assert_eq!((rooms(&mut bob, false).await, rooms(&mut bob, true).await), (1, 0));
    assert_eq!(state(&mut bob).await["settings"], json!({"pinned": true}));
}

#[tokio::test]
async fn a_block_silences_the_direct_room_and_hides_presence() {
    let server = server();
    let (mut alice, mut eve) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "eve").await);
    eve.ok(r#"{"create":{"id":"c","kind":"direct","members":["alice"]}}"#).await;
    let room = chat_protocol::RoomId::direct(&"alice".parse::<UserId>().unwrap(), &"eve".parse().unwrap());
    eve.ok(&send("m1", room.as_str(), "hi")).await;
    assert_eq!(eve.ok(r#"{"listen":{"id":"l","user":"alice"}}"#).await["online"], true);
    alice.ok(r#"{"block":{"id":"b","user":"eve"}}"#).await;
    let reply = eve.ask(&send("m2", room.as_str(), "why")).await;
    assert_eq!((reply.status, reply.detail), (403, None), "who is blocked is not told");
    assert_eq!(eve.refused(r#"{"listen":{"id":"l","user":"alice"}}"#).await, "ERR_FORBIDDEN_ACCESS");
    let group = r#"{"create":{"id":"g","kind":"group","room":"g","members":["alice"]}}"#;
    assert_eq!(eve.refused(group).await, "ERR_FORBIDDEN_ACCESS");
    assert_eq!(alice.ok(r#"{"blocks":{"id":"l"}}"#).await["users"][0]["user"], "eve");
    alice.ok(r#"{"unblock":{"id":"b","user":"eve"}}"#).await;
    eve.ok(&send("m2", room.as_str(), "why")).await;
}

#[tokio::test]
async fn members_of_a_room_that_hides_its_past_see_none_of_it() {
    let server = server();
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open","history":"joined"}}"#).await;
    alice.ok(&send("m1", "r", "before")).await;
    let joined = bob.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    assert_eq!(joined["room"]["oldest_seq"], 2);
    alice.ok(&send("m2", "r", "after")).await;
    let page = history(&mut bob).await;
    let texts: Vec<_> =
        page["messages"].as_array().unwrap().iter().map(|m| &m["content"]["payload"]["text"]).collect();
    assert_eq!(texts, [&json!("after")]);
    assert_eq!(history(&mut alice).await["messages"].as_array().unwrap().len(), 2);
    bob.say(r#"{"follow":{"id":"f","room":"r","offset":1}}"#).await;
    let heard = bob.until(|event| matches!(event, Event::Reply(_))).await;
    assert!(!format!("{heard:?}").contains("before"), "{heard:?}");
}

#[tokio::test]
async fn an_inbox_has_all_that_a_list_of_chats_shows() {
    let (_, mut alice, mut bob) = talk().await;
    alice.ok(r#"{"create":{"id":"c","kind":"direct","members":["bob"]}}"#).await;
    let inbox = bob.ok(r#"{"inbox":{"id":"i"}}"#).await;
    assert_eq!(inbox["totals"], json!({"unread": 1, "mentions": 0, "rooms": 1}));
    let direct = &inbox["rooms"][0];
    assert_eq!((&direct["state"]["peer"], &direct["peer_online"]), (&json!("alice"), &json!(true)));
    assert_eq!(inbox["rooms"][1]["last"]["content"]["payload"]["text"], "first");
    let first = bob.ok(r#"{"inbox":{"id":"i","limit":1}}"#).await;
    let next = first["next"].as_str().unwrap();
    let second = bob.ok(&json!({"inbox": {"id": "i", "limit": 1, "cursor": next}}).to_string()).await;
    assert_eq!(second["rooms"][0]["state"]["room"], "r");
    assert_eq!(second.get("next"), None);
}

#[tokio::test]
async fn a_list_of_chats_shows_the_last_message_that_was_not_hidden() {
    let (_, mut alice, mut bob) = talk().await;
    let last =
        async |bob: &mut Peer| bob.ok(r#"{"inbox":{"id":"i"}}"#).await["rooms"][0]["last"]["seq"].clone();
    let hide = |seq: u64| json!({"delete": {"id": "d", "room": "r", "seq": seq, "for_me": true}}).to_string();
    alice.ok(&send("m2", "r", "second")).await;
    let content = json!({"type": "text/plain", "payload": {"text": "reply"}});
    let reply = json!({"id": "t", "room": "r", "client_msg_id": "t", "content": content, "thread": 1});
    alice.ok(&json!({"send": reply}).to_string()).await;
    alice.ok(&send("m4", "r", "fourth")).await;
    for (hidden, shown) in [(4, json!(2)), (2, json!(1)), (1, Value::Null)] {
        bob.ok(&hide(hidden)).await;
        assert_eq!(last(&mut bob).await, shown, "after {hidden} was hidden");
    }
    assert_eq!(last(&mut alice).await, 4);
    alice.ok(&send("m5", "r", "fifth")).await;
    assert_eq!(last(&mut bob).await, 5);
}

#[tokio::test]
async fn a_thread_outlives_its_first_message() {
    let (_, mut alice, mut bob) = talk().await;
    let content = json!({"type": "text/plain", "payload": {"text": "reply"}});
    let reply = |id: &str| {
        json!({"send": {"id": id, "room": "r", "client_msg_id": id, "content": content, "thread": 1}})
            .to_string()
    };
    alice.ok(&reply("t1")).await;
    alice.ok(&reply("t2")).await;
    alice.ok(r#"{"delete":{"id":"d","room":"r","seq":1}}"#).await;
    let thread = r#"{"thread":{"id":"t","room":"r","root":1}}"#;
    let state = |read: u64, count: u64, unread: u64| json!({"root": 1, "count": count, "read": read, "unread": unread});
    assert_eq!(bob.ok(thread).await["thread"], state(0, 2, 2));
    assert_eq!(alice.refused(&reply("t3")).await, "ERR_MESSAGE_NOT_FOUND", "nothing new hangs on it");
    bob.ok(r#"{"read":{"id":"x","room":"r","seq":2,"thread":1}}"#).await;
    alice.ok(r#"{"delete":{"id":"d","room":"r","seq":3}}"#).await;
    assert_eq!(bob.ok(thread).await["thread"], state(2, 1, 0), "what was deleted counts nowhere");
    let root = history(&mut bob).await["messages"][0].clone();
    assert_eq!(
        (&root["content"]["payload"]["text"], &root["replies"]),
        (&json!(""), &json!({"count": 1, "last_seq": 2}))
    );
}

#[tokio::test]
async fn whoever_is_mentioned_without_being_there_is_told_nothing() {
    let (server, mut alice, _bob) = talk().await;
    let mut carol = Peer::log_in(&server, "carol").await;
    let content = json!({"type": "text/plain", "payload": {"text": "carol?"}});
    let mentions = json!({"users": ["carol", "nobody"], "room": true});
    let called =
        json!({"id": "x", "room": "r", "client_msg_id": "x", "content": content, "mentions": mentions});
    alice.ok(&json!({"send": called}).to_string()).await;
    carol.say(r#"{"ping":{"id":"p"}}"#).await;
    assert_eq!(carol.until(|event| matches!(event, Event::Pong(_))).await.len(), 1);
    alice.ok(r#"{"invite":{"id":"i","room":"r","users":["carol"]}}"#).await;
    let totals = json!({"unread": 0, "mentions": 0, "rooms": 0});
    assert_eq!(carol.ok(r#"{"inbox":{"id":"i"}}"#).await["totals"], totals, "the past calls nobody");
}
