//! Messages decided and stored, as the committer does it.

use std::hint::black_box;

use chat_protocol::RoomId;
use chat_server_core::bench_access::decide;
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{Append, Appended, MessageStore, Refusal, RoomStore};
use futures::FutureExt;
use gungraun::prelude::*;

use crate::input;

type Answers = Vec<Result<Appended, Refusal>>;

/// Three users who have talked a little, and what they say next at the same time.
fn conversation(messages: u64) -> (MemoryStore, Vec<Append>) {
    let (store, room) = (MemoryStore::default(), input::room(1));
    let users = [input::user(1), input::user(2), input::user(3)];
    input::fill(&store, &room, &users, 100);
    let writers = users.iter().cycle();
    let batch = (101..101 + messages).zip(writers).map(|(number, by)| input::message(number, &room, by));
    (store, batch.collect())
}

#[library_benchmark]
#[bench::of_1(conversation(1))]
#[bench::of_64(conversation(64))]
fn apply_batch(
    (store, mut batch): (MemoryStore, Vec<Append>),
) -> (MemoryStore, Vec<Append>, Option<Answers>) {
    for append in &mut batch {
        let standing = store.standing(room_of(append), &append.by).now_or_never();
        let standing = standing.and_then(Result::ok).flatten();
        _ = black_box(decide(&mut append.change, standing.as_ref()));
        append.access_version = standing.map(|standing| standing.access_version);
    }
    let answers = store.append(black_box(&batch)).now_or_never().and_then(Result::ok);
    (store, batch, answers)
}

fn room_of(append: &Append) -> &RoomId {
    &append.room
}

library_benchmark_group!(name = applying, benchmarks = apply_batch);
