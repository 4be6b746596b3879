//! One room, as seen by the user of a client, and what may be put into one.

use std::time::Duration;

use chat_protocol::{ClientMsgId, Content, Mentions, RoomId, RoomState, Seq, UserId};

use crate::client::{misplaced, random_name};
use crate::session::{Answer, Command, Outgoing};
use crate::{Client, Error, Sending};

/// A handle to one room: cheap to clone, keeps the client alive.
#[derive(Debug, Clone)]
pub struct RoomHandle {
    client: Client,
    room: RoomId,
}

/// A message to be sent: content, and what it answers.
///
/// ```
/// use chat_client::Draft;
/// use chat_client::protocol::{Content, Seq};
/// let draft = Draft::new(Content::plain("yes")).reply_to(Seq::new(12).unwrap());
/// # let _ = draft;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a draft is sent by `RoomHandle::send`"]
pub struct Draft {
    pub(crate) content: Content,
    pub(crate) reply_to: Option<Seq>,
    pub(crate) thread: Option<Seq>,
    pub(crate) mentions: Option<Mentions>,
    pub(crate) client_msg_id: Option<ClientMsgId>,
    max_age: Option<Duration>,
}

impl Draft {
    /// A message of this content.
    pub fn new(content: Content) -> Self {
        Self { content, reply_to: None, thread: None, mentions: None, client_msg_id: None, max_age: None }
    }

    /// Number of the message that this one answers.
    pub fn reply_to(mut self, seq: Seq) -> Self {
        self.reply_to = Some(seq);
        self
    }

    /// Number of the message whose thread it belongs to. A message of a thread cannot have one itself.
    pub fn thread(mut self, root: Seq) -> Self {
        self.thread = Some(root);
        self
    }

    /// Calls a member, at most 50 of them.
    pub fn mention(mut self, user: UserId) -> Self {
        self.mentions.get_or_insert_default().users.push(user);
        self
    }

    /// Calls everyone in the room. In a large one only an owner or admin may.
    pub fn mention_room(mut self) -> Self {
        self.mentions.get_or_insert_default().room = true;
        self
    }

    /// How long it may wait for its first way out; then it expires. Default: what
    /// [`ClientBuilder::max_age`](crate::ClientBuilder::max_age) says.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// The sender's name for it. Default: 128 random bits.
    ///
    /// Choose one to be able to send the same message again after the process ended: the server stores what has the
    /// same room, sender and name once, for ever. It refuses another body under a name that was used before.
    pub fn client_msg_id(mut self, id: ClientMsgId) -> Self {
        self.client_msg_id = Some(id);
        self
    }
}

impl From<Content> for Draft {
    fn from(content: Content) -> Self {
        Self::new(content)
    }
}

impl RoomHandle {
    pub(crate) fn new(client: Client, room: RoomId) -> Self {
        Self { client, room }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The room's id.
    pub fn id(&self) -> &RoomId {
        &self.room
    }

    /// What is known of the room now; `None`: it is not followed.
    ///
    /// # Errors
    /// The reason for which the client ended.
    pub async fn state(&self) -> Result<Option<RoomState>, Error> {
        match self.client.call(Command::Room(self.room.clone())).await? {
            Answer::Rooms(rooms) => Ok(rooms.into_iter().next()),
            _ => Err(misplaced()),
        }
    }

    /// Puts a message into the outbox, at once; what it returns resolves when the message is stored and cannot be lost any more.
    ///
    /// It has no time limit: without a connection it waits for the next one, and is sent again there if it may not
    /// have arrived, under the same name, so that it is stored once. Messages of one room are sent in the order in
    /// which they were given, several at a time. [`ClientEvent::Outbox`](crate::ClientEvent::Outbox) tells how each stands.
    ///
    /// Dropping what it returns does not take the message back: [`cancel`](Self::cancel) does, until it leaves.
    ///
    /// # Errors
    /// As [`Sending`] tells.
    pub fn send(&self, draft: impl Into<Draft>) -> Sending {
        let draft = draft.into();
        let name = match draft.client_msg_id {
            Some(id) => Ok(id),
            None => random_name().map(|name| ClientMsgId::new(name).expect("hexadecimal digits are an id")),
        };
        let shared = self.client.shared();
        let client_msg_id = match name {
            Ok(name) => name,
            Err(error) => return Sending::refused(shared.clone(), error),
        };
        let send = Outgoing {
            reply_to: draft.reply_to,
            thread: draft.thread,
            mentions: draft.mentions,
            max_age: draft.max_age.or(shared.max_age),
            ..Outgoing::new(self.room.clone(), client_msg_id.clone(), draft.content)
        };
        Sending::give(shared.clone(), client_msg_id, Command::Send(send))
    }

    /// Gives a message that waits another content: one that never left, or that is wedged. Its other parts stay.
    ///
    /// # Errors
    /// [`Error::TooLate`] when it has left, [`Error::NotQueued`] when no such message waits, [`Error::Content`]; the reason for
    /// which the client ended.
    pub async fn edit_unsent(&self, client_msg_id: ClientMsgId, content: Content) -> Result<(), Error> {
        let room = self.room.clone();
        self.client.call(Command::Edit { room, client_msg_id, content }).await.map(drop)
    }

    /// Takes back a message that waits: one that never left, or that is wedged. Its [`Sending`] ends with [`Error::Cancelled`].
    ///
    /// # Errors
    /// [`Error::TooLate`] when it has left, [`Error::NotQueued`] when no such message waits; the reason for which the client ended.
    pub async fn cancel(&self, client_msg_id: ClientMsgId) -> Result<(), Error> {
        self.client.call(Command::Cancel { room: self.room.clone(), client_msg_id }).await.map(drop)
    }

    /// Sends a wedged message again, in its old place before those that wait. One that is on its way anyway is only waited for.
    ///
    /// # Errors
    /// As [`Sending`] tells, and [`Error::NotQueued`] when no such message waits.
    pub fn retry(&self, client_msg_id: ClientMsgId) -> Sending {
        let command = Command::Retry { room: self.room.clone(), client_msg_id: client_msg_id.clone() };
        Sending::give(self.client.shared().clone(), client_msg_id, command)
    }

    /// Sends plain text, as [`send`](Self::send) does.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_text(&self, text: impl AsRef<str>) -> Sending {
        self.send(Content::plain(text))
    }
}
