//! Every packet kind: its shape, tolerance of readers, what survives.

use chat_protocol::{Command, ErrorCode, Event, Text, decode, encode};

/// A packet that is read and written back to exactly the same text.
fn same<T: serde::de::DeserializeOwned + serde::Serialize>(json: &str) -> T {
    let packet: T = decode(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(encode(&packet), Text::from(json.to_owned()));
    packet
}

#[test]
fn every_command_has_its_shape() {
    let examples = [
        r#"{"auth":{"id":"1","token":"t","device_id":"d1","session_id":"s","follow":false}}"#,
        r#"{"resume":{"id":"2","epoch":"e","user_offset":9,"rooms":{"r1":41,"r2":7}}}"#,
        r#"{"follow":{"id":"3","room":"r1","offset":41,"epoch":"e"}}"#,
        r#"{"unfollow":{"id":"4","room":"r1"}}"#,
        r#"{"create":{"id":"5","kind":"group","room":"r1","client_room_id":"c","access":"open","name":"One","members":["2"]}}"#,
        r#"{"join":{"id":"6","room":"r1"}}"#,
        r#"{"leave":{"id":"7","room":"r1"}}"#,
        r#"{"send":{"id":"8","room":"r1","client_msg_id":"01J","content":{"type":"text/plain","payload":{"text":"hi"}},"reply_to":12}}"#,
        r#"{"read":{"id":"9","room":"r1","seq":43}}"#,
        r#"{"typing":{"room":"r1","stop":true}}"#,
        r#"{"history":{"id":"11","room":"r1","before":43,"limit":20}}"#,
        r#"{"listen":{"id":"12","user":"2"}}"#,
        r#"{"unlisten":{"id":"13","user":"2"}}"#,
        r#"{"ping":{"id":"14"}}"#,
    ];
    let kinds: Vec<String> = examples.iter().map(|json| same::<Command>(json).kind().to_owned()).collect();
    assert_eq!(kinds, Command::KINDS, "each command has one example here");
}

#[test]
fn every_event_has_its_shape() {
    let examples = [
        r#"{"reply":{"id":"1","status":200,"data":{"x":1},"ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"message":{"room":"r1","offset":57,"seq":43,"from":"1","content":{"type":"text/plain","payload":{"text":"hi"}},"ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"member":{"room":"r1","offset":58,"user":"2","action":"joined","role":"member","by":"1","ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"room":{"room":"r1","offset":1,"action":"created","kind":"group","name":"One","by":"1","ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"user":{"user_offset":9,"action":"room_joined","room":"r1","ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"reads":{"room":"r1","from":"2","read":43,"ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"pres":{"what":"typing","from":"2","room":"r1","ttl_ms":6000,"ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"resumed":{"room":"r1","outcome":"trimmed","epoch":"e","offset":57,"oldest":12,"state":{"room":"r1","kind":"group","access":"open","role":"member","seq":43,"offset":57,"oldest_seq":1,"members":3,"read":40,"unread":2,"ts":"2026-11-20T08:30:39.789Z"}}}"#,
        r#"{"system":{"what":"left_out","rooms":["r9"],"ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"pong":{"id":"14","ts":"2026-11-20T08:30:39.789Z"}}"#,
    ];
    let kinds: Vec<String> = examples.iter().map(|json| same::<Event>(json).kind().to_owned()).collect();
    assert_eq!(kinds, Event::KINDS, "each event has one example here");
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
    ] {
        assert_ne!(first, digest(other), "{other}");
    }
}
