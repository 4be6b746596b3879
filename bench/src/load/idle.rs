//! What a connection costs that says nothing.

use std::time::Duration;

use super::{Effort, Run};
use crate::Failure;
use crate::figures::Figures;
use crate::scene::{Place, Plan, Subject};
use crate::swarm::Swarm;

/// Members of each room.
const ROOM: usize = 1_000;

/// How long a program may take to settle before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);

pub(crate) fn name(connections: usize) -> String {
    format!("{connections} idle connections")
}

fn user(number: usize) -> String {
    format!("user-{number:05}")
}

fn room(number: usize) -> String {
    format!("room-{:02}", number / ROOM)
}

/// Memory and processor time of so many connections, each authenticated and in a room.
pub(crate) fn measure(
    place: &Place,
    connections: usize,
    programs: &[&'static str],
    effort: Effort,
    figures: &mut Figures,
) -> Result<(), Failure> {
    for _ in 0..effort.repetitions {
        for program in place.chosen(programs) {
            once(place, connections, program, effort.length * 3, figures)?;
        }
    }
    Ok(())
}

fn once(
    place: &Place,
    connections: usize,
    program: &'static str,
    watched: Duration,
    figures: &mut Figures,
) -> Result<(), Failure> {
    // One more, which comes first, so that what is made once is not counted.
    let rooms = (0..connections + 1)
        .step_by(ROOM)
        .map(|first| (room(first), (first..(first + ROOM).min(connections + 1)).map(user).collect(), 0));
    let subject = Subject::start(place, program, &Plan::rooms(rooms))?;
    let openings: Vec<_> =
        (0..connections + 1).map(|number| subject.enter(&user(number), &room(number))).collect();
    let mut swarm = Swarm::new()?;
    swarm.open(&openings[..1])?;
    std::thread::sleep(SETTLE);
    let before = subject.program.resident()?;
    swarm.open(&openings[1..])?;
    swarm.quiet()?;
    std::thread::sleep(SETTLE);
    let after = subject.program.resident()?;
    let run = Run::begin(&subject.program)?;
    std::thread::sleep(watched);
    let (seconds, cpu) = run.end(&subject.program)?;
    let each = after.saturating_sub(before) as f64 / connections as f64 / 1_024.0;
    let name = name(connections);
    figures.add(&name, subject.name, "KiB/connection", each);
    figures.add(&name, subject.name, "cpu %", cpu / seconds * 100.0);
    Ok(())
}
