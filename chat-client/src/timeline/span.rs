//! Which numbers of a room are known: a set of ranges that grows by pages and events and shrinks at its ends.

use chat_protocol::Seq;

/// Ranges of numbers, ascending, with a hole between any two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spans(Vec<(u64, u64)>);

impl Spans {
    /// Adds `from..=to`. An empty range adds nothing.
    pub(super) fn add(&mut self, from: Seq, to: Seq) {
        let (mut from, mut to) = (from.get(), to.get());
        if from > to {
            return;
        }
        self.0.retain(|(start, end)| {
            let apart = *end + 1 < from || to + 1 < *start;
            if !apart {
                (from, to) = (from.min(*start), to.max(*end));
            }
            apart
        });
        let place = self.0.partition_point(|(start, _)| *start < from);
        self.0.insert(place, (from, to));
    }

    /// Takes `from..=to` out.
    pub(super) fn remove(&mut self, from: Seq, to: Seq) {
        let (from, to) = (from.get(), to.get());
        let rest = |(start, end): &(u64, u64)| {
            let before = (*start < from).then(|| (*start, (*end).min(from.saturating_sub(1))));
            let after = (*end > to).then(|| ((*start).max(to.saturating_add(1)), *end));
            before.into_iter().chain(after)
        };
        self.0 = self.0.iter().flat_map(rest).collect();
    }

    #[cfg(test)]
    pub(super) fn contains(&self, seq: Seq) -> bool {
        self.0.iter().any(|(start, end)| (*start..=*end).contains(&seq.get()))
    }

    /// The greatest number that is known.
    pub(super) fn last(&self) -> Option<Seq> {
        self.0.last().and_then(|(_, end)| Seq::new(*end))
    }

    /// The range at the lower end.
    pub(super) fn lowest(&self) -> Option<(Seq, Seq)> {
        self.0.first().and_then(|(start, end)| Seq::new(*start).zip(Seq::new(*end)))
    }

    /// The range at the upper end.
    pub(super) fn highest(&self) -> Option<(Seq, Seq)> {
        self.0.last().and_then(|(start, end)| Seq::new(*start).zip(Seq::new(*end)))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What is missing of `from..=to`, as the numbers around each hole: one before it and one after it.
    pub(super) fn gaps(&self, from: Seq, to: Seq) -> Vec<(Seq, Seq)> {
        let mut gaps = Vec::new();
        let mut next = from.get();
        for (start, end) in self.0.iter().filter(|(_, end)| *end >= from.get()) {
            if *start > to.get() {
                break;
            }
            if *start > next {
                gaps.push((next, *start));
            }
            next = end + 1;
        }
        if next <= to.get() {
            gaps.push((next, to.get() + 1));
        }
        let around = |(next, before): (u64, u64)| Some((Seq::new(next - 1)?, Seq::new(before)?));
        gaps.into_iter().filter(|(next, _)| *next > 0).filter_map(around).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seq: u64) -> Seq {
        Seq::new(seq).unwrap()
    }

    fn gaps(spans: &Spans, from: u64, to: u64) -> Vec<(u64, u64)> {
        spans.gaps(at(from), at(to)).into_iter().map(|(a, b)| (a.get(), b.get())).collect()
    }

    #[test]
    fn ranges_grow_together_and_what_is_between_them_is_a_gap() {
        let mut spans = Spans::default();
        assert_eq!(gaps(&spans, 1, 9), [(0, 10)]);
        assert_eq!(gaps(&spans, 1, 0), []);
        spans.add(at(3), at(4));
        spans.add(at(7), at(7));
        assert_eq!(gaps(&spans, 1, 9), [(0, 3), (4, 7), (7, 10)]);
        assert_eq!(gaps(&spans, 4, 7), [(4, 7)]);
        spans.add(at(5), at(6));
        assert_eq!((spans.len(), gaps(&spans, 3, 7)), (1, vec![]));
        spans.add(at(9), at(8));
        assert_eq!(spans.len(), 1);
    }

    #[test]
    fn what_is_taken_out_is_a_gap_again() {
        let mut spans = Spans::default();
        spans.add(at(1), at(9));
        spans.remove(at(4), at(5));
        assert_eq!(gaps(&spans, 1, 9), [(3, 6)]);
        spans.remove(at(1), at(2));
        assert_eq!((spans.contains(at(3)), spans.contains(at(2)), spans.last()), (true, false, Some(at(9))));
        spans.remove(at(1), at(20));
        assert_eq!(spans, Spans::default());
    }
}
