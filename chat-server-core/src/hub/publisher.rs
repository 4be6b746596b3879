//! Tells what was stored, in the order in which it was stored.
//!
//! Apart from the committer, so that the next batch is on its way to the disk while this one is told; and a task of
//! the runtime, because waking others is cheap from there. What several batches have for one connection leaves in
//! one write.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Hub;
use super::committer::Asker;
use crate::storage::{Append, Appended, Change};

/// Greatest number of batches that are stored and not told yet: the committer waits then.
pub(super) const MAX_BATCHES: usize = 4;

/// A stored change, and who waits to hear of it.
pub(crate) struct Stored {
    pub(super) append: Append,
    pub(super) appended: Appended,
    pub(super) origin: u64,
    pub(super) asker: Asker,
}

/// Tells batch after batch until the committer has ended.
pub(super) async fn run(hub: Arc<Hub>, mut stored: mpsc::Receiver<Vec<Stored>>) {
    let mut batches = Vec::with_capacity(MAX_BATCHES);
    loop {
        let received = tokio::select! {
            biased;
            received = stored.recv_many(&mut batches, MAX_BATCHES) => received,
            () = hub.published.cancelled() => 0,
        };
        if received == 0 {
            return;
        }
        hub.tell(batches.drain(..).flatten());
    }
}

impl Hub {
    /// Tells what was stored to the followers of its logs, then to whoever asked for it; all of it is written
    /// together.
    fn tell(&self, stored: impl Iterator<Item = Stored>) {
        let mut messages = 0;
        self.deliver(|deliveries| {
            for Stored { append, appended, origin, asker } in stored {
                if !appended.duplicate {
                    messages += u64::from(matches!(append.change, Change::Message(_)));
                    self.publish(append, &appended, origin, deliveries);
                }
                asker.tell(appended, deliveries);
            }
        });
        metrics::counter!("chat_messages_total").increment(messages);
    }
}
