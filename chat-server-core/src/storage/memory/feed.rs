//! All rooms' logs as one, in memory.

use std::ops::Bound;

use async_trait::async_trait;

use super::MemoryStore;
use super::state::State;
use crate::storage::{ChangeFeed, FeedEntry, StorageError};

impl State {
    fn feed_after(&self, after: u64, limit: usize) -> Vec<FeedEntry> {
        let numbered = self.feed.range((Bound::Excluded(after), Bound::Unbounded));
        let told = numbered.filter_map(|(num, (room, offset))| {
            let entry = self.rooms.get(room)?.entry(*offset)?;
            Some(FeedEntry { num: *num, room: room.clone(), entry })
        });
        told.take(limit).collect()
    }
}

#[async_trait]
impl ChangeFeed for MemoryStore {
    async fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedEntry>, StorageError> {
        Ok(self.state().feed_after(after, limit))
    }

    async fn feed_head(&self) -> Result<u64, StorageError> {
        Ok(self.state().feed.last_key_value().map_or(0, |(num, _)| *num))
    }

    async fn position(&self, reader: &str) -> Result<Option<u64>, StorageError> {
        Ok(self.state().positions.get(reader).copied())
    }

    async fn set_position(&self, reader: &str, num: u64) -> Result<(), StorageError> {
        self.state().positions.insert(reader.to_owned(), num);
        Ok(())
    }
}
