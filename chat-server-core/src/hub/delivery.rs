//! Giving frames to many connections and then writing them, so that everything one connection gets in one go leaves
//! in one write.

use std::sync::Arc;

use chat_protocol::Text;
use tokio::runtime::Handle;

use super::commands::Done;
use super::link::Link;
use super::outbox::{EphemeralKey, Taken};
use crate::session::ActionId;

/// How many connections one task writes to in a row: enough to make its start cheap, few enough to share a large
/// room's readers among all cores. A write takes some 5 microseconds.
const IN_A_ROW: usize = 64;

/// Connections that were given something and are to be written to.
#[derive(Debug, Default)]
#[must_use = "what was given is written by `flush`"]
pub(crate) struct Deliveries {
    given: Vec<Arc<Link>>,
    /// Connections that had their presence packets of this second: the others are brought up later.
    put_off: Vec<Arc<Link>>,
    second: u64,
}

impl Deliveries {
    /// For what is given in this second of the server's life.
    pub(crate) fn of(second: u64) -> Self {
        Self { second, ..Self::default() }
    }

    /// Gives stored events, in their order. All at once where there are several: to look a connection up costs as much as
    /// to give it an event, when there are more of them than the processor's caches hold.
    pub(crate) fn give(&mut self, link: &Arc<Link>, frames: &[Text]) {
        if link.outbox.enqueue(frames.iter().cloned()) {
            self.given.push(link.clone());
        }
    }

    /// Gives presence or typing.
    pub(crate) fn give_ephemeral(&mut self, link: &Arc<Link>, key: EphemeralKey, frame: Text) {
        match link.outbox.enqueue_ephemeral(self.second, key, frame) {
            Taken::Listed => self.given.push(link.clone()),
            Taken::PutOff => self.put_off.push(link.clone()),
            Taken::Silently => {}
        }
    }

    /// Gives presence and typing that was put off.
    pub(crate) fn bring_up(&mut self, link: Arc<Link>) {
        if link.outbox.bring_up(self.second) == Taken::PutOff {
            self.put_off.push(link.clone());
        }
        self.given.push(link);
    }

    /// Connections to be brought up in the next second.
    pub(crate) fn take_put_off(&mut self) -> Vec<Arc<Link>> {
        std::mem::take(&mut self.put_off)
    }

    /// Gives the result of a command to the session.
    pub(crate) fn answer(&mut self, link: &Arc<Link>, action: ActionId, done: Done) {
        if link.outbox.enqueue_done(action, done) {
            self.given.push(link.clone());
        }
    }

    /// Writes to all of them: the last ones here, the others in tasks of their own.
    pub(crate) fn flush(mut self, runtime: &Handle) {
        while self.given.len() > IN_A_ROW {
            let given = self.given.split_off(self.given.len() - IN_A_ROW);
            let part = Self { given, ..Self::default() };
            runtime.spawn(async move { part.flush_here() });
        }
        self.flush_here();
    }

    /// Writes to all of them, one after the other.
    pub(crate) fn flush_here(self) {
        let mut scratch = Vec::new();
        for link in &self.given {
            link.flush(&mut scratch);
        }
    }
}
