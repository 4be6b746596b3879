//! The newest entries, in their order. Each reader goes through them at its own pace, and learns how many it missed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::{Frame, Timestamp};
use tokio::sync::watch;

use super::tap::Peer;

/// How many bytes of frames are kept at most: 64 of the largest frames.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// One thing that a connection did.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) peer: Arc<Peer>,
    pub(super) what: What,
}

/// What it did.
#[derive(Clone)]
pub(super) enum What {
    Opened,
    Heard(Frame),
    Said(Frame),
    Ended,
}

impl What {
    fn size(&self) -> usize {
        match self {
            Self::Heard(frame) | Self::Said(frame) => size(frame),
            Self::Opened | Self::Ended => 0,
        }
    }
}

/// How many bytes a frame carries.
pub(super) fn size(frame: &Frame) -> usize {
    match frame {
        Frame::Text(text) => text.len(),
        Frame::Binary(bytes) => bytes.len(),
        Frame::Close(close) => close.reason.len(),
        Frame::Ping | Frame::Pong => 0,
    }
}

/// The newest entries.
pub(super) struct Ring {
    max: usize,
    /// Written for every frame of every socket, read by the viewers; never held for more than a few entries.
    kept: Mutex<Kept>,
    /// The number of the next entry: viewers wait for it to change.
    grown: watch::Sender<u64>,
}

#[derive(Default)]
struct Kept {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Number of the next entry.
    next: u64,
}

/// What a reader finds.
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    /// Number of the first of them.
    pub(super) first: u64,
    /// How many came before them that the reader has not seen, and never will.
    pub(super) missed: u64,
}

impl Ring {
    pub(super) fn new(max: usize) -> Self {
        Self { max: max.max(1), kept: Mutex::default(), grown: watch::Sender::new(0) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, entry: Entry) {
        let mut kept = self.kept();
        kept.bytes += entry.what.size();
        kept.entries.push_back(entry);
        kept.next += 1;
        while kept.entries.len() > self.max || (kept.bytes > MAX_BYTES && kept.entries.len() > 1) {
            let Some(oldest) = kept.entries.pop_front() else { break };
            kept.bytes -= oldest.what.size();
        }
        let next = kept.next;
        drop(kept);
        self.grown.send_replace(next);
    }

    /// At most `max` entries from this number on.
    pub(super) fn from(&self, number: u64, max: usize) -> Found {
        let kept = self.kept();
        let oldest = kept.next - kept.entries.len() as u64;
        let first = number.clamp(oldest, kept.next);
        let skipped = usize::try_from(first - oldest).unwrap_or(usize::MAX);
        let entries = kept.entries.iter().skip(skipped).take(max).cloned().collect();
        Found { entries, first, missed: first.saturating_sub(number) }
    }

    /// Number of the oldest entry: what came before it is nobody's loss who begins to look now.
    pub(super) fn oldest(&self) -> u64 {
        let kept = self.kept();
        kept.next - kept.entries.len() as u64
    }

    /// Tells when there is more.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the entries: they hold tokens.
        f.debug_struct("Ring").field("max", &self.max).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::Text;

    use super::*;
    use crate::panel::{DebugPanel, Panel};

    fn said(text: String) -> Entry {
        let panel = Arc::new(Panel::new(&DebugPanel::default()));
        let peer = Arc::new(Peer::new(panel, 1, "native", None, Vec::new()));
        Entry { at: Timestamp::from_micros(0), peer, what: What::Said(Frame::Text(Text::from(text))) }
    }

    #[test]
    fn who_looks_slowly_learns_how_much_was_missed_and_goes_on_with_the_oldest_that_is_there() {
        let ring = Ring::new(3);
        for number in 0..5 {
            ring.push(said(number.to_string()));
        }
        let found = ring.from(0, 10);
        assert_eq!((found.first, found.missed, found.entries.len()), (2, 2, 3));
        let found = ring.from(3, 1);
        assert_eq!((found.first, found.missed, found.entries.len()), (3, 0, 1));
        assert_eq!((ring.from(5, 1).entries.len(), ring.oldest()), (0, 2));
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes_as_well() {
        let ring = Ring::new(1_000);
        for _ in 0..100 {
            ring.push(said("x".repeat(64 * 1024)));
        }
        assert_eq!(ring.from(0, 1_000).entries.len(), 64);
        ring.push(said("x".repeat(MAX_BYTES + 1)));
        assert_eq!(ring.from(0, 1_000).entries.len(), 1, "the newest is always there");
    }

    #[tokio::test]
    async fn whoever_waits_is_told_of_more() {
        let ring = Ring::new(3);
        let mut grown = ring.watch();
        ring.push(said(String::new()));
        grown.changed().await.unwrap();
        assert_eq!(*grown.borrow_and_update(), 1);
    }
}
