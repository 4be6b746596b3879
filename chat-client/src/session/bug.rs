//! Deliberate bugs, to prove that the tests of the project find such. Feature `bugs`: no part of the crate's promises, and
//! nothing that an application could want. Without the feature every question in here is answered with no.

#[cfg(feature = "bugs")]
use chat_protocol::ClientMsgId;
use chat_protocol::command::SendMessage;

use super::outbox::Order;
#[cfg(feature = "bugs")]
use super::state::Awaiting;
use super::{Config, Session};
use crate::Recovery;
#[cfg(feature = "bugs")]
use crate::SendState;

/// A mistake that a session makes on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[doc(hidden)]
#[cfg_attr(not(feature = "bugs"), expect(dead_code, unreachable_pub, reason = "nobody makes a mistake then"))]
pub enum Bug {
    /// A send that goes again has another name.
    ResendsUnderNewName,
    /// What was under way when the connection ended is forgotten.
    DropsInFlight,
    /// Positions move on with what is missed while it is told, and the connection may end before it is.
    MovesBeforeApplying,
    /// What comes after a hole is taken for what comes next.
    TakesHoleAsNext,
    /// What was told before is told again.
    AppliesRepeats,
    /// A snapshot is told as if nothing was missed.
    SnapshotAsRecovered,
    /// After a cut the queue goes in the opposite order.
    ReversesQueue,
    /// A send that has to wait does not hold back later ones of its room.
    DelayDoesNotHold,
    /// The oldest send that waits gets the ack, whichever it is for.
    AcksInOrder,
    /// A room that the server said nothing of counts as whole.
    UnansweredIsWhole,
    /// A read pointer that was on its way when the connection ended is forgotten.
    ForgetsRead,
    /// One's own messages are unread.
    CountsOwn,
    /// A deletion does not change what is unread.
    CountsDeleted,
}

#[cfg(feature = "bugs")]
impl Bug {
    /// All of them.
    pub const ALL: [Bug; 13] = [
        Bug::ResendsUnderNewName,
        Bug::DropsInFlight,
        Bug::MovesBeforeApplying,
        Bug::TakesHoleAsNext,
        Bug::AppliesRepeats,
        Bug::SnapshotAsRecovered,
        Bug::ReversesQueue,
        Bug::DelayDoesNotHold,
        Bug::AcksInOrder,
        Bug::UnansweredIsWhole,
        Bug::ForgetsRead,
        Bug::CountsOwn,
        Bug::CountsDeleted,
    ];
}

impl Session {
    /// Whether this is the mistake to make.
    pub(super) fn bug(&self, bug: Bug) -> bool {
        self.config.is_wrong(bug)
    }
}

impl Config {
    #[cfg(feature = "bugs")]
    pub(super) fn is_wrong(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    #[cfg(not(feature = "bugs"))]
    pub(super) fn is_wrong(&self, _: Bug) -> bool {
        false
    }
}

#[cfg(not(feature = "bugs"))]
impl Session {
    pub(super) fn misname(&mut self, _: Order, command: Option<SendMessage>) -> Option<SendMessage> {
        command
    }

    pub(super) fn misattribute(&self, order: Order) -> Order {
        order
    }

    pub(super) fn forget_wrongly(&mut self) {}

    pub(super) fn misread(&self, recovery: Recovery) -> Recovery {
        recovery
    }
}

#[cfg(feature = "bugs")]
impl Session {
    /// The command of a send, under another name if it goes again.
    pub(super) fn misname(&mut self, order: Order, command: Option<SendMessage>) -> Option<SendMessage> {
        if self.bug(Bug::DelayDoesNotHold) {
            self.outbox.mistake = self.config.bug;
        }
        let again = !self.left.insert(order) && self.bug(Bug::ResendsUnderNewName);
        let name = |name: ClientMsgId| ClientMsgId::new(format!("{name}-again")).ok();
        command.map(|send| match again {
            true => SendMessage { client_msg_id: send.client_msg_id.and_then(name), ..send },
            false => send,
        })
    }

    /// Which send an ack is for.
    pub(super) fn misattribute(&self, order: Order) -> Order {
        let waiting = self.awaiting.values().filter_map(|about| match about {
            Awaiting::Send(order) if self.bug(Bug::AcksInOrder) => Some(*order),
            _ => None,
        });
        waiting.chain([order]).filter(|order| self.outbox.name(*order).is_some()).min().unwrap_or(order)
    }

    /// The connection ended: what should survive that does not.
    pub(super) fn forget_wrongly(&mut self) {
        match self.config.bug {
            Some(Bug::DropsInFlight) => {
                for about in self.awaiting.values() {
                    if let Awaiting::Send(order) = about {
                        self.outbox.end(*order, SendState::Cancelled);
                    }
                }
                while self.outbox.poll_news().is_some() {}
            }
            Some(Bug::ForgetsRead) => self.requests.forget_reads(),
            Some(Bug::MovesBeforeApplying) => self.events.clear(),
            Some(Bug::ReversesQueue) => self.outbox.mistake = self.config.bug,
            _ => {}
        }
    }

    /// How a room was resumed, as it is told.
    pub(super) fn misread(&self, recovery: Recovery) -> Recovery {
        match recovery {
            Recovery::Snapshot { missed: Some(missed), .. } if self.bug(Bug::SnapshotAsRecovered) => {
                Recovery::Recovered { missed }
            }
            recovery => recovery,
        }
    }
}
