//! What is told of changes to those who may not read what they change.

use chat_protocol::event::{Deleted, Edited, Reaction};
use chat_protocol::{Event, Seq, Text, UserId, encode};

use crate::room::policy;
use crate::storage::LogEntry;

/// What is told of an edit, a deletion or a reaction to those who may not read the message: that it is another one now, by
/// nobody and without a word. The log goes on with it.
#[derive(Debug, Clone)]
pub(crate) struct Veil {
    pub(super) seq: Seq,
    pub(super) frame: Text,
}

impl Veil {
    /// Of a message there is none: who may not read it is not told the log from there.
    pub(crate) fn of(entry: &LogEntry) -> Option<Self> {
        let (room, offset, seq, ts) = match entry {
            LogEntry::Edited(Edited { room, offset, seq, ts, .. })
            | LogEntry::Deleted(Deleted { room, offset, seq, ts, .. })
            | LogEntry::Reaction(Reaction { room, offset, seq, ts, .. }) => {
                (room.clone(), *offset, *seq, *ts)
            }
            LogEntry::Message(_) | LogEntry::Member(_) | LogEntry::Room(_) => return None,
        };
        let (from, content, thread) = (UserId::system(), None, None);
        let frame = encode(&Event::Edited(Edited { room, offset, seq, from, content, thread, ts }));
        Some(Self { seq, frame })
    }

    /// What is told to who may read the messages from `oldest` on.
    pub(crate) fn or(self, frame: Text, oldest: Seq) -> Text {
        if policy::may_read(self.seq, oldest) { frame } else { self.frame }
    }
}
