//! The user's rooms.

use chat_protocol::dialect::{Parts, RoomName};
use chat_protocol::{ErrorCode, RoomId, RoomState, Seq, UserId, WireError};

use super::Visit;
use crate::Error;
use crate::dialects::{ListedRoom, ShownMessage, ShownRoom};
use crate::hub::dialects::facts::Facts;
use crate::storage::{Place, RoomsQuery, StoredMessage};

/// How many rooms are looked at together.
const PAGE: usize = 50;

/// Which of a user's rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomsOf {
    /// Those of two users.
    Pairs,
    /// Those that have a number.
    Numbered,
    /// Both, as far as something was written there and the user did not [hide](Visit::hide) them.
    Topics,
}

/// A page of a user's rooms.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomsPage {
    /// The rooms, most recently active first.
    pub rooms: Vec<ListedRoom>,
    /// Where the next page begins, to be given back as it is; `None`: there is none.
    pub next: Option<String>,
}

impl Visit {
    /// The user's rooms with their newest messages, most recently active first, at most `limit` and as many as
    /// any list has, after those that ended at `after`.
    ///
    /// # Errors
    /// `BadRequest` when `after` is no end of a page.
    pub async fn rooms(&self, of: RoomsOf, after: Option<&str>, limit: usize) -> Result<RoomsPage, Error> {
        self.pay("inbox")?;
        let archived = (of == RoomsOf::Topics).then_some(false);
        let after = after.map(read_place).transpose()?;
        let mut query = RoomsQuery { archived, pinned_first: false, after };
        let (mut facts, mut page) =
            (Facts::new(&self.hub, self.user()), RoomsPage { rooms: Vec::new(), next: None });
        let limit = limit.min(self.longest());
        while page.rooms.len() < limit {
            let placed = self.hub.providers.storage.rooms_of(self.user(), query, PAGE).await;
            let placed = self.hub.stored(placed)?;
            for (state, place) in self.states(&placed).await? {
                query.after = Some(place);
                let Some(state) = state.filter(|state| fits(of, state)) else { continue };
                let seen = self.listed(state, &mut facts).await?;
                page.rooms.extend(seen.filter(|room| of != RoomsOf::Topics || room.room.last.is_some()));
                if page.rooms.len() >= limit {
                    page.next = Some(write_place(place));
                    return Ok(page);
                }
            }
            if placed.len() < PAGE {
                break;
            }
        }
        Ok(page)
    }

    /// One of the user's rooms with its newest message, by one of its names.
    ///
    /// # Errors
    /// `Forbidden` when there is no such room or it is not the user's.
    pub async fn listed_room(&self, name: &RoomName) -> Result<ListedRoom, Error> {
        self.pay("history")?;
        let (room, _) = self.room(name).await?;
        let state = self.hub.room_state(&self.asking, &room).await?;
        let listed = self.listed(state, &mut Facts::new(&self.hub, self.user())).await?;
        Ok(listed.ok_or(ErrorCode::Forbidden)?)
    }

    /// The same with its members, from the highest role down, at most [`unpaged_max`](Self::unpaged_max).
    ///
    /// # Errors
    /// `Forbidden` when there is no such room or it is not the user's.
    pub async fn room_with_members(&self, name: &RoomName) -> Result<ListedRoom, Error> {
        self.pay("members")?;
        let mut listed = self.listed_room(name).await?;
        let room = &listed.room.record.room;
        let members =
            self.hub.stored(self.hub.providers.storage.members(room, None, self.unpaged_max()).await)?;
        let mut facts = Facts::new(&self.hub, self.user());
        for member in members {
            listed.members.push(facts.faces.of(&member.user).await?);
        }
        Ok(listed)
    }

    /// The room of the user and another one, who may be the same; made if it is not there.
    ///
    /// # Errors
    /// `NotFound` when there is no such user.
    pub async fn start_direct(&self, peer: &UserId) -> Result<ListedRoom, Error> {
        self.pay("create")?;
        let room = self.hub.start_direct(self.user(), peer).await?;
        self.listed_room(&RoomName::Id(room)).await
    }

    /// Whether the user is a member of a room.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn is_member(&self, name: &RoomName) -> Result<bool, Error> {
        let found = self.hub.stored(self.hub.providers.storage.room_named(name).await)?;
        let Some(room) = found else { return Ok(false) };
        let standing = self.hub.stored(self.hub.providers.storage.standing(&room, self.user()).await)?;
        Ok(standing.is_some_and(|standing| standing.role.is_some()))
    }

    /// Whether messages of others wait for the user, in rooms that it neither muted nor archived.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn has_unread(&self) -> Result<bool, Error> {
        self.pay("inbox")?;
        Ok(self.hub.totals(&self.asking).await?.unread > 0)
    }

    /// Messages of a room that have files, newest first, of its newest 2,000.
    ///
    /// # Errors
    /// `Forbidden` when there is no such room or it is not the user's.
    pub async fn files(&self, name: &RoomName) -> Result<Vec<ShownMessage>, Error> {
        let has_files = |stored: &StoredMessage| {
            let message = &stored.message;
            message.deleted_at.is_none() && !Parts::of(&message.content).files.is_empty()
        };
        self.pay("search")?;
        let (room, standing) = self.room(name).await?;
        let all = (Seq::ZERO, None);
        let found = self.read_back(&room, &standing, all, self.unpaged_max(), has_files).await?;
        Ok(Facts::new(&self.hub, self.user()).show_all(found).await?)
    }

    /// What rooms are to the user now; one that was left meanwhile is nothing.
    async fn states(&self, placed: &[(RoomId, Place)]) -> Result<Vec<(Option<RoomState>, Place)>, WireError> {
        let ids: Vec<RoomId> = placed.iter().map(|(room, _)| room.clone()).collect();
        let views = self.hub.stored(self.hub.providers.storage.views(self.user(), &ids).await)?;
        let states = views.into_iter().map(|view| view.map(|view| view.state));
        Ok(states.zip(placed.iter().map(|(_, place)| *place)).collect())
    }

    async fn listed(&self, state: RoomState, facts: &mut Facts<'_>) -> Result<Option<ListedRoom>, WireError> {
        let Some(seen) = facts.room(&state.room).await? else { return Ok(None) };
        let newest = self.newest(&state).await?.into_iter().collect();
        let last = facts.show_all(newest).await?.pop().map(Box::new);
        let other = match &state.peer {
            Some(peer) => Some(facts.faces.of(peer).await?),
            None => None,
        };
        Ok(Some(ListedRoom {
            room: ShownRoom { last, ..(*seen.room).clone() },
            me: facts.faces.of(self.user()).await?,
            other,
            members: Vec::new(),
            unread: state.unread,
        }))
    }

    /// The newest message of a room that the user can read.
    async fn newest(&self, state: &RoomState) -> Result<Option<StoredMessage>, WireError> {
        let standing = self.hub.visible(&self.asking, &state.room).await?;
        let shown = |stored: &StoredMessage| stored.message.deleted_at.is_none();
        let newest = self.read_back(&state.room, &standing, (Seq::ZERO, None), 1, shown).await?;
        Ok(newest.into_iter().next())
    }
}

/// Whether a room is one of those that are asked for.
fn fits(of: RoomsOf, state: &RoomState) -> bool {
    let pair = state.room.direct_pair().is_some();
    match of {
        RoomsOf::Pairs => pair,
        RoomsOf::Numbered => !pair && state.number.is_some(),
        RoomsOf::Topics => pair || state.number.is_some(),
    }
}

fn write_place(place: Place) -> String {
    place.active.to_string()
}

fn read_place(text: &str) -> Result<Place, WireError> {
    let active = text.parse().ok().filter(|active| *active <= chat_protocol::MAX_SAFE);
    let no_page = || WireError::new(ErrorCode::BadRequest, "the page does not begin where another one ended");
    Ok(Place { pinned: false, active: active.ok_or_else(no_page)? })
}
