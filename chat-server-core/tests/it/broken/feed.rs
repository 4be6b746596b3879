//! Faults of the feed of all changes.

use async_trait::async_trait;
use chat_protocol::Content;
use chat_server_core::storage::{ChangeFeed, FeedEntry, LogEntry, StorageError};

use super::Broken;

impl Broken {
    /// An entry that shows up only after one with a greater number was shown, as if another writer had committed it late.
    fn comes_late(&self, entry: &FeedEntry) -> bool {
        match &entry.entry {
            LogEntry::Message(stored) if stored.message.from.as_str() == "late" => {
                self.memory.lock().unwrap().late.insert(entry.num)
            }
            _ => false,
        }
    }
}

#[async_trait]
impl ChangeFeed for Broken {
    async fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedEntry>, StorageError> {
        let mut page = self.inner.feed(after, self.more("the_feed_has_every_change", limit)).await?;
        if self.has("a_reader_of_the_feed_misses_nothing") {
            let last = page.last().map(|entry| entry.num);
            page.retain(|entry| Some(entry.num) == last || !self.comes_late(entry));
        }
        if self.has("the_feed_says_what_is_true_now") {
            for entry in &mut page {
                if let LogEntry::Edited(edited) = &mut entry.entry {
                    edited.content.get_or_insert_with(|| Content::plain("as it was"));
                }
            }
        }
        Ok(page)
    }

    async fn feed_head(&self) -> Result<u64, StorageError> {
        self.inner.feed_head().await
    }

    async fn position(&self, reader: &str) -> Result<Option<u64>, StorageError> {
        self.inner.position(reader).await
    }

    async fn set_position(&self, reader: &str, num: u64) -> Result<(), StorageError> {
        let before = self.inner.position(reader).await?;
        let num = if self.has("positions_of_readers_are_kept") { num.max(before.unwrap_or(0)) } else { num };
        self.inner.set_position(reader, num).await
    }
}
