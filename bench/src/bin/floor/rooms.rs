//! Who hears what is said in a room, for the floors on tokio.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::outbox::Outbox;

/// All rooms by name. Locked when a connection joins, never for a message.
#[derive(Debug, Default)]
pub(crate) struct Rooms(Mutex<HashMap<String, Arc<Room>>>);

impl Rooms {
    /// The room of this name, which begins to exist here. It outlives its members.
    pub(crate) fn open(&self, name: &str) -> Arc<Room> {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get(name) {
            return Arc::clone(room);
        }
        let room = Arc::new(Room { number: rooms.len(), name: name.to_owned(), members: Mutex::default() });
        rooms.insert(name.to_owned(), Arc::clone(&room));
        room
    }
}

/// One room.
#[derive(Debug)]
pub(crate) struct Room {
    /// Counted from 0 without gaps, for those who keep rooms in a vector.
    pub(crate) number: usize,
    pub(crate) name: String,
    /// Changed by joins and leaves, read by every message; a room's messages thereby reach all members in one
    /// order.
    members: Mutex<Vec<Arc<Outbox>>>,
}

impl Room {
    pub(crate) fn join(&self, member: &Arc<Outbox>) {
        self.members().push(Arc::clone(member));
    }

    pub(crate) fn leave(&self, member: &Arc<Outbox>) {
        let mut members = self.members();
        if let Some(at) = members.iter().position(|other| Arc::ptr_eq(other, member)) {
            members.swap_remove(at);
        }
    }

    /// Queues `frame` for all members: the bytes are shared.
    pub(crate) fn broadcast(&self, frame: &Utf8Bytes) {
        for member in self.members().iter() {
            member.push(frame.clone());
        }
    }

    fn members(&self) -> MutexGuard<'_, Vec<Arc<Outbox>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
