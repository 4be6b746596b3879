//! What else goes on in a room that is alive: typing, receipts, and somebody who comes and goes.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::swarm::{Opening, Swarm, frames};

/// One packet that all readers get every so often.
const EVERY: Duration = Duration::from_millis(20);

/// How long the visitor stays, and stays away: longer than the grace after which a user is offline.
const VISIT: Duration = Duration::from_millis(200);

/// Typing and receipts of the readers, and a visitor whose presence all of them listen to.
pub(crate) struct Disturbance {
    room: &'static str,
    who: Range<usize>,
    next: Instant,
    turn: usize,
    over: Arc<AtomicBool>,
    visits: JoinHandle<Result<(), String>>,
}

impl Disturbance {
    /// Connections `who` type and read in `room`.
    pub(crate) fn begin(visitor: Opening, room: &'static str, who: Range<usize>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let until = over.clone();
        let visits = std::thread::spawn(move || visit(&visitor, &until).map_err(|error| error.to_string()));
        Self { room, who, next: Instant::now(), turn: 0, over, visits }
    }

    /// Every fifth time somebody's read pointer is told again, else somebody types or stops.
    pub(crate) fn go_on(&mut self, swarm: &mut Swarm) {
        if Instant::now() < self.next {
            return;
        }
        self.next += EVERY;
        self.turn += 1;
        let who = self.who.start + self.turn % self.who.len();
        let room = self.room;
        let word = if self.turn.is_multiple_of(5) {
            format!(r#"{{"read":{{"room":"{room}","seq":{}}}}}"#, self.turn / 5)
        } else {
            format!(r#"{{"typing":{{"room":"{room}","stop":{}}}}}"#, self.turn.is_multiple_of(2))
        };
        swarm.send(who, &frames::text(&word));
    }

    /// Waits until the visitor is gone.
    pub(crate) fn end(self) -> Result<(), Failure> {
        self.over.store(true, Ordering::Relaxed);
        Ok(self.visits.join().map_err(|_| "the visitor panicked")??)
    }
}

/// Comes and goes until it is over.
fn visit(visitor: &Opening, over: &AtomicBool) -> Result<(), Failure> {
    let mut swarm = Swarm::new()?;
    while !over.load(Ordering::Relaxed) {
        swarm.open(std::slice::from_ref(visitor))?;
        std::thread::sleep(VISIT);
        swarm.clear();
        std::thread::sleep(VISIT);
    }
    Ok(())
}
