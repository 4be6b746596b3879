//! Unread counts of the in-memory store: what a room's history costs whoever only wants a number.

use std::hint::black_box;

use chat_protocol::{RoomId, Seq, UserId};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{OwnAppend, OwnChange, Pointer, RoomStore, RoomView, UserLog};
use futures::FutureExt;
use gungraun::prelude::*;

use crate::input;

type Scene = (MemoryStore, UserId, [RoomId; 1]);

/// A room of so many messages whose reader is so many behind.
fn behind(messages: u64, behind: u64) -> Scene {
    let (store, room, user) = (MemoryStore::default(), input::room(1), input::user(1));
    input::fill(&store, &room, &[user.clone(), input::user(2), input::user(3)], messages);
    let read = Seq::new(messages - behind).expect("in range");
    let change = OwnChange::Move { room: room.clone(), pointer: Pointer::Read, thread: None, seq: read };
    let step = OwnAppend { user: user.clone(), now: input::now(), change };
    _ = store.append_own(&[step]).now_or_never().expect("memory does not wait");
    (store, user, [room])
}

#[library_benchmark]
#[bench::behind_32_of_100(behind(100, 32))]
#[bench::behind_32_of_10000(behind(10_000, 32))]
#[bench::behind_all_of_100(behind(100, 100))]
#[bench::behind_all_of_10000(behind(10_000, 10_000))]
fn unread((store, user, room): Scene) -> (Option<Vec<Option<RoomView>>>, Scene) {
    let views = store.views(&user, black_box(&room)).now_or_never().and_then(Result::ok);
    (views, (store, user, room))
}

library_benchmark_group!(name = unread_counts, benchmarks = unread);
