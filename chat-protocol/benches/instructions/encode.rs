//! From packets to frames, as large as they are in practice.

use std::hint::black_box;

use chat_protocol::{Event, Text, encode};
use gungraun::prelude::*;

use crate::input;

const REPLY: &str = r#"{"reply":{"id":"4711","status":200,"data":{"seq":10233,"offset":10457,"duplicate":false,"ts":"2026-11-20T08:30:39.789Z"},"ts":"2026-11-20T08:30:39.789Z"}}"#;

/// One of those that follow a login: the room as its member sees it, and who has read how far.
const RESUMED: &str = r#"{"resumed":{"id":"2","room":"7d9fcb3a41e84d0c9a51b2c06e7f1388","outcome":"snapshot","epoch":"92427552055bf4db","offset":10457,"state":{"room":"7d9fcb3a41e84d0c9a51b2c06e7f1388","kind":"group","access":"open","history":"all","name":"Bikes in Riyadh","role":"member","seq":10233,"offset":10457,"oldest_seq":1,"members":3,"read":10201,"unread":32,"ts":"2026-11-20T08:30:39.789Z"},"pointers":{"1048576001":10201,"1048576002":10233,"1048576003":9877}}}"#;

/// The packet of a text that encodes to that text again.
fn event(json: &str) -> Event {
    let event: Event = input::packet(json);
    assert_eq!(encode(&event).as_str(), json);
    event
}

#[library_benchmark]
#[bench::message(event(&input::message()))]
#[bench::reply(event(REPLY))]
#[bench::resumed(event(RESUMED))]
fn encode_event(event: Event) -> (Text, Event) {
    // Given back, so that its end is not counted.
    (encode(black_box(&event)), event)
}

library_benchmark_group!(name = encoding, benchmarks = encode_event);
