//! What a message costs when there are more and more rooms. Growth by readers, members and history is measured with
//! the fan-out and the history themselves.

use std::time::Duration;

use super::{Effort, Run, WAIT};
use crate::Failure;
use crate::figures::Figures;
use crate::scene::{Place, Plan, Subject, auth};
use crate::swarm::{Swarm, Template};

/// Connections, when there are that many rooms.
const CONNECTIONS: usize = 100;

/// Messages outstanding.
const WINDOW: usize = 16;

/// Greatest number of rooms in one `resume`, to stay within a frame.
const NAMED: usize = 500;

/// Readers of one room. The load generator needs a descriptor for each of them, and so does the server.
pub(crate) const READERS: &[usize] = &[10, 100, 1_000, 10_000];

/// Messages in a room.
pub(crate) const MESSAGES: &[usize] = &[1_000, 10_000, 100_000, 1_000_000];

/// Rooms that are followed.
pub(crate) const ROOMS: &[usize] = &[10, 100, 1_000, 10_000, 100_000];

/// Members that are not there, beside ten readers.
pub(crate) const OFFLINE: &[usize] = &[0, 100, 1_000, 10_000, 100_000];

pub(crate) fn name(rooms: usize) -> String {
    format!("{rooms} rooms followed")
}

/// A server with so many rooms, all of them followed, each by one connection.
struct Rooms {
    subject: Subject,
    swarm: Swarm,
    count: usize,
    templates: Vec<Template>,
    sent: u64,
}

fn room(number: usize) -> String {
    format!("room-{number:06}")
}

/// The one member of a room.
fn user(number: usize, rooms: usize) -> String {
    format!("user-{:03}", number % rooms.min(CONNECTIONS))
}

impl Rooms {
    fn start(place: &Place, count: usize) -> Result<Subject, Failure> {
        let rooms = (0..count).map(|number| (room(number), vec![user(number, count)], 0));
        Subject::start(place, "server", &Plan::rooms(rooms))
    }

    fn open(subject: Subject, count: usize) -> Result<Self, Failure> {
        let connections = count.min(CONNECTIONS);
        let user = |number: usize| user(number, count);
        let mut swarm = Swarm::new()?;
        let epoch = subject.epoch.clone().ok_or("the server has an epoch")?;
        let openings: Vec<_> = (0..connections)
            .map(|conn| {
                let mine: Vec<usize> = (conn..count).step_by(connections).collect();
                let mut words = vec![auth(&user(conn))];
                words.extend(mine.chunks(NAMED).map(|rooms| {
                    // Creation and the member's entry are known already: nothing is missing.
                    let positions: Vec<String> =
                        rooms.iter().map(|number| format!(r#""{}":2"#, room(*number))).collect();
                    format!(
                        r#"{{"resume":{{"id":"resume","epoch":"{}","user_offset":{},"more":true,"rooms":{{{}}}}}}}"#,
                        epoch.as_str(),
                        mine.len(),
                        positions.join(",")
                    )
                }));
                subject.opening(words)
            })
            .collect();
        swarm.open(&openings)?;
        swarm.quiet()?;
        let templates = (0..count).map(|number| subject.message(&user(number), &room(number))).collect();
        Ok(Self { subject, swarm, count, templates, sent: 0 })
    }

    /// Each message goes to another room than the last.
    fn run(&mut self, length: Duration) -> Result<Vec<(&'static str, f64)>, Failure> {
        self.swarm.quiet()?;
        let connections = self.count.min(CONNECTIONS);
        let (first, mut heard) = (self.sent, 0);
        let run = Run::begin(&self.subject.program)?;
        loop {
            let over = run.began.elapsed() >= length;
            if over && heard == self.sent - first {
                break;
            }
            while !over && self.sent - first < heard + WINDOW as u64 {
                self.sent += 1;
                // A step that has no divisor in common with the number of rooms visits all of them.
                let number = usize::try_from(self.sent * 7_919)? % self.count;
                self.swarm.send(number % connections, self.templates[number].fill(self.sent));
            }
            self.swarm.turn(WAIT)?;
            heard += self.swarm.heard().iter().map(|heard| u64::from(heard.messages)).sum::<u64>();
        }
        let (seconds, cpu) = run.end(&self.subject.program)?;
        let messages = (self.sent - first) as f64;
        Ok(vec![("cpu us/message", cpu / messages * 1e6), ("messages/s", messages / seconds)])
    }
}

/// Messages into so many rooms, for each number of rooms in turns.
pub(crate) fn measure(
    place: &Place,
    counts: &[usize],
    effort: Effort,
    figures: &mut Figures,
) -> Result<(), Failure> {
    // All databases first: a connection that is opened before a long wait is given up by its server.
    let subjects =
        counts.iter().map(|count| Rooms::start(place, *count)).collect::<Result<Vec<_>, Failure>>()?;
    let all = subjects.into_iter().zip(counts).map(|(subject, count)| Rooms::open(subject, *count));
    let mut all = all.collect::<Result<Vec<_>, Failure>>()?;
    for rooms in &mut all {
        rooms.run(effort.length / 4)?;
    }
    super::alternate(&mut all, effort.repetitions, |rooms| {
        for (metric, value) in rooms.run(effort.length)? {
            figures.add(&name(rooms.count), rooms.subject.name, metric, value);
        }
        Ok(())
    })
}
