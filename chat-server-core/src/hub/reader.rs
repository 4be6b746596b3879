//! Reads the feed of all that was stored, ahead of what is done about it: neither the time of one post nor a service that hangs
//! holds up what comes behind.
//!
//! The position is stored behind the last entry before which everything is done; what a killed process had done behind it is
//! done again, under the same names.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chat_protocol::{Timestamp, WireError};
use tokio::time::Instant;

use super::Hub;
use crate::storage::FeedEntry;

/// How many entries of the feed are read at once.
const ENTRIES: usize = 64;

/// How many entries are under way at most, from the oldest that is not done: what a killed process does again at most. While a
/// service hangs for half a minute, as many messages pass it.
const WINDOW: usize = 1_024;

/// How long what was read is good for: what waits may have been deleted since, or the device be somebody else's.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// One who reads the feed, from where it stood last.
#[derive(Debug)]
pub(super) struct Reader {
    /// The name of its position.
    name: &'static str,
    /// The newest entry that was read, once it was asked for where to begin.
    read_to: Option<u64>,
    /// The position that is stored.
    stored: u64,
    /// Entries that were read, and when.
    entries: VecDeque<(FeedEntry, Instant)>,
    window: Window,
}

impl Reader {
    pub(super) fn new(name: &'static str) -> Self {
        let (entries, window) = (VecDeque::new(), Window::default());
        Self { name, read_to: None, stored: 0, entries, window }
    }

    /// The next entry, and when it was read; `None`: there is none, or as many are under way as may be.
    pub(super) async fn next(&mut self, hub: &Hub) -> Result<Option<(FeedEntry, Instant)>, WireError> {
        let read_to = match self.read_to {
            Some(read_to) => read_to,
            None => {
                let position = hub.feed_position(self.name).await?;
                (self.stored, self.window.done) = (position, position);
                position
            }
        };
        self.read_to = Some(read_to);
        if self.window.entries.len() >= WINDOW {
            return Ok(None);
        }
        if self.entries.is_empty() {
            let (entries, read) = (hub.providers.storage.feed(read_to, ENTRIES).await, Instant::now());
            self.entries.extend(hub.stored(entries)?.into_iter().map(|entry| (entry, read)));
            self.read_to = self.entries.back().map(|(last, _)| last.num).or(self.read_to);
        }
        Ok(self.entries.pop_front())
    }

    /// So much of an entry is to be done.
    pub(super) fn begin(&mut self, num: u64, parts: usize, ts: Timestamp) {
        self.window.add(num, parts, ts);
    }

    /// More of it is to be done.
    pub(super) fn more(&mut self, num: u64, parts: usize) {
        self.window.more(num, parts);
    }

    /// A part of it is done.
    pub(super) fn less(&mut self, num: u64) {
        self.window.less(num);
    }

    /// How long the oldest message waits of which not all is done.
    pub(super) fn behind(&self, now: Timestamp) -> Duration {
        self.window.behind(now)
    }

    /// Stores how far everything is done.
    pub(super) async fn note(&mut self, hub: &Hub) -> Result<(), WireError> {
        let (name, done) = (self.name, self.window.done);
        if done != self.stored {
            hub.write(move |storage| async move { storage.set_position(name, done).await }).await?;
            self.stored = done;
        }
        Ok(())
    }
}

/// Entries of the feed from the oldest that is not done.
#[derive(Debug, Default)]
struct Window {
    /// Of each, by its number: how much of it is to be done, and when it was stored if it is a message.
    entries: BTreeMap<u64, (usize, Timestamp)>,
    /// Everything up to this one is done.
    done: u64,
}

impl Window {
    fn add(&mut self, num: u64, parts: usize, ts: Timestamp) {
        self.entries.insert(num, (parts, ts));
        self.advance();
    }

    fn more(&mut self, num: u64, parts: usize) {
        if let Some((left, _)) = self.entries.get_mut(&num) {
            *left += parts;
        }
    }

    /// A part of an entry is done.
    fn less(&mut self, num: u64) {
        if let Some((left, _)) = self.entries.get_mut(&num) {
            *left = left.saturating_sub(1);
        }
        self.advance();
    }

    fn advance(&mut self) {
        while let Some(first) = self.entries.first_entry().filter(|entry| entry.get().0 == 0) {
            self.done = first.remove_entry().0;
        }
    }

    /// How long the oldest message waits.
    fn behind(&self, now: Timestamp) -> Duration {
        let oldest = self.entries.first_key_value().map_or(now, |(_, (_, ts))| *ts);
        let micros = now.as_micros().saturating_sub(oldest.as_micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_is_behind_the_last_entry_before_which_all_is_done() {
        let mut window = Window { done: 3, ..Window::default() };
        let at = Timestamp::from_micros;
        window.add(4, 0, at(0));
        assert_eq!(window.done, 4, "nothing is to be done about it");
        window.add(6, 1, at(1_000_000));
        window.more(6, 2);
        window.add(7, 1, at(2_000_000));
        window.add(9, 0, at(0));
        window.less(7);
        assert_eq!((window.done, window.behind(at(5_000_000))), (4, Duration::from_secs(4)));
        window.less(6);
        window.less(6);
        assert_eq!(window.done, 4, "one of it is left");
        window.less(6);
        assert_eq!((window.done, window.entries.len()), (9, 0));
        assert_eq!(window.behind(at(5_000_000)), Duration::ZERO);
    }
}
