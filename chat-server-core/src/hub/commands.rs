//! What each command does.
//!
//! Commands of one connection that change a room enter the committer's queue in the order in which they were
//! sent, whatever the rest of their work is: `join`, `send` without waiting for the answer in between works.

use std::pin::Pin;
use std::sync::Arc;

use chat_protocol::command::{Auth, Create, History, Listen, MarkRead, SendMessage, Typing};
use chat_protocol::event::{Presence, PresenceState};
use chat_protocol::reply::{AuthData, Limits, ListenData, ReadData, RoomData, SendData};
use chat_protocol::{
    Access, Command, ErrorCode, Event, RequestId, Role, RoomId, RoomKind, UserId, UserOffset, WireError,
    encode, limits, short_digest,
};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::committer::{Asker, ChangeJob, Sender};
use super::link::Link;
use super::pointers::{BEYOND_HEAD, Reading};
use super::{Hub, unavailable, unsupported};
use crate::auth::AuthError;
use crate::session::{ActionId, Authenticated};
use crate::storage::{Append, Appended, Change, NewMessage, NewRoom};

/// What a command gives in the end.
pub(crate) type Done = Result<Option<Box<RawValue>>, WireError>;

/// The rest of a command's work, after it took its place in the order.
pub(crate) type Rest = Pin<Box<dyn Future<Output = Done> + Send>>;

type Committed = oneshot::Receiver<Result<Appended, WireError>>;

impl Hub {
    /// Finds out who a token belongs to. With `present` the connection is that user's already.
    pub(super) async fn log_in(
        &self,
        link: &Arc<Link>,
        auth: Auth,
        handshake_token: Option<&str>,
        present: Option<UserId>,
    ) -> Result<Authenticated, WireError> {
        let token = auth.token.as_deref().or(handshake_token);
        let token = token.ok_or_else(|| WireError::new(ErrorCode::InvalidToken, "auth.token is missing"))?;
        let principal = self.authenticate(token).await?;
        // Everything that can fail comes before the session: a connection is tied to one user for good.
        let user_offset = UserOffset::new(self.user_head(&principal.user).await?).unwrap_or_default();
        let session_id = match present {
            Some(user) if user != principal.user => {
                return Err(WireError::new(ErrorCode::Forbidden, "a connection never changes its user"));
            }
            Some(_) => link.session().cloned().ok_or(ErrorCode::Internal)?,
            None => self.attach(link, &principal.user, auth.session_id),
        };
        let limits = Limits {
            max_frame: self.config.max_frame as u64,
            max_content: self.config.max_content as u64,
            max_history_page: self.config.max_history_page,
            max_rooms_followed: self.config.max_rooms_followed as u32,
            max_in_flight: self.config.max_in_flight as u32,
        };
        let data = AuthData {
            user_id: principal.user,
            session_id,
            epoch: self.epoch.clone(),
            user_offset,
            expires_at: principal.expires_at,
            limits,
        };
        Ok(Authenticated { data })
    }

    /// The user of a token.
    pub(crate) async fn authenticate(&self, token: &str) -> Result<crate::auth::Principal, WireError> {
        self.providers.auth.authenticate(token).await.map_err(|error| match error {
            AuthError::Invalid => ErrorCode::InvalidToken.into(),
            AuthError::Unavailable(cause) => {
                tracing::error!(%cause, "tokens cannot be checked");
                WireError::new(ErrorCode::StorageUnavailable, "authentication is unavailable")
                    .retry_after_ms(1_000)
            }
        })
    }

    /// Takes a command's place in the order; what is left to do comes back.
    ///
    /// Call it for one command of a connection after the other.
    pub(super) async fn start_command(
        self: &Arc<Self>,
        link: &Arc<Link>,
        command: Command,
    ) -> Result<Rest, WireError> {
        let user = link.user().cloned().ok_or(ErrorCode::NotAuthenticated)?;
        unsupported::check(&command)?;
        let (hub, link) = (self.clone(), link.clone());
        Ok(match command {
            Command::Create(create) => {
                let room = self.check_create(&user, &create).await?;
                let committed = self.create(&link, &user, room.clone(), &create).await?;
                let direct = create.kind == RoomKind::Direct;
                Box::pin(async move { hub.created(&link, &create.id, room, direct, committed).await })
            }
            Command::Join(join) => {
                // The store decides which role; this one is only a place for it.
                let change = Change::Join { role: Role::Reader };
                let committed = self.change(&link, join.room.clone(), user, change).await?;
                Box::pin(async move {
                    let appended = committed.await.map_err(|_| unavailable())??;
                    hub.entered(&link, &join.id, join.room, !appended.duplicate).await
                })
            }
            Command::Leave(leave) => {
                let committed = self.change(&link, leave.room, user, Change::Leave).await?;
                Box::pin(async move { committed.await.map_err(|_| unavailable())?.map(|_| None) })
            }
            Command::Read(read) => {
                let wait = self.read(user, read).await?;
                Box::pin(async move {
                    match wait {
                        Some(wait) => data(&ReadData { read: wait.await.map_err(|_| unavailable())?? }),
                        None => Ok(None),
                    }
                })
            }
            Command::Typing(typing) => ready(self.typing(&link, user, &typing)),
            Command::Unfollow(unfollow) => {
                self.unfollow(&link, &unfollow.room);
                ready(Ok(None))
            }
            Command::Unlisten(unlisten) => {
                self.unlisten(&link, &unlisten.user);
                ready(Ok(None))
            }
            Command::Resume(resume) => {
                Box::pin(async move { hub.resume(&link, resume).await.map(|()| None) })
            }
            Command::Follow(follow) => {
                Box::pin(async move { hub.follow(&link, follow).await.map(|()| None) })
            }
            Command::History(history) => Box::pin(async move { hub.tell_history(&user, history).await }),
            Command::Listen(listen) => {
                Box::pin(async move { hub.start_listening(&link, user, listen).await })
            }
            // `send` has a way of its own, and the session answers the other two.
            Command::Send(_) | Command::Auth(_) | Command::Ping(_) | Command::Unknown { .. } => {
                return Err(ErrorCode::UnknownCommand.into());
            }
            // `Command` grows with the protocol crate.
            other => return Err(unsupported::refused(other.kind())),
        })
    }

    async fn change(
        &self,
        link: &Link,
        room: RoomId,
        by: UserId,
        change: Change,
    ) -> Result<Committed, WireError> {
        let append = Append { room, by, access_version: None, now: self.providers.clock.now(), change };
        self.submit(append, link.number).await
    }

    /// A message as a job of the committer, whose answer goes to the connection.
    pub(super) fn message(
        &self,
        link: &Arc<Link>,
        action: ActionId,
        send: SendMessage,
    ) -> Result<ChangeJob, WireError> {
        let user = link.user().cloned().ok_or(ErrorCode::NotAuthenticated)?;
        unsupported::check_send(&send)?;
        send.content.check(self.config.max_content).map_err(|error| {
            let too_large = matches!(error, chat_protocol::ContentError::TooLarge { .. });
            let code = if too_large { ErrorCode::TooLarge } else { ErrorCode::BadRequest };
            WireError::new(code, error.to_string())
        })?;
        // Whoever follows the room was found to be its member; others, and writers that are none, are decided by
        // the committer.
        let grant = link.grant(&send.room).filter(|grant| grant.role.may_write());
        let digest = send.digest();
        let SendMessage { room, client_msg_id, content, reply_to, .. } = send;
        let change = Change::Message(NewMessage { content, reply_to, client_msg_id, digest });
        let access_version = grant.map(|grant| grant.access_version);
        let append = Append { room, by: user, access_version, now: self.providers.clock.now(), change };
        let asker = Asker::Sender(Sender::new(link, action));
        Ok(ChangeJob { append, origin: link.number, asker, refused: None })
    }

    async fn create(
        &self,
        link: &Link,
        user: &UserId,
        room: RoomId,
        create: &Create,
    ) -> Result<Committed, WireError> {
        let direct = create.kind == RoomKind::Direct;
        let others = match create.kind {
            RoomKind::Channel => Role::Reader,
            _ => Role::Member,
        };
        let mut members = vec![(user.clone(), if direct { Role::Member } else { Role::Owner })];
        for other in &create.members {
            if members.iter().all(|(present, _)| present != other) {
                members.push((other.clone(), others));
            }
        }
        let request = create.client_room_id.clone().map(|id| (id, digest(create)));
        let access = if direct { Access::Invite } else { create.access };
        let new = NewRoom { kind: create.kind, access, name: create.info.name.clone(), members, request };
        self.change(link, room, user.clone(), Change::Create(new)).await
    }

    /// The rules for a new room; its id.
    async fn check_create(&self, user: &UserId, create: &Create) -> Result<RoomId, WireError> {
        let bad = |detail: String| Err(WireError::new(ErrorCode::BadRequest, detail));
        for member in &create.members {
            self.check_user(member).await?;
        }
        match (create.kind, &create.room) {
            (RoomKind::Desk, _) => {
                Err(WireError::new(ErrorCode::Forbidden, "desks are made by the operator"))
            }
            (RoomKind::Direct, Some(_)) => bad("create.room: a direct room has a derived id".to_owned()),
            (RoomKind::Direct, None) if create.info.name.is_some() => {
                bad("create.name: a direct room has no name".to_owned())
            }
            (RoomKind::Direct, None) => match create.members.as_slice() {
                [other] => Ok(RoomId::direct(user, other)),
                _ => bad("create.members: a direct room names exactly the other user".to_owned()),
            },
            (_, Some(room)) if room.as_str().starts_with(RoomId::DIRECT_PREFIX) => {
                bad("create.room: ids that begin with ~ are those of direct rooms".to_owned())
            }
            (_, Some(room)) => Ok(room.clone()),
            (_, None) => {
                let id = format!("{:032x}", self.providers.clock.random());
                Ok(RoomId::new(id).expect("32 hex digits are an id"))
            }
        }
    }

    async fn check_user(&self, user: &UserId) -> Result<(), WireError> {
        match self.providers.directory.profile(user).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(WireError::new(ErrorCode::NotFound, "create.members: there is no such user")),
            Err(error) => {
                tracing::error!(%error, "the directory cannot be asked");
                Err(unavailable())
            }
        }
    }

    async fn created(
        self: Arc<Self>,
        link: &Arc<Link>,
        id: &RequestId,
        room: RoomId,
        direct: bool,
        committed: Committed,
    ) -> Done {
        match committed.await.map_err(|_| unavailable())? {
            Ok(appended) => {
                let created = !appended.duplicate;
                self.entered(link, id, appended.room, created).await
            }
            // One pair has one room, whoever makes it first.
            Err(error) if direct && error.code == ErrorCode::AlreadyExists => {
                self.entered(link, id, room, false).await
            }
            Err(error) => Err(error),
        }
    }

    /// The connection follows a room that its user is in now, and is told its state.
    async fn entered(&self, link: &Arc<Link>, id: &RequestId, room: RoomId, created: bool) -> Done {
        self.follow_one(link, Some(id), room.clone(), None).await?;
        let user = link.user().ok_or(ErrorCode::NotAuthenticated)?;
        let views = self.providers.storage.views(user, std::slice::from_ref(&room)).await;
        let view = views.map_err(|error| self.storage_failed(error))?.pop().flatten();
        data(&RoomData { room: view.ok_or(ErrorCode::Forbidden)?.state, created })
    }

    async fn read(
        &self,
        user: UserId,
        read: MarkRead,
    ) -> Result<Option<oneshot::Receiver<Result<chat_protocol::Seq, WireError>>>, WireError> {
        // Checked here and not where pointers are gathered: one that is wrong must not spoil the others.
        let standing = self.providers.storage.standing(&read.room, &user).await;
        let standing = standing.map_err(|error| self.storage_failed(error))?;
        let standing = standing.filter(|standing| standing.role.is_some()).ok_or(ErrorCode::Forbidden)?;
        if read.seq > standing.seq {
            return Err(WireError::new(ErrorCode::BadRequest, BEYOND_HEAD));
        }
        let (done, wait) = match read.id {
            Some(_) => {
                let (done, wait) = oneshot::channel();
                (Some(done), Some(wait))
            }
            None => (None, None),
        };
        let reading = Reading { room: read.room, user, read: read.seq, done };
        self.readings.send(reading).await.map_err(|_| unavailable())?;
        Ok(wait)
    }

    /// Typing goes to the other users' connections that follow the room; it needs a connection that follows too.
    fn typing(&self, link: &Link, user: UserId, typing: &Typing) -> Done {
        let grant = link.grant(&typing.room).ok_or(ErrorCode::Forbidden)?;
        if !grant.role.may_write() {
            return Err(WireError::new(ErrorCode::Forbidden, "readers of this room do not write"));
        }
        let (from, room, thread) = (user.clone(), typing.room.clone(), typing.thread);
        let ttl_ms = limits::TYPING_TTL.as_millis() as u64;
        let state = match typing.stop {
            true => PresenceState::StopTyping { from, room, thread },
            false => PresenceState::Typing { from, room, thread, ttl_ms },
        };
        let frame = encode(&Event::Pres(Presence { state, ts: self.providers.clock.now() }));
        let key = (user, Some(typing.room.clone()));
        self.deliver(|deliveries| {
            if let Some(feed) = self.rooms.lock(&typing.room).get(&typing.room) {
                feed.tell(&key.0, |other| deliveries.give_ephemeral(other, key.clone(), frame.clone()));
            }
        });
        Ok(None)
    }

    async fn tell_history(&self, user: &UserId, history: History) -> Done {
        let page = self.history(Some(user), &history.room, history.query).await?;
        Ok(Some((*page).to_owned()))
    }

    async fn start_listening(&self, link: &Arc<Link>, user: UserId, listen: Listen) -> Done {
        let shared = self.providers.storage.share_room(&user, &listen.user).await;
        if listen.user != user && !shared.map_err(|error| self.storage_failed(error))? {
            return Err(WireError::new(ErrorCode::Forbidden, "only users that share a room are listened to"));
        }
        let online = self.listen(link, &listen.user)?;
        data(&ListenData { user: listen.user, online, last_seen: None })
    }
}

/// What the sender of a stored message is told.
pub(super) fn sent(appended: &Appended) -> Done {
    let Appended { seq, offset, duplicate, ts, .. } = *appended;
    data(&SendData { seq, offset, duplicate, ts })
}

fn ready(done: Done) -> Rest {
    Box::pin(std::future::ready(done))
}

fn data(data: &impl Serialize) -> Done {
    Ok(Some(serde_json::value::to_raw_value(data).map_err(|_| ErrorCode::Internal)?))
}

/// Everything that two creations under one name must agree in.
fn digest(create: &Create) -> [u8; 16] {
    let Create { kind, room, access, history, info, members, .. } = create;
    let text = serde_json::to_string(&(kind, room, access, history, info, members)).unwrap_or_default();
    short_digest(text.as_bytes())
}
