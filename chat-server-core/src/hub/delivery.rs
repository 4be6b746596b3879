//! Giving frames to many connections and then writing them, so that everything one connection gets in one go leaves
//! in one write.

use std::sync::Arc;

use chat_protocol::Text;
use tokio::runtime::Handle;

use super::commands::Done;
use super::link::Link;
use super::outbox::EphemeralKey;
use crate::session::ActionId;

/// How many connections one task writes to in a row: enough to make its start cheap, few enough to share a large
/// room's readers among all cores. A write takes some 5 microseconds.
const IN_A_ROW: usize = 64;

/// Connections that were given something and are to be written to.
#[derive(Debug, Default)]
#[must_use = "what was given is written by `flush`"]
pub(crate) struct Deliveries(Vec<Arc<Link>>);

impl Deliveries {
    /// Gives stored events, in their order. All at once where there are several: to look a connection up costs as much as
    /// to give it an event, when there are more of them than the processor's caches hold.
    pub(crate) fn give(&mut self, link: &Arc<Link>, frames: &[Text]) {
        if link.outbox.enqueue(frames.iter().cloned()) {
            self.0.push(link.clone());
        }
    }

    /// Gives presence or typing.
    pub(crate) fn give_ephemeral(&mut self, link: &Arc<Link>, key: EphemeralKey, frame: Text) {
        if link.outbox.enqueue_ephemeral(key, frame) {
            self.0.push(link.clone());
        }
    }

    /// Gives the result of a command to the session.
    pub(crate) fn answer(&mut self, link: &Arc<Link>, action: ActionId, done: Done) {
        if link.outbox.enqueue_done(action, done) {
            self.0.push(link.clone());
        }
    }

    /// Writes to all of them: the last ones here, the others in tasks of their own.
    pub(crate) fn flush(mut self, runtime: &Handle) {
        while self.0.len() > IN_A_ROW {
            let part = Self(self.0.split_off(self.0.len() - IN_A_ROW));
            runtime.spawn(async move { part.flush_here() });
        }
        self.flush_here();
    }

    /// Writes to all of them, one after the other.
    pub(crate) fn flush_here(self) {
        let mut scratch = Vec::new();
        for link in &self.0 {
            link.flush(&mut scratch);
        }
    }
}
