//! The calls of `chat-client` against the real server: what they do, and how they are refused.

mod devices;
mod kinds;
mod members;
mod messages;
mod pages;
mod pointers;
mod presence;
mod repeated;
mod rooms;
mod wire;

use std::fmt::Debug;
use std::time::Duration;

use chat_client::protocol::{Access, ErrorCode, RoomId, Seq, UserId};
use chat_client::{Client, ClientBuilder, ClientEvent, Error, EventStream, NewRoom, RoomHandle};
use chat_tests::server::{Server, Start};
use futures::StreamExt;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// Longest time for anything that a test waits for: only reached when it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A real server, and users of it.
struct Scene {
    server: Server,
    _data: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        Self { server: Server::start(data.path(), &Start::default()).await, _data: data }
    }

    fn builder(&self, name: &str) -> ClientBuilder {
        Client::builder(self.server.url()).token(format!("dev-{name}"))
    }

    async fn client(&self, name: &str) -> Client {
        self.builder(name).connect().await.unwrap()
    }

    /// An owner and a member of the open group `r`.
    async fn pair(&self) -> (Client, Client) {
        let (ann, ben) = (self.client("ann").await, self.client("ben").await);
        open(&ann, "r").await;
        ben.join(room("r")).await.unwrap();
        (ann, ben)
    }
}

/// Makes an open group.
async fn open(owner: &Client, id: &str) -> RoomHandle {
    owner.create(NewRoom::group().id(room(id)).access(Access::Open)).await.unwrap();
    owner.room(room(id))
}

fn room(id: &str) -> RoomId {
    RoomId::new(id).unwrap()
}

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

/// The code with which something was refused.
fn code<T: Debug>(result: Result<T, Error>) -> ErrorCode {
    let error = result.expect_err("it is refused");
    error.code().unwrap_or_else(|| panic!("not refused by a code: {error:?}"))
}

/// All items of a list.
async fn all<T>(list: impl futures::Stream<Item = Result<T, Error>>) -> Vec<T> {
    let items: Vec<Result<T, Error>> = timeout(PATIENCE, list.collect()).await.expect("the list ends");
    items.into_iter().map(|item| item.expect("an item")).collect()
}

/// The code with which a list is refused, as its only item.
async fn refusal<T: Debug>(list: impl futures::Stream<Item = Result<T, Error>>) -> ErrorCode {
    let mut items: Vec<Result<T, Error>> = timeout(PATIENCE, list.collect()).await.expect("the list ends");
    assert_eq!(items.len(), 1, "{items:?}");
    code(items.remove(0))
}

/// Waits for an event and what it tells.
async fn hear<T>(events: &mut EventStream, what: impl Fn(&ClientEvent) -> Option<T>) -> T {
    let heard = async {
        loop {
            let event = events.next().await.expect("the client lives");
            if let Some(told) = what(&event) {
                return told;
            }
        }
    };
    timeout(PATIENCE, heard).await.expect("it is told in time")
}

/// Waits until something is true of the server, asking it.
async fn until<F: Future<Output = bool>>(true_now: impl Fn() -> F) {
    let asked = async {
        while !true_now().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("it comes true");
}
