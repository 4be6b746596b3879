//! How much of a line is loaded: what the application wants to see, within the bounds.

use chat_protocol::Seq;

use super::pages::Target;
use super::{Gap, Line};

/// Ranges of numbers that are kept apart. More come about only where pages are asked for all over a room.
const MAX_SPANS: usize = 64;

impl Line {
    /// Says where the user looks: at the message of this number, or with `None` at the newest, as in the beginning. Of too many
    /// messages those farthest from there are dropped.
    pub fn look_at(&mut self, seq: Option<Seq>) {
        self.focus = seq;
    }

    /// Loads a page into a gap, from its newer end; the user looks there now. A gap that is not there any more is left alone.
    pub fn fill(&mut self, gap: &Gap) {
        self.want_page(gap, |gap, limit| Target::Before(gap.before, limit));
        self.focus = Some(gap.before.previous());
    }

    /// As [`fill`](Self::fill), from the gap's older end.
    pub fn fill_after(&mut self, gap: &Gap) {
        self.want_page(gap, |gap, limit| Target::After(gap.after, limit));
        self.focus = Some(gap.after.next());
    }

    fn want_page(&mut self, gap: &Gap, target: impl FnOnce(&Gap, u32) -> Target) {
        let there = self.gaps().iter().any(|(after, before)| (*after, *before) == (gap.after, gap.before));
        if there && self.end.is_none() {
            let missing = gap.before.get().saturating_sub(gap.after.get()).saturating_sub(1);
            let limit = u32::try_from(missing).unwrap_or(u32::MAX).clamp(1, self.options.page);
            // In a thread, few of the room's numbers are replies.
            let limit = if self.root.is_some() { self.options.page } else { limit };
            let target = target(gap, limit);
            self.questions.want_again(target);
            self.refresh();
        }
    }

    /// Drops what is farthest from where the user looks, until the bounds hold.
    pub(super) fn bound(&mut self) {
        while self.records.len() > self.options.max_items || self.spans.len() > MAX_SPANS {
            let first = self.records.keys().find(|seq| self.root != Some(**seq)).copied();
            let Some((first, last)) = first.zip(self.records.keys().last().copied()) else {
                return self.spans.clear();
            };
            let focus = self.focus.unwrap_or(self.head).get();
            let low_is_farther = focus.abs_diff(first.get()) >= focus.abs_diff(last.get());
            let too_many = self.records.len() > self.options.max_items;
            let (from, to) = match (low_is_farther, self.spans.lowest(), self.spans.highest()) {
                (true, Some((_, end)), _) => (Seq::ZERO, if too_many { first } else { end }),
                (false, _, Some((start, end))) => (if too_many { last } else { start }, end),
                _ => return,
            };
            let before = (self.records.len(), self.spans.len());
            self.forget(from, to);
            if before == (self.records.len(), self.spans.len()) {
                // Only a thread's first message is there, apart from the rest.
                return self.forget(Seq::ZERO, self.head);
            }
        }
    }

    pub(super) fn forget(&mut self, from: Seq, to: Seq) {
        self.spans.remove(from, to);
        let root = self.root;
        self.records.retain(|seq, _| *seq < from || *seq > to || root == Some(*seq));
        if let Some(root) = root.filter(|root| self.records.contains_key(root)) {
            self.spans.add(root, root);
        }
    }
}
