//! A gateway that keeps what it is given: for tests and for trying things out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Push, PushGateway, PushOutcome};

/// So many pushes are kept at most, the newest.
const MAX_KEPT: usize = 10_000;

/// A gateway that keeps what it is given, at most 10,000 pushes, and answers for each token as it was told to.
///
/// ```
/// use chat_server_core::push::{PushGateway, memory::MemoryGateway};
/// assert_eq!(MemoryGateway::default().max_batch(), 100);
/// assert!(MemoryGateway::default().received().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct MemoryGateway {
    /// Locked for a moment by each call; nobody awaits with it.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    received: VecDeque<Push>,
    answers: BTreeMap<String, PushOutcome>,
}

impl MemoryGateway {
    /// What is answered for a token from now on. Until then it is [`PushOutcome::Delivered`].
    pub fn answer(&self, token: impl Into<String>, outcome: PushOutcome) {
        self.state().answers.insert(token.into(), outcome);
    }

    /// All that was given to it, whatever the answer, oldest first.
    pub fn received(&self) -> Vec<Push> {
        self.state().received.iter().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl PushGateway for MemoryGateway {
    async fn push(&self, batch: &[Push]) -> Vec<PushOutcome> {
        let mut state = self.state();
        let State { received, answers } = &mut *state;
        received.extend(batch.iter().cloned());
        let surplus = received.len().saturating_sub(MAX_KEPT);
        received.drain(..surplus);
        let answer = |push: &Push| answers.get(&push.target.token).copied();
        batch.iter().map(|push| answer(push).unwrap_or(PushOutcome::Delivered)).collect()
    }
}
