//! What a test has asked for: what is refused, lost or held back.

use std::collections::{BTreeMap, VecDeque};

use chat_protocol::{Command, ErrorCode};

/// Commands remembered for the test to look at: more than a test looks at.
const MAX_HEARD: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) offline: bool,
    pub(super) held: bool,
    pub(super) heard: VecDeque<Command>,
    refused: BTreeMap<String, VecDeque<ErrorCode>>,
    lost: BTreeMap<String, u32>,
}

impl Script {
    pub(super) fn hear(&mut self, command: &Command) {
        if self.heard.len() >= MAX_HEARD {
            self.heard.pop_front();
        }
        self.heard.push_back(command.clone());
    }

    pub(super) fn refuse(&mut self, kind: &str, code: ErrorCode) {
        check(kind);
        self.refused.entry(kind.to_owned()).or_default().push_back(code);
    }

    pub(super) fn refused(&mut self, kind: &str) -> Option<ErrorCode> {
        self.refused.get_mut(kind)?.pop_front()
    }

    pub(super) fn lose(&mut self, kind: &str) {
        check(kind);
        *self.lost.entry(kind.to_owned()).or_default() += 1;
    }

    pub(super) fn lost(&mut self, kind: &str) -> bool {
        let Some(left) = self.lost.get_mut(kind).filter(|left| **left > 0) else { return false };
        *left -= 1;
        true
    }
}

/// A kind that does not exist would never come: the test would wait for ever.
fn check(kind: &str) {
    assert!(Command::KINDS.contains(&kind), "no command is called {kind:?}");
}
