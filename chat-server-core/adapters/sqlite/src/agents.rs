//! Agents of organizations, who answer at their desks.

use chat_protocol::{RoomId, Seq, UserId, limits};
use chat_server_core::storage::{OwnAppend, OwnAppended, Refusal};
use rusqlite::{Connection, params};

use crate::error::Result;
use crate::number::Id;
use crate::people::all;
use crate::rooms::{sql_limit, user_ref};
use crate::writer::Batch;

/// Whether a user is an agent of the organization whose desk the room is.
pub(crate) fn is_agent(db: &Connection, room: i64, user: i64) -> Result<bool> {
    const SELECT: &str = "SELECT 1 FROM agents a JOIN rooms r ON r.organization = a.organization
        WHERE r.ref = ?1 AND a.user_ref = ?2";
    Ok(db.prepare_cached(SELECT)?.exists([room, user])?)
}

/// Whether a user is the client of the desk that the room is.
pub(crate) fn is_client(db: &Connection, room: i64, user: i64) -> Result<bool> {
    const SELECT: &str = "SELECT 1 FROM rooms WHERE ref = ?1 AND client_ref = ?2";
    Ok(db.prepare_cached(SELECT)?.exists([room, user])?)
}

/// The agents of an organization in order of ids.
pub(crate) fn agents(db: &Connection, organization: &str) -> Result<Vec<UserId>> {
    const SELECT: &str = "SELECT u.id FROM agents a JOIN users u ON u.ref = a.user_ref WHERE a.organization = ?1 ORDER BY u.id";
    let mut select = db.prepare_cached(SELECT)?;
    all(&mut select, params![organization], |row| UserId::read(row.get_ref(0)?.as_str()?))
}

/// Desks of an organization of which a user is a member and not the client.
pub(crate) fn desks_of(
    db: &Connection,
    organization: &str,
    user: &UserId,
    limit: usize,
) -> Result<Vec<RoomId>> {
    let Some(user) = user_ref(db, user)? else { return Ok(Vec::new()) };
    const SELECT: &str =
        "SELECT r.id FROM members m INDEXED BY members_user CROSS JOIN rooms r ON r.ref = m.room_ref
        WHERE m.user_ref = ?1 AND r.organization = ?2 AND r.client_ref IS NOT ?1 LIMIT ?3";
    let mut select = db.prepare_cached(SELECT)?;
    let rows = params![user, organization, sql_limit(limit)];
    all(&mut select, rows, |row| RoomId::read(row.get_ref(0)?.as_str()?))
}

impl Batch<'_> {
    /// Whether a user is the client of the desk that the room is, or an agent of its organization.
    pub(crate) fn belongs_to_desk(&mut self, room: i64, user: &UserId) -> Result<bool> {
        match self.user(user)? {
            Some(row) => Ok(is_agent(self.db, room, row.user)? || is_client(self.db, room, row.user)?),
            None => Ok(false),
        }
    }

    pub(crate) fn set_agent(
        &mut self,
        append: &OwnAppend,
        organization: &str,
        agent: bool,
    ) -> Result<std::result::Result<OwnAppended, Refusal>> {
        let row = self.user_or_new(&append.user, append.now)?;
        const IS: &str = "SELECT 1 FROM agents WHERE organization = ?1 AND user_ref = ?2";
        if self.statement(IS)?.exists(params![organization, row.user])? == agent {
            return self.stays(append, Seq::ZERO);
        }
        const COUNT: &str = "SELECT count(*) FROM agents WHERE organization = ?1";
        let count: usize = self.statement(COUNT)?.query_row([organization], |row| row.get(0))?;
        if agent && count >= limits::MAX_AGENTS {
            return Ok(Err(Refusal::Full));
        }
        let change = match agent {
            true => "INSERT INTO agents (organization, user_ref) VALUES (?1, ?2)",
            false => "DELETE FROM agents WHERE organization = ?1 AND user_ref = ?2",
        };
        self.statement(change)?.execute(params![organization, row.user])?;
        self.forget_standings();
        let stays = self.stays(append, Seq::ZERO)?;
        Ok(stays.map(|stays| OwnAppended { duplicate: false, ..stays }))
    }
}
