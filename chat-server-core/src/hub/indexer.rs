//! Feeds the index of words with what was stored: behind the commits, never in their way.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::Content;
use tokio::time::Instant;

use super::Hub;
use crate::search::{IndexChange, SearchIndex};
use crate::storage::{FeedEntry, LogEntry, StorageError};

/// How many entries are read and indexed at once. An index commits once per batch: larger ones cost fewer commits, smaller
/// ones keep less in memory, at most 16 KiB an entry and that several times over.
const BATCH: usize = 512;

/// How long it waits when there is nothing new: about as long as a message takes to be found.
const PAUSE: Duration = Duration::from_millis(500);

/// After a full batch it rests so many times as long as the batch took: words cost as much as all else about a message, and
/// while messages come that fast the processor is needed for them. What is behind is found later.
const REST: u32 = 3;

/// After so many pauses in a row the index is asked where it stands: one that was made anew says that it is empty.
const PAUSES: u32 = 20;

/// How long it waits after the store or the index failed.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Runs until the server stops.
pub(super) async fn run(hub: Arc<Hub>, index: Arc<dyn SearchIndex>) {
    let (mut position, mut pauses) = (None, 0);
    loop {
        let begun = Instant::now();
        let pause = match step(&hub, &*index, position).await {
            Ok((at, true)) => {
                pauses = (pauses + 1) % PAUSES;
                position = Some(at).filter(|_| pauses > 0);
                metrics::gauge!("chat_index_behind").set(0.0);
                PAUSE
            }
            Ok((at, false)) => {
                position = Some(at);
                tell_behind(&hub, at).await;
                begun.elapsed().saturating_mul(REST).min(PAUSE)
            }
            Err(error) => {
                // What failed halfway is known to the index alone.
                position = None;
                tracing::warn!(%error, "messages are stored and not indexed, and tried again");
                metrics::counter!("chat_index_errors_total").increment(1);
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = hub.stopped.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// How much is stored and not indexed: the numbers between, which are a little more than messages.
async fn tell_behind(hub: &Hub, position: u64) {
    if let Ok(head) = hub.providers.storage.feed_head().await {
        metrics::gauge!("chat_index_behind")
            .set(u32::try_from(head.saturating_sub(position)).unwrap_or(u32::MAX));
    }
}

/// Indexes one batch; gives the position behind it, and whether that was all there is.
async fn step(
    hub: &Hub,
    index: &dyn SearchIndex,
    position: Option<u64>,
) -> Result<(u64, bool), StorageError> {
    let position = match position {
        Some(position) => position,
        None => index.position(&hub.epoch).await?,
    };
    let entries = hub.providers.storage.feed(position, BATCH).await?;
    let Some(last) = entries.last().map(|entry| entry.num) else { return Ok((position, true)) };
    let whole = entries.len() < BATCH;
    let changes: Vec<_> = entries.into_iter().filter_map(change).collect();
    index.index(&changes, last).await?;
    Ok((last, whole))
}

/// What an entry means for who looks for words.
fn change(FeedEntry { num, room, entry }: FeedEntry) -> Option<IndexChange> {
    match entry {
        LogEntry::Message(stored) => {
            let message = stored.message;
            // What was deleted since is not put there first.
            let there = message.deleted_at.is_none();
            let text = words(&message.content);
            there.then_some(IndexChange::Put { num, room, seq: message.seq, from: message.from, text })
        }
        LogEntry::Edited(edited) => Some(match &edited.content {
            Some(content) => IndexChange::Edit { room, seq: edited.seq, text: words(content) },
            None => IndexChange::Remove { room, seq: edited.seq },
        }),
        LogEntry::Deleted(deleted) => Some(IndexChange::Remove { room, seq: deleted.seq }),
        LogEntry::Room(changed) => changed.oldest_seq.map(|oldest| IndexChange::Trim { room, oldest }),
        LogEntry::Reaction(_) | LogEntry::Member(_) => None,
    }
}

/// What of a content people would look for. What is an application's own is nobody's words.
fn words(content: &Content) -> String {
    if content.kind.starts_with("application/") {
        return String::new();
    }
    content.text().map(|text| text.into_owned()).unwrap_or_default()
}
