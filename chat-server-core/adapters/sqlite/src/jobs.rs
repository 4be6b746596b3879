//! Jobs: rows of a table, whose `due` moves to the end of the lease while somebody has them.

use async_trait::async_trait;
use chat_protocol::event::UserChange;
use chat_protocol::{ClientMsgId, RoomId, Seq, Timestamp, UserId};
use chat_server_core::storage::{Job, JobKind, JobStore, NewJob, OwnAppend, Refusal, Schedule, StorageError};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::codec::Code;
use crate::error::Result;
use crate::number::Id;
use crate::own::Answer;
use crate::rooms::{room_ref, sql_limit, user_ref};
use crate::store::{ANYWHERE, SqliteStore};
use crate::writer::{Batch, UserRow};

/// Stands for no user and no room: a unique index takes every NULL for another one.
const NOBODY: i64 = 0;

/// The columns that [`read`] takes.
macro_rules! columns {
    () => {
        "id, kind, (SELECT u.id FROM users u WHERE u.ref = user_ref), \
         (SELECT r.id FROM rooms r WHERE r.ref = room_ref), name, due, attempts, body"
    };
}

fn read(row: &Row<'_>) -> Result<Job> {
    Ok(Job {
        id: row.get(0)?,
        kind: JobKind::decode(row.get(1)?)?,
        user: row.get_ref(2)?.as_str_or_null()?.map(UserId::read).transpose()?,
        room: row.get_ref(3)?.as_str_or_null()?.map(RoomId::read).transpose()?,
        name: row.get(4)?,
        due: Timestamp::from_micros(row.get(5)?),
        attempts: row.get(6)?,
        body: row.get(7)?,
    })
}

/// What a job is found by.
struct Place<'a> {
    kind: JobKind,
    user: i64,
    room: i64,
    name: Option<&'a str>,
}

impl Batch<'_> {
    /// Stores a job. False: there is one of that name.
    fn insert_job(
        &mut self,
        place: &Place<'_>,
        due: Timestamp,
        digest: Option<[u8; 16]>,
        body: &str,
    ) -> Result<bool> {
        const INSERT: &str = "INSERT INTO jobs (kind, user_ref, room_ref, name, due, digest, body)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
        let Place { kind, user, room, name } = *place;
        let row = params![kind.code(), user, room, name, due.as_micros(), digest, body];
        Ok(self.statement(INSERT)?.execute(row)? > 0)
    }

    fn enqueue(&mut self, now: Timestamp, job: &NewJob) -> Result<bool> {
        let user = job.user.as_ref().map(|user| self.user_or_new(user, now)).transpose()?;
        let user = user.map_or(NOBODY, |row| row.user);
        let place = Place { kind: job.kind, user, room: NOBODY, name: job.name.as_deref() };
        self.insert_job(&place, job.due, None, &job.body)
    }

    /// Takes a job away that nobody has leased, or that anybody has.
    fn remove_job(&mut self, place: &Place<'_>, leased: bool) -> Result<bool> {
        const DELETE: &str = "DELETE FROM jobs
            WHERE kind = ?1 AND user_ref = ?2 AND room_ref = ?3 AND name = ?4 AND (?5 OR attempts = 0)";
        let Place { kind, user, room, name } = *place;
        Ok(self.statement(DELETE)?.execute(params![kind.code(), user, room, name, leased])? > 0)
    }

    fn lease(&mut self, kind: JobKind, now: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<Job>> {
        const SELECT: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE kind = ?1 AND due <= ?2 ORDER BY due, id LIMIT ?3"
        );
        let mut leased = Vec::new();
        let mut select = self.statement(SELECT)?;
        let mut rows = select.query(params![kind.code(), now.as_micros(), sql_limit(limit)])?;
        while let Some(row) = rows.next()? {
            let job = read(row)?;
            leased.push(Job { due: until, attempts: job.attempts + 1, ..job });
        }
        drop(rows);
        let mut update = self.statement("UPDATE jobs SET due = ?2, attempts = ?3 WHERE id = ?1")?;
        for job in &leased {
            update.execute(params![job.id, until.as_micros(), job.attempts])?;
        }
        Ok(leased)
    }

    fn fail(&mut self, id: u64, retry_at: Option<Timestamp>) -> Result<()> {
        if let Some(at) = retry_at {
            let row = params![id, at.as_micros()];
            self.statement("UPDATE jobs SET due = ?2 WHERE id = ?1")?.execute(row)?;
            return Ok(());
        }
        const COUNT: &str = "INSERT INTO jobs_given_up (kind, count) SELECT kind, 1 FROM jobs WHERE id = ?1
            ON CONFLICT DO UPDATE SET count = count + 1";
        self.statement(COUNT)?.execute([id])?;
        self.statement("DELETE FROM jobs WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// How long a room keeps its messages has changed.
    pub(crate) fn keep_for(&mut self, room: i64, seconds: Option<u64>, now: Timestamp) -> Result<()> {
        let place = Place { kind: JobKind::Expire, user: NOBODY, room, name: Some("") };
        self.remove_job(&place, true)?;
        match seconds {
            Some(seconds) => self.insert_job(&place, now, None, &seconds.to_string()).map(drop),
            None => Ok(()),
        }
    }

    /// The one job that forgets a user.
    pub(crate) fn insert_forget_job(&mut self, user: i64, due: Timestamp) -> Result<()> {
        let place = Place { kind: JobKind::Forget, user, room: NOBODY, name: Some("") };
        self.insert_job(&place, due, None, "").map(drop)
    }

    pub(crate) fn schedule(&mut self, append: &OwnAppend, new: &Schedule) -> Result<Answer> {
        let row = match append.user.is_system() {
            true => Some(self.user_or_new(&append.user, append.now)?),
            false => self.user(&append.user)?,
        };
        let (Some(head), Some(row)) = (self.room(&new.room)?, row) else {
            return Ok(Err(Refusal::NotMember));
        };
        let name = new.client_msg_id.as_str();
        let place = Place { kind: JobKind::Send, user: row.user, room: head.room, name: Some(name) };
        const WAITING: &str = "SELECT digest FROM jobs
            WHERE kind = ?1 AND user_ref = ?2 AND room_ref = ?3 AND name = ?4";
        let named = params![place.kind.code(), row.user, head.room, name];
        let waiting: Option<[u8; 16]> =
            self.statement(WAITING)?.query_row(named, |row| row.get(0)).optional()?;
        let repeat = match waiting {
            Some(first) => Some(if first == new.digest { Ok(()) } else { Err(Refusal::Conflict) }),
            None => {
                let sent = self.sent_before((&new.room, &head), row.user, &new.client_msg_id, new.digest)?;
                sent.map(|answer| answer.map(drop))
            }
        };
        match repeat {
            Some(Ok(())) => return self.stays(append, Seq::ZERO),
            Some(Err(refusal)) => return Ok(Err(refusal)),
            None => {}
        }
        if !append.user.is_system() && !self.is_member(head.room, row.user)? {
            return Ok(Err(Refusal::NotMember));
        }
        const COUNT: &str = "SELECT count(*) FROM jobs WHERE kind = ?1 AND user_ref = ?2 AND room_ref = ?3";
        let counted = params![place.kind.code(), row.user, head.room];
        let waiting: usize = self.statement(COUNT)?.query_row(counted, |row| row.get(0))?;
        if waiting >= new.max {
            return Ok(Err(Refusal::Full));
        }
        self.insert_job(&place, new.at, Some(new.digest), &new.body)?;
        self.name_waiting(head.room, &new.files())?;
        let (id, client_msg_id) = (new.room.clone(), new.client_msg_id.clone());
        let change = UserChange::Scheduled { room: id, client_msg_id, send_at: new.at };
        self.told(append, row, Some(head.room), change)
    }

    fn is_member(&self, room: i64, user: i64) -> Result<bool> {
        const SELECT: &str = "SELECT 1 FROM members WHERE room_ref = ?1 AND user_ref = ?2";
        Ok(self.statement(SELECT)?.exists([room, user])?)
    }

    pub(crate) fn unschedule(
        &mut self,
        append: &OwnAppend,
        room: &RoomId,
        client_msg_id: &ClientMsgId,
        leased: bool,
    ) -> Result<Answer> {
        let (Some(head), Some(row)) = (self.room(room)?, self.user(&append.user)?) else {
            return Ok(Err(Refusal::NoMessage));
        };
        let UserRow { user, .. } = row;
        let name = Some(client_msg_id.as_str());
        if !self.remove_job(&Place { kind: JobKind::Send, user, room: head.room, name }, leased)? {
            return Ok(Err(Refusal::NoMessage));
        }
        let (id, client_msg_id) = (room.clone(), client_msg_id.clone());
        self.told(append, row, Some(head.room), UserChange::Cancelled { room: id, client_msg_id })
    }
}

fn next_due(db: &Connection, kind: JobKind) -> Result<Option<Timestamp>> {
    let mut select = db.prepare_cached("SELECT min(due) FROM jobs WHERE kind = ?1")?;
    let due: Option<i64> = select.query_row([kind.code()], |row| row.get(0))?;
    Ok(due.map(Timestamp::from_micros))
}

fn given_up(db: &Connection, kind: JobKind) -> Result<u64> {
    let mut select = db.prepare_cached("SELECT count FROM jobs_given_up WHERE kind = ?1")?;
    Ok(select.query_row([kind.code()], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn jobs_of(
    db: &Connection,
    user: &UserId,
    kind: JobKind,
    room: Option<&RoomId>,
    after: Option<(Timestamp, u64)>,
    limit: usize,
) -> Result<Vec<Job>> {
    let Some(user) = user_ref(db, user)? else { return Ok(Vec::new()) };
    let room = match room {
        None => None,
        Some(room) => match room_ref(db, room)? {
            None => return Ok(Vec::new()),
            found => found,
        },
    };
    const SELECT: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM jobs WHERE user_ref = ?1 AND kind = ?2 AND (due, id) > (?3, ?4) AND attempts = 0
            AND (?5 IS NULL OR room_ref = ?5) ORDER BY due, id LIMIT ?6"
    );
    let (due, id) = after.map_or((i64::MIN, 0), |(due, id)| (due.as_micros(), id));
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query(params![user, kind.code(), due, id, room, sql_limit(limit)])?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        jobs.push(read(row)?);
    }
    Ok(jobs)
}

#[async_trait]
impl JobStore for SqliteStore {
    async fn enqueue(&self, now: Timestamp, jobs: &[NewJob]) -> Result<Vec<bool>, StorageError> {
        self.write("enqueue", |tx| jobs.iter().map(|job| tx.enqueue(now, job)).collect())
    }

    async fn cancel(&self, kind: JobKind, user: Option<&UserId>, name: &str) -> Result<bool, StorageError> {
        self.write("cancel", |tx| {
            let user = match user {
                None => NOBODY,
                Some(user) => match tx.user(user)? {
                    None => return Ok(false),
                    Some(row) => row.user,
                },
            };
            tx.remove_job(&Place { kind, user, room: NOBODY, name: Some(name) }, false)
        })
    }

    async fn next_due(&self, kind: JobKind) -> Result<Option<Timestamp>, StorageError> {
        self.readers.read("next_due", 1, move |db| next_due(db, kind)).await
    }

    async fn lease(
        &self,
        kind: JobKind,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>, StorageError> {
        self.write("lease", |tx| tx.lease(kind, now, until, limit))
    }

    async fn done(&self, ids: &[u64]) -> Result<(), StorageError> {
        self.write("done", |tx| {
            let mut delete = tx.statement("DELETE FROM jobs WHERE id = ?1")?;
            Ok(ids.iter().try_for_each(|id| delete.execute([id]).map(drop))?)
        })
    }

    async fn fail(&self, id: u64, retry_at: Option<Timestamp>) -> Result<(), StorageError> {
        self.write("fail", |tx| tx.fail(id, retry_at))
    }

    async fn given_up(&self, kind: JobKind) -> Result<u64, StorageError> {
        self.readers.read("given_up", 1, move |db| given_up(db, kind)).await
    }

    async fn jobs_of(
        &self,
        user: &UserId,
        kind: JobKind,
        room: Option<&RoomId>,
        after: Option<(Timestamp, u64)>,
        limit: usize,
    ) -> Result<Vec<Job>, StorageError> {
        let (user, room) = (user.clone(), room.cloned());
        let page = move |db: &Connection| jobs_of(db, &user, kind, room.as_ref(), after, limit);
        self.readers.read("jobs_of", ANYWHERE, page).await
    }
}
