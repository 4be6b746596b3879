//! Messages after they were sent, and those that wait for their time.

use chat_protocol::command as wire;
use chat_protocol::reply::{ChangeData, ScheduleData, ScheduledMessage, ScheduledPage, SetData};
use chat_protocol::{ClientMsgId, Content, Emoji, RoomId, Seq, Timestamp};

use super::Pages;
use crate::client::{random_name, unnumbered};
use crate::{Client, Draft, Error, RoomHandle, Sending};

/// A message that waits for its time, as the server has stored it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scheduled {
    /// Its name, by which [`RoomHandle::cancel_scheduled`] takes it back, and which the message has when it is sent.
    pub client_msg_id: ClientMsgId,
    /// When it will be sent.
    pub send_at: Timestamp,
    /// True: it was stored before under this name. It waits, or was sent.
    pub duplicate: bool,
}

impl RoomHandle {
    /// Answers a message, as [`send`](Self::send) does.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn reply(&self, to: Seq, content: Content) -> Sending {
        self.send(Draft::new(content).reply_to(to))
    }

    /// Writes into the thread of the message `root`, as [`send`](Self::send) does. To answer a message there, or to mention
    /// somebody, send a [`Draft`].
    ///
    /// # Errors
    /// As [`send`](Self::send), and `ERR_MESSAGE_NOT_FOUND` when there is no such message, or the user may not read it.
    pub fn reply_in_thread(&self, root: Seq, content: Content) -> Sending {
        self.send(Draft::new(content).thread(root))
    }

    /// Replaces the content of a message of the user's. It keeps its number, its place and its mentions. The same content
    /// again changes nothing.
    ///
    /// # Errors
    /// - [`Error::Content`]: nothing was sent.
    /// - [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for another's message and for who may not write,
    ///   `ERR_MESSAGE_NOT_FOUND` when there is none, or it was deleted.
    /// - [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn edit(&self, seq: Seq, content: Content) -> Result<ChangeData, Error> {
        self.client().ask(wire::Edit { id: unnumbered(), room: self.id().clone(), seq, content }).await
    }

    /// Deletes a message for everyone; deleting what is deleted is no error. Its number stays.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for another's message, unless the user is owner or admin and the room is
    /// not direct; `ERR_MESSAGE_NOT_FOUND` when there is none. [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn delete(&self, seq: Seq) -> Result<ChangeData, Error> {
        self.client()
            .ask(wire::Delete { id: unnumbered(), room: self.id().clone(), seq, for_me: false })
            .await
    }

    /// Deletes a message for the user alone, on all its devices, whoever wrote it.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who is no member, `ERR_MESSAGE_NOT_FOUND` when there is none;
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn delete_for_me(&self, seq: Seq) -> Result<SetData, Error> {
        self.client().ask(wire::Delete { id: unnumbered(), room: self.id().clone(), seq, for_me: true }).await
    }

    /// Adds the user's reaction to a message; the same one again is no error.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who is no member, and in a direct room while one of the two blocks
    /// the other; `ERR_MESSAGE_NOT_FOUND` when there is none, or it was deleted; `ERR_LIMIT_REACHED` when it has 20 different
    /// ones. [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn react(&self, seq: Seq, emoji: Emoji) -> Result<ChangeData, Error> {
        self.client().ask(wire::React { id: unnumbered(), room: self.id().clone(), seq, emoji }).await
    }

    /// Takes the user's reaction back; one that is not there is no error.
    ///
    /// # Errors
    /// As [`react`](Self::react).
    pub async fn unreact(&self, seq: Seq, emoji: Emoji) -> Result<ChangeData, Error> {
        self.client().ask(wire::Unreact { id: unnumbered(), room: self.id().clone(), seq, emoji }).await
    }

    /// Gives the server a message that it sends at `at`, with the number and the rights of that moment; the client need not
    /// be there. Where the user may not write by then, nothing is sent, and its own log says so:
    /// [`ClientEvent::User`](crate::ClientEvent::User) with `Cancelled`.
    ///
    /// It does not go through the outbox: it is asked like any other call, and stored once by its name.
    ///
    /// ```no_run
    /// # async fn run(room: chat_client::RoomHandle) -> Result<(), Box<dyn std::error::Error>> {
    /// use chat_client::protocol::{Content, Timestamp};
    /// let new_year = Timestamp::from_micros(1_893_456_000_000_000);
    /// let waits = room.schedule(Content::plain("good morning"), new_year).await?;
    /// room.cancel_scheduled(waits.client_msg_id).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// - [`Error::Content`]: nothing was sent.
    /// - [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who may not write, `ERR_BAD_REQUEST` for a time that is past or too
    ///   far away, `ERR_LIMIT_REACHED` when too many wait, `ERR_CLIENT_ID_CONFLICT` when its name was used for another body.
    /// - [`Error::Timeout`]: it may be stored; sending it again under the same name tells. [`Error::Busy`],
    ///   [`Error::Closed`].
    pub async fn schedule(&self, draft: impl Into<Draft>, at: Timestamp) -> Result<Scheduled, Error> {
        let draft = draft.into();
        let name = match draft.client_msg_id {
            Some(name) => name,
            None => ClientMsgId::new(random_name()?).expect("hexadecimal digits are an id"),
        };
        let send = wire::SendMessage {
            client_msg_id: Some(name.clone()),
            reply_to: draft.reply_to,
            thread: draft.thread,
            mentions: draft.mentions,
            send_at: Some(at),
            ..wire::SendMessage::new(unnumbered(), self.id().clone(), draft.content)
        };
        let ScheduleData { send_at, duplicate } = self.client().ask(send).await?;
        Ok(Scheduled { client_msg_id: name, send_at, duplicate })
    }

    /// The user's messages that wait for their time in this room, the earliest first.
    ///
    /// # Errors
    /// As items: [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub fn scheduled(&self) -> Pages<ScheduledMessage> {
        waiting(self.client(), Some(self.id().clone()))
    }

    /// Takes a scheduled message back.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_MESSAGE_NOT_FOUND` when nothing waits under this name: it was sent, or taken back before;
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn cancel_scheduled(&self, name: ClientMsgId) -> Result<(), Error> {
        let (id, room) = (unnumbered(), self.id().clone());
        self.client().order(wire::Cancel { id, room, client_msg_id: name, from: None }).await
    }
}

impl Client {
    /// The user's messages that wait for their time in all rooms, the earliest first.
    ///
    /// # Errors
    /// As items: [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub fn scheduled(&self) -> Pages<ScheduledMessage> {
        waiting(self, None)
    }
}

fn waiting(client: &Client, room: Option<RoomId>) -> Pages<ScheduledMessage> {
    let command = move |cursor, limit| {
        let (id, room) = (unnumbered(), room.clone());
        wire::Scheduled { id, room, cursor, limit, from: None }
    };
    Pages::new(client, command, |page: ScheduledPage| (page.messages, page.next))
}
