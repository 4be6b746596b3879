//! Who hears what is said in a room, for the single-threaded floor.

use std::collections::HashMap;

/// One room. Connections are known by their place in the server's table.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) members: Vec<usize>,
    /// All frames of the present round, encoded: every member is written the same bytes from here, and a
    /// round costs no copy per member.
    pub(super) round: Vec<u8>,
}

/// All rooms, and those in which something was said in the present round.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    numbers: HashMap<String, usize>,
    rooms: Vec<Room>,
    spoken: Vec<usize>,
}

impl Rooms {
    /// The number of the room of this name, which begins to exist here. It outlives its members.
    pub(super) fn open(&mut self, name: &str) -> usize {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.rooms.len();
        self.rooms.push(Room::default());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    pub(super) fn room(&mut self, number: usize) -> &mut Room {
        &mut self.rooms[number]
    }

    /// The room's round, to append a frame to.
    pub(super) fn speak(&mut self, number: usize) -> &mut Vec<u8> {
        let round = &mut self.rooms[number].round;
        if round.is_empty() {
            self.spoken.push(number);
        }
        round
    }

    /// A room that was spoken in since the last round.
    pub(super) fn next_spoken(&mut self) -> Option<usize> {
        self.spoken.pop()
    }
}
