//! The whole server over the in-memory transport, on one thread and a clock that stands still.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chat_protocol::{Frame, Text, Timestamp};
use chat_server_core::clock::Clock;
use chat_server_core::storage::MessageStore;
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::transport::PeerInfo;
use chat_server_core::transport::memory::{MemoryConnection, pair};
use chat_server_core::{ChatServer, Providers, ServerConfig};
use futures::{SinkExt, StreamExt};
use gungraun::prelude::*;
use tokio::runtime::Runtime;

use crate::input;

/// Rooms of the one who comes back.
const ROOMS: u64 = 20;

/// Messages in each of them, and entries of the log before the first: the room and its members.
const MESSAGES: u64 = 50;
const BEFORE: u64 = 4;

/// Time that stands still, and chance that counts.
#[derive(Default)]
struct Still(AtomicU64);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        input::now()
    }

    fn random(&self) -> u128 {
        0xb1d2_b332_c4f1_4c1d_0000_0000_0000_0000 + u128::from(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// The end of a scene is not counted: it is given back. The runtime comes last, it ends the server's tasks.
struct Scene {
    frame: Text,
    client: MemoryConnection,
    _other: MemoryConnection,
    _server: ChatServer,
    runtime: Runtime,
}

/// A server whose rooms have three members and 50 messages each.
fn server(runtime: &Runtime) -> (ChatServer, Arc<MemoryStore>) {
    let store = Arc::new(MemoryStore::default());
    let users = [input::user(1), input::user(2), input::user(3)];
    (1..=ROOMS).for_each(|number| input::fill(&store, &input::room(number), &users, MESSAGES));
    let parts =
        Providers { storage: store.clone(), clock: Arc::new(Still::default()), ..Providers::default() };
    let _entered = runtime.enter();
    (ChatServer::start(parts, ServerConfig::default()), store)
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("it needs no I/O")
}

/// A connection that has said `frame` and heard everything up to the packet that begins with `end`.
fn connect(runtime: &Runtime, server: &ChatServer, frame: String, end: &str) -> MemoryConnection {
    let (mut client, theirs) = pair(1_024);
    runtime.spawn(server.serve_connection(theirs, PeerInfo::default()));
    runtime.block_on(ask(&mut client, Text::from(frame), end));
    client
}

/// Says something and hears everything up to the packet that begins with `end`; how many packets came.
async fn ask(client: &mut MemoryConnection, frame: Text, end: &str) -> usize {
    client.send(Frame::Text(frame)).await.expect("the server listens");
    hear(client, end).await
}

async fn hear(client: &mut MemoryConnection, end: &str) -> usize {
    let mut count = 0;
    loop {
        let Some(Ok(Frame::Text(text))) = client.next().await else { panic!("the server closed") };
        count += 1;
        if text.as_bytes().starts_with(end.as_bytes()) {
            return count;
        }
    }
}

fn auth(user: u64, follow: bool) -> String {
    format!(r#"{{"auth":{{"id":"1","token":"dev-{}","follow":{follow}}}}}"#, input::user(user))
}

/// Somebody who comes back after `missed` messages in each of his rooms, which others follow all the time.
fn away(missed: u64) -> Scene {
    let runtime = runtime();
    let (server, store) = server(&runtime);
    let other = connect(&runtime, &server, auth(2, true), r#"{"resumed":{"outcome""#);
    let client = connect(&runtime, &server, auth(1, false), r#"{"reply""#);
    let offset = BEFORE + MESSAGES - missed;
    let rooms: Vec<String> =
        (1..=ROOMS).map(|number| format!(r#""{}":{offset}"#, input::room(number))).collect();
    let (epoch, rooms) = (store.epoch(), rooms.join(","));
    let frame =
        format!(r#"{{"resume":{{"id":"2","epoch":"{epoch}","user_offset":{ROOMS},"rooms":{{{rooms}}}}}}}"#);
    let frame = Text::from(frame);
    Scene { frame, client, _other: other, _server: server, runtime }
}

#[library_benchmark]
#[bench::nothing_missed(away(0))]
#[bench::five_missed_in_each(away(5))]
fn resume_20_rooms(mut scene: Scene) -> (usize, Scene) {
    let asked = ask(&mut scene.client, scene.frame.clone(), r#"{"reply""#);
    (black_box(scene.runtime.block_on(asked)), scene)
}

library_benchmark_group!(name = serving, benchmarks = [resume_20_rooms]);
