//! From one stored event to the queues of all who follow the room, and out of one queue.

use std::hint::black_box;

use chat_protocol::{Event, Message, Offset, Seq, Text, encode};
use chat_server_core::bench_access::{Followers, Queue};
use chat_server_core::storage::Change;
use gungraun::prelude::*;

use crate::input;

/// The frame that tells a message.
fn frame() -> Text {
    let append = input::message(1, &input::room(1), &input::user(1));
    let Change::Message(new) = append.change else { unreachable!("it is a message") };
    let (offset, seq) = (Offset::new(10_457).expect("in range"), Seq::new(10_233).expect("in range"));
    encode(&Event::Message(Message {
        client_msg_id: new.client_msg_id,
        ..Message::new(append.room, offset, seq, append.by, new.content, input::now())
    }))
}

/// So many readers whose queues are empty, as those of readers that keep up are, and so many frames for each.
fn readers(count: u64, frames: usize) -> (Followers, Vec<Text>) {
    let mut followers = Followers::live(count);
    assert!(followers.publish(1, &[frame()]));
    assert_eq!(followers.waiting() as u64, count);
    (followers, vec![frame(); frames])
}

#[library_benchmark]
#[bench::to_10(readers(10, 1))]
#[bench::to_100(readers(100, 1))]
#[bench::to_1000(readers(1_000, 1))]
#[bench::eight_to_100(readers(100, 8))]
fn publish((mut followers, frames): (Followers, Vec<Text>)) -> (Followers, Vec<Text>, bool) {
    let published = followers.publish(2, black_box(&frames));
    (followers, frames, published)
}

/// A queue, what comes, and where the writer takes it.
fn burst(count: usize) -> (Queue, Vec<Text>, Vec<Text>) {
    (Queue::default(), vec![frame(); count], Vec::with_capacity(count))
}

#[library_benchmark]
#[bench::of_32(burst(32))]
fn push_and_take(
    (queue, mut frames, mut batch): (Queue, Vec<Text>, Vec<Text>),
) -> (Queue, Vec<Text>, Vec<Text>) {
    for frame in frames.drain(..) {
        queue.push(black_box(frame));
    }
    queue.take(&mut batch);
    (queue, frames, batch)
}

library_benchmark_group!(name = fanning_out, benchmarks = [publish, push_and_take]);
