//! Accounts of uploaded files.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chat_protocol::{Seq, Timestamp, UserId};
use chat_server_core::blob::BlobName;
use chat_server_core::storage::{
    Append, Appended, DOOMED_AGAIN, Quota, Refusal, StorageError, UploadBytes, UploadChange, UploadEntry,
    UploadStore,
};
use rusqlite::{Connection, OptionalExtension, Statement, ToSql, params};

use crate::error::{Fault, Result};
use crate::people::all;
use crate::rooms::{sql_limit, user_ref};
use crate::store::SqliteStore;
use crate::writer::Batch;

/// Stands for all users where bytes are summed.
const ALL: i64 = 0;

/// Bytes and files of a user, or of all.
const SUM: &str = "SELECT bytes, files FROM upload_bytes WHERE user_ref = ?1";

/// Files that go, in the order in which they do.
const DUE: &str = "SELECT name FROM uploads WHERE due <= ?1 ORDER BY due, name LIMIT ?2";

impl Batch<'_> {
    fn add_upload(
        &mut self,
        now: Timestamp,
        upload: &UploadEntry,
        quota: Quota,
    ) -> Result<std::result::Result<(), Refusal>> {
        let Some(head) = self.room(&upload.room)? else { return Ok(Err(Refusal::NoRoom)) };
        if self.is_forgetting(&upload.by)? {
            return Ok(Err(Refusal::Forgotten));
        }
        let user = self.user_or_new(&upload.by, now)?.user;
        if self.statement("SELECT 1 FROM uploads WHERE name = ?1")?.exists([upload.name.as_str()])? {
            return Ok(Ok(()));
        }
        for (of, most) in [(user, quota.user), (ALL, quota.all)] {
            if sum(self.db, of)?.0.saturating_add(upload.size) > most {
                return Ok(Err(Refusal::Full));
            }
        }
        const INSERT: &str =
            "INSERT INTO uploads (name, user_ref, room_ref, size, due) VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = params![upload.name.as_str(), user, head.room, upload.size, upload.due.as_micros()];
        self.statement(INSERT)?.execute(row)?;
        const ADD: &str = "INSERT INTO upload_bytes (user_ref, bytes, files) VALUES (?1, ?2, 1)
            ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, files = files + 1";
        for of in [user, ALL] {
            self.statement(ADD)?.execute(params![of, upload.size])?;
        }
        Ok(Ok(()))
    }

    /// Takes what a stored change of a room means for files; nothing for a message without any.
    pub(crate) fn take_upload_changes(&mut self, append: &Append, answer: &Appended) -> Result<()> {
        for change in UploadChange::of(append, answer) {
            let Some(head) = self.room(&answer.room)? else { return Ok(()) };
            match change {
                UploadChange::Names { seq, names } => {
                    self.name_uploads(append.now, (head.room, seq), &names)?
                }
                UploadChange::Trim { oldest } => self.trim_upload_names(append.now, head.room, oldest)?,
            }
        }
        Ok(())
    }

    /// A message names these files, and no others.
    fn name_uploads(&self, now: Timestamp, place: (i64, Seq), names: &[BlobName]) -> Result<()> {
        let (room, seq) = (place.0, place.1.get());
        let old: BTreeSet<String> = {
            let mut known =
                self.statement("SELECT name FROM upload_refs WHERE room_ref = ?1 AND seq = ?2")?;
            let old = known.query_map(params![room, seq], |row| row.get(0))?;
            old.collect::<std::result::Result<_, _>>()?
        };
        let mut new = BTreeSet::new();
        for name in names.iter().map(BlobName::as_str) {
            let of_room = "SELECT 1 FROM uploads WHERE name = ?1 AND room_ref = ?2";
            if self.statement(of_room)?.exists(params![name, room])? {
                new.insert(name.to_owned());
            }
        }
        for name in new.difference(&old) {
            self.statement("INSERT INTO upload_refs (room_ref, seq, name) VALUES (?1, ?2, ?3)")?
                .execute(params![room, seq, name])?;
            self.settle_upload(now, name)?;
        }
        for name in old.difference(&new) {
            self.statement("DELETE FROM upload_refs WHERE room_ref = ?1 AND seq = ?2 AND name = ?3")?
                .execute(params![room, seq, name])?;
            self.settle_upload(now, name)?;
        }
        Ok(())
    }

    /// A message that waits, the job that was inserted last, names these files until the job goes (trigger `jobs_uploads`).
    pub(crate) fn name_waiting(&self, room: i64, names: &[BlobName]) -> Result<()> {
        const NAME: &str = "INSERT OR IGNORE INTO upload_refs (room_ref, seq, name)
            SELECT room_ref, -?2, name FROM uploads WHERE name = ?3 AND room_ref = ?1";
        const KEEP: &str = "UPDATE uploads SET due = NULL WHERE name = ?2 AND room_ref = ?1";
        let job = self.db.last_insert_rowid();
        for name in names.iter().map(BlobName::as_str) {
            self.statement(NAME)?.execute(params![room, job, name])?;
            self.statement(KEEP)?.execute(params![room, name])?;
        }
        Ok(())
    }

    fn trim_upload_names(&self, now: Timestamp, room: i64, oldest: Seq) -> Result<()> {
        const GONE: &str =
            "DELETE FROM upload_refs WHERE room_ref = ?1 AND seq BETWEEN 1 AND ?2 - 1 RETURNING name";
        let names: BTreeSet<String> = {
            let mut gone = self.statement(GONE)?;
            let names = gone.query_map(params![room, oldest.get()], |row| row.get(0))?;
            names.collect::<std::result::Result<_, _>>()?
        };
        names.iter().try_for_each(|name| self.settle_upload(now, name))
    }

    /// Says when a file goes whose references have changed.
    fn settle_upload(&self, now: Timestamp, name: &str) -> Result<()> {
        const SETTLE: &str = "UPDATE uploads
            SET due = CASE WHEN EXISTS (SELECT 1 FROM upload_refs WHERE name = ?1) THEN NULL ELSE ?2 END
            WHERE name = ?1 AND room_ref IS NOT NULL";
        self.statement(SETTLE)?.execute(params![name, now.as_micros()])?;
        Ok(())
    }

    fn remove_upload(&self, name: &BlobName) -> Result<()> {
        let mut delete = self.statement("DELETE FROM uploads WHERE name = ?1 RETURNING user_ref, size")?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?));
        let Some((user, size)) = delete.query_row([name.as_str()], read).optional()? else { return Ok(()) };
        for of in [user, ALL] {
            self.statement(
                "UPDATE upload_bytes SET bytes = bytes - ?2, files = files - 1 WHERE user_ref = ?1",
            )?
            .execute(params![of, size])?;
        }
        // Of one that a million messages name the others go with their messages; no file has its name again.
        const SOME: &str = "DELETE FROM upload_refs WHERE (room_ref, seq, name) IN
            (SELECT room_ref, seq, name FROM upload_refs INDEXED BY upload_refs_name WHERE name = ?1 LIMIT 256)";
        self.statement(SOME)?.execute([name.as_str()])?;
        Ok(())
    }
}

/// Bytes and files of a user, or of all.
fn sum(db: &Connection, of: i64) -> Result<(u64, u64)> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(db.prepare_cached(SUM)?.query_row([of], read).optional()?.unwrap_or_default())
}

fn bytes(db: &Connection, user: &UserId) -> Result<UploadBytes> {
    let (all, files) = sum(db, ALL)?;
    let user = user_ref(db, user)?.map(|user| sum(db, user)).transpose()?.unwrap_or_default().0;
    Ok(UploadBytes { user, all, files })
}

fn names(select: &mut Statement<'_>, asked: &[&dyn ToSql]) -> Result<Vec<BlobName>> {
    all(select, asked, |row| {
        let name = BlobName::parse(row.get_ref(0)?.as_str()?);
        name.ok_or_else(|| Fault::Corrupt("a file of another name".to_owned()))
    })
}

fn due(db: &Connection, now: Timestamp, limit: usize) -> Result<Vec<BlobName>> {
    let mut select = db.prepare_cached(DUE)?;
    names(&mut select, params![now.as_micros(), sql_limit(limit)])
}

fn uploads_of(db: &Connection, user: &UserId, after: &str, limit: usize) -> Result<Vec<BlobName>> {
    const SELECT: &str = "SELECT name FROM uploads INDEXED BY uploads_user
        WHERE user_ref = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
    let Some(user) = user_ref(db, user)? else { return Ok(Vec::new()) };
    let mut select = db.prepare_cached(SELECT)?;
    names(&mut select, params![user, after, sql_limit(limit)])
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

    async fn uploads_of(
        &self,
        user: &UserId,
        after: Option<&BlobName>,
        limit: usize,
    ) -> Result<Vec<BlobName>, StorageError> {
        let (user, after) = (user.clone(), after.map_or("", BlobName::as_str).to_owned());
        self.readers.read("uploads_of", limit, move |db| uploads_of(db, &user, &after, limit)).await
    }

    async fn doom_uploads(&self, now: Timestamp, limit: usize) -> Result<Vec<BlobName>, StorageError> {
        // Mostly there is none, and nobody has to wait for that.
        if self.readers.read("doom_uploads", 1, move |db| due(db, now, 1)).await?.is_empty() {
            return Ok(Vec::new());
        }
        self.write("doom_uploads", |tx| {
            let found = due(tx.db, now, limit)?;
            let again = now.as_micros().saturating_add_unsigned(DOOMED_AGAIN.as_micros() as u64);
            for name in &found {
                tx.statement("UPDATE uploads SET room_ref = NULL, due = ?2 WHERE name = ?1")?
                    .execute(params![name.as_str(), again])?;
            }
            Ok(found)
        })
    }

    async fn remove_uploads(&self, names: &[BlobName]) -> Result<(), StorageError> {
        self.write("remove_uploads", |tx| names.iter().try_for_each(|name| tx.remove_upload(name)))
    }
}
