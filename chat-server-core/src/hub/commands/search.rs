//! `search`: the index says where words are, the store says who may read them.

use std::collections::BTreeMap;

use chat_protocol::command::Search;
use chat_protocol::reply::SearchPage;
use chat_protocol::{ErrorCode, HistoryQuery, Message, RoomId, Seq, WireError};

use super::pages::{bad_cursor, cursor, page_limit};
use super::{Asking, Done, data};
use crate::hub::{Hub, unsupported};
use crate::search::{SearchHit, SearchQuery, phrases};
use crate::storage::{RoomsQuery, Standing, StorageError};

/// How many times the index is asked for one page. What it finds may be gone, hidden or from before the reader joined; a
/// page is short then, and says where the next begins.
const ROUNDS: usize = 4;

/// What the asker is to the rooms of one search.
type Standings = BTreeMap<RoomId, Option<Standing>>;

impl Hub {
    pub(super) async fn tell_search(&self, asking: &Asking, search: Search) -> Done {
        let index = self.providers.search.clone().ok_or_else(|| unsupported::refused("search"))?;
        let limit = page_limit(search.limit);
        let before = search.cursor.as_ref().map(|cursor| cursor.as_str().parse().map_err(|_| bad_cursor()));
        let mut query = SearchQuery {
            phrases: phrases(&search.query),
            rooms: self.searched_rooms(asking, search.room).await?,
            from: search.from,
            before: before.transpose()?,
            // One more says whether there is another page.
            limit: limit + 1,
        };
        let (mut hits, mut standings, mut more) = (Vec::new(), Standings::new(), true);
        for _ in 0..ROUNDS {
            let found = index.search(&query).await.map_err(|error| self.index_failed(&error))?;
            more = found.len() == query.limit;
            for hit in found {
                query.before = Some(hit.num);
                if let Some(message) = self.readable(asking, &hit, &query, &mut standings).await? {
                    hits.push((hit.num, message));
                }
            }
            if hits.len() > limit || !more {
                break;
            }
        }
        let kept = self.fit(hits.iter().map(|(_, message)| message), limit);
        let next = match hits.get(kept) {
            Some(_) => hits.get(kept.saturating_sub(1)).map(|(num, _)| *num),
            None => query.before.filter(|_| more),
        };
        hits.truncate(kept);
        let hits = hits.into_iter().map(|(_, message)| message).collect();
        data(&SearchPage { hits, next: next.map(|num| cursor(&num.to_string())) })
    }

    /// The rooms that are looked through: the one asked for, or the most recently active of the asker's.
    async fn searched_rooms(&self, asking: &Asking, room: Option<RoomId>) -> Result<Vec<RoomId>, WireError> {
        match room {
            Some(room) if asking.operator => Ok(vec![room]),
            Some(room) => self.membership(&room, &asking.user).await.map(|_| vec![room]),
            None if asking.operator => {
                Err(WireError::new(ErrorCode::BadRequest, "room: the operator searches in one room"))
            }
            None => {
                let most = self.config.max_rooms_followed;
                let rooms = self.providers.storage.rooms_of(&asking.user, RoomsQuery::default(), most).await;
                let rooms = rooms.map_err(|error| self.storage_failed(error))?;
                Ok(rooms.into_iter().map(|(room, _)| room).collect())
            }
        }
    }

    /// The message that was found, as the asker may read it now.
    async fn readable(
        &self,
        asking: &Asking,
        hit: &SearchHit,
        query: &SearchQuery,
        standings: &mut Standings,
    ) -> Result<Option<Message>, WireError> {
        if !asking.operator {
            let standing = match standings.get(&hit.room) {
                Some(known) => *known,
                None => self.membership(&hit.room, &asking.user).await.ok(),
            };
            standings.insert(hit.room.clone(), standing);
            let Some(standing) = standing.filter(|standing| hit.seq >= standing.oldest_seq) else {
                return Ok(None);
            };
            if standing.marked {
                let marks = self.providers.storage.marks(&hit.room, &asking.user, hit.seq, hit.seq).await;
                if !marks.map_err(|error| self.storage_failed(error))?.hidden.is_empty() {
                    return Ok(None);
                }
            }
        }
        let after = Some(Seq::new(hit.seq.get().saturating_sub(1)).unwrap_or(Seq::ZERO));
        let page = HistoryQuery { after, ..HistoryQuery::default() };
        let found = self.providers.storage.history(&hit.room, None, page, 1).await;
        let found = found.map_err(|error| self.storage_failed(error))?.unwrap_or_default().pop();
        let found = found.map(|stored| stored.message).filter(|message| {
            message.seq == hit.seq
                && message.deleted_at.is_none()
                && query.from.as_ref().is_none_or(|from| *from == message.from)
        });
        Ok(found.map(|message| Message { reactions: Vec::new(), ..message }))
    }

    /// A broken index is no broken store: messages are stored all the same.
    fn index_failed(&self, error: &StorageError) -> WireError {
        tracing::error!(kind = ?error.kind, %error, "the index of words failed");
        metrics::counter!("chat_index_errors_total").increment(1);
        crate::hub::unavailable()
    }
}
