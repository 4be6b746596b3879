//! Pages of history.

use std::sync::Arc;

use chat_protocol::{
    ErrorCode, HistoryPage, HistoryQuery, Message, MyReactions, Offset, RoomId, Seq, ThreadState, UserId,
    WireError, limits,
};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::follow::fitting;
use super::{Hub, unavailable};
use crate::storage::{Marks, Standing};

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
pub(super) struct NewestPages(Cache<PageKey, Arc<Page>, Bytes>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PageKey {
    room: RoomId,
    head: Offset,
    limit: usize,
}

/// A page as everybody sees it, and which messages it holds.
#[derive(Debug)]
struct Page {
    json: Arc<RawValue>,
    /// The first and the last message; `None`: it is empty.
    span: Option<(Seq, Seq)>,
    /// There are older ones, for who may read everything.
    more: bool,
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<PageKey, Arc<Page>> for Bytes {
    fn weight(&self, _: &PageKey, page: &Arc<Page>) -> u64 {
        (page.json.get().len() + ENTRY) as u64
    }
}

impl NewestPages {
    /// At most so many bytes of pages.
    pub(super) fn new(capacity: usize) -> Self {
        Self(Cache::with_weighter(capacity / USUAL_PAGE, capacity as u64, Bytes))
    }
}

/// Which messages of a room are asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// Replies of this thread only.
    thread: Option<Seq>,
    query: HistoryQuery,
    limit: usize,
    /// The oldest message that the reader may see.
    oldest: Seq,
}

impl Hub {
    /// One page as JSON, for a member, or for the operator when `reader` is `None`; with `thread` one of its replies.
    pub(crate) async fn history(
        &self,
        reader: Option<&UserId>,
        room: &RoomId,
        thread: Option<Seq>,
        query: HistoryQuery,
    ) -> Result<Arc<RawValue>, WireError> {
        let limit = self.page_limit(query)?;
        let standing = self.check_reader(reader, room).await?;
        let oldest = standing.map_or(Seq::ZERO, |standing| standing.oldest_seq);
        // A page that begins before the reader's time would be filled with what it may not read.
        let after = query.after.map(|after| after.max(oldest.previous()));
        let query = HistoryQuery { after, ..query };
        let asked = Asked { thread, query, limit, oldest };
        let page = match standing {
            Some(standing) if thread.is_none() && query.before.is_none() && query.after.is_none() => {
                self.newest_page(room, standing, asked).await?
            }
            _ => Arc::new(write_page(&self.read_page(reader, room, asked).await?)?),
        };
        match (reader, page.span) {
            (Some(user), Some(span)) if standing.is_some_and(|standing| standing.marked) => {
                let marked = self.with_marks(user, room, &page.json, span).await?;
                if marked.get().len() + ENVELOPE <= self.config.max_frame || limit == 1 {
                    return Ok(marked);
                }
                // Rare: many reactions of one's own. Fewer messages then, and `more` says so.
                let half = u32::try_from(limit / 2).unwrap_or(1);
                let query = HistoryQuery { limit: Some(half), ..query };
                Box::pin(self.history(reader, room, thread, query)).await
            }
            _ => Ok(page.json.clone()),
        }
    }

    /// The newest page, which all who may see all of it share.
    async fn newest_page(
        &self,
        room: &RoomId,
        standing: Standing,
        asked: Asked,
    ) -> Result<Arc<Page>, WireError> {
        let key = PageKey { room: room.clone(), head: standing.offset, limit: asked.limit };
        let page = match self.newest.0.get(&key) {
            Some(page) => page,
            None => self.keep_page(key, Asked { oldest: Seq::ZERO, ..asked }).await?,
        };
        // That there is more is true for whoever may read the one before.
        if page.span.is_none_or(|(first, _)| first > asked.oldest || (first == asked.oldest && !page.more)) {
            return Ok(page);
        }
        Ok(Arc::new(write_page(&self.read_page(None, room, asked).await?)?))
    }

    /// Reads a newest page once for all who wait for it. In a task of its own: who asked first may be a connection that
    /// is not polled for a while, because its peer does not read, or that ends.
    async fn keep_page(&self, key: PageKey, asked: Asked) -> Result<Arc<Page>, WireError> {
        let hub = self.this.upgrade().ok_or_else(unavailable)?;
        let reading = async move {
            let page = async { Ok(Arc::new(write_page(&hub.read_page(None, &key.room, asked).await?)?)) };
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
        reader: Option<&UserId>,
        room: &RoomId,
        asked: Asked,
    ) -> Result<HistoryPage, WireError> {
        let Asked { thread, query, limit, oldest } = asked;
        let storage = &self.providers.storage;
        let thread_state = match thread {
            Some(root) => Some(self.thread_state(reader, room, root, oldest).await?),
            None => None,
        };
        // One more than asked says whether there are more.
        let stored = storage.history(room, thread, query, limit + 1).await;
        let stored = stored.map_err(|error| self.storage_failed(error))?.ok_or(ErrorCode::Forbidden)?;
        let seen = stored.into_iter().map(|stored| stored.message).filter(|message| message.seq >= oldest);
        let room_for_thread = if thread.is_some() { limits::MAX_POINTERS_BYTES } else { 0 };
        let max_bytes = self.config.max_frame.saturating_sub(room_for_thread);
        let (messages, more) = fit(seen.collect(), limit, query.after.is_some(), max_bytes);
        Ok(HistoryPage { thread: thread_state, ..HistoryPage::new(room.clone(), messages, more) })
    }

    /// A thread with the pointers of the others who read it.
    async fn thread_state(
        &self,
        reader: Option<&UserId>,
        room: &RoomId,
        root: Seq,
        oldest: Seq,
    ) -> Result<ThreadState, WireError> {
        let storage = &self.providers.storage;
        let system = UserId::system();
        let state = storage.thread(room, root, reader.unwrap_or(&system)).await;
        let state = state.map_err(|error| self.storage_failed(error))?.filter(|_| root >= oldest);
        let mut state = state.ok_or(ErrorCode::MessageNotFound)?;
        let pointers = storage.pointers(room, Some(root), limits::MAX_POINTERS).await;
        let mut read = pointers.map_err(|error| self.storage_failed(error))?.read;
        reader.map(|me| read.remove(me));
        state.pointers = fitting(read);
        Ok(state)
    }

    /// A page with what its reader did to its messages, which is nobody else's business.
    async fn with_marks(
        &self,
        user: &UserId,
        room: &RoomId,
        page: &Arc<RawValue>,
        (first, last): (Seq, Seq),
    ) -> Result<Arc<RawValue>, WireError> {
        let marks = self.providers.storage.marks(room, user, first, last).await;
        let Marks { reactions, hidden } = marks.map_err(|error| self.storage_failed(error))?;
        if reactions.is_empty() && hidden.is_empty() {
            return Ok(page.clone());
        }
        #[derive(Serialize)]
        struct Marked {
            #[serde(skip_serializing_if = "Vec::is_empty")]
            my_reactions: Vec<MyReactions>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            hidden: Vec<Seq>,
        }
        let marked = Marked { my_reactions: reactions, hidden };
        let marked = serde_json::to_string(&marked).map_err(|_| ErrorCode::Internal)?;
        // A page is an object with members, and so is this.
        let page = page.get().strip_suffix('}').ok_or(ErrorCode::Internal)?;
        let text = format!("{page},{}", marked.strip_prefix('{').ok_or(ErrorCode::Internal)?);
        Ok(RawValue::from_string(text).map_err(|_| ErrorCode::Internal)?.into())
    }
}

fn write_page(page: &HistoryPage) -> Result<Page, WireError> {
    let json = to_raw_value(page).map_err(|_| ErrorCode::Internal)?.into();
    let span = page.messages.first().zip(page.messages.last());
    Ok(Page { json, span: span.map(|(first, last)| (first.seq, last.seq)), more: page.more })
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
