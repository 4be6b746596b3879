//! Everybody comes at once.

use super::{Effort, Run};
use crate::Failure;
use crate::figures::Figures;
use crate::scene::{Place, Plan, Subject};
use crate::swarm::{Opening, Swarm};

/// How many connections come.
const CONNECTIONS: usize = 2_000;

/// They are members already: what happens after a restart, or when a network comes back.
pub(crate) const RETURN: &str = "storm of 2,000, members";

/// They become members: each join is stored and told to the room.
pub(crate) const JOIN: &str = "storm of 2,000, first join";

fn user(number: usize) -> String {
    format!("user-{number:06}")
}

/// Rooms of two.
fn room(number: usize) -> String {
    format!("room-{:06}", number / 2)
}

/// A program and how many users have come so far.
struct Door {
    subject: Subject,
    strangers: usize,
}

impl Door {
    fn storm(&self, openings: &[Opening]) -> Result<Vec<(&'static str, f64)>, Failure> {
        let mut swarm = Swarm::new()?;
        let run = Run::begin(&self.subject.program)?;
        swarm.open(openings)?;
        swarm.quiet()?;
        let (seconds, cpu) = run.end(&self.subject.program)?;
        let each = openings.len() as f64;
        swarm.clear();
        // The leaving is not counted.
        std::thread::sleep(super::WAIT * 10);
        Ok(vec![("cpu us/connection", cpu / each * 1e6), ("connections/s", each / seconds)])
    }

    fn members(&self) -> Vec<Opening> {
        (0..CONNECTIONS).map(|number| self.subject.enter(&user(number), &room(number))).collect()
    }

    /// Users who have never been here, into rooms that are.
    fn strangers(&mut self) -> Vec<Opening> {
        let first = self.strangers;
        self.strangers += CONNECTIONS;
        let openings = first..first + CONNECTIONS;
        openings
            .map(|number| self.subject.join(&format!("stranger-{number:06}"), &room(number % CONNECTIONS)))
            .collect()
    }
}

/// Both storms on all these programs in turns.
pub(crate) fn measure(
    place: &Place,
    programs: &[&'static str],
    effort: Effort,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let rooms = (0..CONNECTIONS).step_by(2).map(|first| (room(first), vec![user(first), user(first + 1)], 0));
    let plan = Plan::rooms(rooms);
    let doors = place
        .chosen(programs)
        .into_iter()
        .map(|program| Ok(Door { subject: Subject::start(place, program, &plan)?, strangers: 0 }));
    let mut doors = doors.collect::<Result<Vec<_>, Failure>>()?;
    for door in &mut doors {
        door.storm(&door.members())?;
    }
    super::alternate(&mut doors, effort.repetitions, |door| {
        for (metric, value) in door.storm(&door.members())? {
            figures.add(RETURN, door.subject.name, metric, value);
        }
        let openings = door.strangers();
        for (metric, value) in door.storm(&openings)? {
            figures.add(JOIN, door.subject.name, metric, value);
        }
        Ok(())
    })
}
