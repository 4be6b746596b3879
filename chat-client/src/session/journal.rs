//! What is to be written down, and what waits for it: changes are gathered while the store writes the ones before, and a message
//! leaves when the store knows that it does.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_protocol::UserId;

use super::outbox::{Keep, Order};
use super::state::Timer;
use super::{Answer, Session, Ticket};
use crate::store::{Change, StoreError};
use crate::{ClientEvent, Error};

/// Number of a batch of changes, from 1.
pub(super) type Batch = u64;

#[derive(Debug, Default)]
pub(super) struct Journal {
    enabled: bool,
    user: Option<UserId>,
    /// The last change of each message: at most one for every message in the outbox, and one for each that left it since the last
    /// batch.
    sends: BTreeMap<Order, Change>,
    /// The batch that is gathered.
    next: Batch,
    under_way: Option<Vec<Change>>,
    /// Failures in a row.
    failures: u32,
    waits: bool,
    /// Who waits until all is written.
    savers: Vec<Ticket>,
}

impl Journal {
    pub(super) fn new(enabled: bool) -> Self {
        Self { enabled, next: 1, ..Self::default() }
    }

    pub(super) fn keep(&mut self, order: Order, keep: Keep) {
        let change = match keep {
            _ if !self.enabled => return,
            Keep::AsIs => return,
            Keep::Put(send) => Change::Put(*send),
            Keep::Forget => Change::Remove(order),
        };
        self.sends.insert(order, change);
    }

    /// Adds one who waits until all is written, of at most `max`.
    pub(super) fn wait(&mut self, saver: Ticket, max: usize) -> Result<(), Error> {
        if self.savers.len() >= max {
            return Err(Error::Busy { max });
        }
        self.savers.push(saver);
        Ok(())
    }

    pub(super) fn own(&mut self, user: UserId) {
        if self.enabled {
            self.user = Some(user);
        }
    }

    /// Whether everything is written.
    pub(super) fn is_idle(&self) -> bool {
        self.is_gathered() && self.under_way.is_none()
    }

    fn is_gathered(&self) -> bool {
        self.user.is_none() && self.sends.is_empty()
    }

    /// The batch without which what was told until now is not written down; 0: all is.
    pub(super) fn needed(&self) -> Batch {
        match (&self.under_way, self.is_gathered()) {
            (_, false) => self.next,
            (Some(_), true) => self.next - 1,
            (None, true) => 0,
        }
    }

    /// Whether a batch is written, or is not waited for: a store that fails keeps nobody from sending.
    pub(super) fn is_written(&self, batch: Batch) -> bool {
        let written = if self.under_way.is_some() { self.next - 1 } else { self.next };
        batch < written || self.failures > 0 || self.is_idle()
    }

    fn take(&mut self) -> Option<Vec<Change>> {
        if self.under_way.is_some() || self.waits || self.is_gathered() {
            return None;
        }
        self.next += 1;
        let user = self.user.take().map(Change::User);
        let changes: Vec<Change> =
            user.into_iter().chain(std::mem::take(&mut self.sends).into_values()).collect();
        self.under_way = Some(changes.clone());
        Some(changes)
    }

    /// Puts the changes back that could not be written; later ones of the same message take their place.
    fn put_back(&mut self) {
        for change in self.under_way.take().into_iter().flatten() {
            match change {
                Change::User(user) => _ = self.user.get_or_insert(user),
                Change::Put(ref send) => _ = self.sends.entry(send.order).or_insert(change),
                Change::Remove(order) => _ = self.sends.entry(order).or_insert(change),
            }
        }
    }
}

impl Session {
    /// Changes for the store, in their order. The next ones come when [`handle_stored`](Self::handle_stored) has told what became
    /// of these.
    pub fn poll_store(&mut self) -> Option<Vec<Change>> {
        self.journal.take()
    }

    /// What became of the changes of the last [`poll_store`](Self::poll_store).
    pub fn handle_stored(&mut self, now: Duration, stored: Result<(), StoreError>) {
        match stored {
            Ok(()) => {
                self.journal.under_way = None;
                self.journal.failures = 0;
            }
            Err(error) => {
                for saver in std::mem::take(&mut self.journal.savers) {
                    self.answers.push_back((saver, Err(error.clone().into())));
                }
                if self.journal.failures == 0 {
                    self.events.push_back(ClientEvent::StoreFailed(error));
                }
                let wait = self.config.backoff.delay(self.journal.failures, self.jitter.draw(), None);
                self.journal.failures = self.journal.failures.saturating_add(1);
                self.journal.put_back();
                self.journal.waits = true;
                self.timers.set(Timer::Store, now + wait);
            }
        }
        self.pump(now);
    }

    pub(super) fn tell_saved(&mut self) {
        if self.journal.is_idle() {
            let savers = std::mem::take(&mut self.journal.savers);
            self.answers.extend(savers.into_iter().map(|saver| (saver, Ok(Answer::Done))));
        }
    }

    /// Nobody waits any more for what the store may still write.
    pub(super) fn forget_savers(&mut self, error: &Error) {
        let savers = std::mem::take(&mut self.journal.savers);
        self.answers.extend(savers.into_iter().map(|saver| (saver, Err(error.clone()))));
    }

    pub(super) fn store_again(&mut self) {
        self.journal.waits = false;
    }
}
