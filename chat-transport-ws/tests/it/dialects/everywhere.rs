//! The same conversations in every format at once: what is done in any of them is seen in all that have words for it.

use chat_protocol::dialect::RoomName;
use chat_protocol::{RoomId, RoomNumber};
use chat_server_core::Caller;
use chat_server_core::dialects::PortId;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::calls::ask;
use super::together::haraj;
use super::{Socket, TEXT, open, operate, start};
use crate::edge::{Edge, command};
use crate::raw::{self, soon};

/// A native session that follows a room.
struct Native(TcpStream);

impl Native {
    async fn follow(edge: &Edge, user: u32, room: &str) -> Self {
        let mut socket = edge.login(&user.to_string()).await;
        let follow = json!({"follow": {"id": "f", "room": room}});
        assert_eq!(command(&mut socket, &follow.to_string()).await.status, 200);
        Self(socket)
    }

    async fn say(&mut self, frame: Value) {
        soon(self.0.write_all(&raw::frame(raw::TEXT, frame.to_string()))).await.unwrap();
    }

    /// What the next packet of this kind holds.
    async fn hear(&mut self, kind: &str) -> Value {
        let told = async {
            loop {
                let (_, payload) = raw::read_frame(&mut self.0).await.expect("it stays open");
                let mut packet: Value = serde_json::from_slice(&payload).unwrap();
                if let Some(found) = packet.get_mut(kind) {
                    return found.take();
                }
            }
        };
        tokio::time::timeout(super::PATIENCE, told).await.unwrap_or_else(|_| panic!("no {kind} was heard"))
    }

    async fn hear_content(&mut self) -> Value {
        self.hear("message").await["content"].take()
    }

    async fn hear_text(&mut self) -> Value {
        self.hear_content().await["payload"]["text"].take()
    }
}

/// What a user does in a topic over haraj's HTTP, where everything is done in that format.
async fn in_topic(edge: &Edge, user: u32, method: &str, topic: &str, body: Value) -> Value {
    let (line, token) = (format!("{method} /chat/users/{user}/topics/{topic}"), format!("dev-{user}"));
    let answer = ask(edge, &line, Some(&token), ("application/json", &body.to_string())).await;
    assert_eq!(answer.status, 200, "{line}: {answer:?}");
    serde_json::from_str::<Value>(&answer.body).unwrap()["data"].take()
}

/// Writes in a topic over haraj's HTTP, so that the user's own sockets are told as well.
async fn write_in_topic(edge: &Edge, user: u32, topic: &str, text: &str) {
    let content = json!({"type": "text/plain", "payload": {"text": text}});
    let body = json!({"content": content, "session_id": "s-closed"});
    in_topic(edge, user, "POST", &format!("{topic}/messages"), body).await;
}

/// The body of what a user is answered.
async fn get(edge: &Edge, user: u32, path: &str) -> Value {
    let token = format!("dev-{user}");
    let answer = match path.starts_with("/v1") {
        true => edge.get_as(&token, path).await,
        false => ask(edge, &format!("GET {path}"), Some(&token), ("", "")).await,
    };
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

/// Users 1 and 2 in all formats that have conversations of two.
struct Pair {
    edge: Edge,
    room: String,
    tndata: Socket,
    chats: [Socket; 2],
    haraj: [Socket; 2],
    native: [Native; 2],
}

impl Pair {
    async fn start() -> Self {
        let edge = start().await;
        let room = RoomId::direct(&"1".parse().unwrap(), &"2".parse().unwrap()).to_string();
        let first = get(&edge, 1, "/chats/directs/1_2/").await;
        assert_eq!(first["id"], "1_2", "made in one format, there in all");
        let tndata = open(&edge, "/chat/2/?token=dev-1").await;
        let chats = [1, 2].map(|user| format!("/ws/chats/?token=dev-{user}"));
        let chats = [open(&edge, &chats[0]).await, open(&edge, &chats[1]).await];
        let haraj = [haraj(&edge, 1).await, haraj(&edge, 2).await];
        let native = [Native::follow(&edge, 1, &room).await, Native::follow(&edge, 2, &room).await];
        Self { edge, room, tndata, chats, haraj, native }
    }

    /// Everybody hears a text; gives its numbers and its digest.
    async fn hear(&mut self, text: &str) -> (u64, Value, Value) {
        let told = self.tndata.hear_with("/digest").await;
        assert_eq!(told["text"], text);
        let mut num = Value::Null;
        for socket in &mut self.chats {
            let told = socket.hear_with("/content/message").await;
            assert_eq!((&told["type"], &told["content"]["text"]), (&json!("new_message"), &json!(text)));
            num = told["content"]["message_id"].clone();
        }
        let mut seq = 0;
        for socket in &mut self.haraj {
            let told = socket.hear_with("/message").await;
            assert_eq!(told["message"]["content"]["payload"]["text"], text);
            seq = told["message"]["seq_id"].as_u64().unwrap();
        }
        for native in &mut self.native {
            assert_eq!(native.hear_text().await, text);
        }
        (seq, num, told["digest"].clone())
    }

    async fn write_in_chats(&mut self, text: &str) -> (u64, Value, Value) {
        let content = json!({"chat_type": "direct", "chat_id": "1_2", "text": text});
        self.chats[1].say(json!({"type": "new_message", "content": content})).await;
        self.hear(text).await
    }

    /// How much user 1 has not read, in each format that counts.
    async fn unread(&self) -> (u64, bool, usize) {
        let native = get(&self.edge, 1, "/v1/unread").await["unread"].as_u64().unwrap();
        let chats = get(&self.edge, 1, "/chats/has-unreads/").await["has_unreads"].as_bool().unwrap();
        let tndata = get(&self.edge, 1, "/api/chat/unread/").await;
        let of_others = |entry: &&Value| entry["user"] == 2;
        (native, chats, tndata["results"].as_array().unwrap().iter().filter(of_others).count())
    }
}

#[tokio::test]
async fn what_one_of_two_writes_in_any_format_both_hear_in_all() {
    let mut pair = Pair::start().await;
    pair.tndata.say(json!({"text": "by tndata"})).await;
    pair.hear("by tndata").await;
    pair.write_in_chats("by chats").await;
    let content = json!({"type": "text/plain", "payload": {"text": "by native"}});
    let send = json!({"send": {"id": "s", "room": pair.room, "content": content}});
    pair.native[0].say(send).await;
    pair.hear("by native").await;
    write_in_topic(&pair.edge, 1, "p2p1_2", "by haraj").await;
    pair.hear("by haraj").await;
    let texts = ["by haraj", "by native", "by chats", "by tndata"];
    let tndata = get(&pair.edge, 2, "/api/chat/history/?room=chat-1-2").await;
    let chats = get(&pair.edge, 1, "/chats/directs/1_2/messages/").await;
    for (index, text) in texts.iter().enumerate() {
        assert_eq!(
            (&tndata["results"][index]["text"], &chats["results"][index]["text"]),
            (&json!(text), &json!(text))
        );
        assert_eq!(tndata["results"][index]["id"], chats["results"][index]["id"], "one number in both");
    }
}

#[tokio::test]
async fn reading_in_any_format_is_told_and_counted_in_all() {
    let mut pair = Pair::start().await;
    let (seq, num, digest) = pair.write_in_chats("one").await;
    assert_eq!(pair.unread().await, (1, true, 1));
    pair.tndata.say(json!({"received": digest})).await;
    let told = |reads: &Value, seq: u64| assert_eq!(reads["seq_ids"], json!([seq]), "{reads}");
    told(&pair.haraj[1].hear_with("/reads").await["reads"], seq);
    let read = pair.chats[1].hear_with("/content/user_id").await;
    assert_eq!((&read["type"], &read["content"]["message_id"]), (&json!("message_read"), &num));
    let reads = pair.native[1].hear("reads").await;
    assert_eq!((&reads["from"], &reads["read"]), (&json!("1"), &json!(seq)));
    assert_eq!(pair.unread().await, (0, false, 0));

    let (seq, num, _) = pair.write_in_chats("two").await;
    let content = json!({"chat_type": "direct", "chat_id": "1_2", "message_id": num});
    pair.chats[0].say(json!({"type": "message_read", "content": content})).await;
    told(&pair.haraj[1].hear_with("/reads").await["reads"], seq);
    assert_eq!(pair.native[1].hear("reads").await["read"], json!(seq));
    assert_eq!(pair.unread().await, (0, false, 0));

    let (seq, num, _) = pair.write_in_chats("three").await;
    pair.native[0].say(json!({"read": {"id": "r", "room": pair.room, "seq": seq}})).await;
    told(&pair.haraj[1].hear_with("/reads").await["reads"], seq);
    loop {
        let read = pair.chats[1].hear_with("/content/user_id").await;
        if read["content"]["message_id"] == num {
            break assert_eq!(
                (&read["type"], &read["content"]["user_id"]),
                (&json!("message_read"), &json!(1))
            );
        }
    }
    let history = get(&pair.edge, 2, "/api/chat/history/?room=chat-1-2").await;
    assert_eq!(history["results"][0]["read"], json!(true));
    assert_eq!(pair.unread().await, (0, false, 0));

    let (seq, num, _) = pair.write_in_chats("four").await;
    let confirmed = in_topic(&pair.edge, 1, "PUT", "p2p1_2/messages", json!({"seq_ids": [seq]})).await;
    assert_eq!(confirmed["success_ids"], json!([seq]));
    told(&pair.haraj[1].hear_with("/reads").await["reads"], seq);
    let read = pair.chats[1].hear_with("/content/user_id").await;
    assert_eq!((&read["type"], &read["content"]["message_id"]), (&json!("message_read"), &num));
    while pair.native[1].hear("reads").await["read"] != json!(seq) {}
    assert_eq!(pair.unread().await, (0, false, 0));
}

#[tokio::test]
async fn typing_and_presence_are_told_in_every_format_that_has_words_for_them() {
    let mut pair = Pair::start().await;
    let content = json!({"chat_type": "direct", "chat_id": "1_2"});
    pair.chats[1].say(json!({"type": "user_typing", "content": content})).await;
    let told = pair.haraj[0].hear_with("/pres").await;
    assert_eq!((&told["pres"]["what"], &told["pres"]["from_id"]), (&json!("typing"), &json!(2)));
    let pres = pair.native[0].hear("pres").await;
    assert_eq!((&pres["what"], &pres["from"]), (&json!("typing"), &json!("2")));
    for (start, what) in [(true, "typing"), (false, "stop_typing")] {
        in_topic(&pair.edge, 1, "POST", "p2p1_2", json!({"what": "typing", "start": start})).await;
        let told = pair.haraj[1].hear_with("/pres").await;
        assert_eq!((&told["pres"]["what"], &told["pres"]["from_id"]), (&json!(what), &json!(1)));
        assert_eq!(pair.native[1].hear("pres").await["what"], what);
    }
    assert_eq!(
        pair.chats[1].hear_with("/content/end_time").await["content"]["user_id"],
        1,
        "once: it has no end"
    );
    pair.native[0].say(json!({"typing": {"id": "t", "room": pair.room}})).await;
    let told = pair.chats[1].hear_with("/content/end_time").await;
    assert_eq!((&told["type"], &told["content"]["user_id"]), (&json!("user_typing"), &json!(1)));
    assert_eq!(pair.haraj[1].hear_with("/pres").await["pres"]["what"], "typing");

    pair.haraj[0].say(json!({"listen": {"id": "l", "peer_id": 2}})).await;
    assert_eq!(pair.haraj[0].hear_with("/data/is_online").await["data"]["is_online"], json!(true));
    pair.native[0].say(json!({"listen": {"id": "l", "user": "2"}})).await;
    let Pair { chats: [chats, other], haraj: [haraj, last], native: [native, gone], edge, .. } = &mut pair;
    // The last session that goes ends it, and that is the native one, which may come back for a while.
    for socket in [other, last] {
        socket.0.close(None).await.unwrap();
    }
    soon(gone.0.shutdown()).await.unwrap();
    soon(async {
        while edge.server.connections() > 4 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    edge.server.end_sessions(&"2".parse().unwrap()).await.unwrap();
    assert_eq!(haraj.hear_with("/pres").await["pres"]["what"], "stop_typing");
    assert_eq!(haraj.hear_with("/pres").await["pres"]["what"], "offline");
    while chats.hear_with("/user_id").await
        != json!({"type": "set_offline", "user_id": 2, "content": {"user_id": 2}})
    {}
    while native.hear("pres").await["what"] != "offline" {}
    let _back = edge.login("2").await;
    assert_eq!(haraj.hear_with("/pres").await["pres"]["what"], "online");
    let told = chats.hear_with("/user_id").await;
    assert_eq!((&told["type"], &told["user_id"]), (&json!("set_online"), &json!(2)));
    assert_eq!(native.hear("pres").await["what"], "online");
}

#[tokio::test]
async fn what_is_deleted_in_one_format_is_gone_in_all() {
    let mut pair = Pair::start().await;
    let (_, first, _) = pair.write_in_chats("one").await;
    let (seq, _, _) = pair.write_in_chats("two").await;
    assert_eq!(pair.unread().await, (2, true, 2));
    let content = json!({"chat_type": "direct", "chat_id": "1_2", "message_id": first});
    pair.chats[1].say(json!({"type": "delete_message", "content": content})).await;
    assert_eq!(pair.native[0].hear("deleted").await["seq"], json!(seq - 1));
    assert_eq!(pair.unread().await, (1, true, 1));
    pair.native[1].say(json!({"delete": {"id": "d", "room": pair.room, "seq": seq}})).await;
    for _ in 0..2 {
        let told = pair.chats[0].hear_with("/content/message_id").await;
        assert_eq!(told["type"], "delete_message");
    }
    assert_eq!(pair.unread().await, (0, false, 0));
    let (seq, third, _) = pair.write_in_chats("three").await;
    in_topic(&pair.edge, 2, "DELETE", &format!("p2p1_2/messages/{seq}"), Value::Null).await;
    while pair.native[0].hear("deleted").await["seq"] != json!(seq) {}
    let told = pair.chats[0].hear_with("/content/message_id").await;
    assert_eq!((&told["type"], &told["content"]["message_id"]), (&json!("delete_message"), &third));
    assert_eq!(pair.unread().await, (0, false, 0));
    assert_eq!(get(&pair.edge, 1, "/api/chat/history/?room=chat-1-2").await["results"], json!([]));
    assert_eq!(get(&pair.edge, 1, "/chats/directs/1_2/messages/").await["results"], json!([]));
    let native = get(&pair.edge, 1, &format!("/v1/rooms/{}/messages", pair.room.replace('~', "%7E"))).await;
    let messages = native["messages"].as_array().unwrap();
    assert!(messages.iter().all(|message| message.get("deleted_at").is_some()), "{native}");
}

/// Everybody at one case: its client 2 and its agent 1, in all five formats and natively.
struct Case {
    edge: Edge,
    desk: String,
    tndata: Socket,
    chats: Socket,
    haraj: Socket,
    hipochat: Socket,
    helpdesk: Socket,
    native: Native,
}

impl Case {
    async fn start() -> Self {
        let edge = start().await;
        operate(&edge, "PUT /v1/organizations/acme/agents/1", "").await;
        let desk = json!({"organization": "acme", "client": "2"});
        let room = json!({"kind": "desk", "room": "case", "number": 9, "desk": desk});
        operate(&edge, "POST /v1/rooms", &room.to_string()).await;
        let mut agent = edge.login("1").await;
        assert_eq!(command(&mut agent, r#"{"join":{"id":"j","room":"case"}}"#).await.status, 200);
        let found = edge.server.visit_as(PortId(0), &Caller::Operator);
        let number = RoomName::Number(RoomNumber::new(9).unwrap());
        let alias = found.listed_room(&number).await.unwrap().room.alias();
        let tndata = open(&edge, "/?token=dev-1&room=case").await;
        let chats = open(&edge, "/ws/chats/?token=dev-2").await;
        let haraj = haraj(&edge, 1).await;
        let hipochat = open(&edge, &format!("/talk/chat/{alias}/?token=dev-2")).await;
        let helpdesk = open(&edge, "/ws/chat/acme/?token=dev-1").await;
        let native = Native::follow(&edge, 2, "case").await;
        Self { edge, desk: alias, tndata, chats, haraj, hipochat, helpdesk, native }
    }

    /// Everybody hears a text.
    async fn hear(&mut self, text: &str) {
        for content in self.hear_contents(text).await {
            assert_eq!((&content["type"], &content["payload"]["text"]), (&json!("text/plain"), &json!(text)));
        }
    }

    /// Everybody hears a text; gives what haraj and native, which show contents as they are, say of it.
    async fn hear_contents(&mut self, text: &str) -> [Value; 2] {
        assert_eq!(self.tndata.hear_with("/digest").await["text"], text);
        let told = self.chats.hear_with("/content/message").await;
        assert_eq!((&told["content"]["chat_id"], &told["content"]["text"]), (&json!(9), &json!(text)));
        let mut told = self.haraj.hear_with("/message").await;
        assert_eq!(told["message"]["topic_id"], "grp9", "{text}");
        assert_eq!(self.hipochat.hear_with("/timestamp").await["message"], text);
        for (kind, status) in [("new_message", "sending"), ("update_message", "sent")] {
            let told = self.helpdesk.hears(json!({"type": kind, "data": TEXT})).await;
            let told: Value = serde_json::from_str(told["data"].as_str().unwrap()).unwrap();
            assert_eq!((&told["message"], &told["help_desk"]), (&json!(text), &json!(self.desk)));
            assert_eq!(told["status"], status);
        }
        [told["message"]["content"].take(), self.native.hear_content().await]
    }

    async fn write_in_chats(&mut self, text: &str) {
        let content = json!({"chat_type": "project", "chat_id": 9, "text": text});
        self.chats.say(json!({"type": "new_message", "content": content})).await;
        self.hear(text).await;
    }

    /// What lists say, the newest first: those of chats, helpdesk and tndata.
    async fn lists(&self) -> [Vec<Value>; 3] {
        let chats = get(&self.edge, 2, "/chats/projects/9/messages/").await["results"].take();
        let desk = get(&self.edge, 1, &format!("/api/help-desks/{}/history/", self.desk)).await;
        let tndata = get(&self.edge, 1, "/api/chat/history/?room=case").await["results"].take();
        [chats, desk, tndata].map(|list| list.as_array().unwrap().clone())
    }
}

#[tokio::test]
async fn a_case_is_one_room_in_all_five_formats_and_natively() {
    let mut case = Case::start().await;
    case.hipochat.say(json!({"message": "by hipochat", "more": [1]})).await;
    for content in case.hear_contents("by hipochat").await {
        assert_eq!(content["type"], "application/json");
        assert_eq!(content["payload"]["more"], json!([1]), "as it is where contents are known");
    }
    case.tndata.say(json!({"text": "by tndata"})).await;
    case.hear("by tndata").await;
    case.write_in_chats("by chats").await;
    let content = json!({"type": "text/plain", "payload": {"text": "by native"}});
    case.native.say(json!({"send": {"id": "s", "room": "case", "content": content}})).await;
    case.hear("by native").await;
    write_in_topic(&case.edge, 1, "grp9", "by haraj").await;
    case.hear("by haraj").await;
    let body = json!({"help_desk": case.desk, "message": "by helpdesk"}).to_string();
    let answer = ask(&case.edge, "POST /api/send-message/", Some("dev-1"), ("application/json", &body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    case.hear("by helpdesk").await;

    let texts = ["by helpdesk", "by haraj", "by native", "by chats", "by tndata", "by hipochat"];
    let [chats, desk, tndata] = case.lists().await;
    for (index, text) in texts.iter().enumerate() {
        assert_eq!(chats[index]["text"], *text);
        assert_eq!(desk[index]["message"], *text);
        assert_eq!(tndata[index]["text"], *text);
        let uuid = desk[index]["uuid"].as_str().unwrap().replace('-', "");
        assert_eq!(tndata[index]["digest"], json!(uuid), "one key in both");
    }
    // What the client read in one format is read in all.
    assert_eq!(get(&case.edge, 2, "/chats/has-unreads/").await["has_unreads"], json!(true));
    let content = json!({"chat_type": "project", "chat_id": 9, "message_id": chats[0]["id"]});
    case.chats.say(json!({"type": "message_read", "content": content})).await;
    loop {
        let reads = case.haraj.hear_with("/reads").await["reads"].take();
        assert_eq!((&reads["topic_id"], &reads["from_id"]), (&json!("grp9"), &json!(2)));
        if reads["seq_ids"].as_array().unwrap().contains(&json!(6)) {
            break;
        }
    }
    assert_eq!(get(&case.edge, 2, "/chats/has-unreads/").await["has_unreads"], json!(false));
    assert_eq!(get(&case.edge, 2, "/v1/unread").await["unread"], json!(0));
}

#[tokio::test]
async fn typing_in_a_case_is_told_where_there_are_words_for_it() {
    let mut case = Case::start().await;
    let content = json!({"chat_type": "project", "chat_id": 9});
    case.chats.say(json!({"type": "user_typing", "content": content})).await;
    let told = case.haraj.hear_with("/pres").await["pres"].take();
    let said = |what: &str| json!({"what": what, "from_id": 2, "topic_id": "grp9", "ts": told["ts"]});
    assert_eq!(told, said("typing"));
    assert_eq!(case.chats.hear_with("/content/end_time").await["content"]["user_id"], 2, "its sender too");
    in_topic(&case.edge, 1, "POST", "grp9", json!({"what": "typing", "start": true})).await;
    assert_eq!(case.chats.hear_with("/content/end_time").await["content"]["user_id"], 1);
    let told = case.native.hear("pres").await;
    assert_eq!((&told["what"], &told["from"]), (&json!("typing"), &json!("1")));
    // The others were told nothing of it: this is the next that they hear.
    case.write_in_chats("said").await;
}

#[tokio::test]
async fn who_comes_to_a_case_is_shown_where_there_are_words_for_it() {
    let mut case = Case::start().await;
    let started = json!({"type": "p2p", "with_id": 2}).to_string();
    let answer =
        ask(&case.edge, "POST /chat/users/1/topics", Some("dev-1"), ("application/json", &started)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    case.haraj.say(json!({"listen": {"id": "l", "peer_id": 2}})).await;
    assert_eq!(case.haraj.hear_with("/data/is_online").await["data"]["is_online"], json!(true));
    case.native.say(json!({"listen": {"id": "l", "user": "1"}})).await;
    case.native.hear("reply").await;
    let mut agent = open(&case.edge, "/ws/chats/?token=dev-1").await;
    for what in ["offline", "online"] {
        case.chats.say(json!({"type": format!("set_{what}")})).await;
        assert_eq!(case.haraj.hear_with("/pres").await["pres"]["what"], what);
        agent.say(json!({"type": format!("set_{what}")})).await;
        assert_eq!(case.native.hear("pres").await["what"], what);
        let shown = json!({"type": format!("set_{what}"), "user_id": 1, "content": {"user_id": 1}});
        while case.chats.hear_with("/user_id").await != shown {}
    }
}

#[tokio::test]
async fn what_is_deleted_in_a_case_is_gone_in_every_format() {
    let mut case = Case::start().await;
    case.write_in_chats("one").await;
    write_in_topic(&case.edge, 1, "grp9", "two").await;
    case.hear("two").await;
    let [chats, ..] = case.lists().await;
    let content = json!({"chat_type": "project", "chat_id": 9, "message_id": chats[1]["id"]});
    case.chats.say(json!({"type": "delete_message", "content": content})).await;
    in_topic(&case.edge, 1, "DELETE", "grp9/messages/2", Value::Null).await;
    for _ in 0..2 {
        case.native.hear("deleted").await;
        assert_eq!(case.chats.hear_with("/content/message_id").await["type"], "delete_message");
    }
    assert_eq!(case.lists().await, [const { Vec::<Value>::new() }; 3]);
    let page = in_topic(&case.edge, 1, "GET", "grp9/messages", Value::Null).await;
    let messages = page["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert!(messages.iter().all(|message| message["is_deleted"] == json!(true)), "{page}");
    case.tndata.say(json!({"text": "said"})).await;
    case.hear("said").await;
}
