//! What passed over all links of a run, as one number: two runs of one seed give the same.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chat_protocol::Frame;

use super::link::Way;

/// Every frame that was read, by client. What different clients read in the same moment has no order among them.
pub(super) struct Trace {
    clients: Mutex<BTreeMap<usize, DefaultHasher>>,
    shown: bool,
}

impl Trace {
    /// `shown`: also printed, for whoever looks for the cause of a failure.
    pub(super) fn new(shown: bool) -> Self {
        Self { clients: Mutex::default(), shown }
    }

    pub(super) fn frame(&self, now: Duration, client: usize, way: Way, frame: &Frame) {
        if self.shown {
            println!("{now:>12?} {client} {} {}", if way == Way::Up { "->" } else { "<-" }, show(frame));
        }
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let hasher = clients.entry(client).or_default();
        (now, way == Way::Up).hash(hasher);
        match frame {
            Frame::Text(text) => text.as_bytes().hash(hasher),
            other => format!("{other:?}").hash(hasher),
        }
    }

    /// Says something else, for the eye alone.
    pub(super) fn say(&self, now: Duration, what: impl FnOnce() -> String) {
        if self.shown {
            println!("{now:>12?}   {}", what());
        }
    }

    pub(super) fn number(&self) -> u64 {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = DefaultHasher::new();
        for (client, hasher) in clients.iter() {
            (client, hasher.finish()).hash(&mut all);
        }
        all.finish()
    }
}

fn show(frame: &Frame) -> String {
    match frame {
        Frame::Text(text) => text.as_str().chars().take(400).collect(),
        other => format!("{other:?}"),
    }
}
