//! One send of the outbox.

use std::time::Duration;

use chat_protocol::command::SendMessage;
use chat_protocol::{Content, RequestId, Timestamp};

use super::Keep;
use crate::session::command::{Outgoing, Ticket};
use crate::store::{Refused, StoredSend};
use crate::{Error, QueuedSend, SendState};

#[derive(Debug)]
pub(super) struct Entry {
    /// Usually one caller; more when the same send was made again while it was waiting, none after a restart.
    pub(super) tickets: Vec<Ticket>,
    pub(super) send: Outgoing,
    pub(super) state: State,
    pub(super) refusals: u32,
    /// It may have left: on a connection that ended before its ack, or in an earlier run.
    pub(super) attempted: bool,
    times: Times,
    /// Whether it is written down, and whether as attempted and as refused.
    written: Option<(bool, bool)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Queued,
    InFlight,
    Delayed { until: Duration },
    Wedged(Error),
}

/// When a send was given, and when it is not to be sent any more: by the session's clock, and by the clock on the wall, which
/// outlives the session.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Times {
    pub(in crate::session) created_at: Timestamp,
    pub(in crate::session) expires: Option<(Duration, Timestamp)>,
}

impl Entry {
    pub(super) fn new(send: Outgoing, times: Times, ticket: Ticket) -> Self {
        Self {
            tickets: vec![ticket],
            send,
            state: State::Queued,
            refusals: 0,
            attempted: false,
            times,
            written: None,
        }
    }

    pub(super) fn restored(stored: StoredSend, times: Times) -> Self {
        let send = Outgoing {
            reply_to: stored.reply_to,
            thread: stored.thread,
            mentions: stored.mentions,
            ..Outgoing::new(stored.room, stored.client_msg_id, stored.content)
        };
        Self {
            tickets: Vec::new(),
            send,
            state: State::Queued,
            refusals: 0,
            attempted: stored.attempted,
            times,
            written: Some((stored.attempted, stored.refused.is_some())),
        }
    }

    /// When its time is over, if it still can be: what may have left is sent until it is answered, because nobody could say
    /// whether it was stored.
    pub(super) fn expires(&self) -> Option<Duration> {
        let (at, _) = self.times.expires.filter(|_| !self.attempted && self.state == State::Queued)?;
        Some(at)
    }

    /// It never left, or the server has said that it does not have it.
    pub(super) fn still_here(&self) -> Result<(), Error> {
        let here = matches!(self.state, State::Wedged(_)) || (self.state == State::Queued && !self.attempted);
        if here { Ok(()) } else { Err(Error::TooLate) }
    }

    /// How it stands, for the application: a wait is its own affair.
    pub(super) fn told(&self) -> SendState {
        match &self.state {
            State::Queued | State::Delayed { .. } => SendState::Queued,
            State::InFlight => SendState::InFlight,
            State::Wedged(error) => SendState::Wedged(error.clone()),
        }
    }

    pub(super) fn shown(&self) -> QueuedSend {
        let Outgoing { room, client_msg_id, content, reply_to, thread, mentions, .. } = self.send.clone();
        let (state, attempted, created_at) = (self.told(), self.attempted, self.times.created_at);
        QueuedSend { room, client_msg_id, content, reply_to, thread, mentions, state, attempted, created_at }
    }

    pub(super) fn edit(&mut self, content: Content) {
        self.send.content = content;
        self.written = None;
    }

    /// What is to be written down, if it is not.
    pub(super) fn keep(&mut self, order: u64) -> Keep {
        let refused = match &self.state {
            State::Wedged(Error::Refused { code, detail, .. }) => {
                Some(Refused { code: code.clone(), detail: detail.clone() })
            }
            _ => None,
        };
        let now = Some((self.attempted, refused.is_some()));
        if std::mem::replace(&mut self.written, now) == now {
            return Keep::AsIs;
        }
        let Outgoing { room, client_msg_id, content, reply_to, thread, mentions, .. } = self.send.clone();
        Keep::Put(Box::new(StoredSend {
            order,
            room,
            client_msg_id,
            content,
            reply_to,
            thread,
            mentions,
            created_at: self.times.created_at,
            expires_at: self.times.expires.map(|(_, at)| at),
            attempted: self.attempted,
            refused,
        }))
    }
}

impl Outgoing {
    pub(super) fn command(&self, id: RequestId) -> SendMessage {
        SendMessage {
            client_msg_id: Some(self.client_msg_id.clone()),
            reply_to: self.reply_to,
            thread: self.thread,
            mentions: self.mentions.clone(),
            ..SendMessage::new(id, self.room.clone(), self.content.clone())
        }
    }

    /// What two sends under one name must agree in.
    pub(super) fn digest(&self) -> [u8; 16] {
        let anything = RequestId::new("0").expect("a digit is an id");
        self.command(anything).digest()
    }
}
