//! What other nodes stored.

use std::sync::{Arc, PoisonError};

use futures::StreamExt;
use tokio::time::MissedTickBehavior;

use super::Hub;
use super::replay::Log;
use crate::bus::{Hint, News};

/// Takes hints of other nodes until the hub stops, and compares heads on an interval in case a hint was lost.
pub(super) async fn listen(hub: Arc<Hub>) {
    let mut hints = hub.providers.bus.subscribe();
    let mut repair = tokio::time::interval(hub.config.repair_interval);
    repair.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            hint = hints.next() => match hint {
                Some(hint) => hub.take_hint(hint),
                None => return,
            },
            _ = repair.tick() => hub.repair().await,
            () = hub.stopped.cancelled() => return,
        }
    }
}

impl Hub {
    fn take_hint(&self, hint: Hint) {
        if hint.node == self.node || hint.epoch != self.epoch {
            return;
        }
        match hint.news {
            News::Room(room, entry) => {
                self.deliver(|deliveries| self.deliver_entry(&room, entry, deliveries));
            }
            News::User(user, changed) => {
                self.deliver(|deliveries| self.deliver_user(&user, changed, 0, deliveries));
            }
        }
    }

    /// Reads on where that failed, and in every followed log: alone on the bus nothing more can have been missed.
    async fn repair(&self) {
        let unread = std::mem::take(&mut *self.unread.lock().unwrap_or_else(PoisonError::into_inner));
        for log in unread {
            self.catch_up_now(&log).await;
        }
        if !self.providers.bus.has_peers() {
            return;
        }
        for room in self.rooms.keys() {
            self.catch_up_now(&Log::Room(room)).await;
        }
        for user in self.users.keys() {
            self.catch_up_now(&Log::User(user)).await;
        }
    }
}
