//! Support cases, for the agents of their organization, their members and the operator, and for everybody at a port that is
//! open.

use std::num::NonZeroU32;

use chat_protocol::command::Join;
use chat_protocol::dialect::RoomName;
use chat_protocol::{ErrorCode, Role, RoomId, RoomKind, Seq, WireError};

use super::Visit;
use crate::blob::BlobName;
use crate::dialects::{ShownMessage, ShownRoom};
use crate::hub::dialects::ask::id;
use crate::hub::dialects::facts::Facts;
use crate::room::policy;
use crate::storage::{Change, DesksQuery, Standing, StoredMessage};
use crate::{Download, Error, NewFile, Upload};

impl Visit {
    /// The support cases of an organization with their newest messages, those made last first, at most
    /// [`unpaged_max`](Self::unpaged_max). Those from which the agent is banned are left out. Costs 5 points, and one for each.
    ///
    /// # Errors
    /// `Forbidden` for who is none of its agents, `RateLimited` for who cannot pay.
    pub async fn desks(&self, organization: &str) -> Result<Vec<ShownRoom>, Error> {
        self.pay("inbox")?;
        let storage = &self.hub.providers.storage;
        let agents = self.hub.stored(storage.agents(organization).await)?;
        if !self.sees_all() && !agents.contains(self.user()) {
            return Err(ErrorCode::Forbidden.into());
        }
        let rooms =
            self.hub.stored(storage.desks(organization, &DesksQuery::default(), self.unpaged_max()).await)?;
        // Each of them is looked up.
        if let Some(count) = u32::try_from(rooms.len()).ok().and_then(NonZeroU32::new) {
            self.hub.pay_points(&self.asking, count)?;
        }
        let records = self.hub.stored(storage.records(&rooms).await)?;
        let (mut facts, mut desks) = (Facts::new(&self.hub, self.user()), Vec::with_capacity(rooms.len()));
        for record in records.into_iter().flatten() {
            let room = record.room.clone();
            let Some(standing) = self.hub.stored(storage.standing(&room, self.user()).await)? else {
                continue;
            };
            if !self.reads(&standing) {
                continue;
            }
            let seen = facts.found(record, &standing).await?;
            let newest = self.read_back(&room, &standing, (Seq::ZERO, None), 1, is_live).await?;
            let last = facts.show_all(newest).await?.pop().map(Box::new);
            desks.push(ShownRoom { last, ..(*seen.room).clone() });
        }
        Ok(desks)
    }

    /// Messages of a support case, newest first, at most [`unpaged_max`](Self::unpaged_max).
    ///
    /// # Errors
    /// `Forbidden` when there is no such case or it is not the user's.
    pub async fn desk_history(&self, name: &RoomName) -> Result<Vec<ShownMessage>, Error> {
        self.pay("history")?;
        let (room, standing) = self.desk(name).await?;
        let found = self.read_back(&room, &standing, (Seq::ZERO, None), self.unpaged_max(), is_live).await?;
        Ok(Facts::new(&self.hub, self.user()).show_all(found).await?)
    }

    /// A support case to write in or to upload a file for: an agent who is no member of it becomes one, and whoever writes
    /// where all may.
    ///
    /// # Errors
    /// `Forbidden` when there is no such case or it is not the user's.
    pub async fn enter_desk(&self, name: &RoomName) -> Result<RoomId, Error> {
        let (room, standing) = self.desk(name).await?;
        if standing.role.is_some() || self.asking.operator {
            return Ok(room);
        }
        if standing.agent || standing.client {
            self.command(Join { id: id(), room: room.clone() }).await?;
            return Ok(room);
        }
        self.pay("join")?;
        let (users, max) = (vec![self.user().clone()], self.hub.config.max_members);
        self.hub.by_system(&room, Change::Add { users, role: Role::Member, max }).await?;
        Ok(room)
    }

    /// Begins a file of which it is said before its end which support case it is for.
    ///
    /// # Errors
    /// `TooLarge`, `RateLimited` for who has too many under way, `StorageUnavailable` when there is no room for files,
    /// `NotSupported` without a blob store.
    pub async fn desk_upload(&self, file: NewFile) -> Result<Upload, Error> {
        let name = BlobName::from_bits(self.hub.providers.clock.random());
        self.hub.begin_upload(self.asking.clone(), file, None, name).await
    }

    /// A file of a support case, by the digits of its name.
    ///
    /// # Errors
    /// `Forbidden` when there is none, or its case is not the user's; `NotSupported` without a blob store.
    pub async fn desk_file(&self, name: &str) -> Result<Download, Error> {
        let found = self.hub.any_upload(name).await?;
        self.desk(&RoomName::Id(found.meta.room.clone())).await?;
        Ok(found)
    }

    /// Lets the client of a support case answer a message after a while, in a demonstration.
    pub fn answer_later(&self, message: &ShownMessage, text: String) {
        self.hub.answer_later(message, text);
    }

    async fn desk(&self, name: &RoomName) -> Result<(RoomId, Standing), WireError> {
        let storage = &self.hub.providers.storage;
        let room = self.hub.stored(storage.room_named(name).await)?.ok_or(ErrorCode::Forbidden)?;
        let standing = self.hub.stored(storage.standing(&room, self.user()).await)?;
        let standing = standing.filter(|standing| standing.kind == RoomKind::Desk && self.reads(standing));
        Ok((room, standing.ok_or(ErrorCode::Forbidden)?))
    }

    fn reads(&self, standing: &Standing) -> bool {
        let now = self.hub.providers.clock.now();
        self.asking.operator
            || policy::reads_desk(standing, now)
            || (self.port().open_desks.is_some() && !policy::is_banned(standing, now))
    }

    /// Whether all support cases are the visitor's to read.
    fn sees_all(&self) -> bool {
        self.asking.operator || self.port().open_desks.is_some()
    }
}

fn is_live(stored: &StoredMessage) -> bool {
    stored.message.deleted_at.is_none()
}
