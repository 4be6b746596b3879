//! Many rooms of two: what a stored message costs, and how long it takes.

use std::time::{Duration, Instant};

use super::{Effort, Run, WAIT};
use crate::Failure;
use crate::figures::{Figures, permille};
use crate::scene::{Place, Plan, Subject};
use crate::swarm::{Swarm, Template};

/// How many rooms of two there are.
const PAIRS: usize = 500;

/// Messages a second of the open loop.
const RATE: u64 = 500;

/// The closed loop's case.
pub(crate) const PING_PONG: &str = "500 pairs, ping-pong";

/// The open loop's case.
pub(crate) const STEADY: &str = "500 pairs, 500 messages/s";

/// A program and its pairs: connections `2n` and `2n + 1` are in room `n`.
struct Couples {
    subject: Subject,
    swarm: Swarm,
    templates: Vec<Template>,
    /// Messages that each connection has heard, its own among them.
    heard: Vec<u64>,
    sent: u64,
}

fn user(conn: usize) -> String {
    format!("user-{conn:04}")
}

fn room(conn: usize) -> String {
    format!("room-of-pair-{:03}", conn / 2)
}

impl Couples {
    fn gather(place: &Place, name: &'static str) -> Result<Self, Failure> {
        let rooms = (0..PAIRS).map(|pair| (room(2 * pair), vec![user(2 * pair), user(2 * pair + 1)], 0));
        let subject = Subject::start(place, name, &Plan::rooms(rooms))?;
        let mut swarm = Swarm::new()?;
        let openings: Vec<_> = (0..2 * PAIRS).map(|conn| subject.enter(&user(conn), &room(conn))).collect();
        swarm.open(&openings)?;
        swarm.quiet()?;
        let templates = (0..2 * PAIRS).map(|conn| subject.message(&user(conn), &room(conn))).collect();
        Ok(Self { subject, swarm, templates, heard: vec![0; 2 * PAIRS], sent: 0 })
    }

    fn send(&mut self, conn: usize) {
        self.sent += 1;
        self.swarm.send(conn, self.templates[conn].fill(self.sent));
    }

    /// Each side answers the other's message at once.
    fn ping_pong(&mut self, length: Duration) -> Result<Vec<(&'static str, f64)>, Failure> {
        self.swarm.quiet()?;
        self.heard.fill(0);
        let first = self.sent;
        let run = Run::begin(&self.subject.program)?;
        (0..PAIRS).for_each(|pair| self.send(2 * pair));
        let mut heard = 0;
        while heard < 2 * (self.sent - first) {
            self.swarm.turn(WAIT)?;
            let over = run.began.elapsed() >= length;
            let news: Vec<(usize, u32)> =
                self.swarm.heard().iter().map(|heard| (heard.conn, heard.messages)).collect();
            for (conn, messages) in news {
                for _ in 0..messages {
                    heard += 1;
                    self.heard[conn] += 1;
                    // The messages of a room come in turns: every second one is the other side's.
                    let others = self.heard[conn] % 2 == if conn.is_multiple_of(2) { 0 } else { 1 };
                    if others && !over {
                        self.send(conn);
                    }
                }
            }
        }
        let (seconds, cpu) = run.end(&self.subject.program)?;
        let messages = (self.sent - first) as f64;
        Ok(vec![
            ("messages/s", messages / seconds),
            ("cpu us/message", cpu / messages * 1e6),
            ("resident MiB", self.subject.program.resident()? as f64 / 1_048_576.0),
        ])
    }

    /// Messages at a steady rate, one pair after the other; the time until the other side has each.
    fn steady(&mut self, length: Duration) -> Result<Vec<(&'static str, f64)>, Failure> {
        self.swarm.quiet()?;
        let count = (length.as_secs_f64() * RATE as f64) as u64;
        let mut took = Vec::with_capacity(usize::try_from(count)?);
        let mut out: Vec<Option<Instant>> = vec![None; 2 * PAIRS];
        let (mut begun, mut late) = (0, Duration::ZERO);
        let run = Run::begin(&self.subject.program)?;
        while (took.len() as u64) < count {
            let due = run.began + Duration::from_secs_f64(begun as f64 / RATE as f64);
            let now = Instant::now();
            if begun < count && now >= due {
                late = late.max(now - due);
                // Each pair in turn, and its other side the next time round.
                let turn = usize::try_from(begun)?;
                let conn = 2 * (turn % PAIRS) + (turn / PAIRS) % 2;
                out[conn ^ 1] = Some(Instant::now());
                self.send(conn);
                begun += 1;
            }
            // Polling waits in whole milliseconds; what is left of one is passed by asking again.
            let wait = due.saturating_duration_since(now).as_millis();
            self.swarm.turn(Duration::from_millis(u64::try_from(wait)?.min(50)))?;
            let now = Instant::now();
            for heard in self.swarm.heard().iter().filter(|heard| heard.messages > 0) {
                if let Some(sent) = out[heard.conn].take() {
                    took.push((now - sent).as_secs_f64() * 1e3);
                }
            }
        }
        let (_, cpu) = run.end(&self.subject.program)?;
        Ok(vec![
            ("p50 ms", permille(&mut took, 500)),
            ("p99 ms", permille(&mut took, 990)),
            ("max ms", permille(&mut took, 1_000)),
            ("sent late at most ms", late.as_secs_f64() * 1e3),
            ("cpu us/message", cpu / count as f64 * 1e6),
        ])
    }
}

/// Both loops, of all these programs in turns.
pub(crate) fn measure(
    place: &Place,
    programs: &[&'static str],
    effort: Effort,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let couples = place.chosen(programs).into_iter().map(|program| Couples::gather(place, program));
    let mut couples = couples.collect::<Result<Vec<_>, Failure>>()?;
    for couple in &mut couples {
        couple.ping_pong(effort.length / 2)?;
    }
    super::alternate(&mut couples, effort.repetitions, |couple| {
        for (metric, value) in couple.ping_pong(effort.length)? {
            figures.add(PING_PONG, couple.subject.name, metric, value);
        }
        Ok(())
    })?;
    super::alternate(&mut couples, effort.repetitions, |couple| {
        for (metric, value) in couple.steady(effort.length * 2)? {
            figures.add(STEADY, couple.subject.name, metric, value);
        }
        Ok(())
    })
}
