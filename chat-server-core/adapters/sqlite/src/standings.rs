//! Standings in memory: every message asks for one before it is stored, and must not wait for a reader's thread.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chat_protocol::{Role, RoomId, UserId};
use chat_server_core::storage::Standing;

use crate::cache::Recent;
use crate::writer::Committed;

/// Rooms and roles as they were after the last commit.
///
/// The writer tells of every commit before it is answered ([`tell`](Self::tell)). Readers add what they had to look up,
/// unless there was a commit since they began, for then it may be older than what the writer told.
pub(crate) struct Standings {
    state: Mutex<State>,
}

struct State {
    /// Rooms; the role in a value means nothing.
    rooms: Recent<RoomId, Standing>,
    roles: Recent<(RoomId, UserId), Option<Role>>,
    /// Number of commits told.
    commits: u64,
}

/// What a look-up found.
pub(crate) enum Found {
    Known(Standing),
    /// Ask the database, and tell what it said with this number of commits.
    Unknown(u64),
}

impl Standings {
    pub(crate) fn new(remembered: usize) -> Self {
        let (rooms, roles) = (Recent::new(remembered), Recent::new(remembered));
        Self { state: Mutex::new(State { rooms, roles, commits: 0 }) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, room: &RoomId, user: &UserId) -> Found {
        let mut state = self.lock();
        let role = state.roles.get(&(room.clone(), user.clone()));
        match (state.rooms.get(room), role) {
            (Some(standing), Some(role)) => Found::Known(Standing { role, ..standing }),
            _ => Found::Unknown(state.commits),
        }
    }

    /// Remembers what a reader found, that began after `commits` commits.
    pub(crate) fn learn(&self, room: &RoomId, user: &UserId, standing: Standing, commits: u64) {
        let mut state = self.lock();
        if state.commits == commits {
            state.rooms.insert(room.clone(), standing);
            state.roles.insert((room.clone(), user.clone()), standing.role);
        }
    }

    /// Forgets everything: the store is closed.
    pub(crate) fn clear(&self) {
        let mut state = self.lock();
        // Who looks something up just now must not bring it back.
        state.commits += 1;
        state.rooms.clear();
        state.roles.clear();
    }

    /// Takes a commit in.
    pub(crate) fn tell(&self, committed: Committed) {
        let mut state = self.lock();
        state.commits += 1;
        for (room, head) in committed.rooms {
            let seq = chat_protocol::Seq::new(head.seq).expect("counted up one by one");
            let offset = chat_protocol::Offset::new(head.offset).expect("counted up one by one");
            let (kind, access, access_version) = (head.kind, head.access, head.access_version);
            state.rooms.insert(room, Standing { kind, access, access_version, role: None, seq, offset });
        }
        for (room, user, role) in committed.roles {
            state.roles.insert((room, user), role);
        }
    }
}
