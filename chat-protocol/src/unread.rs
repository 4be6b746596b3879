//! How many messages are unread: one rule for the server, for every store and for every client.
//!
//! The rule is [`count`]. Stores and clients count faster than by looking at each message, and are tested to agree with it
//! after whatever happened.

use crate::{Mentions, Seq, UserId};

/// How far I have read in one line: the main line of a room, or one thread.
///
/// ```
/// use chat_protocol::Seq;
/// use chat_protocol::unread::ReadState;
/// let at = |seq| Seq::new(seq).unwrap();
/// let state = ReadState { read: at(7), read_private: at(9), unread_from: None };
/// assert_eq!(state.base(), at(9));
/// assert_eq!(ReadState { unread_from: Some(at(4)), ..state }.base(), at(3));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadState {
    /// Everything up to here is read, as others may know.
    pub read: Seq,
    /// Everything up to here is read, which others are not told.
    pub read_private: Seq,
    /// I marked messages unread, from this one on.
    pub unread_from: Option<Seq>,
}

impl ReadState {
    /// The last message that is not unread. A mark never makes fewer messages unread than there were.
    pub fn base(&self) -> Seq {
        let read = self.read.max(self.read_private);
        self.unread_from.map_or(read, |from| read.min(from.previous()))
    }
}

/// What has to be known of a message to count it.
#[derive(Debug, Clone, Copy)]
pub struct Countable<'a> {
    /// Its number.
    pub seq: Seq,
    /// Who wrote it.
    pub from: &'a UserId,
    /// The thread that it belongs to; `None`: the main line.
    pub thread: Option<Seq>,
    /// Whom it calls.
    pub mentions: Option<&'a Mentions>,
    /// It was deleted, or I hid it from myself.
    pub gone: bool,
}

/// What is unread in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Messages.
    pub unread: u64,
    /// Those that mention me.
    pub mentions: u64,
}

/// Counts the messages of others that are there, belong to the line (`None`: the main line) and come after `base`.
///
/// Messages of the server itself (`~system`) count like anybody's.
pub fn count<'a>(
    me: &UserId,
    line: Option<Seq>,
    base: Seq,
    messages: impl IntoIterator<Item = Countable<'a>>,
) -> Counts {
    let mut counts = Counts::default();
    for message in messages {
        if message.seq > base && message.thread == line && message.from != me && !message.gone {
            counts.unread += 1;
            counts.mentions += u64::from(message.mentions.is_some_and(|mentions| mentions.calls(me)));
        }
    }
    counts
}
