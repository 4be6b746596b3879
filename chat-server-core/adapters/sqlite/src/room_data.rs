//! A room's own data: name, picture, support case and the like, as columns and in the log.

use chat_protocol::command::RoomPatch;
use chat_protocol::event::{RoomAction, RoomChanged};
use chat_protocol::{Access, Desk, DeskStatus, HistoryVisibility, Open, RoomInfo, UserId};
use chat_server_core::storage::{Append, LogEntry, NewRoom};
use rusqlite::{Connection, Row, params};

use crate::append::Answer;
use crate::entry::{Told, from_json, json_of};
use crate::error::Result;
use crate::head::Head;
use crate::number::Id;
use crate::writer::Batch;

/// What the room's row has beside what is in its [`Head`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RoomData {
    pub(crate) info: RoomInfo,
    pub(crate) desk: Option<Desk>,
}

/// The columns that [`RoomData::read`] takes, of `rooms r` or `heads r`.
macro_rules! data_columns {
    () => {
        "r.name, r.avatar, r.topic, r.custom, r.message_ttl, r.organization, r.status,
        (SELECT id FROM users WHERE ref = r.client_ref)"
    };
}
pub(crate) use data_columns;

impl RoomData {
    pub(crate) fn of_new(new: &NewRoom) -> Self {
        Self { info: new.info.clone(), desk: new.desk.clone() }
    }

    /// From a row in which `data_columns!` begin with the column `first`.
    pub(crate) fn read(row: &Row<'_>, first: usize) -> Result<Self> {
        let text = |index: usize| row.get::<_, Option<String>>(first + index);
        let info = RoomInfo {
            name: text(0)?,
            avatar: text(1)?,
            topic: text(2)?,
            custom: text(3)?.as_deref().map(from_json).transpose()?,
            message_ttl_s: row.get(first + 4)?,
        };
        let desk = match (text(5)?, text(6)?, text(7)?) {
            (Some(organization), Some(status), Some(client)) => {
                Some(Desk { organization, client: UserId::read(&client)?, status: from_json(&status)? })
            }
            _ => None,
        };
        Ok(Self { info, desk })
    }

    fn find(db: &Connection, room: i64) -> Result<Self> {
        const SELECT: &str = concat!("SELECT ", data_columns!(), " FROM rooms r WHERE r.ref = ?1");
        let mut select = db.prepare_cached(SELECT)?;
        let mut rows = select.query([room])?;
        Self::read(rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?, 0)
    }

    /// The column `status`: JSON, for a newer release may know more words.
    pub(crate) fn status(&self) -> Result<Option<String>> {
        self.desk.as_ref().map(|desk| json_of(&desk.status)).transpose()
    }

    /// The entry for the head's position that says all of it.
    pub(crate) fn entry(&self, append: &Append, head: &Head, action: RoomAction) -> RoomChanged {
        RoomChanged {
            room: append.room.clone(),
            offset: head.offset(),
            action: action.into(),
            kind: head.kind.into(),
            access: Some(head.access.into()),
            history: Some(head.history.into()),
            info: self.info.clone(),
            desk: self.desk.clone(),
            oldest_seq: None,
            by: append.by.clone(),
            ts: head.ts,
        }
    }

    fn patch(&mut self, patch: &RoomPatch) {
        let info = &mut self.info;
        patch.name.clone().apply(&mut info.name);
        patch.avatar.clone().apply(&mut info.avatar);
        patch.topic.clone().apply(&mut info.topic);
        patch.custom.clone().apply(&mut info.custom);
        patch.message_ttl_s.apply(&mut info.message_ttl_s);
        if let (Some(desk), Some(status)) = (&mut self.desk, patch.status) {
            desk.status = Open::<DeskStatus>::from(status);
        }
    }
}

impl Batch<'_> {
    pub(crate) fn set(&mut self, append: &Append, patch: &RoomPatch, mut head: Head) -> Result<Answer> {
        let before = RoomData::find(self.db, head.room)?;
        let mut after = before.clone();
        after.patch(patch);
        let (access, history) = (patch.access.unwrap_or(head.access), patch.history.unwrap_or(head.history));
        if before == after && (access, history) == (head.access, head.history) {
            return Ok(Ok(head.unchanged(&append.room)));
        }
        let narrower = (head.access == Access::Open && access == Access::Invite)
            || (head.history == HistoryVisibility::All && history == HistoryVisibility::Joined);
        if before.info.message_ttl_s != after.info.message_ttl_s {
            self.keep_for(head.room, after.info.message_ttl_s, append.now)?;
        }
        let num = self.step(append, &mut head);
        (head.access, head.history) = (access, history);
        head.access_version += u64::from(narrower);
        const UPDATE: &str =
            "UPDATE rooms SET name = ?2, avatar = ?3, topic = ?4, custom = ?5, message_ttl = ?6,
            status = ?7, updated_at = ?8 WHERE ref = ?1";
        let RoomInfo { name, avatar, topic, custom, message_ttl_s } = &after.info;
        let custom = custom.as_ref().map(json_of).transpose()?;
        let (status, ts) = (after.status()?, head.ts.as_micros());
        let row = params![head.room, name, avatar, topic, custom, message_ttl_s, status, ts];
        self.statement(UPDATE)?.execute(row)?;
        let mut told = Told::default();
        let entry = LogEntry::Room(after.entry(append, &head, RoomAction::Changed));
        self.tell(append, &head, num, entry, &mut told)?;
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    /// The room's data as they are.
    pub(crate) fn room_data(&self, head: &Head) -> Result<RoomData> {
        RoomData::find(self.db, head.room)
    }
}
