//! Messages of one's own that are on their way.

use chat_protocol::{ClientMsgId, Content, Mentions, Seq};

use crate::{Error, QueuedSend, SendState};

/// A message of one's own that is not in the room's log yet, as far as the timeline knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Echo {
    /// Its name, and the key of its item.
    pub client_msg_id: ClientMsgId,
    /// What it says.
    pub content: Content,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
    /// The message whose thread it belongs to.
    pub thread: Option<Seq>,
    /// Whom it calls.
    pub mentions: Option<Mentions>,
    /// How it stands.
    pub state: EchoState,
}

/// How a message stands that is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EchoState {
    /// It waits for a connection, or behind others of its room.
    Queued,
    /// It was sent, and nothing was heard of it yet.
    InFlight,
    /// It is stored under this number; the room's log has not told it yet.
    Acked(Seq),
    /// The server does not take it. It stays until it is sent again or taken back.
    Wedged(Error),
    /// It could not leave in time, and will not. It is shown until it is [dismissed](super::Line::dismiss).
    Expired,
}

/// What became of a message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Is(EchoState),
    /// It was taken back.
    Cancelled,
}

impl From<&SendState> for Step {
    fn from(state: &SendState) -> Self {
        Step::Is(match state {
            SendState::Queued => EchoState::Queued,
            SendState::InFlight => EchoState::InFlight,
            // That the log has told it is seen in the log.
            SendState::Acked(data) | SendState::Settled(data) => EchoState::Acked(data.seq),
            SendState::Wedged(error) => EchoState::Wedged(error.clone()),
            SendState::Expired => EchoState::Expired,
            SendState::Cancelled => return Step::Cancelled,
        })
    }
}

impl Echo {
    /// What the outbox says of a message; `None`: it is over.
    fn of(send: QueuedSend) -> Option<Self> {
        let Step::Is(state) = Step::from(&send.state) else { return None };
        let QueuedSend { client_msg_id, content, reply_to, thread, mentions, .. } = send;
        Some(Self { client_msg_id, content, reply_to, thread, mentions, state })
    }
}

/// Steps remembered while the outbox is being listed. Beyond them it is listed again.
const MAX_STEPS: usize = 4_096;

/// The echoes of one line, in the order of the outbox.
#[derive(Debug, Default)]
pub(super) struct Echoes {
    all: Vec<Echo>,
    /// What was told since the outbox was asked for; `None`: it is not asked for. `None` beside a name: the log has brought it.
    told: Option<Vec<(ClientMsgId, Option<Step>)>>,
}

impl Echoes {
    pub(super) fn all(&self) -> &[Echo] {
        &self.all
    }

    /// The outbox is asked for what waits.
    pub(super) fn asked(&mut self) {
        self.told = Some(Vec::new());
    }

    /// Takes the outbox's word for all that waits, and then what was told since it was asked; whether it is to be asked again.
    pub(super) fn replace(&mut self, waiting: impl Iterator<Item = QueuedSend>) -> bool {
        let Some(told) = self.told.take() else { return true };
        let since = |name: &ClientMsgId| told.iter().any(|(other, _)| other == name);
        let told_by_events = |echo: &Echo| {
            matches!(echo.state, EchoState::Acked(_) | EchoState::Expired) || since(&echo.client_msg_id)
        };
        let old = std::mem::take(&mut self.all);
        let (mut kept, rest): (Vec<_>, Vec<_>) = old.into_iter().partition(told_by_events);
        drop(rest);
        for echo in waiting.filter_map(Echo::of) {
            match kept.iter_mut().find(|known| known.client_msg_id == echo.client_msg_id) {
                Some(known) => known.content = echo.content,
                None => kept.push(echo),
            }
        }
        self.all = kept;
        let mut again = false;
        for (name, step) in told {
            match step {
                Some(step) => again |= self.step(&name, step),
                None => _ = self.end(&name),
            }
        }
        again
    }

    /// Takes in how one goes on; whether what it says is not known.
    pub(super) fn step(&mut self, name: &ClientMsgId, step: Step) -> bool {
        self.remember(name, Some(&step));
        let Some(place) = self.all.iter().position(|echo| echo.client_msg_id == *name) else {
            return matches!(step, Step::Is(EchoState::Queued | EchoState::InFlight | EchoState::Wedged(_)));
        };
        match step {
            Step::Is(state) => self.all[place].state = state,
            Step::Cancelled => _ = self.all.remove(place),
        }
        false
    }

    /// The room's log has brought it, or it is not wanted any more; whether there was one.
    pub(super) fn end(&mut self, name: &ClientMsgId) -> bool {
        self.remember(name, None);
        let before = self.all.len();
        self.all.retain(|echo| echo.client_msg_id != *name);
        self.all.len() < before
    }

    /// Keeps those that pass.
    pub(super) fn keep(&mut self, pass: impl FnMut(&Echo) -> bool) {
        self.all.retain(pass);
    }

    fn remember(&mut self, name: &ClientMsgId, step: Option<&Step>) {
        let Some(told) = &mut self.told else { return };
        told.push((name.clone(), step.cloned()));
        if told.len() > MAX_STEPS {
            // The answer will find that nothing is remembered.
            self.told = None;
        }
    }
}
