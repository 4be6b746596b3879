//! From frames to packets.

use std::hint::black_box;

use chat_protocol::{Command, Event, WireError, decode};
use gungraun::prelude::*;

use crate::input;

/// One of each command but `send`, as clients send them.
const COMMANDS: [&str; 13] = [
    r#"{"auth":{"id":"1","token":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxMDQ4NTc2MDAxIiwiZXhwIjoxNzk1MTYwNjM5fQ.c2lnbmF0dXJl","device_id":"5f0c7e1a-9f6e-4a5e-8f0f-3f1a5d6b7c80","follow":false}}"#,
    r#"{"resume":{"id":"2","epoch":"92427552055bf4db","user_offset":901,"rooms":{"7d9fcb3a41e84d0c9a51b2c06e7f1388":10456,"0b6f1d55c9b24c0f8b1d7f3ed2a9c647":77,"~10.1048576001.1048576002":311}}}"#,
    r#"{"follow":{"id":"3","room":"7d9fcb3a41e84d0c9a51b2c06e7f1388","offset":10456,"epoch":"92427552055bf4db"}}"#,
    r#"{"unfollow":{"id":"4","room":"7d9fcb3a41e84d0c9a51b2c06e7f1388"}}"#,
    r#"{"create":{"id":"5","kind":"group","client_room_id":"01JD3Z8Q4V7N2K5M9XW6TB0RYC","access":"open","name":"Bikes in Riyadh","members":["1048576002","1048576003"]}}"#,
    r#"{"join":{"id":"6","room":"7d9fcb3a41e84d0c9a51b2c06e7f1388"}}"#,
    r#"{"leave":{"id":"7","room":"7d9fcb3a41e84d0c9a51b2c06e7f1388"}}"#,
    r#"{"read":{"room":"7d9fcb3a41e84d0c9a51b2c06e7f1388","seq":10233}}"#,
    r#"{"typing":{"room":"7d9fcb3a41e84d0c9a51b2c06e7f1388"}}"#,
    r#"{"history":{"id":"8","room":"7d9fcb3a41e84d0c9a51b2c06e7f1388","before":10233,"limit":50}}"#,
    r#"{"listen":{"id":"9","user":"1048576002"}}"#,
    r#"{"unlisten":{"id":"10","user":"1048576002"}}"#,
    r#"{"ping":{"id":"11"}}"#,
];

/// Checks an input and warms what is only found out once, such as what the processor can do.
fn command(json: String) -> String {
    assert!(!matches!(input::packet(&json), Command::Unknown { .. }), "{json}");
    json
}

fn event(json: String) -> String {
    assert!(!matches!(input::packet(&json), Event::Unknown { .. }), "{json}");
    json
}

fn commands() -> Vec<String> {
    let all: Vec<String> = COMMANDS.into_iter().map(|json| command(json.to_owned())).collect();
    // With `send`, that is all there are: a new command needs its line above.
    assert_eq!(all.len() + 1, Command::KINDS.len());
    all
}

#[library_benchmark]
#[bench::send(command(input::send()))]
fn decode_command(json: String) -> Result<Command, WireError> {
    decode(black_box(json.as_bytes()))
}

#[library_benchmark]
#[bench::all_but_send(commands())]
fn decode_commands(all: Vec<String>) {
    for json in &all {
        _ = black_box(decode::<Command>(black_box(json.as_bytes())));
    }
}

#[library_benchmark]
#[bench::message(event(input::message()))]
fn decode_event(json: String) -> Result<Event, WireError> {
    decode(black_box(json.as_bytes()))
}

library_benchmark_group!(name = decoding, benchmarks = [decode_command, decode_commands, decode_event]);
