//! One connection as the hub sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chat_protocol::{Role, RoomId, SessionId, Text, Timestamp, UserId, WireError};

use super::dialects::Seated;
use super::limits::Purse;
use super::outbox::Outbox;
use crate::ServerConfig;
use crate::transport::DirectWriter;

/// What a connection was found to be allowed in a room that it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) role: Role,
    /// The version of the room's rights when it was found. The store refuses changes decided on an old one. `None`: found
    /// to be a member, which says nothing yet of who writes in a direct room, where one side may block the other.
    pub(crate) access_version: Option<u64>,
}

/// One connection, shared by the task that drives it and by all that give it something.
#[derive(Debug)]
pub(crate) struct Link {
    /// Unique in this process.
    pub(crate) number: u64,
    pub(crate) outbox: Outbox,
    /// How to write without the connection's task, if its transport can.
    writer: Option<Arc<dyn DirectWriter>>,
    /// One resume or follow at a time, so that no two of them mark and release the same feed.
    pub(crate) resuming: tokio::sync::Mutex<()>,
    identity: OnceLock<(UserId, SessionId)>,
    /// What its commands are paid from, once it is authenticated.
    purse: OnceLock<Purse>,
    /// What it is as a socket of an existing system; native connections are none.
    seated: OnceLock<Seated>,
    /// When its peer was last heard, in microseconds. Written by its task, read by whoever lists the user's sessions.
    heard: AtomicI64,
    ties: Mutex<Ties>,
}

/// Everything that must be undone when the connection ends.
#[derive(Debug, Default)]
pub(crate) struct Ties {
    /// Rooms it follows; no grant yet while it still reads. Written by follows, read by every send.
    pub(crate) rooms: BTreeMap<RoomId, Option<Grant>>,
    /// Users whose presence it listens to.
    pub(crate) listened: BTreeSet<UserId>,
    /// Rooms that were told by it that its user writes; it may have ended since. Only rooms that it follows.
    pub(crate) typing: BTreeSet<RoomId>,
    /// It follows rooms that its user gains later.
    pub(crate) follows_new_rooms: bool,
    /// The connection ended: nothing may be tied any more.
    pub(crate) ended: bool,
}

impl Link {
    pub(crate) fn new(number: u64, config: &ServerConfig, writer: Option<Arc<dyn DirectWriter>>) -> Self {
        Self {
            number,
            outbox: Outbox::new(config),
            writer,
            resuming: tokio::sync::Mutex::default(),
            identity: OnceLock::new(),
            purse: OnceLock::new(),
            seated: OnceLock::new(),
            heard: AtomicI64::default(),
            ties: Mutex::default(),
        }
    }

    /// Writes what waits, or wakes the task that does. `scratch` is empty before and after.
    pub(crate) fn flush(&self, scratch: &mut Vec<Text>) {
        self.outbox.flush(self.writer.as_deref(), scratch);
    }

    /// Lock order: ties before a shard's lock, never the other way round.
    pub(crate) fn ties(&self) -> MutexGuard<'_, Ties> {
        self.ties.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fixes who it is. A connection never changes its user.
    pub(crate) fn authenticated(&self, user: UserId, session: SessionId) {
        let _ = self.identity.set((user, session));
    }

    pub(crate) fn user(&self) -> Option<&UserId> {
        self.identity.get().map(|(user, _)| user)
    }

    pub(crate) fn session(&self) -> Option<&SessionId> {
        self.identity.get().map(|(_, session)| session)
    }

    /// Says what it is as a socket of an existing system.
    pub(crate) fn sit(&self, seated: Seated) {
        _ = self.seated.set(seated);
    }

    /// What it is as a socket of an existing system; native connections are none.
    pub(crate) fn seated(&self) -> Option<&Seated> {
        self.seated.get()
    }

    /// Says what its commands are paid from from now on.
    pub(crate) fn give_purse(&self, purse: Purse) {
        _ = self.purse.set(purse);
    }

    /// Pays for a command; nothing before it is authenticated, when it has no commands.
    pub(crate) fn pay(&self, points: NonZeroU32) -> Result<(), WireError> {
        self.purse.get().map_or(Ok(()), |purse| purse.pay(points))
    }

    /// Its peer was heard.
    pub(crate) fn hear(&self, at: Timestamp) {
        self.heard.store(at.as_micros(), Ordering::Relaxed);
    }

    /// When its peer was last heard.
    pub(crate) fn heard(&self) -> Timestamp {
        Timestamp::from_micros(self.heard.load(Ordering::Relaxed))
    }

    /// What it may do in a room, if it follows it.
    pub(crate) fn grant(&self, room: &RoomId) -> Option<Grant> {
        self.ties().rooms.get(room).copied().flatten()
    }

    /// Notes that its user has another role in a room that it still follows.
    pub(crate) fn change_role(&self, room: &RoomId, role: Role) {
        if let Some(Some(grant)) = self.ties().rooms.get_mut(room) {
            grant.role = role;
        }
    }

    /// Notes that what it does in a room was decided on this version of the room's rights.
    pub(crate) fn renew_grant(&self, room: &RoomId, access_version: u64) {
        if let Some(Some(grant)) = self.ties().rooms.get_mut(room) {
            grant.access_version = Some(access_version);
        }
    }

    /// Notes what it may do in a room that it still follows.
    pub(crate) fn set_grant(&self, room: &RoomId, grant: Grant) {
        if let Some(slot) = self.ties().rooms.get_mut(room) {
            *slot = Some(grant);
        }
    }
}
