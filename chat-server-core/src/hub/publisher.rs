//! Tells what was stored, in the order in which it was stored.
//!
//! Apart from the committer, so that the next batch is on its way to the disk while this one is told; and a task of
//! the runtime, because waking others is cheap from there. What several batches have for one connection leaves in
//! one write.

use std::sync::Arc;

use chat_protocol::Text;
use tokio::sync::mpsc;

use super::Hub;
use super::committer::Asker;
use super::delivery::Deliveries;
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
        hub.to_push.notify_one();
        hub.to_post.notify_one();
        hub.to_tell.notify_one();
    }
}

/// Fresh messages of one room that were stored one after the other, as in a busy room: they are given to its followers
/// together.
#[derive(Default)]
struct Run {
    frames: Vec<Text>,
    asked: Vec<(Appended, Asker)>,
}

impl Run {
    fn is_continued_by(&self, next: &Stored) -> bool {
        self.asked.last().is_none_or(|(last, _)| {
            next.is_fresh_message()
                && next.appended.room == last.room
                && next.appended.offset == last.offset.next()
        })
    }
}

impl Stored {
    fn is_fresh_message(&self) -> bool {
        !self.appended.duplicate && matches!(self.append.change, Change::Message(_))
    }
}

impl Hub {
    /// Tells what was stored to the followers of its logs, then to whoever asked for it; all of it is written
    /// together.
    fn tell(&self, stored: impl Iterator<Item = Stored>) {
        let (mut run, mut messages) = (Run::default(), 0);
        self.deliver(|deliveries| {
            for stored in stored {
                if !run.is_continued_by(&stored) {
                    self.end_run(&mut run, deliveries);
                }
                let fresh = !stored.appended.duplicate;
                let Stored { append: Append { by, change, .. }, mut appended, origin, asker } = stored;
                match change {
                    Change::Message(new) if fresh => {
                        messages += 1;
                        let done = self.typing_done(&appended.room, &by);
                        run.frames.push(self.message_frame(by, new, &appended, origin));
                        if let Some(done) = done {
                            self.post(&appended.room, done);
                        }
                        run.asked.push((appended, asker));
                    }
                    _ => {
                        self.publish(&mut appended, origin, deliveries);
                        asker.tell(appended, deliveries);
                    }
                }
            }
            self.end_run(&mut run, deliveries);
        });
        metrics::counter!("chat_messages_total").increment(messages);
    }

    /// Tells a run of messages to their readers, then to their senders.
    fn end_run(&self, run: &mut Run, deliveries: &mut Deliveries) {
        if let Some((first, _)) = run.asked.first() {
            self.deliver_frames(&first.room, first.offset, &run.frames, None, None, deliveries);
        }
        run.frames.clear();
        for (appended, asker) in run.asked.drain(..) {
            asker.tell(appended, deliveries);
        }
    }
}
