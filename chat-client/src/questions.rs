//! What a model wants to know, what it has asked, and what it was told since: the same for a timeline and an inbox.
//!
//! An answer tells a state of a moment after its question. What is told between the two is noted, because the answer may not know it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Questions under way at a time: enough for a first screen in one round trip.
const MAX_ASKED: usize = 4;

/// Notes that are kept for answers under way. Beyond them the answers are dropped and asked for again.
const MAX_NOTED: usize = 512;

/// Questions about targets `T`, each asked when `X` was known, and notes `N` of what was told since.
#[derive(Debug)]
pub(crate) struct Questions<T, X, N> {
    wants: BTreeSet<T>,
    failed: BTreeSet<T>,
    asked: BTreeMap<u64, Asked<T, X>>,
    next_id: u64,
    /// Notes since the oldest question under way, with their places in the order.
    notes: Notes<N>,
    next_place: u64,
}

/// One question, as it is given out to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<A> {
    pub(crate) id: u64,
    pub(crate) ask: A,
}

impl<A> Request<A> {
    /// What is asked.
    pub fn ask(&self) -> &A {
        &self.ask
    }
}

/// A question under way.
#[derive(Debug)]
pub(crate) struct Asked<T, X> {
    pub(crate) target: T,
    /// The place of the first note after it.
    pub(crate) from: u64,
    /// What was known when it was asked.
    pub(crate) known: X,
}

/// Notes in the order in which they were made.
#[derive(Debug)]
pub(crate) struct Notes<N>(VecDeque<(u64, N)>);

impl<N> Notes<N> {
    /// Those at this place and behind it.
    pub(crate) fn since(&self, from: u64) -> impl Iterator<Item = &N> + Clone {
        let first = self.0.partition_point(|(place, _)| *place < from);
        self.0.range(first..).map(|(_, note)| note)
    }
}

impl<T, X, N> Default for Questions<T, X, N> {
    fn default() -> Self {
        Self {
            wants: BTreeSet::new(),
            failed: BTreeSet::new(),
            asked: BTreeMap::new(),
            next_id: 0,
            notes: Notes(VecDeque::new()),
            next_place: 0,
        }
    }
}

impl<T: Ord + Clone, X, N> Questions<T, X, N> {
    /// Wants to know something, the least target first.
    pub(crate) fn want(&mut self, target: T) {
        self.wants.insert(target);
    }

    /// Wants to know these.
    pub(crate) fn want_all(&mut self, targets: impl IntoIterator<Item = T>) {
        self.wants.extend(targets);
    }

    /// Wants to know it, although it could not be had before.
    pub(crate) fn want_again(&mut self, target: T) {
        self.failed.remove(&target);
        self.wants.insert(target);
    }

    /// Wants everything again that could not be had.
    pub(crate) fn want_failed(&mut self) {
        let failed = std::mem::take(&mut self.failed);
        self.wants.extend(failed);
    }

    /// It cannot be had now.
    pub(crate) fn give_up(&mut self, target: T) {
        self.failed.insert(target);
    }

    /// Whether no more may be asked now.
    pub(crate) fn is_full(&self) -> bool {
        self.asked.len() >= MAX_ASKED
    }

    /// Takes out what is wanted most.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.wants.pop_first()
    }

    /// A question is asked; its number.
    pub(crate) fn ask(&mut self, target: T, known: X) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.asked.insert(id, Asked { target, from: self.next_place, known });
        id
    }

    /// The question of this number, which is answered; `None`: nobody wants the answer any more.
    pub(crate) fn take(&mut self, id: u64) -> Option<Asked<T, X>> {
        self.asked.remove(&id)
    }

    /// The question of this number cannot be answered; whether anybody wanted to know.
    pub(crate) fn fail(&mut self, id: u64) -> bool {
        let asked = self.take(id);
        let wanted = asked.is_some();
        self.failed.extend(asked.map(|asked| asked.target));
        self.forget_notes();
        wanted
    }

    /// What is asked for, or will be.
    pub(crate) fn open(&self) -> impl Iterator<Item = &T> {
        self.wants.iter().chain(self.asked.values().map(|asked| &asked.target))
    }

    /// Whether it is asked for, or will be.
    pub(crate) fn is_open(&self, target: &T) -> bool {
        self.open().any(|open| open == target)
    }

    /// What could not be had.
    pub(crate) fn failed(&self) -> impl Iterator<Item = &T> {
        self.failed.iter()
    }

    /// Neither wants nor awaits these any more.
    pub(crate) fn forget(&mut self, these: impl Fn(&T) -> bool) {
        self.wants.retain(|target| !these(target));
        self.failed.retain(|target| !these(target));
        self.asked.retain(|_, asked| !these(&asked.target));
    }

    /// Awaits no answer any more: those under way may not know what was lost.
    pub(crate) fn forget_asked(&mut self) {
        self.asked.clear();
        self.forget_notes();
    }

    /// Notes what answers under way may not know; those to `fixed` targets know all the same.
    pub(crate) fn note(&mut self, note: N, fixed: impl Fn(&T) -> bool) {
        if self.asked.is_empty() {
            return;
        }
        self.notes.0.push_back((self.next_place, note));
        self.next_place += 1;
        if self.notes.0.len() > MAX_NOTED {
            let asked = self.asked.values().map(|asked| asked.target.clone());
            self.wants.extend(asked.filter(|target| !fixed(target)));
            self.asked.retain(|_, asked| fixed(&asked.target));
            self.notes.0.clear();
        }
    }

    /// A place behind all questions that were asked until now, and before all later ones.
    pub(crate) fn mark(&mut self) -> u64 {
        self.next_place += 1;
        self.next_place
    }

    /// Lends the notes while an answer is taken in; they are to be given back.
    pub(crate) fn lend(&mut self) -> Notes<N> {
        std::mem::replace(&mut self.notes, Notes(VecDeque::new()))
    }

    /// Takes lent notes back.
    pub(crate) fn give_back(&mut self, notes: Notes<N>) {
        self.notes = notes;
        self.forget_notes();
    }

    /// Forgets the notes that no answer under way needs.
    pub(crate) fn forget_notes(&mut self) {
        let first = self.asked.values().map(|asked| asked.from).min();
        self.notes.0.retain(|(place, _)| first.is_some_and(|first| *place >= first));
    }
}
