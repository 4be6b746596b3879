//! What every new message is checked for, and the digest by which a repeat is known.

use std::hint::black_box;

use chat_protocol::command::SendMessage;
use chat_protocol::{Command, Content, ContentError, limits};
use gungraun::prelude::*;

use crate::input;

fn content() -> Content {
    serde_json::from_str(&input::content()).expect("it is written as content")
}

fn send() -> SendMessage {
    let Command::Send(send) = input::packet(&input::send()) else { unreachable!("it is written as a send") };
    // What the processor can do is found out at the first digest.
    black_box(send.digest());
    send
}

#[library_benchmark]
#[bench::plain_text(content())]
fn check_content(content: Content) -> (Result<(), ContentError>, Content) {
    (black_box(&content).check(limits::MAX_CONTENT), content)
}

#[library_benchmark]
#[bench::plain_text(send())]
fn digest_content(send: SendMessage) -> ([u8; 16], SendMessage) {
    (black_box(&send).content.digest(), send)
}

#[library_benchmark]
#[bench::plain_text(send())]
fn digest_send(send: SendMessage) -> ([u8; 16], SendMessage) {
    (black_box(&send).digest(), send)
}

library_benchmark_group!(name = contents, benchmarks = [check_content, digest_content, digest_send]);
