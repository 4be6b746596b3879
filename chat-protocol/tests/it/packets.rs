//! Every packet kind: its shape, tolerance of readers, what survives.

use chat_protocol::event::PresenceState;
use chat_protocol::{Action, Command, ErrorCode, Event, Reply, Text, decode, encode};

use crate::examples::{COMMANDS, EVENTS};

/// A packet that is read and written back to exactly the same text.
fn same<T: serde::de::DeserializeOwned + serde::Serialize>(json: &str) -> T {
    let packet: T = decode(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(encode(&packet), Text::from(json.to_owned()));
    packet
}

#[test]
fn every_command_has_its_shape() {
    let mut kinds = Vec::new();
    for (n, json) in COMMANDS.iter().enumerate() {
        let command = same::<Command>(json);
        assert_eq!(command.id().map(|id| id.as_str()), Some((n + 1).to_string().as_str()));
        assert_eq!(command.check(), Ok(()), "{json}");
        kinds.push(command.kind().to_owned());
    }
    assert_eq!(kinds, Command::KINDS, "each command has one example here");
}

#[test]
fn every_event_has_its_shape() {
    let kinds: Vec<String> = EVENTS.iter().map(|json| same::<Event>(json).kind().to_owned()).collect();
    assert_eq!(kinds, Event::KINDS, "each event has one example here");
}

#[test]
fn every_change_of_a_user_and_every_presence_has_its_shape() {
    for change in [
        r#""action":"room_joined","room":"r1""#,
        r#""action":"room_left","room":"r1""#,
        r#""action":"read","room":"r1","read":43,"thread":11"#,
        r#""action":"read_private","room":"r1","read":43"#,
        r#""action":"marked_unread","room":"r1","unread_from":40"#,
        r#""action":"settings","room":"r1","settings":{"mute_until":"2026-12-20T08:30:39.789Z"}"#,
        r#""action":"blocked","user":"2""#,
        r#""action":"unblocked","user":"2""#,
        r#""action":"hidden","room":"r1","seq":43,"from":"2","thread":11,"mentions":{"users":["1"]}"#,
        r#""action":"scheduled","room":"r1","client_msg_id":"01J","send_at":"2026-12-20T08:30:39.789Z""#,
        r#""action":"cancelled","room":"r1","client_msg_id":"01J""#,
        r#""action":"session_revoked","session_id":"s""#,
    ] {
        let json = format!(r#"{{"user":{{"user_offset":9,{change},"ts":"2026-11-20T08:30:39.789Z"}}}}"#);
        let Event::User(changed) = same(&json) else { panic!("{json}") };
        assert_eq!(changed.change.room().is_some(), change.contains("\"room\""), "{json}");
    }
    for state in [
        r#""what":"online","from":"2""#,
        r#""what":"offline","from":"2","last_seen":"2026-11-20T08:30:39.789Z""#,
        r#""what":"typing","from":"2","room":"r1","thread":11,"ttl_ms":6000"#,
        r#""what":"stop_typing","from":"2","room":"r1""#,
        r#""what":"counts","room":"r1","online":57,"typing":3"#,
    ] {
        same::<Event>(&format!(r#"{{"pres":{{{state},"ts":"2026-11-20T08:30:39.789Z"}}}}"#));
    }
}

#[test]
fn words_of_a_newer_server_lose_no_packet() {
    for json in [
        r#"{"member":{"room":"r1","offset":58,"user":"2","action":"promoted","role":"moderator","ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"room":{"room":"r1","offset":2,"action":"merged","kind":"forum","access":"paid","history":"week","by":"1","ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"system":{"what":"weather","ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"reply":{"id":"1","status":418,"err":"ERR_TEAPOT","action":"brew","ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"resumed":{"room":"r1","outcome":"merged","epoch":"e","offset":57}}"#,
    ] {
        same::<Event>(json);
    }
    let pres: Event =
        decode(br#"{"pres":{"what":"dancing","from":"2","ts":"2026-11-20T08:30:39.789Z"}}"#).unwrap();
    let Event::Pres(presence) = pres else { panic!("no presence") };
    assert_eq!(presence.state, PresenceState::Unknown);
}

#[test]
fn an_error_with_an_unknown_action_is_acted_on_by_its_code() {
    let action = |err: &str, action: &str| {
        let json =
            format!(r#"{{"status":503,"err":"{err}","action":"{action}","ts":"2026-11-20T08:30:39.789Z"}}"#);
        serde_json::from_str::<Reply>(&json).unwrap().error().unwrap().action
    };
    assert_eq!(action("ERR_STORAGE_UNAVAILABLE", "stop"), Action::Stop);
    assert_eq!(action("ERR_STORAGE_UNAVAILABLE", "wait"), Action::Retry);
    assert_eq!(action("ERR_FROM_THE_FUTURE", "wait"), Action::Stop);
    assert_eq!(action("ERR_FROM_THE_FUTURE", "retry"), Action::Retry);
}

#[test]
fn words_that_a_client_writes_are_a_closed_list() {
    for json in [
        r#"{"role":{"id":"9","room":"r1","user":"2","role":"moderator"}}"#,
        r#"{"create":{"id":"9","kind":"forum"}}"#,
        r#"{"create":{"id":"9","kind":"group","history":"since"}}"#,
        r#"{"set":{"id":"9","room":"r1","data":{"access":"paid"}}}"#,
        r#"{"device":{"id":"9","push":{"service":"pigeon","token":"t"}}}"#,
    ] {
        assert_eq!(decode::<Command>(json.as_bytes()).unwrap_err().code, ErrorCode::BadRequest, "{json}");
    }
}

#[test]
fn what_is_out_of_bounds_is_refused_by_name() {
    let long = |n: usize| "x".repeat(n);
    let users = |n: usize| format!("[{}]", vec![r#""2""#; n].join(","));
    for (json, detail) in [
        (format!(r#"{{"create":{{"id":"1","kind":"group","name":"{}"}}}}"#, long(257)), "name: 257 bytes"),
        (
            format!(r#"{{"create":{{"id":"1","kind":"group","topic":"{}"}}}}"#, long(1_025)),
            "topic: 1025 bytes",
        ),
        (
            format!(r#"{{"create":{{"id":"1","kind":"group","custom":{{"a":"{}"}}}}}}"#, long(8_185)),
            "custom: 8193",
        ),
        (format!(r#"{{"create":{{"id":"1","kind":"group","members":{}}}}}"#, users(101)), "members: 101"),
        (
            r#"{"create":{"id":"1","kind":"desk","desk":{"organization":"a b","client":"2"}}}"#.to_owned(),
            "desk.organization",
        ),
        (
            format!(r#"{{"set":{{"id":"1","room":"r","data":{{"avatar":"{}"}}}}}}"#, long(2_049)),
            "data.avatar: 2049",
        ),
        (r#"{"invite":{"id":"1","room":"r","users":[]}}"#.to_owned(), "users: at least one"),
        (format!(r#"{{"invite":{{"id":"1","room":"r","users":{}}}}}"#, users(101)), "users: 101"),
        (format!(r#"{{"kick":{{"id":"1","room":"r","user":"2","reason":"{}"}}}}"#, long(257)), "reason: 257"),
        (format!(r#"{{"ban":{{"id":"1","room":"r","user":"2","reason":"{}"}}}}"#, long(257)), "reason: 257"),
        (send(&format!(r#","mentions":{{"users":{}}}"#, users(51))), "mentions.users: 51"),
        (send(r#","send_at":"2026-12-20T08:30:39.789Z""#), "client_msg_id"),
        (r#"{"search":{"id":"1","query":" "}}"#.to_owned(), "query: at least one word"),
        (r#"{"members":{"id":"1","room":"r","limit":0}}"#.to_owned(), "limit: 0"),
        (r#"{"inbox":{"id":"1","limit":101}}"#.to_owned(), "limit: 101"),
        (r#"{"blocks":{"id":"1","limit":0}}"#.to_owned(), "limit: 0"),
        (r#"{"scheduled":{"id":"1","limit":101}}"#.to_owned(), "limit: 101"),
        (r#"{"thread":{"id":"1","room":"r","root":1,"limit":101}}"#.to_owned(), "limit: 101"),
        (r#"{"history":{"id":"1","room":"r","limit":101}}"#.to_owned(), "limit: 101"),
        (r#"{"history":{"id":"1","room":"r","limit":0}}"#.to_owned(), "limit: 0"),
        (send(r#","reply_to":0"#), "reply_to: 0, messages are numbered from 1"),
        (send(r#","thread":0"#), "thread: 0, messages"),
        (r#"{"thread":{"id":"1","room":"r","root":0}}"#.to_owned(), "root: 0, messages"),
        (r#"{"delete":{"id":"1","room":"r","seq":0}}"#.to_owned(), "seq: 0, messages"),
        (r#"{"react":{"id":"1","room":"r","seq":0,"emoji":"x"}}"#.to_owned(), "seq: 0, messages"),
        (r#"{"unreact":{"id":"1","room":"r","seq":0,"emoji":"x"}}"#.to_owned(), "seq: 0, messages"),
        (r#"{"mark_unread":{"id":"1","room":"r","seq":0}}"#.to_owned(), "seq: 0, messages"),
        (r#"{"read":{"room":"r","seq":1,"thread":0}}"#.to_owned(), "thread: 0, messages"),
        (r#"{"typing":{"room":"r","thread":0}}"#.to_owned(), "thread: 0, messages"),
        (
            r#"{"edit":{"id":"1","room":"r","seq":0,"content":{"type":"a/b","payload":{}}}}"#.to_owned(),
            "seq: 0, messages",
        ),
        (r#"{"device":{"id":"1","push":{"service":"fcm","token":""}}}"#.to_owned(), "push.token"),
        (format!(r#"{{"device":{{"id":"1","name":"{}"}}}}"#, long(129)), "name: 129"),
        (r#"{"revoke":{"id":"1"}}"#.to_owned(), "session_id or others"),
    ] {
        let error = decode::<Command>(json.as_bytes()).unwrap().check().unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest);
        assert!(error.detail.as_deref().unwrap().starts_with(detail), "{detail}: {error}");
    }
}

#[test]
fn having_read_nothing_and_a_page_after_nothing_are_within_bounds() {
    for json in [
        r#"{"read":{"room":"r","seq":0}}"#,
        r#"{"delivered":{"room":"r","seq":0}}"#,
        r#"{"history":{"id":"1","room":"r","after":0}}"#,
    ] {
        decode::<Command>(json.as_bytes()).unwrap().check().unwrap();
    }
}

fn send(more: &str) -> String {
    format!(r#"{{"send":{{"id":"1","room":"r","content":{{"type":"a/b","payload":{{}}}}{more}}}}}"#)
}

#[test]
fn unknown_packets_and_fields_survive() {
    let Command::Unknown { kind, raw } = same::<Command>(r#"{"dance":{"steps":[1,2]}}"#) else {
        panic!("known?")
    };
    assert_eq!((kind.as_str(), raw.get()), ("dance", r#"{"steps":[1,2]}"#));
    let event: Event = decode(br#"{"pong":{"id":"1","ts":"2026-11-20T08:30:39Z","mood":"new"}}"#).unwrap();
    assert_eq!(event.kind(), "pong");
    let ping: Command = decode(br#"{"ping":{"later":{"x":1}}}"#).unwrap();
    assert_eq!(ping.kind(), "ping");
}

#[test]
fn escapes_in_keys_and_ids_are_read() {
    let command: Command = decode(br#"{"jo\u0069n":{"id":"\u0061","room":"r\"1"}}"#).unwrap();
    let Command::Join(join) = command else { panic!("not a join") };
    assert_eq!((join.id.as_str(), join.room.as_str()), ("a", "r\"1"));
}

#[test]
fn content_is_kept_byte_for_byte() {
    let text = "\u{202e}\u{200b}e\u{301}\u{301}\u{fdd0}\u{1f469}\u{200d}\u{1f469}";
    let json = format!(
        r#"{{"send":{{"id":"1","room":"r","content":{{"type":"text/plain","payload":{{"text":"{text}", "n": 1e400}}}}}}}}"#
    );
    let Command::Send(send) = decode(json.as_bytes()).unwrap() else { panic!("not a send") };
    assert_eq!(send.content.payload.get(), format!(r#"{{"text":"{text}", "n": 1e400}}"#));
}

#[test]
fn hostile_frames_are_refused_with_a_code() {
    for (json, code) in [
        (r#"{"ping":{"id":"\ud800"}}"#, ErrorCode::InvalidJson),
        (r#"{"ping":{"id":"1","id":"2"}}"#, ErrorCode::BadRequest),
        (r#"{"read":{"room":"r","seq":1.5}}"#, ErrorCode::BadRequest),
        (r#"{"read":{"room":"r","seq":1e999999}}"#, ErrorCode::InvalidJson),
        (r#"{"read":{"room":"r","seq":NaN}}"#, ErrorCode::InvalidJson),
        (r#"{"join":{"id":"1","room":"a\u0000b"}}"#, ErrorCode::BadRequest),
        (r#"{"join":{"id":"","room":"r"}}"#, ErrorCode::BadRequest),
        (r#""ping""#, ErrorCode::BadRequest),
        ("null", ErrorCode::BadRequest),
    ] {
        let error = decode::<Command>(json.as_bytes()).unwrap_err();
        assert_eq!(error.code, code, "{json}: {error}");
    }
}

#[test]
fn a_truncated_frame_is_never_taken() {
    let json = r#"{"send":{"id":"8","room":"r1","content":{"type":"text/plain","payload":{"text":"hi é"}}}}"#;
    for end in 0..json.len() {
        let error = decode::<Command>(&json.as_bytes()[..end]).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidJson, "at byte {end}: {error}");
    }
}

#[test]
fn a_send_is_known_again_by_its_body_alone() {
    let digest = |json: &str| {
        let Command::Send(send) = decode(json.as_bytes()).unwrap() else { panic!("not a send") };
        send.digest()
    };
    let first = digest(
        r#"{"send":{"id":"1","room":"r","content":{"type":"a/b","payload":{"x":"A","y":1}},"reply_to":12}}"#,
    );
    let again = digest(
        r#"{"send":{"reply_to":12,"content":{"payload":{ "y":1, "x":"\u0041"},"type":"a/b"},"id":"2","room":"r"}}"#,
    );
    assert_eq!(first, again);
    for other in [
        r#"{"send":{"id":"1","room":"r","content":{"type":"a/b","payload":{"x":"A","y":1}},"reply_to":13}}"#,
        r#"{"send":{"id":"1","room":"r","content":{"type":"a/b","payload":{"x":"A","y":1}}}}"#,
        r#"{"send":{"id":"1","room":"r","content":{"type":"a/b","payload":{"x":"a","y":1}},"reply_to":12}}"#,
        r#"{"send":{"id":"1","room":"r","content":{"type":"a/bc","payload":{"x":"A","y":1}},"reply_to":12}}"#,
        r#"{"send":{"id":"1","room":"r","content":{"type":"a/b","payload":{"x":"A","y":1}},"reply_to":12,"thread":3}}"#,
        r#"{"send":{"id":"1","room":"r","content":{"type":"a/b","payload":{"x":"A","y":1}},"reply_to":12,"mentions":{"users":["2"]}}}"#,
        r#"{"send":{"id":"1","room":"r","content":{"type":"a/b","payload":{"x":"A","y":1}},"reply_to":12,"mentions":{"room":true}}}"#,
        r#"{"send":{"id":"1","room":"r","content":{"type":"a/b","payload":{"x":"A","y":1}},"reply_to":12,"send_at":"2026-12-20T08:30:39Z"}}"#,
    ] {
        assert_ne!(first, digest(other), "{other}");
    }
}
