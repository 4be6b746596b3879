//! What sockets of existing systems ask, done as the commands that it is.

use std::sync::Arc;

use chat_protocol::command::{Create, Typing};
use chat_protocol::dialect::{Done, MessageName, NOT_AUTHOR, Place, Right, RoomName, What};
use chat_protocol::reply::SendData;
use chat_protocol::{
    Access, Command, ErrorCode, HistoryVisibility, RequestId, RoomId, RoomInfo, RoomKind, Text, UserId,
    WireError,
};

use crate::hub::Hub;
use crate::hub::commands::Asking;
use crate::hub::link::Link;
use crate::limits::cost;
use crate::room::policy;
use crate::storage::{MessageAlias, StoredMessage};

/// The id of commands that nobody but us sees.
pub(super) fn id() -> RequestId {
    RequestId::new("socket").expect("a short word is an id")
}

impl Hub {
    /// Does what a frame of an authenticated socket asks.
    pub(super) async fn perform(self: &Arc<Self>, link: &Arc<Link>, what: What) -> Result<Done, WireError> {
        match what {
            What::Relay { frame, right } => self.relay(link, &frame, right).await.map(|()| Done::Done),
            What::Show { online } => {
                link.pay(cost("away"))?;
                self.show(link, online);
                Ok(Done::Done)
            }
            What::Listen { user, on: true } => self.listen_from(link, user).await,
            What::Listen { user, on: false } => self.unlisten_from(link, user).await,
            What::Auth { .. } | What::Ignored | What::Refused(_) => Ok(Done::Done),
            what => self.perform_in_room(link, what).await.map(|()| Done::Done),
        }
    }

    async fn listen_from(self: &Arc<Self>, link: &Arc<Link>, user: UserId) -> Result<Done, WireError> {
        let me = link.user().ok_or(ErrorCode::NotAuthenticated)?;
        link.pay(cost("listen"))?;
        Ok(Done::Listening { online: self.listen_as(link, me, &user).await? })
    }

    /// Ends to listen to whoever was listened to, or could be but for a block: only the other side of a conversation is told
    /// apart from nobody.
    async fn unlisten_from(&self, link: &Link, user: UserId) -> Result<Done, WireError> {
        let me = link.user().ok_or(ErrorCode::NotAuthenticated)?;
        link.pay(cost("unlisten"))?;
        let listens = link.ties().listened.contains(&user);
        let room = RoomName::Id(RoomId::direct(me, &user));
        if !listens && self.stored(self.providers.storage.room_named(&room).await)?.is_none() {
            return Err(ErrorCode::Forbidden.into());
        }
        self.unlisten(link, &user);
        Ok(Done::Done)
    }

    async fn perform_in_room(self: &Arc<Self>, link: &Arc<Link>, what: What) -> Result<(), WireError> {
        let asking = Asking::session(link)?;
        let name = what.room().cloned().ok_or(ErrorCode::NotSupported)?;
        let (room, there) = self.room_asked(&asking.user, &name, &what, link).await?;
        let message = match what.message() {
            Some(name) => Some(self.message_asked(&room, name).await?),
            None => None,
        };
        match (&what, &message) {
            (What::Read { .. }, Some(message)) => {
                return self.read_from(link, &asking.user, &room, message).await;
            }
            (What::Typing { stop, .. }, _) => return self.typing_from(link, &room, *stop).await,
            (What::Edit { .. } | What::Rewrite { .. } | What::Delete { .. }, Some(message)) => {
                self.check_author(&asking.user, &room, message).await?;
            }
            _ => {}
        }
        let what = match &message {
            Some(found) => what.rewriting(&found.message.content),
            None => what,
        };
        let seq = message.map(|found| found.message.seq);
        let written = matches!(what, What::Send { .. }).then(|| (asking.user.clone(), room.clone()));
        let command = what.command(id(), room.clone(), seq).ok_or(ErrorCode::NotSupported)?;
        self.admit(&asking, &command)?;
        if !there {
            self.make_asked(&asking.user, &room).await?;
        }
        let done = self.ask(asking, command).await?;
        let sent = done.and_then(|data| serde_json::from_str::<SendData>(data.get()).ok());
        if let (Some((user, room)), Some(sent), Some(seated)) = (written, sent, link.seated()) {
            self.read_on_entry(seated.port, &user, &room, Some(sent.seq)).await;
        }
        Ok(())
    }

    /// The room that a frame names, and whether it is there: one that is not is made by its first message. Whoever is no
    /// member is not told whether there is one.
    async fn room_asked(
        self: &Arc<Self>,
        user: &UserId,
        name: &RoomName,
        what: &What,
        link: &Arc<Link>,
    ) -> Result<(RoomId, bool), WireError> {
        let sends = matches!(what, What::Send { .. });
        let peer = match name {
            RoomName::Id(room) => room.peer_of(user),
            _ => None,
        };
        if let Some(peer) = &peer {
            self.check_user(peer, "peer").await?;
        }
        let found = self.stored(self.providers.storage.room_named(name).await)?;
        match (found, name) {
            (found, RoomName::Id(room)) if peer.is_some() => Ok((room.clone(), found.is_some() || !sends)),
            (Some(room), _) => self.membership(&room, user).await.map(|_| (room, true)),
            (None, RoomName::Id(room)) if sends && is_own(link, room) => Ok((room.clone(), false)),
            (None, _) => Err(ErrorCode::Forbidden.into()),
        }
    }

    /// Makes the room of a first message, which is paid for.
    async fn make_asked(self: &Arc<Self>, user: &UserId, room: &RoomId) -> Result<(), WireError> {
        match room.peer_of(user) {
            Some(peer) => self.start_direct(user, &peer).await.map(drop),
            None => self.make_own_room(user, room).await,
        }
    }

    /// In these formats a message is changed by its author alone, whatever else a member may do natively.
    async fn check_author(
        &self,
        user: &UserId,
        room: &RoomId,
        found: &StoredMessage,
    ) -> Result<(), WireError> {
        if found.message.from == *user {
            return Ok(());
        }
        let standing = self.membership(room, user).await?;
        Err(match policy::may_read(found.message.seq, standing.oldest_seq) {
            true => WireError::new(ErrorCode::Forbidden, NOT_AUTHOR),
            false => ErrorCode::MessageNotFound.into(),
        })
    }

    /// The direct room of two users, made if it is not there.
    pub(crate) async fn start_direct(
        self: &Arc<Self>,
        user: &UserId,
        peer: &UserId,
    ) -> Result<RoomId, WireError> {
        let room = RoomId::direct(user, peer);
        let asking = Asking { user: user.clone(), link: None, operator: false };
        let create = Create {
            id: id(),
            kind: RoomKind::Direct,
            room: None,
            client_room_id: None,
            access: Access::Invite,
            history: HistoryVisibility::All,
            info: RoomInfo::default(),
            members: vec![peer.clone()],
            desk: None,
            number: None,
            owner: None,
        };
        self.ask(asking, Command::Create(Box::new(create))).await.map(|_| room)
    }

    /// The message that a frame names, which is in the room.
    async fn message_asked(&self, room: &RoomId, name: MessageName) -> Result<StoredMessage, WireError> {
        let found = match name {
            MessageName::Seq(seq) => self.message_at(room, seq).await?,
            MessageName::Num(num) => {
                self.stored(self.providers.storage.message_named(MessageAlias::Num(num)).await)?
            }
            MessageName::Key(key) => {
                let name = MessageAlias::Key(u128::from_be_bytes(key));
                self.stored(self.providers.storage.message_named(name).await)?
            }
        };
        let here = found.filter(|found| found.message.room == *room && found.message.deleted_at.is_none());
        Ok(here.ok_or(ErrorCode::MessageNotFound)?)
    }

    /// Everything up to a message of another user is read. Nobody waits until it is stored, and it is never refused for its
    /// price: these clients repeat it whenever they draw, and what they say behind it would come late. What is told again
    /// of it is paid for, and is not told where that cannot be.
    async fn read_from(
        &self,
        link: &Link,
        user: &UserId,
        room: &RoomId,
        message: &StoredMessage,
    ) -> Result<(), WireError> {
        let standing = self.membership(room, user).await?;
        let seq = message.message.seq;
        if message.message.from == *user || !policy::may_read(seq, standing.oldest_seq) {
            return Err(ErrorCode::MessageNotFound.into());
        }
        let repeats =
            link.seated().is_some_and(|seated| self.sockets.port(seated.port).dialect.repeats_reads());
        let again = repeats && link.pay(cost("read")).is_ok();
        self.read_later(user, room.clone(), policy::read_pointer(&standing), seq, again).await
    }

    /// A user writes in a room, or stopped.
    pub(crate) async fn typing_from(
        &self,
        link: &Arc<Link>,
        room: &RoomId,
        stop: bool,
    ) -> Result<(), WireError> {
        let user = link.user().ok_or(ErrorCode::NotAuthenticated)?;
        let typing = Typing { id: Some(id()), room: room.clone(), stop, thread: None };
        link.pay(cost("typing"))?;
        let standing = self.membership(room, user).await?;
        policy::may_write(&standing, standing.role.ok_or(ErrorCode::Forbidden)?)?;
        self.tell_typing(link, user, &typing);
        Ok(())
    }

    /// Hands a frame to all sockets of an organization, as it is.
    async fn relay(&self, link: &Arc<Link>, frame: &Text, right: Right) -> Result<(), WireError> {
        let Some(Place::Organization(organization)) = link.seated().map(|seated| &seated.place) else {
            return Err(ErrorCode::NotSupported.into());
        };
        link.pay(cost("send"))?;
        let agents = match right {
            Right::Anyone => None,
            Right::Agent => Some(self.stored(self.providers.storage.agents(organization).await)?),
            _ => return Err(ErrorCode::Forbidden.into()),
        };
        // Who is an agent no more neither says nor hears anything, wherever that was told.
        let may = |link: &Link| match &agents {
            Some(agents) => link.user().is_some_and(|user| agents.contains(user)),
            None => true,
        };
        if !may(link) {
            return Err(ErrorCode::Forbidden.into());
        }
        let port = link.seated().map(|seated| seated.port);
        let of = |other: &Link| {
            other.seated().is_some_and(|seated| {
                Some(seated.port) == port
                    && may(other)
                    && matches!(&seated.place, Place::Organization(name) if name == organization)
            })
        };
        let sockets = self.sockets.of(of);
        self.deliver(|deliveries| {
            sockets.iter().for_each(|socket| deliveries.give(socket, std::slice::from_ref(frame)));
        });
        Ok(())
    }
}

/// Whether the room is the one that a socket which named none has for itself.
fn is_own(link: &Link, room: &RoomId) -> bool {
    link.seated().is_some_and(|seated| seated.place == Place::Private) && link.ties().rooms.contains_key(room)
}
