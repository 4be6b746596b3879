//! Unread counts, over the wire: after each thing that may change them, for whoever reads and for nobody else.

use chat_server_core::ChatServer;
use serde_json::{Value, json};

use crate::peer::{Peer, send, server};

/// What alice and bob see of the room `r`: unread messages, and those that mention them.
struct Talk {
    _server: ChatServer,
    alice: Peer,
    bob: Peer,
    sent: u64,
}

impl Talk {
    /// A group of alice and bob, in which alice wrote `count` messages.
    async fn of(count: u64) -> Self {
        let server = server();
        let (alice, bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
        let mut talk = Self { _server: server, alice, bob, sent: 0 };
        let create = r#"{"create":{"id":"c","kind":"group","room":"r","access":"open","members":["bob"]}}"#;
        talk.alice.ok(create).await;
        for _ in 0..count {
            talk.alice_writes(json!({})).await;
        }
        talk
    }

    /// A message of alice with some more fields; its number.
    async fn alice_writes(&mut self, more: Value) -> u64 {
        self.sent += 1;
        let mut command: Value = serde_json::from_str(&send(&format!("a{}", self.sent), "r", "x")).unwrap();
        command["send"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.alice.ok(&command.to_string()).await["seq"].as_u64().unwrap()
    }

    async fn bob_does(&mut self, command: Value) -> Value {
        self.bob.ok(&command.to_string()).await
    }

    async fn expect(&mut self, bob: (u64, u64), alice: (u64, u64), why: &str) {
        assert_eq!((counts(&mut self.bob).await, counts(&mut self.alice).await), (bob, alice), "{why}");
    }
}

/// Unread and mentions of the room, which must be those of the totals as well.
async fn counts(peer: &mut Peer) -> (u64, u64) {
    let inbox = peer.ok(r#"{"inbox":{"id":"i"}}"#).await;
    let of = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
    let Some(entry) = inbox["rooms"].as_array().unwrap().first() else { return (0, 0) };
    let (state, totals) = (&entry["state"], &inbox["totals"]);
    let counts = (of(state, "unread"), of(state, "mentions"));
    assert_eq!((of(totals, "unread"), of(totals, "mentions")), counts);
    assert_eq!(of(totals, "rooms"), u64::from(counts.0 > 0));
    counts
}

#[tokio::test]
async fn a_deleted_message_counts_only_as_long_as_it_is_unread_and_there() {
    let mut talk = Talk::of(3).await;
    talk.alice_writes(json!({"mentions": {"users": ["bob"]}})).await;
    talk.expect((4, 1), (0, 0), "four of alice").await;
    talk.alice.ok(r#"{"delete":{"id":"d","room":"r","seq":4}}"#).await;
    talk.expect((3, 0), (0, 0), "the one that called bob is gone").await;
    talk.bob_does(json!({"read": {"id": "x", "room": "r", "seq": 2}})).await;
    talk.alice.ok(r#"{"delete":{"id":"d","room":"r","seq":1}}"#).await;
    talk.expect((1, 0), (0, 0), "a read one that is deleted changes nothing").await;
    talk.bob_does(json!({"delete": {"id": "d", "room": "r", "seq": 3, "for_me": true}})).await;
    talk.expect((0, 0), (0, 0), "hidden from bob").await;
    talk.alice.ok(r#"{"delete":{"id":"d","room":"r","seq":3}}"#).await;
    talk.expect((0, 0), (0, 0), "hidden and then deleted is not counted off twice").await;
    talk.alice_writes(json!({})).await;
    talk.expect((1, 0), (0, 0), "and the next one counts").await;
}

#[tokio::test]
async fn an_edit_changes_no_count() {
    let mut talk = Talk::of(2).await;
    talk.alice_writes(json!({"mentions": {"room": true}})).await;
    let edit = |seq: u64| {
        let content = json!({"type": "text/plain", "payload": {"text": "better"}});
        json!({"edit": {"id": "e", "room": "r", "seq": seq, "content": content}}).to_string()
    };
    talk.alice.ok(&edit(3)).await;
    talk.expect((3, 1), (0, 0), "an unread one").await;
    talk.bob_does(json!({"read": {"id": "x", "room": "r", "seq": 3}})).await;
    talk.alice.ok(&edit(1)).await;
    talk.expect((0, 0), (0, 0), "a read one is not unread again").await;
}

#[tokio::test]
async fn an_own_message_is_never_unread_and_reads_nothing() {
    let mut talk = Talk::of(2).await;
    talk.bob.ok(&send("b1", "r", "x")).await;
    talk.expect((2, 0), (1, 0), "bob's own is not among bob's").await;
    talk.alice_writes(json!({"mentions": {"room": true}})).await;
    talk.expect((3, 1), (1, 0), "who calls the room does not call oneself").await;
}

#[tokio::test]
async fn a_thread_reply_counts_in_its_thread_alone() {
    let mut talk = Talk::of(1).await;
    let reply = talk.alice_writes(json!({"thread": 1, "mentions": {"users": ["bob"]}})).await;
    talk.expect((1, 0), (0, 0), "the main line has one").await;
    let thread = json!({"thread": {"id": "t", "room": "r", "root": 1}});
    assert_eq!(talk.bob_does(thread.clone()).await["thread"]["unread"], 1);
    talk.bob_does(json!({"read": {"id": "x", "room": "r", "seq": reply}})).await;
    talk.expect((0, 0), (0, 0), "the main line is read").await;
    assert_eq!(talk.bob_does(thread.clone()).await["thread"]["unread"], 1, "the thread is not");
    talk.bob_does(json!({"read": {"id": "x", "room": "r", "seq": reply, "thread": 1}})).await;
    assert_eq!(talk.bob_does(thread.clone()).await["thread"]["unread"], 0);
    let second = talk.alice_writes(json!({"thread": 1})).await;
    assert_eq!(talk.bob_does(thread.clone()).await["thread"]["unread"], 1);
    talk.alice.ok(&json!({"delete": {"id": "d", "room": "r", "seq": second}}).to_string()).await;
    assert_eq!(talk.bob_does(thread).await["thread"]["unread"], 0);
}

#[tokio::test]
async fn what_is_marked_unread_counts_until_it_is_read_again() {
    let mut talk = Talk::of(5).await;
    let read = |seq: u64| json!({"read": {"id": "x", "room": "r", "seq": seq}});
    talk.bob_does(read(5)).await;
    talk.expect((0, 0), (0, 0), "all is read").await;
    talk.bob_does(json!({"mark_unread": {"id": "m", "room": "r", "seq": 3}})).await;
    talk.expect((3, 0), (0, 0), "from the third on").await;
    talk.alice_writes(json!({})).await;
    talk.expect((4, 0), (0, 0), "and what came since").await;
    talk.alice.ok(r#"{"delete":{"id":"d","room":"r","seq":4}}"#).await;
    talk.expect((3, 0), (0, 0), "without what is deleted").await;
    talk.bob_does(read(1)).await;
    talk.expect((1, 0), (0, 0), "reading anything clears the mark, the pointer stays").await;
    talk.bob_does(json!({"mark_unread": {"id": "m", "room": "r", "seq": 6}})).await;
    talk.expect((1, 0), (0, 0), "a mark never makes fewer unread").await;
    talk.bob_does(json!({"read": {"id": "x", "room": "r", "seq": 6, "private": true}})).await;
    talk.expect((0, 0), (0, 0), "read in private").await;
}

#[tokio::test]
async fn who_leaves_has_no_counts_and_who_comes_back_begins_at_the_head() {
    let mut talk = Talk::of(3).await;
    talk.bob_does(json!({"leave": {"id": "l", "room": "r"}})).await;
    assert_eq!(counts(&mut talk.bob).await, (0, 0));
    talk.alice_writes(json!({"mentions": {"users": ["bob"]}})).await;
    let back = talk.bob_does(json!({"join": {"id": "j", "room": "r"}})).await;
    assert_eq!((&back["room"]["unread"], &back["room"]["read"]), (&json!(0), &json!(4)));
    talk.expect((0, 0), (0, 0), "what was written meanwhile is not unread").await;
    talk.alice_writes(json!({"mentions": {"users": ["bob"]}})).await;
    talk.expect((1, 1), (0, 0), "what comes after is").await;
    // What bob did before it left is no mark in the new membership.
    talk.bob_does(json!({"mark_unread": {"id": "m", "room": "r", "seq": 1}})).await;
    talk.bob_does(json!({"leave": {"id": "l", "room": "r"}})).await;
    talk.bob_does(json!({"join": {"id": "j", "room": "r"}})).await;
    talk.expect((0, 0), (0, 0), "at the head again").await;
}

#[tokio::test]
async fn nothing_older_than_a_members_time_is_unread() {
    let mut talk = Talk::of(3).await;
    talk.alice.ok(r#"{"set":{"id":"s","room":"r","data":{"history":"joined"}}}"#).await;
    talk.bob_does(json!({"leave": {"id": "l", "room": "r"}})).await;
    talk.bob_does(json!({"join": {"id": "j", "room": "r"}})).await;
    talk.alice_writes(json!({})).await;
    let marked = talk.bob.ask(r#"{"mark_unread":{"id":"m","room":"r","seq":1}}"#).await;
    let seen = counts(&mut talk.bob).await;
    assert_eq!(seen, (1, 0), "bob reads one message of this room: {marked:?}");
}
