//! One sender, many readers of one room: what a delivery costs.

use std::time::Duration;

use super::disturbance::Disturbance;
use super::{Run, WAIT};
use crate::Failure;
use crate::figures::Figures;
use crate::scene::{Place, Plan, Subject};
use crate::swarm::{Opening, Swarm, Template};

const ROOM: &str = "the-room-of-the-fan-out";

/// The sender, who has nothing to read for.
const SENDER: usize = 0;

/// One case of the fan-out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) readers: usize,
    /// Messages outstanding: with one, every delivery is a write of its own; with many, writes can be shared.
    pub(crate) window: u64,
    /// Members that are not there.
    pub(crate) offline: usize,
    /// Readers that read nothing, while others type and come and go.
    pub(crate) stalled: usize,
}

impl Case {
    pub(crate) fn of(readers: usize, window: u64) -> Self {
        Self { readers, window, offline: 0, stalled: 0 }
    }

    pub(crate) fn name(&self) -> String {
        let Case { readers, window, offline, stalled } = self;
        let mut name = format!("fan-out {readers} readers W={window}");
        if *offline > 0 {
            name += &format!(" +{offline} offline");
        }
        if *stalled > 0 {
            name += " disturbed";
        }
        name
    }
}

/// A program with its readers.
pub(crate) struct Crowd {
    pub(crate) subject: Subject,
    swarm: Swarm,
    case: Case,
    template: Template,
    sent: u64,
}

fn user(number: usize) -> String {
    format!("user-{number:05}")
}

impl Crowd {
    pub(crate) fn gather(place: &Place, name: &'static str, case: Case) -> Result<Self, Failure> {
        let everyone = case.readers + 1;
        // One more may come and go.
        let mut plan = Plan::room(ROOM, (0..everyone + case.offline.max(1)).map(user));
        if case.stalled > 0 {
            plan = plan.with_directs(&user(everyone), (0..everyone).map(user))?;
        }
        let subject = Subject::start(place, name, &plan)?;
        let mut swarm = Swarm::new()?;
        let mut openings: Vec<_> = (0..everyone).map(|number| subject.enter(&user(number), ROOM)).collect();
        if case.stalled > 0 {
            let listen = format!(r#"{{"listen":{{"id":"listen","user":"{}"}}}}"#, user(everyone));
            openings.iter_mut().for_each(|opening| opening.words.push(listen.clone()));
        }
        swarm.open(&openings)?;
        swarm.quiet()?;
        (0..case.stalled).for_each(|number| swarm.stall(everyone - 1 - number));
        let template = subject.message(&user(SENDER), ROOM);
        Ok(Self { subject, swarm, case, template, sent: 0 })
    }

    /// How somebody comes whom all listen to.
    fn visitor(&self) -> Opening {
        self.subject.enter(&user(self.case.readers + 1), ROOM)
    }

    /// Keeps the window full for a while, then waits for the rest.
    pub(crate) fn run(&mut self, length: Duration) -> Result<Vec<(&'static str, f64)>, Failure> {
        self.swarm.quiet()?;
        let hearing = (self.case.readers - self.case.stalled) as u64;
        let mut disturbance = match self.case.stalled {
            0 => None,
            stalled => Some(Disturbance::begin(self.visitor(), ROOM, 1..self.case.readers - stalled)),
        };
        let (first, mut delivered) = (self.sent, 0);
        let run = Run::begin(&self.subject.program)?;
        loop {
            let over = run.began.elapsed() >= length;
            let complete = first + delivered / hearing;
            if over && delivered == (self.sent - first) * hearing {
                break;
            }
            while !over && self.sent < complete + self.case.window {
                self.sent += 1;
                self.swarm.send(SENDER, self.template.fill(self.sent));
            }
            disturbance.iter_mut().for_each(|it| it.go_on(&mut self.swarm));
            self.swarm.turn(WAIT)?;
            delivered += self
                .swarm
                .heard()
                .iter()
                .filter(|heard| heard.conn != SENDER)
                .map(|heard| u64::from(heard.messages))
                .sum::<u64>();
        }
        let (seconds, cpu) = run.end(&self.subject.program)?;
        disturbance.map_or(Ok(()), Disturbance::end)?;
        Ok(vec![
            ("cpu us/delivery", cpu / delivered as f64 * 1e6),
            ("k deliveries/s", delivered as f64 / seconds / 1e3),
            ("cpu us/message", cpu / (self.sent - first) as f64 * 1e6),
            ("resident MiB", self.subject.program.resident()? as f64 / 1_048_576.0),
        ])
    }
}

/// The fan-out of all these programs, in turns.
pub(crate) fn measure(
    place: &Place,
    case: Case,
    programs: &[&'static str],
    effort: super::Effort,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let name = case.name();
    let crowds = place.chosen(programs).into_iter().map(|program| Crowd::gather(place, program, case));
    let mut crowds = crowds.collect::<Result<Vec<_>, Failure>>()?;
    for crowd in &mut crowds {
        crowd.run(effort.length / 4)?;
    }
    super::alternate(&mut crowds, effort.repetitions, |crowd| {
        for (metric, value) in crowd.run(effort.length)? {
            figures.add(&name, crowd.subject.name, metric, value);
        }
        Ok(())
    })
}
