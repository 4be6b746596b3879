//! How far each log was taken in: (epoch, offset) per room, and the user log's own.
//!
//! A position moves only together with the event that moves it, in the same call that queues the event for the
//! application. So whatever moment a connection ends at, resuming from here repeats nothing and skips nothing.

use std::collections::BTreeMap;

use chat_protocol::command::Resume;
use chat_protocol::event::{Outcome, Resumed};
use chat_protocol::{Arrival, Epoch, Offset, RequestId, RoomId, UserOffset, encode};

use crate::Recovery;

/// Bytes of a resume around its rooms: braces, names of fields, an offset, `more`, and a request id.
const RESUME_FRAME: usize = 160;

/// Bytes of one room in a resume besides its id: colon, comma, and an offset of at most 16 digits.
const RESUME_ROOM: usize = 18;

#[derive(Debug, Default)]
pub(super) struct Positions {
    user: Option<(Epoch, UserOffset)>,
    /// As [`Place::taken`], for the user log.
    user_taken: u64,
    rooms: BTreeMap<RoomId, Place>,
}

#[derive(Debug, Default)]
struct Place {
    /// `None` until the room's first `resumed`.
    at: Option<(Epoch, Offset)>,
    /// The server was asked for what is missing; until its `resumed`, events beyond a gap are dropped, because they
    /// come again.
    fetching: bool,
    /// Events taken in since the fetch or resume began: what a `recovered` has brought.
    taken: u64,
    /// This connection said where the room stands.
    answered: bool,
    /// This connection told its state, and not only what was missed.
    renewed: bool,
}

/// What to do with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    /// It is the next one, and counts as taken in from now on.
    Apply,
    /// Known already, or behind a gap that is being fetched.
    Drop,
    /// Something is missing before it: fetch, and drop it. Said once per gap.
    Fetch,
}

/// A `resumed` that says "nothing is missing" although something is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotWhole;

impl Positions {
    /// Takes in an event of a room, if it is the next.
    pub(super) fn take(&mut self, room: &RoomId, offset: Offset) -> Take {
        let place = self.rooms.entry(room.clone()).or_default();
        match place.at.as_mut().map(|(_, at)| (at.arrival(offset), at)) {
            Some((Arrival::Next, at)) => {
                *at = offset;
                place.taken += 1;
                Take::Apply
            }
            Some((Arrival::Repeat, _)) => Take::Drop,
            Some((Arrival::Hole, _)) | None if place.fetching => Take::Drop,
            Some((Arrival::Hole, _)) | None => {
                place.fetching = true;
                place.taken = 0;
                Take::Fetch
            }
        }
    }

    /// Takes in an event of the user log, if it is the next.
    pub(super) fn take_user(&mut self, offset: UserOffset) -> Arrival {
        let Some((_, at)) = &mut self.user else { return Arrival::Hole };
        let arrival = at.arrival(offset);
        if arrival == Arrival::Next {
            *at = offset;
            self.user_taken += 1;
        }
        arrival
    }

    /// Takes in where the server says that a room stands.
    pub(super) fn room_resumed(&mut self, room: &RoomId, resumed: &Resumed) -> Result<Recovery, NotWhole> {
        if resumed.outcome == Outcome::Gone {
            self.rooms.remove(room);
            return Ok(Recovery::Gone);
        }
        let place = self.rooms.entry(room.clone()).or_default();
        place.answered = true;
        place.fetching = false;
        let taken = std::mem::take(&mut place.taken);
        let offset = resumed.offset.or(resumed.state.as_ref().map(|state| state.offset));
        let offset = offset.ok_or(NotWhole)?;
        if resumed.outcome == Outcome::Recovered {
            let whole = place.at.as_ref().is_some_and(|(epoch, at)| *epoch == resumed.epoch && *at >= offset);
            return if whole { Ok(Recovery::Recovered { missed: taken }) } else { Err(NotWhole) };
        }
        let missed = match &place.at {
            Some((epoch, at)) if *epoch == resumed.epoch => Some(offset.get().saturating_sub(at.get())),
            _ => None,
        };
        place.at = Some((resumed.epoch.clone(), offset));
        place.renewed = resumed.state.is_some();
        if missed == Some(0) {
            // The state was told where nothing was passed over.
            return Ok(Recovery::Recovered { missed: taken });
        }
        Ok(passed_over(resumed, missed))
    }

    /// Takes in where the server says that the user log stands.
    pub(super) fn user_resumed(&mut self, resumed: &Resumed) -> Result<Recovery, NotWhole> {
        let offset = resumed.user_offset.ok_or(NotWhole)?;
        let taken = std::mem::take(&mut self.user_taken);
        let missed = match &self.user {
            Some((epoch, at)) if *epoch == resumed.epoch => Some(offset.get().saturating_sub(at.get())),
            _ => None,
        };
        if resumed.outcome == Outcome::Recovered {
            let whole = missed == Some(0);
            return if whole { Ok(Recovery::Recovered { missed: taken }) } else { Err(NotWhole) };
        }
        self.user = Some((resumed.epoch.clone(), offset));
        Ok(passed_over(resumed, missed))
    }

    /// Begins a room at the state that a `join` or `create` was answered with, unless it has begun already.
    pub(super) fn begin(&mut self, room: &RoomId, epoch: &Epoch, offset: Offset) -> bool {
        let place = self.rooms.entry(room.clone()).or_default();
        let fresh = place.at.is_none();
        if fresh {
            *place = Place {
                at: Some((epoch.clone(), offset)),
                answered: true,
                renewed: true,
                ..Place::default()
            };
        }
        fresh
    }

    /// Takes in an event beyond a hole, as a deliberate bug does; whether the room has begun.
    pub(super) fn jump(&mut self, room: &RoomId, offset: Offset) -> bool {
        let at = self.rooms.get_mut(room).and_then(|place| place.at.as_mut());
        at.map(|(_, at)| *at = offset).is_some()
    }

    /// A room is the user's, and the server will say where it stands. Where it has said so before the user log told that the
    /// room was lost and gained again, it has to be asked.
    pub(super) fn expect(&mut self, room: &RoomId) {
        self.rooms.entry(room.clone()).or_default();
    }

    /// Forgets a room.
    pub(super) fn forget(&mut self, room: &RoomId) {
        self.rooms.remove(room);
    }

    /// Whether there is anything to resume from: the first synchronisation was completed once.
    pub(super) fn any(&self) -> bool {
        self.user.is_some()
    }

    /// The epoch that the positions belong to.
    pub(super) fn epoch(&self) -> Option<&Epoch> {
        self.user.as_ref().map(|(epoch, _)| epoch)
    }

    /// Where a room stands.
    pub(super) fn of(&self, room: &RoomId) -> Option<&(Epoch, Offset)> {
        self.rooms.get(room)?.at.as_ref()
    }

    /// Forgets all positions, not what depends on them: the next answer for every log is a snapshot.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A connection begins or ended: nothing is being fetched, nothing is answered.
    pub(super) fn cut(&mut self) {
        self.user_taken = 0;
        for place in self.rooms.values_mut() {
            (place.fetching, place.answered, place.taken) = (false, false, 0);
            place.renewed = false;
        }
    }

    /// A room could not be fetched; it may be tried again.
    pub(super) fn fetch_failed(&mut self, room: &RoomId) {
        if let Some(place) = self.rooms.get_mut(room) {
            place.fetching = false;
        }
    }

    /// Rooms whose state this connection did not tell.
    pub(super) fn not_renewed(&self) -> Vec<RoomId> {
        let old = self.rooms.iter().filter(|(_, place)| place.answered && !place.renewed);
        old.map(|(room, _)| room.clone()).collect()
    }

    /// The resume, in parts that fit into frames of `max_frame` bytes each. Empty without positions.
    ///
    /// A resume names one epoch, that of the user log. A room whose position is of another (the connection ended in
    /// the middle of a change of epoch) is left out: the server answers unnamed rooms with a snapshot.
    pub(super) fn resume(&mut self, max_frame: usize, mut next_id: impl FnMut() -> RequestId) -> Vec<Resume> {
        let Some((epoch, user_offset)) = self.user.clone() else { return Vec::new() };
        let mut part = || Resume {
            id: next_id(),
            epoch: epoch.clone(),
            user_offset,
            rooms: BTreeMap::new(),
            more: true,
        };
        let room_for = max_frame.saturating_sub(RESUME_FRAME + encode(&epoch).len());
        let mut parts = vec![part()];
        let mut used = 0;
        for (room, place) in &mut self.rooms {
            let Some((_, offset)) = place.at.as_ref().filter(|(of, _)| *of == epoch) else { continue };
            let size = encode(room).len() + RESUME_ROOM;
            if used > 0 && used + size > room_for {
                parts.push(part());
                used = 0;
            }
            used += size;
            place.fetching = true;
            parts.last_mut().expect("there is a first part").rooms.insert(room.clone(), *offset);
        }
        parts.last_mut().expect("there is a first part").more = false;
        parts
    }

    /// Rooms of which this connection has not said where they stand, although all should be told. They count as
    /// being fetched from now on.
    pub(super) fn unanswered(&mut self) -> Vec<RoomId> {
        let open = self.rooms.iter_mut().filter(|(_, place)| !place.answered);
        open.map(|(room, place)| {
            place.fetching = true;
            room.clone()
        })
        .collect()
    }
}

fn passed_over(resumed: &Resumed, missed: Option<u64>) -> Recovery {
    let state = resumed.state.clone();
    match resumed.outcome.read() {
        Outcome::Trimmed => Recovery::Trimmed { missed, oldest: resumed.oldest, state },
        _ => Recovery::Snapshot { missed, state },
    }
}
