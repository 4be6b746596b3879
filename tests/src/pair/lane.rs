//! One direction of a link: bytes under way, and what happens to them.

use std::collections::VecDeque;
use std::time::Duration;

use chat_protocol::Frame;
use rand::RngExt;
use rand::rngs::StdRng;

use super::codec::{self, Reader};

/// Which frames a trap counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Every frame.
    Any,
    /// Those of one packet, by the name of the packet.
    Packet(&'static str),
}

impl On {
    fn counts(self, frame: &Frame) -> bool {
        match (self, frame) {
            (On::Any, _) => true,
            (On::Packet(name), Frame::Text(text)) => {
                text.as_str().strip_prefix("{\"").is_some_and(|rest| rest.starts_with(name))
            }
            (On::Packet(_), _) => false,
        }
    }
}

/// What a trap does to the frame that springs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spring {
    /// So many bytes of it still arrive, and nothing after them; a frame that is no longer than that passes.
    Cut {
        /// How many.
        keep: usize,
    },
    /// It and all behind it come so much later; the other direction ends at once.
    Strand {
        /// How much later.
        late: Duration,
    },
    /// It is lost, and all others arrive: no network does that, but a server can.
    Lose,
    /// It arrives again behind the next one, as a server may tell something again.
    Repeat,
}

/// Waits for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trap {
    /// Which frames count.
    pub on: On,
    /// How many of them pass before.
    pub after: usize,
    /// What happens then.
    pub spring: Spring,
}

/// What a write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    /// The frame is under way, or nobody will ever see it.
    Whole,
    /// The lane was cut within it, or before it.
    Cut { within: bool },
    /// The frame is stranded.
    Stranded,
    /// It is lost, or comes again.
    Wrong,
}

/// How long bytes are under way.
#[derive(Debug)]
pub(super) struct Latency {
    pub(super) base: Duration,
    pub(super) jitter: Duration,
    /// On top, while a fault lasts.
    pub(super) extra: Duration,
    pub(super) random: StdRng,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Lane {
    latency: Latency,
    /// Whole frames or the beginning of one, with their times of departure and arrival.
    under_way: VecDeque<(Duration, Duration, Vec<u8>)>,
    waiting: usize,
    last: Duration,
    arrived: Reader,
    trap: Option<Trap>,
    /// What comes again.
    again: Option<Vec<u8>>,
    /// No more bytes come after those under way; the receiver sees the end then.
    ends: Option<Duration>,
    /// The end has arrived.
    over: bool,
    /// Everything vanishes, also the end.
    swallows: bool,
}

impl Lane {
    pub(super) fn new(latency: Latency) -> Self {
        Self {
            latency,
            under_way: VecDeque::new(),
            waiting: 0,
            last: Duration::ZERO,
            arrived: Reader::default(),
            trap: None,
            again: None,
            ends: None,
            over: false,
            swallows: false,
        }
    }

    pub(super) fn set_trap(&mut self, trap: Trap) {
        self.trap = Some(trap);
    }

    pub(super) fn delay(&mut self, extra: Duration) {
        self.latency.extra = extra;
    }

    pub(super) fn swallow(&mut self) {
        self.swallows = true;
    }

    pub(super) fn swallows(&self) -> bool {
        self.swallows
    }

    /// Nothing goes wrong any more, except for what is lost already.
    pub(super) fn heal(&mut self) {
        self.trap = None;
        self.latency.extra = Duration::ZERO;
    }

    /// Takes a frame.
    pub(super) fn write(&mut self, now: Duration, frame: &Frame) -> Wrote {
        if self.ends.is_some() || self.swallows {
            return Wrote::Whole;
        }
        let mut bytes = codec::write(frame);
        match self.sprung(frame) {
            Some(Spring::Cut { keep }) if keep < bytes.len() => {
                bytes.truncate(keep);
                self.push(now, bytes);
                self.end(now);
                Wrote::Cut { within: keep > 0 }
            }
            Some(Spring::Strand { late }) => {
                self.latency.extra += late;
                self.push(now, bytes);
                Wrote::Stranded
            }
            Some(Spring::Lose) => Wrote::Wrong,
            Some(Spring::Repeat) => {
                self.again = Some(bytes.clone());
                self.push(now, bytes);
                Wrote::Wrong
            }
            _ => {
                self.push(now, bytes);
                if let Some(again) = self.again.take() {
                    self.push(now, again);
                }
                Wrote::Whole
            }
        }
    }

    fn sprung(&mut self, frame: &Frame) -> Option<Spring> {
        let trap = self.trap.as_mut().filter(|trap| trap.on.counts(frame))?;
        match trap.after.checked_sub(1) {
            Some(left) => {
                trap.after = left;
                None
            }
            None => self.trap.take().map(|trap| trap.spring),
        }
    }

    fn push(&mut self, now: Duration, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let arrives = self.arrival(now);
        self.waiting += bytes.len();
        self.under_way.push_back((now, arrives, bytes));
    }

    /// When what leaves now arrives: never before what left earlier.
    fn arrival(&mut self, now: Duration) -> Duration {
        let jitter = u64::try_from(self.latency.jitter.as_millis()).unwrap_or(u64::MAX);
        let late = Duration::from_millis(self.latency.random.random_range(0..=jitter));
        self.last = self.last.max(now + self.latency.base + late + self.latency.extra);
        self.last
    }

    /// Nothing more is written; the receiver hears of it behind what is under way.
    pub(super) fn end(&mut self, now: Duration) {
        if self.ends.is_none() && !self.swallows {
            self.ends = Some(self.arrival(now));
        }
    }

    /// The end, at once: what is under way is lost.
    pub(super) fn kill(&mut self, now: Duration) {
        self.under_way.clear();
        self.waiting = 0;
        self.swallows = false;
        (self.ends, self.over) = (Some(now), true);
    }

    /// Lets arrive what arrives now; how long the latest of it was under way.
    pub(super) fn advance(&mut self, now: Duration) -> Option<Duration> {
        let mut longest = None;
        while self.under_way.front().is_some_and(|(_, at, _)| *at <= now)
            && let Some((left, _, bytes)) = self.under_way.pop_front()
        {
            self.waiting -= bytes.len();
            self.arrived.feed(&bytes);
            longest = longest.max(Some(now.saturating_sub(left)));
        }
        self.over = self.under_way.is_empty() && self.ends.is_some_and(|at| at <= now);
        longest
    }

    /// The next frame that has arrived.
    pub(super) fn take(&mut self) -> Option<Frame> {
        self.arrived.next()
    }

    /// Whether the end has arrived.
    pub(super) fn has_ended(&self) -> bool {
        self.over
    }

    /// Whether the end has arrived, and everything before it was taken.
    pub(super) fn is_over(&self) -> bool {
        self.over && !self.arrived.has_frame()
    }

    /// Whether it ended within a frame.
    pub(super) fn is_within(&self) -> bool {
        self.arrived.is_within()
    }

    /// Bytes that have not arrived.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// When the next thing arrives.
    pub(super) fn next_at(&self) -> Option<Duration> {
        self.under_way.front().map(|(_, at, _)| *at).or(self.ends.filter(|_| !self.over))
    }
}
