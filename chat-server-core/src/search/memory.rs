//! An index in memory: the model of the trait. It looks at every message.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chat_protocol::{Epoch, RoomId, Seq, UserId};

use super::{IndexChange, SearchHit, SearchIndex, SearchQuery, spaced};
use crate::storage::StorageError;

/// An index in memory. It grows with every message and searches in time proportional to all of them: for tests and trials.
#[derive(Debug, Default)]
pub struct MemoryIndex(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    epoch: Option<Epoch>,
    position: u64,
    messages: BTreeMap<u64, Indexed>,
    places: BTreeMap<(RoomId, Seq), u64>,
}

#[derive(Debug)]
struct Indexed {
    room: RoomId,
    seq: Seq,
    from: UserId,
    words: Vec<String>,
}

impl MemoryIndex {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SearchIndex for MemoryIndex {
    async fn position(&self, epoch: &Epoch) -> Result<u64, StorageError> {
        let mut state = self.state();
        if state.epoch.as_ref() != Some(epoch) {
            *state = State { epoch: Some(epoch.clone()), ..State::default() };
        }
        Ok(state.position)
    }

    async fn index(&self, changes: &[IndexChange], position: u64) -> Result<(), StorageError> {
        let mut state = self.state();
        changes.iter().for_each(|change| state.take(change));
        state.position = position;
        Ok(())
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, StorageError> {
        let phrases: Vec<_> = query.phrases.iter().map(|phrase| words(phrase)).collect();
        let state = self.state();
        let older = state.messages.range(..query.before.unwrap_or(u64::MAX)).rev();
        let found = older.filter(|(_, message)| query.fits(message) && message.says(&phrases));
        let hit = |(num, message): (&u64, &Indexed)| SearchHit {
            num: *num,
            room: message.room.clone(),
            seq: message.seq,
        };
        Ok(found.take(query.limit).map(hit).collect())
    }
}

impl SearchQuery {
    fn fits(&self, message: &Indexed) -> bool {
        self.rooms.contains(&message.room) && self.from.as_ref().is_none_or(|from| *from == message.from)
    }
}

impl Indexed {
    fn says(&self, phrases: &[Vec<String>]) -> bool {
        let has = |phrase: &Vec<String>| self.words.windows(phrase.len().max(1)).any(|words| words == phrase);
        let mut phrases = phrases.iter().filter(|phrase| !phrase.is_empty()).peekable();
        phrases.peek().is_some() && phrases.all(has)
    }
}

impl State {
    fn take(&mut self, change: &IndexChange) {
        match change {
            IndexChange::Put { num, room, seq, from, text } => {
                self.places.insert((room.clone(), *seq), *num);
                let (room, from) = (room.clone(), from.clone());
                self.messages.insert(*num, Indexed { room, seq: *seq, from, words: words(text) });
            }
            IndexChange::Edit { room, seq, text } => {
                let num = self.places.get(&(room.clone(), *seq));
                if let Some(message) = num.and_then(|num| self.messages.get_mut(num)) {
                    message.words = words(text);
                }
            }
            IndexChange::Remove { room, seq } => {
                if let Some(num) = self.places.remove(&(room.clone(), *seq)) {
                    self.messages.remove(&num);
                }
            }
            IndexChange::Trim { room, oldest } => {
                self.messages.retain(|_, message| message.room != *room || message.seq >= *oldest);
                self.places.retain(|(of, seq), _| of != room || seq >= oldest);
            }
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let text = spaced(text);
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}
