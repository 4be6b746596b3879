//! The timers of a session: a closed list.

use std::time::Instant;

/// What may be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// The connection must be authenticated by now.
    Auth,
    /// The peer may have been silent for too long: probe it.
    Probe,
    /// The answer to a probe must have come by now.
    Answer,
    /// The token expires.
    Expiry,
}

impl Timer {
    const ALL: [Timer; 4] = [Timer::Auth, Timer::Probe, Timer::Answer, Timer::Expiry];
}

/// When each timer is due.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; Timer::ALL.len()]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = Some(at);
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(super) fn earliest(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Takes a timer that is due.
    pub(super) fn due(&mut self, now: Instant) -> Option<Timer> {
        let due = Timer::ALL.into_iter().find(|timer| self.0[*timer as usize].is_some_and(|at| at <= now))?;
        self.clear(due);
        Some(due)
    }
}
