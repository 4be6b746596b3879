//! How far an attempt has come, so that one which takes too long says where it stood.

use std::sync::atomic::{AtomicU8, Ordering};

/// The steps of an attempt, in their order. Lookup and connect are those of the proxy where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Lookup,
    Connect,
    ProxyTls,
    Proxy,
    Tls,
    Handshake,
}

const STEPS: [Step; 6] =
    [Step::Lookup, Step::Connect, Step::ProxyTls, Step::Proxy, Step::Tls, Step::Handshake];

/// The step that an attempt is at. Written by the attempt and its name lookup, read when it has failed; they may be on
/// different threads, and nothing else is told by it.
#[derive(Debug, Default)]
pub(crate) struct Progress(AtomicU8);

impl Progress {
    /// The attempt begins this step.
    pub(crate) fn at(&self, step: Step) {
        self.0.store(step as u8, Ordering::Relaxed);
    }

    /// The step that was begun last.
    pub(crate) fn step(&self) -> Step {
        STEPS.get(usize::from(self.0.load(Ordering::Relaxed))).copied().unwrap_or(Step::Connect)
    }
}
