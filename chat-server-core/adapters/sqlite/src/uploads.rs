//! Accounts of uploaded files.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chat_protocol::{Seq, Timestamp, UserId};
use chat_server_core::blob::BlobName;
use chat_server_core::storage::{
    Quota, Refusal, StorageError, UploadBytes, UploadChange, UploadEntry, UploadStore,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{Fault, Result};
use crate::rooms::{sql_limit, user_ref};
use crate::store::{ANYWHERE, SqliteStore};
use crate::writer::Batch;

/// Stands for all users where bytes are summed.
const ALL: i64 = 0;

/// The sum of bytes of a user, or of all.
const BYTES: &str = "SELECT bytes FROM upload_bytes WHERE user_ref = ?1";

impl Batch<'_> {
    fn add_upload(
        &mut self,
        now: Timestamp,
        upload: &UploadEntry,
        quota: Quota,
    ) -> Result<std::result::Result<(), Refusal>> {
        let Some(head) = self.room(&upload.room)? else { return Ok(Err(Refusal::NoRoom)) };
        let user = self.user_or_new(&upload.by, now)?.user;
        if self.statement("SELECT 1 FROM uploads WHERE name = ?1")?.exists([upload.name.as_str()])? {
            return Ok(Ok(()));
        }
        let sum = |of: i64| -> Result<u64> {
            Ok(self.statement(BYTES)?.query_row([of], |row| row.get(0)).optional()?.unwrap_or(0))
        };
        if sum(user)? + upload.size > quota.user || sum(ALL)? + upload.size > quota.all {
            return Ok(Err(Refusal::Full));
        }
        const INSERT: &str =
            "INSERT INTO uploads (name, user_ref, room_ref, size, due) VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = params![upload.name.as_str(), user, head.room, upload.size, upload.due.as_micros()];
        self.statement(INSERT)?.execute(row)?;
        const ADD: &str = "INSERT INTO upload_bytes (user_ref, bytes) VALUES (?1, ?2)
            ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes";
        for of in [user, ALL] {
            self.statement(ADD)?.execute(params![of, upload.size])?;
        }
        Ok(Ok(()))
    }

    fn take_upload_change(&mut self, now: Timestamp, change: &UploadChange) -> Result<()> {
        match change {
            UploadChange::Refer { room, seq, names } => match self.room(room)? {
                Some(head) => self.refer_upload(now, (head.room, *seq), names),
                None => Ok(()),
            },
            UploadChange::Trim { room, oldest } => {
                let Some(head) = self.room(room)? else { return Ok(()) };
                const GONE: &str = "DELETE FROM upload_refs WHERE room_ref = ?1 AND seq BETWEEN 1 AND ?2 - 1
                    RETURNING name";
                let mut gone = self.statement(GONE)?;
                let names =
                    gone.query_map(params![head.room, oldest.get()], |row| row.get::<_, String>(0))?;
                let names: BTreeSet<String> = names.collect::<std::result::Result<_, _>>()?;
                drop(gone);
                names.iter().try_for_each(|name| self.settle_upload(now, name))
            }
            UploadChange::Keep { room, names, until } => {
                let Some(head) = self.room(room)? else { return Ok(()) };
                let mut keep = self.statement(
                    "UPDATE uploads SET due = max(due, ?3)
                    WHERE name = ?1 AND room_ref = ?2 AND due IS NOT NULL",
                )?;
                for name in names {
                    keep.execute(params![name.as_str(), head.room, until.as_micros()])?;
                }
                Ok(())
            }
        }
    }

    /// A message names these files, and no others.
    fn refer_upload(&self, now: Timestamp, place: (i64, Seq), names: &[BlobName]) -> Result<()> {
        let (room, seq) = (place.0, place.1.get());
        let mut known = self.statement("SELECT name FROM upload_refs WHERE room_ref = ?1 AND seq = ?2")?;
        let old = known.query_map(params![room, seq], |row| row.get::<_, String>(0))?;
        let old: BTreeSet<String> = old.collect::<std::result::Result<_, _>>()?;
        let mut of_room = self.statement("SELECT 1 FROM uploads WHERE name = ?1 AND room_ref = ?2")?;
        let mut new = BTreeSet::new();
        for name in names.iter().map(BlobName::as_str) {
            if of_room.exists(params![name, room])? {
                new.insert(name.to_owned());
            }
        }
        let mut insert =
            self.statement("INSERT INTO upload_refs (room_ref, seq, name) VALUES (?1, ?2, ?3)")?;
        let mut delete =
            self.statement("DELETE FROM upload_refs WHERE room_ref = ?1 AND seq = ?2 AND name = ?3")?;
        for name in new.difference(&old) {
            insert.execute(params![room, seq, name])?;
            self.settle_upload(now, name)?;
        }
        for name in old.difference(&new) {
            delete.execute(params![room, seq, name])?;
            self.settle_upload(now, name)?;
        }
        Ok(())
    }

    /// Says when a file goes whose references have changed.
    fn settle_upload(&self, now: Timestamp, name: &str) -> Result<()> {
        const SETTLE: &str = "UPDATE uploads
            SET due = CASE WHEN EXISTS (SELECT 1 FROM upload_refs WHERE name = ?1) THEN NULL ELSE ?2 END
            WHERE name = ?1";
        self.statement(SETTLE)?.execute(params![name, now.as_micros()])?;
        Ok(())
    }

    fn remove_upload(&self, name: &BlobName) -> Result<()> {
        let mut delete = self.statement("DELETE FROM uploads WHERE name = ?1 RETURNING user_ref, size")?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?));
        let Some((user, size)) = delete.query_row([name.as_str()], read).optional()? else { return Ok(()) };
        for of in [user, ALL] {
            self.statement("UPDATE upload_bytes SET bytes = bytes - ?2 WHERE user_ref = ?1")?
                .execute(params![of, size])?;
        }
        self.statement("DELETE FROM upload_refs WHERE name = ?1")?.execute([name.as_str()])?;
        Ok(())
    }
}

fn bytes(db: &Connection, user: &UserId) -> Result<UploadBytes> {
    let sum = |of: i64| -> Result<u64> {
        Ok(db.prepare_cached(BYTES)?.query_row([of], |row| row.get(0)).optional()?.unwrap_or(0))
    };
    let user = user_ref(db, user)?.map(sum).transpose()?.unwrap_or(0);
    Ok(UploadBytes { user, all: sum(ALL)? })
}

fn due(db: &Connection, now: Timestamp, limit: usize) -> Result<Vec<BlobName>> {
    const SELECT: &str = "SELECT name FROM uploads WHERE due <= ?1 ORDER BY due, name LIMIT ?2";
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query(params![now.as_micros(), sql_limit(limit)])?;
    let mut names = Vec::new();
    while let Some(row) = rows.next()? {
        let name = BlobName::parse(row.get_ref(0)?.as_str()?);
        names.push(name.ok_or_else(|| Fault::Corrupt("a file of another name".to_owned()))?);
    }
    Ok(names)
}

#[async_trait]
impl UploadStore for SqliteStore {
    async fn add_upload(
        &self,
        now: Timestamp,
        upload: &UploadEntry,
        quota: Quota,
    ) -> Result<std::result::Result<(), Refusal>, StorageError> {
        self.write("add_upload", |tx| tx.add_upload(now, upload, quota))
    }

    async fn upload_bytes(&self, user: &UserId) -> Result<UploadBytes, StorageError> {
        let user = user.clone();
        self.readers.read("upload_bytes", 3, move |db| bytes(db, &user)).await
    }

    async fn refer(&self, now: Timestamp, changes: &[UploadChange]) -> Result<(), StorageError> {
        self.write("refer", |tx| changes.iter().try_for_each(|change| tx.take_upload_change(now, change)))
    }

    async fn due_uploads(&self, now: Timestamp, limit: usize) -> Result<Vec<BlobName>, StorageError> {
        self.readers.read("due_uploads", ANYWHERE, move |db| due(db, now, limit)).await
    }

    async fn remove_uploads(&self, names: &[BlobName]) -> Result<(), StorageError> {
        self.write("remove_uploads", |tx| names.iter().try_for_each(|name| tx.remove_upload(name)))
    }
}
