//! Every native packet, read and written, each under its kind.

use std::fmt::Debug;
use std::hint::black_box;

use chat_protocol::{Command, Event, Text, WireError, decode, encode};
use gungraun::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::examples::{COMMANDS, EVENTS};
use crate::input;

/// The example of a kind. Reading it also warms what is only found out once, such as what the processor can do.
fn json<T: DeserializeOwned + Debug>(examples: &[&'static str], kind: &str) -> &'static str {
    let start = format!(r#"{{"{kind}":"#);
    let json = examples.iter().find(|json| json.starts_with(&start)).expect("each kind has an example");
    input::packet::<T>(json);
    json
}

/// The packet of a kind, which encodes to its example again.
fn packet<T: DeserializeOwned + Serialize + Debug>(examples: &[&'static str], kind: &str) -> T {
    let json = json::<T>(examples, kind);
    let packet = input::packet(json);
    assert_eq!(encode(&packet).as_str(), json);
    packet
}

/// Whether two lists have the same words in the same order.
const fn same(these: &[&str], those: &[&str]) -> bool {
    let mut i = 0;
    while i < these.len() && i < those.len() {
        let (this, that) = (these[i].as_bytes(), those[i].as_bytes());
        let mut at = 0;
        while at < this.len() && at < that.len() && this[at] == that[at] {
            at += 1;
        }
        if at < this.len() || at < that.len() {
            return false;
        }
        i += 1;
    }
    these.len() == those.len()
}

/// Two benches of each kind. A kind of the enum that is not listed here does not compile.
macro_rules! benches_of {
    ($packet:ty, $examples:expr, $decode:ident, $encode:ident, [$($kind:ident)*]) => {
        const _: () =
            assert!(same(&[$(stringify!($kind)),*], <$packet>::KINDS), "each kind of packet is counted");

        #[library_benchmark]
        $(#[bench::$kind(json::<$packet>(&$examples, stringify!($kind)))])*
        fn $decode(json: &'static str) -> Result<$packet, WireError> {
            decode(black_box(json.as_bytes()))
        }

        #[library_benchmark]
        $(#[bench::$kind(packet::<$packet>(&$examples, stringify!($kind)))])*
        fn $encode(packet: $packet) -> (Text, $packet) {
            // Given back, so that its end is not counted.
            (encode(black_box(&packet)), packet)
        }
    };
}

benches_of!(Command, COMMANDS, decode_each_command, encode_each_command, [
    auth resume follow unfollow create join leave members role invite kick ban unban block unblock set send cancel edit
    delete react unreact delivered read mark_unread typing away listen unlisten history thread search inbox
    blocks scheduled device sessions revoke ping
]);

benches_of!(Event, EVENTS, decode_each_event, encode_each_event, [
    reply message edited deleted reaction member room user reads pres resumed system pong
]);

library_benchmark_group!(
    name = packets,
    benchmarks = [decode_each_command, encode_each_command, decode_each_event, encode_each_event]
);
