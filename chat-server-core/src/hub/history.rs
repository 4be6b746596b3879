//! Pages of history.

use std::sync::Arc;

use chat_protocol::{
    ErrorCode, HistoryPage, HistoryQuery, Message, Offset, RoomId, UserId, WireError, limits,
};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::value::{RawValue, to_raw_value};

use super::{Hub, unavailable};
use crate::storage::Standing;

/// Room in a frame for everything around the messages of a page.
const ENVELOPE: usize = 1_024;

/// Room in a frame for the keys, numbers and time of one message.
const MESSAGE_OVERHEAD: usize = 256;

/// What a page of fifty messages of 200 bytes is long, from which the cache guesses how many it will hold.
const USUAL_PAGE: usize = 24 * 1_024;

/// What an entry of the cache takes beside the page: key, place, counters.
const ENTRY: usize = 256;

/// Pages of newest messages as they go over the wire. Nobody takes pages out that have become old: they are found under
/// the head that the room had, which it never has again, and give way to others.
pub(super) struct NewestPages(Cache<PageKey, Arc<RawValue>, Bytes>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PageKey {
    room: RoomId,
    head: Offset,
    limit: usize,
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<PageKey, Arc<RawValue>> for Bytes {
    fn weight(&self, _: &PageKey, page: &Arc<RawValue>) -> u64 {
        (page.get().len() + ENTRY) as u64
    }
}

impl NewestPages {
    /// At most so many bytes of pages.
    pub(super) fn new(capacity: usize) -> Self {
        Self(Cache::with_weighter(capacity / USUAL_PAGE, capacity as u64, Bytes))
    }
}

impl Hub {
    /// One page as JSON, for a member, or for the operator when `reader` is `None`.
    pub(crate) async fn history(
        &self,
        reader: Option<&UserId>,
        room: &RoomId,
        query: HistoryQuery,
    ) -> Result<Arc<RawValue>, WireError> {
        let limit = self.page_limit(query)?;
        let standing = self.check_reader(reader, room).await?;
        let newest = query.before.is_none() && query.after.is_none();
        match standing.filter(|_| newest) {
            Some(standing) => {
                let key = PageKey { room: room.clone(), head: standing.offset, limit };
                match self.newest.0.get(&key) {
                    Some(page) => Ok(page),
                    None => self.keep_page(key, query).await,
                }
            }
            None => write_page(&self.read_page(room, query, limit).await?),
        }
    }

    /// Reads a newest page once for all who wait for it. In a task of its own: who asked first may be a connection that
    /// is not polled for a while, because its peer does not read, or that ends.
    async fn keep_page(&self, key: PageKey, query: HistoryQuery) -> Result<Arc<RawValue>, WireError> {
        let hub = self.this.upgrade().ok_or_else(unavailable)?;
        let reading = async move {
            let page = async { write_page(&hub.read_page(&key.room, query, key.limit).await?) };
            hub.newest.0.get_or_insert_async(&key, page).await
        };
        self.tasks.spawn_on(reading, &self.runtime).await.map_err(|_| unavailable())?
    }

    fn page_limit(&self, query: HistoryQuery) -> Result<usize, WireError> {
        let most = self.config.max_history_page;
        match query.limit.unwrap_or(limits::DEFAULT_HISTORY_PAGE.min(most)) {
            limit if limit == 0 || limit > most => {
                let detail = format!("limit is {limit}, 1 to {most} are allowed");
                Err(WireError::new(ErrorCode::BadRequest, detail))
            }
            limit => Ok(limit as usize),
        }
    }

    /// What the reader, a member, is to the room; `None` for the operator, who reads every room.
    async fn check_reader(
        &self,
        reader: Option<&UserId>,
        room: &RoomId,
    ) -> Result<Option<Standing>, WireError> {
        let Some(user) = reader else { return Ok(None) };
        let standing = self.providers.storage.standing(room, user).await;
        match standing.map_err(|error| self.storage_failed(error))? {
            Some(standing) if standing.role.is_some() => Ok(Some(standing)),
            _ => Err(ErrorCode::Forbidden.into()),
        }
    }

    async fn read_page(
        &self,
        room: &RoomId,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<HistoryPage, WireError> {
        // One more than asked says whether there are more.
        let stored = self.providers.storage.history(room, query, limit + 1).await;
        let stored = stored.map_err(|error| self.storage_failed(error))?.ok_or(ErrorCode::Forbidden)?;
        let messages = stored.into_iter().map(|stored| stored.message).collect();
        let (messages, more) = fit(messages, limit, query.after.is_some(), self.config.max_frame);
        Ok(HistoryPage::new(room.clone(), messages, more))
    }
}

fn write_page(page: &HistoryPage) -> Result<Arc<RawValue>, WireError> {
    Ok(to_raw_value(page).map_err(|_| ErrorCode::Internal)?.into())
}

/// Cuts a page to `limit` messages and to one frame, at the end that is farther from the cursor.
fn fit(mut messages: Vec<Message>, limit: usize, forward: bool, max_frame: usize) -> (Vec<Message>, bool) {
    let keep = match forward {
        true => count_fitting(messages.iter(), limit, max_frame),
        false => count_fitting(messages.iter().rev(), limit, max_frame),
    };
    let keep = keep.min(messages.len());
    let more = keep < messages.len();
    if forward {
        messages.truncate(keep);
    } else {
        messages.drain(..messages.len() - keep);
    }
    (messages, more)
}

/// How many of the messages fit into a frame; always at least one, which a server's limits make sure of.
fn count_fitting<'a>(messages: impl Iterator<Item = &'a Message>, limit: usize, max_frame: usize) -> usize {
    let mut bytes = ENVELOPE;
    let fitting = messages.take(limit).take_while(|message| {
        bytes += size_bound(message);
        bytes <= max_frame
    });
    fitting.count().max(1)
}

/// No message is longer than this as JSON: quotes and backslashes of ids are written with one more character.
fn size_bound(message: &Message) -> usize {
    let ids = message.room.as_str().len()
        + message.from.as_str().len()
        + message.client_msg_id.as_ref().map_or(0, |id| id.as_str().len())
        + message.content.kind.len();
    MESSAGE_OVERHEAD + 2 * ids + message.content.payload.get().len()
}

#[cfg(test)]
mod tests {
    use chat_protocol::{Content, Offset, Seq, Timestamp};

    use super::*;

    fn messages(count: u64, text: &str) -> Vec<Message> {
        let (room, from) = (RoomId::new("r\"\"\"").unwrap(), UserId::new("\\\\").unwrap());
        let message = |n| {
            let (offset, seq) = (Offset::new(n).unwrap(), Seq::new(n).unwrap());
            let content = Content::plain(text);
            Message::new(room.clone(), offset, seq, from.clone(), content, Timestamp::from_micros(0))
        };
        (1..=count).map(message).collect()
    }

    fn seqs(page: &[Message]) -> Vec<u64> {
        page.iter().map(|message| message.seq.get()).collect()
    }

    #[test]
    fn pages_are_cut_at_the_end_far_from_the_cursor() {
        let (page, more) = fit(messages(4, "x"), 3, true, 65_536);
        assert_eq!((seqs(&page), more), (vec![1, 2, 3], true));
        let (page, more) = fit(messages(4, "x"), 3, false, 65_536);
        assert_eq!((seqs(&page), more), (vec![2, 3, 4], true));
        assert_eq!(fit(Vec::new(), 3, false, 65_536), (Vec::new(), false));
        let (page, more) = fit(messages(3, "x"), 3, false, 65_536);
        assert_eq!((seqs(&page), more), (vec![1, 2, 3], false));
    }

    #[test]
    fn a_page_never_exceeds_a_frame() {
        let text = "\"".repeat(4_000);
        let (page, more) = fit(messages(100, &text), 100, false, 65_536);
        assert!(more && page.len() > 5);
        let page = HistoryPage::new(page[0].room.clone(), page, more);
        assert!(serde_json::to_string(&page).unwrap().len() <= 65_536 - 512);
    }
}
