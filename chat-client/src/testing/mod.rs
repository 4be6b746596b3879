//! A server within a test: an application meets a lost network, a slow server, a conflict or a log that begins anew without any
//! network.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), chat_client::Error> {
//! use chat_client::testing::FakeServer;
//!
//! let server = FakeServer::new();
//! server.room("lobby", &["ann", "bob"]);
//! let client = server.client("ann").connect().await?;
//! let lobby = client.room("lobby".parse().unwrap());
//!
//! server.offline();
//! let sending = lobby.send_text("written in a tunnel");
//! assert!(server.messages("lobby").is_empty());
//! server.online();
//! client.network_changed().await?;
//! assert_eq!(sending.await?.seq.get(), 1);
//! assert_eq!(server.messages("lobby").len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! It keeps rooms, their members, messages and logs, and answers `auth`, `resume`, `follow`, `create`, `join`, `leave`, `send`, `edit`,
//! `delete`, `read`, `history`, `typing`, `listen` and `ping` as the real server does for a user who may; everything else is refused
//! with `ERR_NOT_SUPPORTED`. It checks no permissions, counts no rates and pushes nothing: for that, start the real server, which needs
//! nothing but a directory.
//!
//! Whatever it is told to do takes effect in the order of the calls, before the call returns; the client hears of it as soon as
//! its task runs.

mod link;
mod room;
mod script;
mod world;

use std::sync::{Arc, Mutex, PoisonError};

use chat_protocol::{Command, Content, ErrorCode, Message, RoomId, UserId};
use tokio::sync::watch;

use crate::ClientBuilder;
use crate::transport::memory::{self, MemoryConnector};
use world::World;

/// A server that lives as long as this handle or one of its clones.
#[derive(Debug, Clone)]
pub struct FakeServer {
    connector: MemoryConnector,
    shared: Shared,
}

/// What the handle and the connections share. The lock is held for one command or one call of a test.
#[derive(Debug, Clone)]
struct Shared {
    world: Arc<Mutex<World>>,
    /// Counts changes, so that connections look what there is to say.
    changes: watch::Sender<u64>,
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let done = change(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|changes| *changes += 1);
        done
    }
}

impl Default for FakeServer {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeServer {
    /// A server without rooms, online.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new() -> Self {
        let (connector, acceptor) = memory::pair();
        let shared = Shared { world: Arc::new(Mutex::new(World::new())), changes: watch::Sender::new(0) };
        tokio::spawn(link::accept(acceptor, shared.clone()));
        Self { connector, shared }
    }

    /// What dials it. Any token is taken; its text is who the user is.
    pub fn connector(&self) -> MemoryConnector {
        self.connector.clone()
    }

    /// A client of this user.
    ///
    /// # Panics
    /// When the text is no user id.
    pub fn client(&self, user: &str) -> ClientBuilder {
        let user = UserId::new(user).expect("a user id");
        ClientBuilder::new(self.connector()).token(user.as_str())
    }

    /// Makes a room with these members, or adds members to one.
    ///
    /// # Panics
    /// When a text is no id.
    pub fn room(&self, room: &str, members: &[&str]) {
        let members = members.iter().map(|user| UserId::new(*user).expect("a user id")).collect();
        self.shared.change(|world| world.make(room_id(room), members));
    }

    /// Somebody writes.
    ///
    /// # Panics
    /// When a text is no id, or there is no such room.
    pub fn say(&self, from: &str, room: &str, text: &str) -> Message {
        let from = UserId::new(from).expect("a user id");
        let content = Content::plain(text);
        self.shared.change(|world| world.say(from, &room_id(room), content).expect("there is such a room"))
    }

    /// The messages of a room, oldest first; none when there is no such room.
    pub fn messages(&self, room: &str) -> Vec<Message> {
        self.shared.change(|world| world.messages(&room_id(room)))
    }

    /// What clients have said, oldest first; at most the last 10,000 commands.
    pub fn heard(&self) -> Vec<Command> {
        self.shared.change(|world| world.script.heard.iter().cloned().collect())
    }

    /// Cuts all connections, and every new one, until [`online`](Self::online).
    pub fn offline(&self) {
        self.shared.change(|world| {
            world.script.offline = true;
            world.cut();
        });
    }

    /// Takes connections again.
    pub fn online(&self) {
        self.shared.change(|world| world.script.offline = false);
    }

    /// Cuts all connections once, without a word.
    pub fn cut(&self) {
        self.shared.change(World::cut);
    }

    /// Closes all connections once, with the close code of this error.
    pub fn close(&self, code: ErrorCode) {
        self.shared.change(|world| world.close(code));
    }

    /// Says nothing more, though it takes in what is said, until [`release`](Self::release).
    pub fn hold(&self) {
        self.shared.change(|world| world.script.held = true);
    }

    /// Says what it has held back.
    pub fn release(&self) {
        self.shared.change(|world| world.script.held = false);
    }

    /// Refuses the next command of this kind (`"send"`, `"auth"`, ...) instead of carrying it out. Called again, the one after that
    /// as well.
    pub fn refuse_next(&self, kind: &str, code: ErrorCode) {
        self.shared.change(|world| world.script.refuse(kind, code));
    }

    /// Carries the next command of this kind out, and cuts the connection before its reply and whatever else comes of it is said.
    pub fn lose_next_reply(&self, kind: &str) {
        self.shared.change(|world| world.script.lose(kind));
    }

    /// Cuts all connections and begins all logs anew, as after a restored backup: every room is answered with a snapshot.
    pub fn begin_anew(&self) {
        self.shared.change(World::begin_anew);
    }

    /// Forgets the log of a room, not its messages: who was away is answered with a snapshot.
    pub fn forget_log(&self, room: &str) {
        self.shared.change(|world| world.forget_log(&room_id(room)));
    }
}

fn room_id(room: &str) -> RoomId {
    RoomId::new(room).expect("a room id")
}
