//! The sessions of users: begun, replaced, listed, revoked, and ended some time after their connections.

use std::sync::Arc;

use chat_protocol::command::Revoke;
use chat_protocol::event::PresenceState;
use chat_protocol::reply::SessionEntry;
use chat_protocol::{DeviceId, ErrorCode, SessionId, Timestamp, UserId, WireError};

use super::Hub;
use super::delivery::Deliveries;
use super::dialects::Showing;
use super::link::Link;
use super::presence::UserEntry;

/// A living session, with or without a connection.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) link: Option<Arc<Link>>,
    /// How often its connection changed: an old grace must not end a new connection.
    turn: u64,
    /// The installation that it belongs to, once it was named.
    device: Option<DeviceId>,
    created_at: Timestamp,
    /// When it was last heard, while it has no connection.
    seen_at: Timestamp,
    /// Nobody looks at it.
    away: bool,
    /// The format that it speaks; `None`: the native one.
    dialect: Option<&'static str>,
}

impl Slot {
    fn new(now: Timestamp, dialect: Option<&'static str>) -> Self {
        Self { link: None, turn: 0, device: None, created_at: now, seen_at: now, away: false, dialect }
    }

    /// When it was last heard.
    fn heard(&self) -> Timestamp {
        self.link.as_ref().map_or(self.seen_at, |link| link.heard())
    }

    /// Whether somebody looks at it now.
    pub(super) fn is_attended(&self) -> bool {
        self.link.is_some() && !self.away
    }

    fn is_connected_by(&self, link: &Arc<Link>) -> bool {
        self.link.as_ref().is_some_and(|own| Arc::ptr_eq(own, link))
    }

    fn entry(&self, id: &SessionId, current: bool) -> SessionEntry {
        SessionEntry {
            session_id: id.clone(),
            device_id: self.device.clone(),
            name: None,
            dialect: self.dialect.unwrap_or("native").to_owned(),
            created_at: self.created_at,
            seen_at: self.heard(),
            connected: self.link.is_some(),
            current,
        }
    }
}

impl UserEntry {
    /// The session that a connection goes on with: a living one that is of no other installation.
    fn living(&self, wanted: Option<SessionId>, device: Option<&DeviceId>) -> Option<SessionId> {
        let wanted = wanted?;
        let slot = self.sessions.get(&wanted)?;
        let same = slot.device.is_none() || device.is_none() || slot.device.as_ref() == device;
        same.then_some(wanted)
    }

    /// Makes place for one more session: those without a connection go first, then those that were silent longest.
    /// Who opens the application on one more device wants that one to work, and the forgotten one to stop.
    fn make_place(&mut self, most: usize) {
        while self.sessions.len() >= most.max(1) {
            let oldest = self.sessions.iter().min_by_key(|(_, slot)| (slot.link.is_some(), slot.heard()));
            let Some(id) = oldest.map(|(id, _)| id.clone()) else { return };
            if let Some(link) = self.sessions.remove(&id).and_then(|slot| slot.link) {
                link.outbox.close(ErrorCode::LimitReached);
            }
        }
    }
}

impl Hub {
    /// Number of the connection of a user's session; `None`: it is not the user's, or has none.
    pub(super) fn connection_of(&self, user: &UserId, session: &SessionId) -> Option<u64> {
        let shard = self.users.lock(user);
        let slot = shard.get(user)?.sessions.get(session)?;
        slot.link.as_ref().map(|link| link.number)
    }

    /// Gives an authenticated connection its session: the wanted one if it is the user's, else a new one.
    pub(super) fn attach(
        &self,
        link: &Arc<Link>,
        user: &UserId,
        wanted: Option<SessionId>,
        device: Option<DeviceId>,
    ) -> SessionId {
        link.give_purse(self.rates.purse(user));
        self.deliver(|deliveries| self.tie_session(link, user, wanted, device, deliveries))
    }

    fn tie_session(
        &self,
        link: &Arc<Link>,
        user: &UserId,
        wanted: Option<SessionId>,
        device: Option<DeviceId>,
        deliveries: &mut Deliveries,
    ) -> SessionId {
        let now = self.providers.clock.now();
        let mut shard = self.users.lock(user);
        let entry = shard.entry(user.clone()).or_default();
        let was_online = entry.is_online();
        let dialect = link.seated().map(|seated| self.sockets.port(seated.port).dialect.name());
        let session = entry.living(wanted, device.as_ref()).unwrap_or_else(|| {
            entry.make_place(self.config.max_sessions);
            self.new_session()
        });
        let slot = entry.sessions.entry(session.clone()).or_insert_with(|| Slot::new(now, dialect));
        entry.hidden = false;
        slot.turn += 1;
        slot.away = false;
        slot.device = slot.device.take().or(device);
        link.hear(now);
        if let Some(old) = slot.link.replace(link.clone()) {
            old.outbox.close(ErrorCode::SessionReplaced);
        }
        link.authenticated(user.clone(), session.clone());
        if !was_online {
            let online = PresenceState::Online { from: user.clone() };
            entry.tell(user, self.presence(online), deliveries);
            let showing = Showing { online: true, asked: None };
            self.tell_sockets(user, showing, &entry.listeners(), deliveries);
        }
        session
    }

    fn new_session(&self) -> SessionId {
        SessionId::new(format!("{:032x}", self.providers.clock.random())).expect("32 hex digits are an id")
    }

    /// Names the installation of a connection's session, which had none. It never belongs to another one.
    pub(super) fn name_device(&self, link: &Link, device: Option<DeviceId>) -> Result<(), WireError> {
        let (Some(device), Some(user), Some(session)) = (device, link.user(), link.session()) else {
            return Ok(());
        };
        let mut shard = self.users.lock(user);
        let slot = shard.get_mut(user).and_then(|entry| entry.sessions.get_mut(session));
        match slot.map(|slot| slot.device.get_or_insert_with(|| device.clone())) {
            Some(present) if *present != device => {
                let why = "auth.device_id: this session belongs to another device";
                Err(WireError::new(ErrorCode::BadRequest, why))
            }
            _ => Ok(()),
        }
    }

    /// The installation of a connection's session, if it was named.
    pub(super) fn device_of(&self, link: &Link) -> Option<DeviceId> {
        let (user, session) = (link.user()?, link.session()?);
        self.users.lock(user).get(user)?.sessions.get(session)?.device.clone()
    }

    /// Takes a connection from its session, which lives on for its grace.
    pub(super) fn leave_session(&self, link: &Arc<Link>) {
        let (Some(user), Some(session)) = (link.user(), link.session()) else { return };
        let mut turn = None;
        self.change_user(user, |entry| {
            entry.feed.remove(link.number);
            let slot = entry.sessions.get_mut(session).filter(|slot| slot.is_connected_by(link));
            if let Some(slot) = slot {
                slot.seen_at = slot.heard();
                slot.link = None;
                turn = Some((slot.turn, slot.dialect.is_some()));
            }
        });
        match turn {
            // Who speaks an existing system's format comes back as somebody new.
            Some((turn, true)) => self.end_abandoned(user, session, turn),
            Some((turn, false)) => self.begin_grace(user.clone(), session.clone(), turn),
            None => {}
        }
    }

    /// Ends a session some time after its connection, unless it got another one; at once when the server goes away, so
    /// that it is still stored when the user was last seen.
    fn begin_grace(&self, user: UserId, session: SessionId, turn: u64) {
        let Some(hub) = self.this.upgrade() else { return };
        if hub.draining.is_cancelled() {
            return hub.end_abandoned(&user, &session, turn);
        }
        let end = async move {
            tokio::select! {
                () = tokio::time::sleep(hub.config.presence_grace) => {}
                () = hub.draining.cancelled() => {}
            }
            hub.end_abandoned(&user, &session, turn);
        };
        self.tasks.spawn_on(end, &self.runtime);
    }

    fn end_abandoned(&self, user: &UserId, session: &SessionId, turn: u64) {
        self.end_if(user, session, |slot| slot.turn == turn && slot.link.is_none());
    }

    /// Ends a session that was revoked, here or by another node: its connection is closed at once, and nobody goes on
    /// with its id.
    pub(super) fn end_revoked(&self, user: &UserId, session: &SessionId) {
        self.end_if(user, session, |_| true);
    }

    fn end_if(&self, user: &UserId, session: &SessionId, ends: impl FnOnce(&Slot) -> bool) {
        let now = self.providers.clock.now();
        let mut offline = false;
        self.deliver(|deliveries| {
            self.change_user(user, |entry| {
                if !entry.sessions.get(session).is_some_and(ends) {
                    return;
                }
                let was_online = entry.is_online();
                if let Some(link) = entry.sessions.remove(session).and_then(|slot| slot.link) {
                    link.outbox.close(ErrorCode::SessionRevoked);
                }
                entry.hidden &= !entry.sessions.is_empty();
                if was_online && !entry.is_online() {
                    offline = true;
                    let state = PresenceState::Offline { from: user.clone(), last_seen: Some(now) };
                    entry.tell(user, self.presence(state), deliveries);
                    let showing = Showing { online: false, asked: None };
                    self.tell_sockets(user, showing, &entry.listeners(), deliveries);
                }
            });
        });
        if offline {
            self.note_seen(user, now);
        }
    }

    /// The user's sessions at this node, the most recently heard first.
    pub(super) fn sessions_of(&self, user: &UserId, asking: Option<&SessionId>) -> Vec<SessionEntry> {
        let shard = self.users.lock(user);
        let Some(entry) = shard.get(user) else { return Vec::new() };
        let entries = entry.sessions.iter().map(|(id, slot)| slot.entry(id, asking == Some(id)));
        let mut sessions: Vec<_> = entries.collect();
        drop(shard);
        sessions.sort_by_key(|session| std::cmp::Reverse(session.seen_at));
        sessions
    }

    /// Those of the user's sessions that are to be ended; the one that asks comes last, for it hears nothing after that.
    pub(super) fn sessions_to_end(
        &self,
        user: &UserId,
        asking: Option<&SessionId>,
        revoke: &Revoke,
    ) -> Vec<SessionId> {
        let named = |id: &SessionId| revoke.session_id.as_ref() == Some(id);
        let sessions = self.sessions_of(user, asking).into_iter();
        let chosen =
            sessions.filter(|session| named(&session.session_id) || (revoke.others && !session.current));
        let (current, mut chosen): (Vec<_>, Vec<_>) = chosen.partition(|session| session.current);
        chosen.extend(current);
        let mut ids: Vec<_> = chosen.into_iter().map(|session| session.session_id).collect();
        // It may live on another node.
        if let Some(named) = revoke.session_id.as_ref().filter(|id| !ids.contains(id))
            && self.providers.bus.has_peers()
        {
            ids.insert(0, named.clone());
        }
        ids
    }

    /// Says whether somebody looks at a session.
    pub(super) fn set_away(&self, link: &Arc<Link>, away: bool) {
        let (Some(user), Some(session)) = (link.user(), link.session()) else { return };
        self.change_user(user, |entry| {
            let slot = entry.sessions.get_mut(session).filter(|slot| slot.is_connected_by(link));
            slot.into_iter().for_each(|slot| slot.away = away);
        });
    }

    /// Whether somebody looks at a session of the user's now: it has a connection and is not away.
    pub(crate) fn is_attended(&self, user: &UserId) -> bool {
        self.users.lock(user).get(user).is_some_and(|entry| entry.sessions.values().any(Slot::is_attended))
    }
}
