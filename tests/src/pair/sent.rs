//! A message as the application knows it.

use chat_client::Error;
use chat_client::protocol::reply::SendData;
use chat_client::protocol::{ClientMsgId, Content, Mentions, RoomId, Seq};
use chat_client::session::{Command, Outgoing, Ticket};

/// A message that the application wants to be stored.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) room: RoomId,
    pub(super) name: ClientMsgId,
    pub(super) content: Content,
    /// The message whose thread it belongs to.
    pub(super) thread: Option<Seq>,
    pub(super) mentions: Option<Mentions>,
    /// Who waits for the answer; `None`: nobody any more.
    pub(super) ticket: Option<Ticket>,
    /// What became of it, by an answer or an event.
    pub(super) answer: Option<Result<SendData, Error>>,
}

impl Sent {
    /// Notes what became of it. Being told twice is no mistake, being told something else is, but for one thing: what was
    /// refused may be stored all the same, when it had left before and the server reads that later.
    pub(super) fn settle(&mut self, answer: Result<SendData, Error>) -> Result<(), String> {
        let place =
            |answer: &Result<SendData, Error>| answer.as_ref().map(|data| (data.seq, data.offset)).ok();
        match self.answer.replace(answer) {
            Some(Err(_)) if self.answer.as_ref().is_some_and(Result::is_ok) => Ok(()),
            Some(first) if self.answer.as_ref().map(place) != Some(place(&first)) => {
                Err(format!("{} was answered {first:?}, then {:?}", self.name, self.answer))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn command(&self) -> Command {
        let outgoing = Outgoing::new(self.room.clone(), self.name.clone(), self.content.clone());
        Command::Send(Outgoing { thread: self.thread, mentions: self.mentions.clone(), ..outgoing })
    }
}
