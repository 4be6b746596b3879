//! A room to be made.

use std::time::Duration;

use chat_protocol::command::{Create, NewDesk};
use chat_protocol::{
    Access, ClientRoomId, HistoryVisibility, RoomId, RoomInfo, RoomKind, RoomNumber, UserId,
};
use serde_json::{Map, Value};

use crate::Error;
use crate::client::{random_name, unnumbered};

/// A room to be made.
///
/// ```
/// use chat_client::NewRoom;
/// use chat_client::protocol::{Access, RoomId};
/// let room = NewRoom::group().id(RoomId::new("lobby").unwrap()).access(Access::Open).name("Lobby");
/// # let _ = room;
/// ```
#[derive(Debug, Clone)]
#[must_use = "a room is made by `Client::create`"]
pub struct NewRoom {
    kind: RoomKind,
    id: Option<RoomId>,
    client_room_id: Option<ClientRoomId>,
    access: Access,
    history: HistoryVisibility,
    info: RoomInfo,
    members: Vec<UserId>,
    desk: Option<NewDesk>,
    number: Option<RoomNumber>,
    owner: Option<UserId>,
}

impl NewRoom {
    /// Some people, all of whom write.
    pub fn group() -> Self {
        Self::of(RoomKind::Group)
    }

    /// Few write, many read.
    pub fn channel() -> Self {
        Self::of(RoomKind::Channel)
    }

    /// The one room of the user and `other`. If it is there already, that is the answer.
    pub fn direct(other: UserId) -> Self {
        Self::of(RoomKind::Direct).member(other)
    }

    /// A support case of `client`, which the agents of `organization` answer. Only an operator makes one.
    pub fn desk(organization: impl Into<String>, client: UserId) -> Self {
        let desk = Some(NewDesk { organization: organization.into(), client });
        Self { desk, ..Self::of(RoomKind::Desk) }
    }

    fn of(kind: RoomKind) -> Self {
        Self {
            kind,
            id: None,
            client_room_id: None,
            access: Access::Invite,
            history: HistoryVisibility::default(),
            info: RoomInfo::default(),
            members: Vec::new(),
            desk: None,
            number: None,
            owner: None,
        }
    }

    /// Its id. Default: chosen by the server. Direct rooms have a derived one.
    pub fn id(mut self, id: RoomId) -> Self {
        self.id = Some(id);
        self
    }

    /// The user's name for this creation. Default: 128 random bits.
    ///
    /// Choose one to be able to make the same room again after the process ended: what was made under a name once is the
    /// answer for ever. It is refused with other data under a name that was used before.
    pub fn client_room_id(mut self, id: ClientRoomId) -> Self {
        self.client_room_id = Some(id);
        self
    }

    /// Who may join. Default: by invitation.
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// From where on members read its messages. Default: from the first on.
    pub fn history(mut self, history: HistoryVisibility) -> Self {
        self.history = history;
        self
    }

    /// Its name for people, at most 256 bytes. Default: none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.info.name = Some(name.into());
        self
    }

    /// URL of its picture, at most 2,048 bytes. Default: none.
    pub fn avatar(mut self, url: impl Into<String>) -> Self {
        self.info.avatar = Some(url.into());
        self
    }

    /// What it is about, at most 1,024 bytes. Default: nothing.
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.info.topic = Some(topic.into());
        self
    }

    /// What the application keeps with it, at most 8 KiB as JSON text. Default: nothing.
    pub fn custom(mut self, custom: Map<String, Value>) -> Self {
        self.info.custom = Some(custom);
        self
    }

    /// How long messages are kept, in whole seconds and at least one. Default: for ever.
    pub fn message_ttl(mut self, ttl: Duration) -> Self {
        self.info.message_ttl_s = Some(ttl.as_secs().max(1));
        self
    }

    /// Another member from the start; at most 100.
    pub fn member(mut self, user: UserId) -> Self {
        self.members.push(user);
        self
    }

    /// Its number in the whole server, by which some older systems name it. Only an operator gives one. Default: none.
    pub fn number(mut self, number: RoomNumber) -> Self {
        self.number = Some(number);
        self
    }

    /// Who is its owner instead of the one who makes it. Only an operator says so.
    pub fn owner(mut self, owner: UserId) -> Self {
        self.owner = Some(owner);
        self
    }

    pub(crate) fn command(self) -> Result<Create, Error> {
        let name = match self.client_room_id {
            Some(name) => name,
            None => ClientRoomId::new(random_name()?).expect("hexadecimal digits are an id"),
        };
        Ok(Create {
            id: unnumbered(),
            kind: self.kind,
            room: self.id,
            client_room_id: Some(name),
            access: self.access,
            history: self.history,
            info: self.info,
            members: self.members,
            desk: self.desk,
            number: self.number,
            owner: self.owner,
        })
    }
}
