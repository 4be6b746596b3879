//! Pages of history.

use chat_protocol::{ErrorCode, HistoryPage, HistoryQuery, Message, RoomId, UserId, WireError, limits};

use super::Hub;

/// Room in a frame for everything around the messages of a page.
const ENVELOPE: usize = 1_024;

/// Room in a frame for the keys, numbers and time of one message.
const MESSAGE_OVERHEAD: usize = 256;

impl Hub {
    /// One page, for a member, or for the operator when `reader` is `None`.
    pub(crate) async fn history(
        &self,
        reader: Option<&UserId>,
        room: &RoomId,
        query: HistoryQuery,
    ) -> Result<HistoryPage, WireError> {
        let storage = &self.providers.storage;
        let limit = query.limit.unwrap_or(limits::DEFAULT_HISTORY_PAGE.min(self.config.max_history_page));
        if limit == 0 || limit > self.config.max_history_page {
            let detail = format!("limit is {limit}, 1 to {} are allowed", self.config.max_history_page);
            return Err(WireError::new(ErrorCode::BadRequest, detail));
        }
        if let Some(user) = reader {
            let standing = storage.standing(room, user).await.map_err(|error| self.storage_failed(error))?;
            if standing.is_none_or(|standing| standing.role.is_none()) {
                return Err(ErrorCode::Forbidden.into());
            }
        }
        // One more than asked says whether there are more.
        let stored = storage.history(room, query, limit as usize + 1).await;
        let stored = stored.map_err(|error| self.storage_failed(error))?.ok_or(ErrorCode::Forbidden)?;
        let messages = stored.into_iter().map(|stored| stored.message).collect();
        let (messages, more) = fit(messages, limit as usize, query.after.is_some(), self.config.max_frame);
        Ok(HistoryPage { room: room.clone(), messages, more })
    }
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
        let message = |n| Message {
            room: RoomId::new("r\"\"\"").unwrap(),
            offset: Offset::new(n).unwrap(),
            seq: Seq::new(n).unwrap(),
            from: UserId::new("\\\\").unwrap(),
            client_msg_id: None,
            content: Content::plain(text),
            reply_to: None,
            ts: Timestamp::from_micros(0),
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
        let page = HistoryPage { room: page[0].room.clone(), messages: page, more };
        assert!(serde_json::to_string(&page).unwrap().len() <= 65_536 - 512);
    }
}
