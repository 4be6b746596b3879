//! Standings in memory: every message asks for one before it is stored, and must not wait for a reader's thread.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chat_protocol::{HistoryVisibility, Role, RoomId, Seq, UserId};
use chat_server_core::storage::{Bar, Standing};

use crate::cache::Recent;
use crate::head::Head;
use crate::writer::Committed;

/// What one user is to one room, whatever else happens there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Own {
    /// The role, and the room's newest message when the user joined.
    pub(crate) member: Option<(Role, Seq)>,
    pub(crate) bar: Option<Bar>,
    pub(crate) agent: bool,
    pub(crate) client: bool,
    pub(crate) marked: bool,
}

/// Rooms, and what users are to them, as they were after the last commit.
///
/// The writer tells of every commit before it is answered ([`tell`](Self::tell)). Readers add what they had to look up,
/// unless there was a commit since they began, for then it may be older than what the writer told.
pub(crate) struct Standings {
    state: Mutex<State>,
}

struct State {
    rooms: Recent<RoomId, Head>,
    owns: Recent<(RoomId, UserId), Own>,
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
        let (rooms, owns) = (Recent::new(remembered), Recent::new(remembered));
        Self { state: Mutex::new(State { rooms, owns, commits: 0 }) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, room: &RoomId, user: &UserId) -> Found {
        let mut state = self.lock();
        let own = state.owns.get(&(room.clone(), user.clone()));
        match (state.rooms.get(room), own) {
            (Some(head), Some(own)) => Found::Known(standing(&head, own)),
            _ => Found::Unknown(state.commits),
        }
    }

    /// Remembers what a reader found, that began after `commits` commits.
    pub(crate) fn learn(&self, room: &RoomId, user: &UserId, head: Head, own: Own, commits: u64) {
        let mut state = self.lock();
        if state.commits == commits {
            state.rooms.insert(room.clone(), head);
            state.owns.insert((room.clone(), user.clone()), own);
        }
    }

    /// Forgets everything: the store is closed.
    pub(crate) fn clear(&self) {
        let mut state = self.lock();
        // Who looks something up just now must not bring it back.
        state.commits += 1;
        state.rooms.clear();
        state.owns.clear();
    }

    /// Takes a commit in.
    pub(crate) fn tell(&self, committed: Committed) {
        let mut state = self.lock();
        state.commits += 1;
        for (room, head) in committed.rooms {
            state.rooms.insert(room, head);
        }
        if committed.all_owns {
            state.owns.clear();
        }
        for (room, user, own) in committed.owns {
            match own {
                Some(own) => state.owns.insert((room, user), own),
                None => state.owns.remove(&(room, user)),
            }
        }
    }
}

/// Both as one.
pub(crate) fn standing(head: &Head, own: Own) -> Standing {
    let oldest = head.oldest_seq();
    let oldest_seq = match (head.history, own.member) {
        (HistoryVisibility::Joined, Some((_, joined))) => oldest.max(joined.next()),
        _ => oldest,
    };
    Standing {
        kind: head.kind,
        access: head.access,
        access_version: head.access_version,
        role: own.member.map(|(role, _)| role),
        bar: own.bar,
        agent: own.agent,
        client: own.client,
        marked: own.marked,
        members: head.members,
        seq: head.seq(),
        oldest_seq,
        offset: head.offset(),
    }
}
