//! Who may have a socket, and where.

use std::collections::BTreeSet;
use std::sync::Arc;

use chat_protocol::dialect::{Opening, Place, RoomName, Secret, Strangers};
use chat_protocol::{
    Access, ErrorCode, HistoryVisibility, Role, RoomId, RoomInfo, RoomKind, Seq, UserId, WireError,
};

use super::{Happened, Seated};
use crate::auth::Principal;
use crate::dialects::{Entered, Entrance, PortId, Where};
use crate::hub::link::Link;
use crate::hub::{Asking, Hub, unavailable};
use crate::room::policy;
use crate::session::socket::Granted;
use crate::storage::{Append, Appended, Change, NewRoom, OwnChange, RoomsQuery};

impl Hub {
    /// Lets a socket in, or says how it is turned away.
    pub(crate) async fn enter(&self, id: PortId, opening: Opening, cookies: &[Secret]) -> Entrance {
        let Opening { place, token, protocol, strangers } = opening;
        let let_in = |user, seat, waits| {
            Entrance::Let(Entered { port: id, place: place.clone(), user, seat, waits, protocol })
        };
        let dialect = &self.sockets.port(id).dialect;
        let cookies = cookies.iter().filter(|_| dialect.takes_cookies());
        let mut trouble = None;
        for token in cookies.chain(&token) {
            match self.admit_socket(id, &place, token).await {
                Ok((principal, seat)) => return let_in(Some(principal), Some(seat), false),
                Err(error) => trouble = trouble.or(Some(error.code).filter(|code| is_trouble(*code))),
            }
        }
        match trouble.and_then(|code| dialect.turn_away(code)).unwrap_or(strangers) {
            Strangers::Refused { status, body } => Entrance::Refused { status, body },
            Strangers::Told(text) => Entrance::Told(text),
            Strangers::Waited => let_in(None, None, true),
            Strangers::Admitted => let_in(None, None, false),
        }
    }

    /// The user of a token who may be in a place, and which room that is.
    pub(super) async fn admit_socket(
        &self,
        id: PortId,
        place: &Place,
        token: &Secret,
    ) -> Result<(Principal, Where), WireError> {
        let principal = self.authenticate_at(id, &token.0).await?;
        let seat = self.find_place(id, place, &principal.user).await?;
        Ok((principal, seat))
    }

    /// The user of a token of a port; one who is being forgotten is refused.
    pub(crate) async fn authenticate_at(&self, id: PortId, token: &str) -> Result<Principal, WireError> {
        let auth = self.sockets.port(id).auth.as_deref().unwrap_or(&*self.providers.auth);
        let principal = self.authenticate_with(auth, token).await?;
        self.check_kept(&principal.user).await?;
        Ok(principal)
    }

    async fn find_place(&self, id: PortId, place: &Place, user: &UserId) -> Result<Where, WireError> {
        match place {
            Place::Anywhere => Ok(Where { room: None, alias: None }),
            Place::Organization(organization) => {
                self.check_agent(organization, user).await.map(|()| Where { room: None, alias: None })
            }
            place => {
                let name = self.sockets.port(id).dialect.room(place, user).ok_or(ErrorCode::Forbidden)?;
                let room = self.find_room(id, place, user, &name).await?;
                let alias = match name {
                    RoomName::Alias(alias) => Some(alias.into()),
                    RoomName::Id(_) | RoomName::Number(_) => None,
                };
                Ok(Where { room: Some(room), alias })
            }
        }
    }

    async fn check_agent(&self, organization: &str, user: &UserId) -> Result<(), WireError> {
        let agents = self.stored(self.providers.storage.agents(organization).await)?;
        agents.contains(user).then_some(()).ok_or_else(|| ErrorCode::Forbidden.into())
    }

    /// The room of a socket that is of one room. Direct rooms and one's own need not be there yet.
    pub(super) async fn find_room(
        &self,
        id: PortId,
        place: &Place,
        user: &UserId,
        name: &RoomName,
    ) -> Result<RoomId, WireError> {
        if let RoomName::Id(room) = name {
            if let Some(peer) = room.peer_of(user) {
                return self.check_user(&peer, "peer").await.map(|()| room.clone());
            }
            if *place == Place::Private {
                return Ok(room.clone());
            }
        }
        let found = self.stored(self.providers.storage.room_named(name).await)?;
        match (found, name) {
            (Some(room), _) => self.come_in(id, &room, user, true).await.map(|()| room),
            (None, RoomName::Alias(alias)) if self.sockets.port(id).open_rooms => {
                self.pay_of(user, "create")?;
                self.make_room(id, user, alias.clone()).await
            }
            (None, _) => Err(ErrorCode::Forbidden.into()),
        }
    }

    /// Takes what something costs that no command of a user's asked for.
    fn pay_of(&self, user: &UserId, what: &str) -> Result<(), WireError> {
        self.pay_for(&Asking { user: user.clone(), link: None, operator: false }, what)
    }

    /// Whether a user is a member, or becomes one because it knows the room's name, for which it pays unless it has already.
    async fn come_in(&self, id: PortId, room: &RoomId, user: &UserId, pays: bool) -> Result<(), WireError> {
        let standing = self.stored(self.providers.storage.standing(room, user).await)?;
        let standing = standing.ok_or(ErrorCode::Forbidden)?;
        if standing.role.is_some() {
            return Ok(());
        }
        if pays {
            self.pay_of(user, "join")?;
        }
        if !self.sockets.port(id).open_rooms || !self.is_entered_by_name(room).await? {
            return Err(ErrorCode::Forbidden.into());
        }
        let (users, role) = (vec![user.clone()], policy::joining_role(standing.kind));
        self.by_system(room, Change::Add { users, role, max: self.config.max_members }).await.map(drop)
    }

    /// Whether who knows the name of a room may become its member: where that name was given to it, so that others come by
    /// it, and where whoever wants may join. The name of its key, which every room has, says nothing of that.
    async fn is_entered_by_name(&self, room: &RoomId) -> Result<bool, WireError> {
        let record = self.record(room).await?.ok_or(ErrorCode::Forbidden)?;
        let is_of_many = matches!(record.kind, RoomKind::Group | RoomKind::Channel);
        Ok(is_of_many && (record.alias.is_some() || record.access == Access::Open))
    }

    /// A group that has nothing but a name and a first member, who has paid for it.
    pub(super) async fn make_room(
        &self,
        id: PortId,
        user: &UserId,
        alias: String,
    ) -> Result<RoomId, WireError> {
        let room = RoomId::new(format!("{:032x}", self.providers.clock.random()));
        let room = room.map_err(|_| ErrorCode::Internal)?;
        let new = NewRoom { alias: Some(alias.clone()), ..group_of(user) };
        match self.by_system(&room, Change::Create(Box::new(new))).await {
            Ok(_) => Ok(room),
            // Somebody else came in the same moment.
            Err(_) => {
                let found = self.providers.storage.room_named(&RoomName::Alias(alias)).await;
                let room = self.stored(found)?.ok_or(ErrorCode::Forbidden)?;
                self.come_in(id, &room, user, false).await.map(|()| room)
            }
        }
    }

    /// A room of one's own that sockets name before it is there.
    pub(super) async fn make_own_room(&self, user: &UserId, room: &RoomId) -> Result<(), WireError> {
        self.by_system(room, Change::Create(Box::new(group_of(user)))).await.map(drop)
    }

    /// Does a change in the server's own name.
    pub(super) async fn by_system(&self, room: &RoomId, change: Change) -> Result<Appended, WireError> {
        let (by, now) = (UserId::system(), self.providers.clock.now());
        let append = Append { room: room.clone(), by, access_version: None, now, change };
        self.submit(append, 0).await?.await.map_err(|_| unavailable())?
    }

    /// Gives a socket its user, its session and its place.
    pub(super) async fn sit(
        &self,
        link: &Arc<Link>,
        id: PortId,
        place: Place,
        principal: &Principal,
        seat: Where,
    ) -> Result<Granted, WireError> {
        let user = &principal.user;
        let Where { room, alias } = seat;
        link.sit(Seated { port: id, place: place.clone(), alias });
        let session = self.attach(link, user, None, None);
        self.sockets.add(link);
        match &room {
            Some(room) => {
                self.seat_with(link, room, Happened::Socket { user: user.clone(), port: id, opened: true });
                if !self.settle_seat(link, user, room).await? {
                    return Err(ErrorCode::Forbidden.into());
                }
                self.read_on_entry(id, user, room, None).await;
            }
            None if place == Place::Anywhere => self.seat_anywhere(link, user).await?,
            None => {
                // It may have been taken from the user since it was let in, when this socket was not there to be closed.
                if let Place::Organization(organization) = &place {
                    self.check_agent(organization, user).await?;
                }
            }
        }
        Ok(Granted { user: user.clone(), room, session, expires_at: principal.expires_at })
    }

    /// Seats a socket in all rooms of its user.
    async fn seat_anywhere(&self, link: &Arc<Link>, user: &UserId) -> Result<(), WireError> {
        let limit = self.config.max_rooms_followed;
        let rooms =
            async || self.stored(self.providers.storage.rooms_of(user, RoomsQuery::default(), limit).await);
        let found = rooms().await?;
        if found.len() >= limit {
            self.sockets.fill(link);
        }
        found.iter().for_each(|(room, _)| self.seat(link, room));
        // One that was lost before this socket was seated in it was not taken from it.
        let still: BTreeSet<RoomId> = rooms().await?.into_iter().map(|(room, _)| room).collect();
        for (room, _) in found.iter().filter(|(room, _)| !still.contains(room)) {
            self.settle_seat(link, user, room).await?;
        }
        Ok(())
    }

    /// A room is read, at a port that says so: up to what the user wrote now, or all of it for who comes in. Nobody waits for
    /// it, and it is no reason not to come in.
    pub(super) async fn read_on_entry(&self, id: PortId, user: &UserId, room: &RoomId, wrote: Option<Seq>) {
        if !self.sockets.port(id).read_on_entry {
            return;
        }
        let Ok(standing) = self.membership(room, user).await else { return };
        self.mail_reached(room, standing.seq);
        let (pointer, seq) = (policy::read_pointer(&standing), wrote.unwrap_or(standing.seq));
        let change = OwnChange::Move { room: room.clone(), pointer, thread: None, seq };
        _ = self.own_later(user, change).await;
    }

    /// Gives a socket its user by a token that came in a frame; one that has its user gets no other.
    pub(super) async fn seat_by_token(
        &self,
        link: &Arc<Link>,
        id: PortId,
        place: Place,
        token: &Secret,
    ) -> Result<Granted, WireError> {
        let Some((user, session)) = link.user().zip(link.session()) else {
            let (principal, seat) = self.admit_socket(id, &place, token).await?;
            return self.sit(link, id, place, &principal, seat).await;
        };
        link.pay(crate::limits::cost("auth"))?;
        let principal = self.authenticate_at(id, &token.0).await?;
        if principal.user != *user {
            return Err(ErrorCode::Forbidden.into());
        }
        let (user, session) = (user.clone(), session.clone());
        Ok(Granted { user, room: None, session, expires_at: principal.expires_at })
    }

    /// Gives a socket that needs no user its place.
    pub(super) fn sit_unknown(&self, link: &Arc<Link>, id: PortId, place: Place) {
        link.sit(Seated { port: id, place, alias: None });
        link.give_purse(self.rates.stranger());
        self.sockets.add(link);
    }
}

/// Whether a user was turned away for another reason than that its token, or its place, is not its own.
fn is_trouble(code: ErrorCode) -> bool {
    matches!(code.status(), 429 | 500..)
}

/// A group of one.
pub(super) fn group_of(user: &UserId) -> NewRoom {
    NewRoom {
        kind: RoomKind::Group,
        access: Access::Invite,
        history: HistoryVisibility::All,
        info: RoomInfo::default(),
        desk: None,
        number: None,
        alias: None,
        members: vec![(user.clone(), Role::Owner)],
        request: None,
    }
}
