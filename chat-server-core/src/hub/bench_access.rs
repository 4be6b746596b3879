//! Doors for the benches in `benches/`, which count the instructions of parts that have no public name: no API.
//!
//! Only with the feature `bench-internals`. Thin on purpose: a scene is set up here and run by the bench.

use std::sync::Arc;

use chat_protocol::{Text, UserId, WireError};

use super::delivery::Deliveries;
use super::feed::{Feed, Published, Released};
use super::link::Link;
use super::outbox::Outbox;
use crate::ServerConfig;
use crate::room::policy;
use crate::storage::{Change, Standing};

/// The live followers of one room.
#[derive(Debug)]
pub struct Followers {
    feed: Feed,
    links: Vec<Arc<Link>>,
}

impl Followers {
    /// So many connections that stand at the beginning of the log, each of another user.
    #[expect(clippy::missing_panics_doc, reason = "the ids are well formed and a new feed releases at once")]
    pub fn live(count: u64) -> Self {
        let config = ServerConfig::default();
        let (mut feed, mut links, mut batch) = (Feed::default(), Vec::new(), Vec::new());
        for number in 1..=count {
            let link = Arc::new(Link::new(number, &config, None));
            let user = UserId::new((1_048_576_000 + number).to_string()).expect("digits are an id");
            link.authenticated(user, format!("{number:032x}").as_str().try_into().expect("digits are an id"));
            feed.mark(&link);
            assert_eq!(feed.release(number, 0, Text::from("word")), Released::Live);
            _ = link.outbox.take(&mut batch);
            link.outbox.written();
            links.push(link);
        }
        Self { feed, links }
    }

    /// Gives frames to all of them; whether that was their turn.
    pub fn publish(&mut self, first: u64, frames: &[Text]) -> bool {
        let mut deliveries = Deliveries::default();
        let published = self.feed.publish(first, frames, &mut deliveries);
        deliveries.flush_here();
        published == Published::Yes
    }

    /// How many frames wait at all of them together.
    pub fn waiting(&self) -> usize {
        let waiting = |link: &Arc<Link>| {
            let mut batch = Vec::new();
            _ = link.outbox.take(&mut batch);
            link.outbox.written();
            batch.len()
        };
        self.links.iter().map(waiting).sum()
    }
}

/// What waits to be written to one connection.
#[derive(Debug)]
pub struct Queue(Outbox);

impl Default for Queue {
    fn default() -> Self {
        Self(Outbox::new(&ServerConfig::default()))
    }
}

impl Queue {
    /// Queues a stored event.
    pub fn push(&self, frame: Text) {
        self.0.push(frame);
    }

    /// Takes what is to be written next.
    pub fn take(&self, batch: &mut Vec<Text>) {
        _ = self.0.take(batch);
        self.0.written();
    }
}

/// Decides a change as the committer does.
///
/// # Errors
/// When the author may not do it.
pub fn decide(change: &mut Change, standing: Option<&Standing>) -> Result<(), WireError> {
    let rules = policy::Rules::of(&crate::ServerConfig::default());
    policy::decide(change, standing, chat_protocol::Timestamp::default(), &rules)
}
