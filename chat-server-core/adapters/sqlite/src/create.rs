//! Rooms that come to be.

use chat_protocol::event::RoomAction;
use chat_protocol::{Role, RoomId, RoomKind, UserId, short_digest};
use chat_server_core::storage::{Append, LogEntry, NewRoom, Refusal};
use rusqlite::{OptionalExtension, params};

use crate::append::Answer;
use crate::codec::Code;
use crate::entry::{Told, json_of};
use crate::error::Result;
use crate::head::Head;
use crate::names;
use crate::number::Id;
use crate::room_data::RoomData;
use crate::writer::{Batch, UserRow};

impl Batch<'_> {
    pub(crate) fn create(&mut self, append: &Append, new: &NewRoom) -> Result<Answer> {
        let request =
            new.request.as_ref().map(|(id, digest)| (short_digest(id.as_str().as_bytes()), *digest));
        if let Some((name, digest)) = &request
            && let Some((first, room)) = self.requested(&append.by, name)?
        {
            return if first == *digest { self.created_before(&room) } else { Ok(Err(Refusal::Conflict)) };
        }
        if append.access_version.is_some() {
            return Ok(Err(Refusal::AccessChanged));
        }
        let named = || new.members.iter().map(|(user, _)| user).chain([&append.by]);
        for user in named() {
            if self.is_forgetting(user)? {
                return Ok(Err(Refusal::Forgotten));
            }
        }
        let missing = match self.room(&append.room)? {
            Some(head) => Some((head, self.missing(append, new, &head)?)),
            None => None,
        };
        if self.is_taken(new)? || missing.as_ref().is_some_and(|(_, missing)| missing.is_empty()) {
            return Ok(Err(Refusal::Exists));
        }
        for user in named() {
            if self.blocks(user, &append.by)? {
                return Ok(Err(Refusal::NotAllowed));
            }
        }
        if let Some((head, missing)) = missing {
            return self.complete(append, head, &missing);
        }
        let creator = self.user_or_new(&append.by, append.now)?;
        let data = RoomData::of_new(new);
        let mut head = self.insert_room(append, new, &data, creator)?;
        if let Some((name, digest)) = request {
            const INSERT: &str =
                "INSERT INTO room_requests (creator_ref, id_hash, digest, room_ref) VALUES (?1, ?2, ?3, ?4)";
            self.statement(INSERT)?.execute(params![creator.user, name, digest, head.room])?;
        }
        let mut told = Told::default();
        let num = self.step(append, &mut head);
        let entry = LogEntry::Room(data.entry(append, &head, RoomAction::Created));
        self.tell(append, &head, num, entry, &mut told)?;
        for (index, (user, role)) in new.members.iter().enumerate() {
            if new.members[..index].iter().all(|(earlier, _)| earlier != user) {
                self.enter(append, &mut head, user, *role, &mut told)?;
            }
        }
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    /// Those of the two of a direct room that are to be its members and are not.
    fn missing(&mut self, append: &Append, new: &NewRoom, head: &Head) -> Result<Vec<(UserId, Role)>> {
        let mut missing: Vec<(UserId, Role)> = Vec::new();
        if head.kind != RoomKind::Direct {
            return Ok(missing);
        }
        for (user, role) in &new.members {
            let is_side = append.room.peer_of(user).is_some();
            if is_side && missing.iter().all(|(known, _)| known != user) && self.role(head, user)?.is_none() {
                missing.push((user.clone(), *role));
            }
        }
        Ok(missing)
    }

    /// A direct room gets back who was forgotten.
    fn complete(&mut self, append: &Append, mut head: Head, missing: &[(UserId, Role)]) -> Result<Answer> {
        let mut told = Told::default();
        for (user, role) in missing {
            self.enter(append, &mut head, user, *role, &mut told)?;
        }
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    fn insert_room(
        &mut self,
        append: &Append,
        new: &NewRoom,
        data: &RoomData,
        creator: UserRow,
    ) -> Result<Head> {
        const INSERT: &str = "INSERT INTO rooms
            (id, kind, access, history, access_version, ts, created_by, created_at, updated_at, number, name, avatar,
             topic, custom, message_ttl, organization, client_ref, status, key, alias)
            VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?5, ?5, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
        let client = match &data.desk {
            Some(desk) => Some(self.user_or_new(&desk.client, append.now)?.user),
            None => None,
        };
        let custom = data.info.custom.as_ref().map(json_of).transpose()?;
        let mut key = [0; 16];
        getrandom::fill(&mut key)?;
        let row = params![
            append.room.as_str(),
            new.kind.code(),
            new.access.code(),
            new.history.code(),
            append.now.as_micros(),
            creator.user,
            new.number.map(|number| number.get()),
            data.info.name,
            data.info.avatar,
            data.info.topic,
            custom,
            data.info.message_ttl_s,
            data.desk.as_ref().map(|desk| &desk.organization),
            client,
            data.status()?,
            key,
            new.alias
        ];
        let room = self.statement(INSERT)?.insert(row)?;
        if data.info.message_ttl_s.is_some() {
            self.keep_for(room, data.info.message_ttl_s, append.now)?;
        }
        Ok(Head::new(room, new.kind, new.access, new.history, append.now))
    }

    fn is_taken(&mut self, new: &NewRoom) -> Result<bool> {
        if let Some(number) = new.number
            && self.statement("SELECT 1 FROM rooms WHERE number = ?1")?.exists([number.get()])?
        {
            return Ok(true);
        }
        match &new.alias {
            Some(alias) => Ok(names::of_alias(self.db, alias)?.is_some()),
            None => Ok(false),
        }
    }

    /// The digest of an earlier request of that name, and the room that it made.
    fn requested(&mut self, creator: &UserId, name: &[u8; 16]) -> Result<Option<([u8; 16], RoomId)>> {
        let Some(creator) = self.user(creator)? else { return Ok(None) };
        const SELECT: &str = "SELECT q.digest, r.id FROM room_requests q JOIN rooms r ON r.ref = q.room_ref
            WHERE q.creator_ref = ?1 AND q.id_hash = ?2";
        let mut select = self.statement(SELECT)?;
        let found =
            select.query_row(params![creator.user, name], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
        match found.optional()? {
            Some((digest, room)) => Ok(Some((digest, RoomId::read(&room)?))),
            None => Ok(None),
        }
    }

    fn created_before(&mut self, room: &RoomId) -> Result<Answer> {
        let head = self.room(room)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(Ok(head.unchanged(room)))
    }
}
