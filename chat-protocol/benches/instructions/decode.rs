//! From frames to packets, as large as they are in practice.

use std::hint::black_box;

use chat_protocol::{Command, Event, Offset, Outline, RequestId, WireError, decode};
use gungraun::prelude::*;

use crate::input;

/// Checks an input and warms what is only found out once, such as what the processor can do.
fn command(json: String) -> String {
    assert!(!matches!(input::packet(&json), Command::Unknown { .. }), "{json}");
    json
}

fn event(json: String) -> String {
    assert!(!matches!(input::packet(&json), Event::Unknown { .. }), "{json}");
    json
}

#[library_benchmark]
#[bench::send(command(input::send()))]
fn decode_command(json: String) -> Result<Command, WireError> {
    decode(black_box(json.as_bytes()))
}

#[library_benchmark]
#[bench::message(event(input::message()))]
fn decode_event(json: String) -> Result<Event, WireError> {
    decode(black_box(json.as_bytes()))
}

#[library_benchmark]
#[bench::message(event(input::message()))]
fn outline(json: String) -> Option<Offset> {
    Outline::read(black_box(json.as_bytes())).and_then(|outline| outline.offset)
}

/// A `send` whose last field is wrong: what is read until then is read in vain.
fn refused() -> String {
    let json = command(input::send()).replace("}}}}", r#"}},"reply_to":"x"}}"#);
    assert!(decode::<Command>(json.as_bytes()).is_err());
    json
}

#[library_benchmark]
#[bench::send(refused())]
fn salvage_id(json: String) -> Option<RequestId> {
    chat_protocol::salvage_id(black_box(json.as_bytes()))
}

library_benchmark_group!(name = decoding, benchmarks = [decode_command, decode_event, outline, salvage_id]);
