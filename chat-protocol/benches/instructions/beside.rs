//! A `message` of 350 bytes through our codec, and through plain serde_json.

use std::hint::black_box;

use chat_protocol::{Event, Text, WireError};
use gungraun::prelude::*;

use crate::{input, plain};

/// The text, which both have read before it is counted.
fn json() -> String {
    ours();
    plainly();
    input::message_of_350()
}

fn ours() -> Event {
    let json = input::message_of_350();
    let event = input::packet(&json);
    // Also makes the buffer into which this thread writes.
    assert_eq!(chat_protocol::encode(&event).as_str(), json);
    event
}

fn plainly() -> plain::Packet {
    plain::decode(input::message_of_350().as_bytes()).expect("it is a message")
}

#[library_benchmark]
#[bench::message_of_350(json())]
fn decode_ours(json: String) -> Result<Event, WireError> {
    chat_protocol::decode(black_box(json.as_bytes()))
}

#[library_benchmark]
#[bench::message_of_350(json())]
fn decode_plain(json: String) -> serde_json::Result<plain::Packet> {
    plain::decode(black_box(json.as_bytes()))
}

#[library_benchmark]
#[bench::message_of_350(ours())]
fn encode_ours(event: Event) -> (Text, Event) {
    (chat_protocol::encode(black_box(&event)), event)
}

#[library_benchmark]
#[bench::message_of_350(plainly())]
fn encode_plain(packet: plain::Packet) -> (serde_json::Result<Vec<u8>>, plain::Packet) {
    (plain::encode(black_box(&packet)), packet)
}

library_benchmark_group!(
    name = beside_serde_json,
    benchmarks = [decode_ours, decode_plain, encode_ours, encode_plain]
);
