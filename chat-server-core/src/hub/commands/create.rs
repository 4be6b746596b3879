//! New rooms.

use std::sync::Arc;

use chat_protocol::command::Create;
use chat_protocol::reply::RoomData;
use chat_protocol::{
    Access, Desk, DeskStatus, ErrorCode, RequestId, Role, RoomId, RoomKind, UserId, WireError, limits,
    short_digest,
};

use super::{Asking, Committed, Done, Rest, data, stored};
use crate::hub::{Hub, unavailable};
use crate::room::policy::joining_role;
use crate::storage::{Append, Change, LogEntry, NewRoom, Refusal};

impl Hub {
    pub(super) async fn start_create(
        self: &Arc<Self>,
        asking: Asking,
        create: Create,
    ) -> Result<Rest, WireError> {
        let new = new_room(&asking, &create);
        let is_named = new.request.is_some();
        let checked = match self.check_create(&asking, &create).await {
            Ok(_) if new.members.len() as u64 > self.config.max_members => {
                Err(crate::Error::from(Refusal::RoomFull).wire())
            }
            checked => checked,
        };
        let change = Change::Create(Box::new(new));
        let (room, committed) = match checked {
            Ok(room) => (room.clone(), self.change(&asking, room, change).await?),
            Err(refused) if is_named => {
                let (room, by, now) = (self.new_room_id(), asking.user.clone(), self.providers.clock.now());
                let append = Append { room: room.clone(), by, access_version: None, now, change };
                (room, self.submit_refused(append, refused).await?)
            }
            Err(refused) => return Err(refused),
        };
        let hub = self.clone();
        Ok(Box::pin(async move { hub.created(&asking, &create, room, committed).await }))
    }

    /// The rules for a new room; its id.
    async fn check_create(&self, asking: &Asking, create: &Create) -> Result<RoomId, WireError> {
        if !asking.operator {
            only_operators(create)?;
        }
        for member in create.members.iter().chain(&create.owner) {
            self.check_user(member, "members").await?;
        }
        // A direct room that is there already is given also to who blocks the other.
        if create.kind != RoomKind::Direct {
            self.check_blocks(asking, &create.members, "members").await?;
        }
        match (create.kind, &create.room) {
            (RoomKind::Direct, _) if asking.operator && create.owner.is_none() => {
                bad("create.owner: one of the two, where the operator makes a direct room")
            }
            (RoomKind::Direct, _) => direct_id(&asking.user, create),
            (RoomKind::Desk, _) if create.desk.is_none() => bad("create.desk: needed for a desk"),
            (RoomKind::Group | RoomKind::Channel, _) if create.desk.is_some() => {
                bad("create.desk: only a desk has one")
            }
            (_, Some(room)) if room.as_str().starts_with(RoomId::DIRECT_PREFIX) => {
                bad("create.room: ids that begin with ~ are those of direct rooms and of the server's own")
            }
            (_, Some(room)) if !asking.operator => self.check_unclaimed(room).map(|()| room.clone()),
            (_, Some(room)) => Ok(room.clone()),
            (_, None) => Ok(self.new_room_id()),
        }
    }

    /// A format that calls another room by this id could not tell the two apart: such an id is not for users to choose.
    fn check_unclaimed(&self, room: &RoomId) -> Result<(), WireError> {
        match self.sockets.ports().iter().find(|port| port.dialect.claims(room)) {
            Some(port) => {
                let why = format!("create.room: the name of another room in {}", port.dialect.name());
                Err(WireError::new(ErrorCode::Forbidden, why))
            }
            None => Ok(()),
        }
    }

    fn new_room_id(&self) -> RoomId {
        RoomId::new(format!("{:032x}", self.providers.clock.random())).expect("32 hex digits are an id")
    }

    /// The server itself is no user, whatever the directory says: it is nobody's member, owner or agent.
    pub(in crate::hub) async fn check_user(&self, user: &UserId, field: &str) -> Result<(), WireError> {
        match self.providers.directory.profile(user).await {
            Ok(Some(_)) if !user.is_system() => Ok(()),
            Ok(_) => Err(WireError::new(ErrorCode::NotFound, format!("{field}: there is no such user"))),
            Err(error) => {
                tracing::error!(%error, "the directory cannot be asked");
                Err(unavailable())
            }
        }
    }

    /// Whoever is blocked is not added by the one who blocks it either; whoever blocks the asker is the store's to refuse.
    pub(super) async fn check_blocks(
        &self,
        asking: &Asking,
        users: &[UserId],
        field: &str,
    ) -> Result<(), WireError> {
        if asking.operator || users.is_empty() {
            return Ok(());
        }
        let blocked = self.providers.storage.blocked(&asking.user, None, limits::MAX_BLOCKED).await;
        let blocked = blocked.map_err(|error| self.storage_failed(error))?;
        match users.iter().find(|user| blocked.iter().any(|blocked| blocked.user == **user)) {
            Some(user) => {
                Err(WireError::new(ErrorCode::Forbidden, format!("{field}: you block the user {user}")))
            }
            None => Ok(()),
        }
    }

    async fn created(&self, asking: &Asking, create: &Create, room: RoomId, committed: Committed) -> Done {
        let (room, created) = match stored(committed).await {
            // A direct room that got a side back was there.
            Ok(appended) => (appended.room, matches!(appended.entries.first(), Some(LogEntry::Room(_)))),
            // One pair has one room, whoever makes it first.
            Err(error) if create.kind == RoomKind::Direct && error.code == ErrorCode::AlreadyExists => {
                (room, false)
            }
            Err(error) => return Err(error),
        };
        match &create.owner {
            // Made on behalf of a user, who may have left since it was made first.
            Some(owner) if self.membership(&room, owner).await.is_ok() => {
                let asking = Asking { user: owner.clone(), ..asking.clone() };
                self.entered(&asking, &create.id, room, created).await
            }
            _ => self.entered(asking, &create.id, room, created).await,
        }
    }

    /// The connection follows a room that its user is in now, and is told its state; the operator is told as the system.
    pub(super) async fn entered(&self, asking: &Asking, id: &RequestId, room: RoomId, created: bool) -> Done {
        if let Some(link) = &asking.link {
            self.follow_one(link, Some(id), room.clone(), None).await?;
        }
        let views = self.providers.storage.views(&asking.user, std::slice::from_ref(&room)).await;
        let view = views.map_err(|error| self.storage_failed(error))?.pop().flatten();
        let view = view.ok_or(ErrorCode::Forbidden)?;
        data(&RoomData { room: view.state, created })
    }
}

/// What only the operator's backend says of a new room.
fn only_operators(create: &Create) -> Result<(), WireError> {
    let named = [
        (create.kind == RoomKind::Desk || create.desk.is_some(), "desks are made by the operator"),
        (create.number.is_some(), "create.number: given by the operator"),
        (create.owner.is_some(), "create.owner: said by the operator"),
    ];
    match named.into_iter().find(|(asked, _)| *asked) {
        Some((_, why)) => Err(WireError::new(ErrorCode::Forbidden, why)),
        None => Ok(()),
    }
}

/// The id of a direct room, which names exactly one other user and has no data.
fn direct_id(me: &UserId, create: &Create) -> Result<RoomId, WireError> {
    if create.room.is_some() {
        return bad("create.room: a direct room has a derived id");
    }
    if create.info != chat_protocol::RoomInfo::default() {
        return bad("create.name: a direct room has no data");
    }
    match (create.members.as_slice(), &create.owner) {
        ([other], owner) => Ok(RoomId::direct(owner.as_ref().unwrap_or(me), other)),
        _ => bad("create.members: a direct room names exactly the other user"),
    }
}

fn new_room(asking: &Asking, create: &Create) -> NewRoom {
    let direct = create.kind == RoomKind::Direct;
    let first = match (&create.owner, asking.operator) {
        (Some(owner), _) => Some(owner),
        (None, false) => Some(&asking.user),
        (None, true) => None,
    };
    let owner_role = if direct { Role::Member } else { Role::Owner };
    let mut members: Vec<(UserId, Role)> = first.map(|user| (user.clone(), owner_role)).into_iter().collect();
    let client = create.desk.as_ref().map(|desk| &desk.client);
    for other in client.into_iter().chain(&create.members) {
        if members.iter().all(|(present, _)| present != other) {
            members.push((other.clone(), joining_role(create.kind)));
        }
    }
    let desk = create.desk.as_ref().map(|desk| Desk {
        organization: desk.organization.clone(),
        client: desk.client.clone(),
        status: DeskStatus::Open.into(),
    });
    NewRoom {
        kind: create.kind,
        access: if direct { Access::Invite } else { create.access },
        history: create.history,
        info: create.info.clone(),
        desk,
        number: create.number,
        alias: None,
        members,
        request: create.client_room_id.clone().map(|id| (id, digest(create))),
    }
}

/// Everything that two creations under one name must agree in.
fn digest(create: &Create) -> [u8; 16] {
    let Create { kind, room, access, history, info, members, desk, number, owner, .. } = create;
    let all = (kind, room, access, history, info, members, desk, number, owner);
    short_digest(serde_json::to_string(&all).unwrap_or_default().as_bytes())
}

fn bad<T>(detail: &str) -> Result<T, WireError> {
    Err(WireError::new(ErrorCode::BadRequest, detail))
}
