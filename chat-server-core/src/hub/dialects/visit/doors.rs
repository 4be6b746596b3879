//! Rooms that are known by their names: whoever knows one comes in, and some users have one of their own.

use chat_protocol::command::{Invite, Kick, Leave};
use chat_protocol::dialect::{Place, RoomName, Secret};
use chat_protocol::unread::ReadState;
use chat_protocol::{ClientRoomId, ErrorCode, Role, RoomId, Seq, UserId, WireError, limits, short_digest};

use super::{UNPAGED_MAX, Visit};
use crate::Error;
use crate::dialects::ListedRoom;
use crate::hub::Asking;
use crate::hub::dialects::ask::id;
use crate::hub::dialects::enter::group_of;
use crate::storage::{Change, NewRoom, OwnChange, Refusal, Standing, StoredMessage, key_name};

/// What waits for a user in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Messages of others after the user's read pointer.
    pub messages: u64,
    /// Of what others wrote what was [injected](Visit::inject), of the newest 2,000.
    pub injected: u64,
}

impl Visit {
    /// Comes into a room as a socket does: who is no member becomes one, and an alias that no room has makes a room, where the
    /// port says so.
    ///
    /// # Errors
    /// `Forbidden` where the port does not say so, and in rooms that nobody enters by their name: those of two users, support
    /// cases, and invite-only ones to which no alias was given.
    pub async fn enter(&self, name: &RoomName) -> Result<(), Error> {
        if self.asking.operator {
            return self.room(name).await.map(drop);
        }
        Ok(self.hub.find_room(self.port, &Place::Anywhere, self.user(), name).await.map(drop)?)
    }

    /// The room of exactly these users and the visitor, and whether it was made now: of one other their direct room, of none
    /// the visitor's own group, which others enter by its name.
    ///
    /// # Errors
    /// `NotFound` when there is no such user, `Forbidden` when one of them and the visitor block each other, and when the
    /// visitor is no member of that room any more and the port does not let in whoever knows a name; `BadRequest` for more
    /// than 100, `LimitReached` for more than a room may have.
    pub async fn room_of(&self, others: &[UserId]) -> Result<(ListedRoom, bool), Error> {
        self.pay("create")?;
        let mut users: Vec<UserId> = others.iter().filter(|user| *user != self.user()).cloned().collect();
        users.sort();
        users.dedup();
        if users.len() > limits::MAX_CREATE_MEMBERS {
            let why = format!("users: at most {}", limits::MAX_CREATE_MEMBERS);
            return Err(WireError::new(ErrorCode::BadRequest, why).into());
        }
        let (room, made) = match &users[..] {
            [other] => {
                let name = RoomName::Id(RoomId::direct(self.user(), other));
                let there = self.is_member(&name).await?;
                (self.hub.start_direct(self.user(), other).await?, !there)
            }
            _ => self.group_of_all(users).await?,
        };
        Ok((self.listed_room(&RoomName::Id(room)).await?, made))
    }

    /// The server itself makes it, so that it is one room whoever of them asks first.
    async fn group_of_all(&self, others: Vec<UserId>) -> Result<(RoomId, bool), Error> {
        for other in &others {
            self.hub.check_user(other, "users").await?;
            let relation = self.hub.stored(self.hub.providers.storage.relation(self.user(), other).await)?;
            if relation.blocks || relation.blocked {
                return Err(ErrorCode::Forbidden.into());
            }
        }
        let mut all: Vec<&str> = others.iter().chain([self.user()]).map(UserId::as_str).collect();
        all.sort_unstable();
        // No id has a line break.
        let digest = short_digest(all.join("\n").as_bytes());
        let request = ClientRoomId::new(format!("{:032x}", u128::from_be_bytes(digest)));
        let request = request.map_err(|_| WireError::from(ErrorCode::Internal))?;
        let alias = Some(key_name(self.hub.providers.clock.random()));
        let mut new = NewRoom { request: Some((request, digest)), alias, ..group_of(self.user()) };
        new.members.extend(others.into_iter().map(|user| (user, Role::Member)));
        if new.members.len() as u64 > self.hub.config.max_members {
            return Err(Refusal::RoomFull.into());
        }
        let room = RoomId::new(format!("{:032x}", self.hub.providers.clock.random()));
        let room = room.map_err(|_| WireError::from(ErrorCode::Internal))?;
        let made = self.hub.by_system(&room, Change::Create(Box::new(new))).await?;
        if made.duplicate {
            self.come_back(&made.room).await?;
        }
        Ok((made.room, !made.duplicate))
    }

    /// Who left a room, or was removed, is its member again by its name, where the port says so.
    async fn come_back(&self, room: &RoomId) -> Result<(), Error> {
        match self.hub.membership(room, self.user()).await {
            Err(refused) if refused.code == ErrorCode::Forbidden && self.port().open_rooms => {
                let (users, max) = (vec![self.user().clone()], self.hub.config.max_members);
                let back = Change::Add { users, role: Role::Member, max };
                Ok(self.hub.by_system(room, back).await.map(drop)?)
            }
            standing => Ok(standing.map(drop)?),
        }
    }

    /// The user of a token of this port; `None`: it is nobody's.
    ///
    /// # Errors
    /// `StorageUnavailable` when that cannot be found out now.
    pub async fn user_of(&self, token: &Secret) -> Result<Option<UserId>, Error> {
        match self.hub.authenticate_at(self.port, &token.0).await {
            Ok(principal) => Ok(Some(principal.user)),
            Err(error) if error.code == ErrorCode::InvalidToken => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes users members of a room; who is one stays as it is. An alias that no room has makes a room where the port says so,
    /// and for the operator everywhere: the first of the users is its owner then.
    ///
    /// # Errors
    /// `Forbidden` for who does not run the room, `NotFound` when there is no such user.
    pub async fn add_members(&self, name: &RoomName, users: Vec<UserId>) -> Result<(), Error> {
        self.pay("create")?;
        let there = self.hub.stored(self.hub.providers.storage.room_named(name).await)?.is_some();
        if let (false, RoomName::Alias(alias)) = (there, name)
            && (self.asking.operator || self.port().open_rooms)
        {
            let owner = if self.asking.operator { users.first() } else { Some(self.user()) };
            let owner = owner.ok_or(ErrorCode::BadRequest)?;
            self.hub.check_user(owner, "users").await?;
            self.hub.make_room(self.port, owner, alias.clone()).await?;
        }
        let (room, _) = self.room(name).await?;
        self.command(Invite { id: id(), room, users, role: None }).await.map(drop)
    }

    /// Ends memberships of a room, and with them its sockets; who is no member stays none.
    ///
    /// # Errors
    /// `Forbidden` for who does not run the room. Those before one that was refused are removed.
    pub async fn remove_members(&self, name: &RoomName, users: Vec<UserId>) -> Result<(), Error> {
        let (room, _) = self.room(name).await?;
        for user in users {
            let leave = Leave { id: id(), room: room.clone() };
            let done = match user == *self.user() {
                true => self.command(leave.clone()).await,
                false => {
                    self.command(Kick { id: id(), room: room.clone(), user: user.clone(), reason: None })
                        .await
                }
            };
            match done.map_err(|error| (error.wire().code, error)) {
                Err((ErrorCode::NotFound, _)) => {}
                // Nobody removes an owner, who can but leave; here the operator says that it does.
                Err((ErrorCode::Forbidden, _)) if self.asking.operator => {
                    let owner = Asking { user, link: None, operator: false };
                    self.hub.ask(owner, leave.into()).await?;
                }
                done => _ = done.map_err(|(_, error)| error)?,
            }
        }
        Ok(())
    }

    /// The newest message of a room when the user's last socket there ended, and forgets that; `None`: it was asked for since,
    /// or there was no socket. What the server did not see end, because it was killed itself, did not end.
    ///
    /// # Errors
    /// `Forbidden` when there is no such room or it is not the user's.
    pub async fn take_split(&self, name: &RoomName) -> Result<Option<Seq>, Error> {
        let (room, _) = self.room(name).await?;
        let view = self.hub.view(self.user(), &room).await?;
        let split = view.and_then(|view| view.split);
        if split.is_some() {
            self.hub.own(self.user(), OwnChange::Split { room, at: None }).await?;
        }
        Ok(split)
    }

    /// How many messages of others wait for the user in a room, injected ones too; `None`: it is no member of one of that
    /// name.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn count_unread(&self, name: &RoomName) -> Result<Option<u64>, Error> {
        self.pay("inbox")?;
        let Some((room, _)) = self.own_room(name).await? else { return Ok(None) };
        Ok(Some(self.hub.room_state(&self.asking, &room).await?.unread))
    }

    /// The same, divided: what waits is read for it, and so it costs as much as a search. `None`: the user is no member of a
    /// room of that name.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn waiting(&self, name: &RoomName) -> Result<Option<Waiting>, Error> {
        self.pay("search")?;
        let Some((room, standing)) = self.own_room(name).await? else { return Ok(None) };
        let state = self.hub.room_state(&self.asking, &room).await?;
        if state.unread == 0 {
            return Ok(Some(Waiting::default()));
        }
        let read_private = state.read_private.unwrap_or_default();
        let read = ReadState { read: state.read, read_private, unread_from: state.unread_from };
        let is_injected = |stored: &StoredMessage| {
            let message = &stored.message;
            message.injected && message.deleted_at.is_none() && message.from != *self.user()
        };
        let after: (Seq, Option<Seq>) = (read.base(), None);
        let injected = self.read_back(&room, &standing, after, UNPAGED_MAX, is_injected).await?.len() as u64;
        Ok(Some(Waiting { messages: state.unread.saturating_sub(injected), injected }))
    }

    /// A room of the user's by its name; `None`: there is none.
    async fn own_room(&self, name: &RoomName) -> Result<Option<(RoomId, Standing)>, Error> {
        match self.room(name).await {
            Err(refused) if refused.wire().code == ErrorCode::Forbidden => Ok(None),
            found => found.map(Some),
        }
    }
}
