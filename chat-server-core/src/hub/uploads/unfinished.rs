//! Files that come in several requests: which are unfinished, whose they are, and when they are given up.
//!
//! They are kept in memory, their bytes where the store of files keeps what is under way: after a restart there are none, and
//! who wants to go on begins anew. One request at a time has the [turn](UploadTurn) of a file. A later one does not wait for an
//! earlier one that may hang on a connection nobody holds any more: it takes the turn over.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::{ErrorCode, Timestamp, UserId, WireError};
use tokio::sync::Mutex as TurnLock;
use tokio_util::sync::CancellationToken;

use super::incoming::Incoming;
use crate::blob::BlobName;
use crate::hub::{Asking, Hub};

mod turn;

pub use turn::{Resumed, UploadTurn};

/// Greatest number of unfinished files of all users. Each takes some 5 KiB of memory until its type is known and 1 KiB then:
/// 50 MiB at the most.
const MAX_UNFINISHED: usize = 10_000;

/// All unfinished files, and how many each user has.
#[derive(Default)]
pub(in crate::hub) struct Unfinished(Mutex<State>);

#[derive(Default)]
struct State {
    files: BTreeMap<BlobName, Arc<File>>,
    /// Users without one have no entry.
    users: BTreeMap<UserId, Held>,
    /// Bytes that all of them are to have.
    bytes: u64,
}

/// How many unfinished files a user has, and how many bytes they are to have.
#[derive(Clone, Copy, Default)]
struct Held {
    files: usize,
    bytes: u64,
}

/// One unfinished file.
pub(super) struct File {
    name: BlobName,
    user: UserId,
    /// Whether it is the operator's.
    operator: bool,
    /// How many bytes it is to have.
    length: u64,
    /// Held by whoever has the turn, across awaits. `None`: it was kept, or nothing can be done with it any more.
    turn: Arc<TurnLock<Option<Incoming>>>,
    /// Ends the turn of whoever has it. Replaced by each who wants it, before it waits.
    wanted: Mutex<CancellationToken>,
    /// When it is given up. Moved by each piece that comes, read by the sweep.
    expires: Mutex<Timestamp>,
}

impl File {
    fn expires(&self) -> Timestamp {
        *self.expires.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expire_at(&self, time: Timestamp) {
        *self.expires.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }

    fn is_of(&self, asking: &Asking) -> bool {
        self.user == asking.user && self.operator == asking.operator
    }

    /// Whether nothing has come for too long. Never while somebody has the turn.
    fn is_over(&self, now: Timestamp) -> bool {
        self.expires() <= now && self.rests()
    }

    fn rests(&self) -> bool {
        self.turn.try_lock().is_ok()
    }
}

impl State {
    /// Takes a file out, and what it counts.
    fn remove(&mut self, name: &BlobName) -> Option<Arc<File>> {
        let file = self.files.remove(name)?;
        self.bytes = self.bytes.saturating_sub(file.length);
        if let Some(held) = self.users.get_mut(&file.user) {
            held.files -= 1;
            held.bytes = held.bytes.saturating_sub(file.length);
            if held.files == 0 {
                self.users.remove(&file.user);
            }
        }
        Some(file)
    }

    /// The file of a user for which nothing has come for the longest time; none while all of them come.
    fn quietest(&self, user: &UserId) -> Option<BlobName> {
        let own = self.files.values().filter(|file| file.user == *user && file.rests());
        own.min_by_key(|file| file.expires()).map(|file| file.name.clone())
    }
}

impl Unfinished {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a file in; one of the same user that rests gives way where there are as many as there may be.
    fn add(&self, file: Arc<File>, most: usize) -> Result<(), WireError> {
        let mut state = self.state();
        let held = state.users.get(&file.user).copied().unwrap_or_default();
        let given_up = if held.files >= most {
            let quietest = state.quietest(&file.user);
            let why =
                || format!("{} of your uploads come in now, at most {most} may be unfinished", held.files);
            let quietest = quietest
                .ok_or_else(|| WireError::new(ErrorCode::RateLimited, why()).retry_after_ms(1_000))?;
            state.remove(&quietest)
        } else if state.files.len() >= MAX_UNFINISHED {
            let why = "too many uploads are unfinished";
            return Err(WireError::new(ErrorCode::StorageUnavailable, why).retry_after_ms(60_000));
        } else {
            None
        };
        let held = state.users.entry(file.user.clone()).or_default();
        held.files += 1;
        held.bytes = held.bytes.saturating_add(file.length);
        state.bytes = state.bytes.saturating_add(file.length);
        state.files.insert(file.name.clone(), file);
        drop(state);
        // Its bytes go here, and not while the others wait.
        count_given_up(usize::from(given_up.is_some()));
        Ok(())
    }

    fn find(&self, now: Timestamp, asking: &Asking, name: &BlobName) -> Option<Arc<File>> {
        let state = self.state();
        let found = state.files.get(name).filter(|file| file.is_of(asking));
        // The sweep comes some seconds later, and nobody is to be told of a file that it then takes.
        found.filter(|file| !file.is_over(now)).cloned()
    }

    /// Takes a file out. Its bytes go when nobody has its turn any more.
    fn remove(&self, name: &BlobName) {
        let removed = self.state().remove(name);
        drop(removed);
    }

    /// Takes out what a predicate says.
    fn remove_all(&self, goes: impl Fn(&File) -> bool) -> usize {
        let mut state = self.state();
        let names: Vec<_> =
            state.files.values().filter(|file| goes(file)).map(|file| file.name.clone()).collect();
        let removed: Vec<_> = names.iter().filter_map(|name| state.remove(name)).collect();
        drop(state);
        removed.len()
    }

    /// Gives up those for which nothing has come for too long.
    pub(in crate::hub) fn expire(&self, now: Timestamp) {
        count_given_up(self.remove_all(|file| file.is_over(now)));
        metrics::gauge!("chat_uploads_unfinished").set(self.state().files.len() as f64);
    }

    /// Gives up those of a user who is forgotten.
    pub(super) fn forget(&self, user: &UserId) {
        self.remove_all(|file| file.user == *user && !file.operator);
    }

    /// Gives up all of them: the server stops.
    pub(in crate::hub) fn clear(&self) {
        self.remove_all(|_| true);
    }

    /// Bytes that the unfinished files of a user are to have, and those of all.
    fn bytes(&self, user: &UserId) -> (u64, u64) {
        let state = self.state();
        (state.users.get(user).map_or(0, |held| held.bytes), state.bytes)
    }
}

fn count_given_up(files: usize) {
    if files > 0 {
        metrics::counter!("chat_uploads_given_up_total").increment(files as u64);
    }
}

impl Hub {
    /// Refuses an unfinished file that is beyond what there may be, those counted that are unfinished beside it.
    async fn check_unfinished_quota(&self, asking: &Asking) -> Result<(), WireError> {
        let (own, all) = self.unfinished.bytes(&asking.user);
        self.check_quota_with(asking, own, all).await
    }
}
