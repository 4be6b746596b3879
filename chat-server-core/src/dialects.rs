//! Formats of existing systems that a server speaks besides its own.
//!
//! A [`Port`] is a format with what the operator decides about it. Its sockets are the server's business as native sessions
//! are: who they are, which rooms they are told of, what they may do. The format itself only translates
//! ([`Dialect`]). An edge finds the port of a request, lets the socket in with
//! [`ChatServer::enter`](crate::ChatServer::enter), and hands its connection to
//! [`ChatServer::serve_socket`](crate::ChatServer::serve_socket).

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::dialect::ListedRoom as Facts;
use chat_protocol::dialect::{Delivery, DeskFacts, Dialect, MessageNews, Place, Profile, RoomFacts};
use chat_protocol::{RoomId, Text, UserId, short_digest};

use crate::auth::{Authenticator, Principal, TokenIssuer};
pub use crate::hub::dialects::visit::{
    MessageList, MessagePage, RoomsOf, RoomsPage, UNPAGED_MAX, Visit, Waiting, Window,
};
use crate::storage::{RoomRecord, StoredMessage};

/// A format, and what the operator decides about it.
#[derive(Clone)]
pub struct Port {
    /// The format.
    pub dialect: Arc<dyn Dialect>,
    /// Whose tokens its clients bring; `None`: the server's own.
    pub auth: Option<Arc<dyn Authenticator>>,
    /// Who gives its clients tokens; `None`, the default: somebody else does.
    pub issuer: Option<Arc<dyn TokenIssuer>>,
    /// How long a socket may be without its user; 15 s.
    pub auth_timeout: Duration,
    /// Whoever knows a room's alias may enter it: the first socket of a user makes a member, and an alias that no room has
    /// makes a room. Default: false.
    pub open_rooms: bool,
    /// Who opens a socket of a room, or writes in it, has read all of it: its counter begins anew. And where the user's last
    /// socket of a room ended is kept, for [`Visit::take_split`]. Default: false.
    pub read_on_entry: bool,
    /// Whoever comes may read and write in every support case; without a token it is this user, who is a member of those that
    /// it wrote in. `None`, the default: agents and members alone.
    pub open_desks: Option<UserId>,
    /// How long a message of a support case takes from `sending` to `sent`; `None`, the default: nobody is told.
    pub sent_delay: Option<Duration>,
    /// Greatest number of entries of a list that the format leaves unpaged, at least 1. Default [`UNPAGED_MAX`]: each is held in
    /// memory while the list is made.
    pub unpaged_max: usize,
}

impl Port {
    /// A format with the defaults.
    pub fn new(dialect: impl Dialect + 'static) -> Self {
        Self {
            dialect: Arc::new(dialect),
            auth: None,
            issuer: None,
            auth_timeout: Duration::from_secs(15),
            open_rooms: false,
            read_on_entry: false,
            open_desks: None,
            sent_delay: None,
            unpaged_max: UNPAGED_MAX,
        }
    }
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Port").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

/// Names a port of a server: its place in [`Providers::dialects`](crate::Providers::dialects).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId(pub usize);

/// What becomes of a request for a socket.
#[derive(Debug)]
pub enum Entrance {
    /// It is let in: accept the handshake and serve it.
    Let(Entered),
    /// The handshake is refused with this status and JSON body.
    Refused {
        /// HTTP status.
        status: u16,
        /// JSON body.
        body: Text,
    },
    /// The handshake is accepted, this is said, and the socket is closed with 1008.
    Told(Text),
}

/// A socket that was let in, to be served.
#[derive(Debug)]
pub struct Entered {
    pub(crate) port: PortId,
    pub(crate) place: Place,
    pub(crate) user: Option<Principal>,
    pub(crate) seat: Option<Where>,
    /// It has no user yet, and must have one within the port's time.
    pub(crate) waits: bool,
    /// The subprotocol to answer with.
    pub protocol: Option<&'static str>,
}

/// The room that a place is to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Where {
    /// `None`: all of the user's rooms, or all of an organization.
    pub(crate) room: Option<RoomId>,
    /// The name by which the room was found.
    pub(crate) alias: Option<Arc<str>>,
}

/// A room with what formats say of it besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownRoom {
    /// The room.
    pub record: RoomRecord,
    /// Whose case it is, of a desk.
    pub client: Option<Profile>,
    /// The newest message, where it was asked for.
    pub last: Option<Box<ShownMessage>>,
}

/// A message with what formats say of it besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownMessage {
    /// Where it is.
    pub room: Arc<ShownRoom>,
    /// The message.
    pub stored: StoredMessage,
    /// Who wrote it.
    pub author: Profile,
    /// The message that it answers.
    pub reply: Option<Box<ShownMessage>>,
    /// The other members, and whether each has read it; in large rooms none.
    pub recipients: Vec<(UserId, bool)>,
    /// How far it has come, in a support case.
    pub delivery: Delivery,
}

/// A room in a user's list, with what formats say of it besides.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedRoom {
    /// The room, and the newest message that the user can read.
    pub room: ShownRoom,
    /// Whose list it is.
    pub me: Profile,
    /// The other user of a direct room, who may be the same.
    pub other: Option<Profile>,
    /// Its members, where they were asked for.
    pub members: Vec<Profile>,
    /// How many messages of others the user has not read.
    pub unread: u64,
}

impl ListedRoom {
    /// What a format takes of it. `alias` is the name by which the reader came to it.
    pub fn facts<R>(&self, alias: Option<&str>, take: impl FnOnce(&Facts<'_>) -> R) -> R {
        match &self.room.last {
            Some(last) => last.news(alias, |last| take(&self.facts_of(alias, Some(last)))),
            None => take(&self.facts_of(alias, None)),
        }
    }

    fn facts_of<'a>(&'a self, alias: Option<&'a str>, last: Option<&'a MessageNews<'a>>) -> Facts<'a> {
        Facts {
            room: self.room.facts_of(alias, last),
            me: &self.me,
            other: self.other.as_ref(),
            info: &self.room.record.info,
            members: &self.members,
            last,
            unread: self.unread,
        }
    }
}

impl ShownRoom {
    /// The alias by which formats know the room that know rooms by one: its own, else the name of its key.
    pub fn alias(&self) -> String {
        self.record.alias.clone().unwrap_or_else(|| crate::storage::key_name(self.record.key))
    }

    /// What a format takes of it. `alias` is the name by which the reader came to it.
    pub fn facts<R>(&self, alias: Option<&str>, take: impl FnOnce(RoomFacts<'_>) -> R) -> R {
        match &self.last {
            Some(last) => last.bare(alias, |last| take(self.facts_of(alias, Some(last)))),
            None => take(self.facts_of(alias, None)),
        }
    }

    fn facts_of<'a>(&'a self, alias: Option<&'a str>, last: Option<&'a MessageNews<'a>>) -> RoomFacts<'a> {
        let record = &self.record;
        let desk = self.client.as_ref().map(|client| DeskFacts {
            key: record.key.to_be_bytes(),
            client,
            client_key: short_digest(client.user.as_str().as_bytes()),
            client_times: (record.created_at, record.created_at),
            times: (record.created_at, record.updated_at),
            last,
        });
        RoomFacts { id: &record.room, number: record.number, alias, desk }
    }
}

impl ShownMessage {
    /// What a format takes of it. `alias` is the name by which the reader came to its room.
    pub fn news<R>(&self, alias: Option<&str>, take: impl FnOnce(&MessageNews<'_>) -> R) -> R {
        match &self.reply {
            Some(reply) => reply.bare(alias, |reply| take(&self.news_of(alias, Some(reply)))),
            None => take(&self.news_of(alias, None)),
        }
    }

    /// Without the message that it answers in turn.
    fn bare<R>(&self, alias: Option<&str>, take: impl FnOnce(&MessageNews<'_>) -> R) -> R {
        take(&self.news_of(alias, None))
    }

    fn news_of<'a>(&'a self, alias: Option<&'a str>, reply: Option<&'a MessageNews<'a>>) -> MessageNews<'a> {
        MessageNews {
            room: self.room.facts_of(alias, None),
            message: &self.stored.message,
            names: self.stored.names(),
            author: &self.author,
            reply,
            recipients: &self.recipients,
            delivery: self.delivery,
        }
    }
}
