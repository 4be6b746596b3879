//! Who may do what in a room: decided on a [`Standing`], again whenever that is out of date.
//!
//! A missing room and a room that is not the asker's give the same answer, without a detail. A member who may not do
//! something is told why.

use chat_protocol::{Access, ErrorCode, Role, RoomKind, Seq, Timestamp, WireError};

use crate::ServerConfig;
use crate::storage::{Bar, Change, NewMessage, Pointer, Standing};

/// What the operator has set that decisions depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// See [`ServerConfig::max_members`].
    max_members: u64,
    /// See [`ServerConfig::max_call_members`].
    max_call_members: u64,
}

impl Rules {
    pub(crate) fn of(config: &ServerConfig) -> Self {
        Self { max_members: config.max_members, max_call_members: config.max_call_members }
    }
}

/// The role of somebody who joins a room of this kind without being given one.
pub(crate) fn joining_role(kind: RoomKind) -> Role {
    if kind == RoomKind::Channel { Role::Reader } else { Role::Member }
}

/// The least role of who becomes owner of a room of this kind when its owner leaves: who reads a channel was never meant to
/// run it.
pub(crate) fn heir_in(kind: RoomKind) -> Role {
    if kind == RoomKind::Group { Role::Member } else { Role::Admin }
}

/// Decides a change on what its author is to the room, and completes it with what follows from that.
///
/// # Errors
/// `Forbidden`, with a detail for members only; `MessageNotFound` for a message that the author may not read; `BadRequest` for
/// what a room of this kind does not have.
pub(crate) fn decide(
    change: &mut Change,
    standing: Option<&Standing>,
    now: Timestamp,
    rules: &Rules,
) -> Result<(), WireError> {
    if let Change::Create(_) = change {
        return Ok(());
    }
    let standing = standing.ok_or_else(stranger)?;
    if let Change::Join { role, max } = change {
        (*role, *max) = (decide_join(standing, now)?, rules.max_members);
        return Ok(());
    }
    let role = standing.role.ok_or_else(stranger)?;
    if subject(change).is_some_and(|seq| !may_read(seq, standing.oldest_seq)) {
        return Err(ErrorCode::MessageNotFound.into());
    }
    keeps_direct(change, standing)?;
    match change {
        Change::Create(_) | Change::Join { .. } => Ok(()),
        Change::Leave { heir } => {
            *heir = heir_in(standing.kind);
            Ok(())
        }
        Change::Message(new) => {
            may_write(standing, role)?;
            if calls_room(new) { may_call(standing, role, rules) } else { Ok(()) }
        }
        Change::Edit { .. } => may_write(standing, role),
        Change::React { .. } | Change::Unreact { .. } => not_barred(standing),
        Change::Delete { own, .. } => {
            *own = standing.kind == RoomKind::Direct || !manages(role);
            Ok(())
        }
        Change::Set(patch) if patch.status.is_some() && standing.kind != RoomKind::Desk => no_status(),
        Change::Set(_) if standing.agent => Ok(()),
        Change::Set(_) | Change::Unban { .. } => managers_only(role),
        Change::Add { role: given, max, .. } => {
            *max = rules.max_members;
            managers_only(role)?;
            not_above(*given, role)?;
            one_owner(*given)
        }
        Change::Remove { below, .. } | Change::Ban { below, .. } => {
            *below = role;
            managers_only(role)
        }
        Change::SetRole { role: given, below, .. } => {
            *below = role;
            managers_only(role)?;
            not_above(*given, role)
        }
        Change::Trim { .. } => refuse("messages are forgotten by the server alone"),
        Change::Forget { .. } => refuse("users are forgotten by the server alone"),
    }
}

/// A direct room is of its two alone: whoever else came in would read what they wrote to each other, and a ban would hide
/// a block. So it stays also for the operator.
fn keeps_direct(change: &Change, standing: &Standing) -> Result<(), WireError> {
    if standing.kind != RoomKind::Direct {
        return Ok(());
    }
    match change {
        Change::Leave { .. } => refuse("nobody leaves a direct room"),
        Change::Set(_) => refuse("a direct room has no data"),
        Change::Add { .. }
        | Change::Remove { .. }
        | Change::Ban { .. }
        | Change::Unban { .. }
        | Change::SetRole { .. } => refuse("the members of a direct room never change"),
        _ => Ok(()),
    }
}

/// The message that a change needs to be there. One from before its author's time is not there for the author, as one that
/// was never written; what a message answers is only a number, and may be any.
fn subject(change: &Change) -> Option<Seq> {
    match change {
        Change::Message(new) => new.thread,
        Change::Edit { seq, .. }
        | Change::Delete { seq, .. }
        | Change::React { seq, .. }
        | Change::Unreact { seq, .. } => Some(*seq),
        _ => None,
    }
}

/// Whether a message is there for who may read those from `oldest` on: it can be neither changed by, nor is told anything
/// of to who it is not.
pub(crate) fn may_read(seq: Seq, oldest: Seq) -> bool {
    seq >= oldest
}

/// The pointer that moves when a member has read something: whoever is blocked is not told when somebody looked.
pub(crate) fn read_pointer(standing: &Standing) -> Pointer {
    if standing.bar == Some(Bar::Blocks) { Pointer::ReadPrivate } else { Pointer::Read }
}

/// Completes a change of the operator's, who is no member and may do everything, up to what concerns an owner, and but for
/// who is in a direct room and what that is.
///
/// # Errors
/// `Forbidden` for what only members can do, `BadRequest` for what a room of this kind does not have.
pub(crate) fn decide_for_operator(
    change: &mut Change,
    standing: Option<&Standing>,
    rules: &Rules,
) -> Result<(), WireError> {
    if let Some(standing) = standing {
        keeps_direct(change, standing)?;
    }
    match change {
        Change::Set(patch)
            if patch.status.is_some() && standing.is_some_and(|room| room.kind != RoomKind::Desk) =>
        {
            no_status()
        }
        Change::Join { .. } | Change::Leave { .. } => refuse("the operator is nobody's member"),
        Change::Edit { .. } | Change::React { .. } | Change::Unreact { .. } => {
            refuse("only users edit and react")
        }
        Change::Delete { own, .. } => {
            *own = false;
            Ok(())
        }
        Change::Remove { below, .. } | Change::Ban { below, .. } | Change::SetRole { below, .. } => {
            *below = Role::Owner;
            Ok(())
        }
        Change::Add { role, max, .. } => {
            *max = rules.max_members;
            one_owner(*role)
        }
        _ => Ok(()),
    }
}

fn decide_join(standing: &Standing, now: Timestamp) -> Result<Role, WireError> {
    if let Some(present) = standing.role {
        return Ok(present);
    }
    if is_banned(standing, now) {
        return Err(stranger());
    }
    match (standing.kind, standing.access) {
        (RoomKind::Desk, _) if standing.agent => Ok(Role::Admin),
        // Whose case it is may leave and come back.
        (RoomKind::Desk, _) if standing.client => Ok(Role::Member),
        (RoomKind::Direct | RoomKind::Desk, _) | (_, Access::Invite) => Err(stranger()),
        (kind, Access::Open) => Ok(joining_role(kind)),
    }
}

/// Whether a ban stands in the way now.
pub(crate) fn is_banned(standing: &Standing, now: Timestamp) -> bool {
    matches!(standing.bar, Some(Bar::Banned { until }) if until.is_none_or(|until| until > now))
}

/// Whether somebody reads a desk: its members, and those who may join it because they answer for its organization.
pub(crate) fn reads_desk(standing: &Standing, now: Timestamp) -> bool {
    standing.role.is_some() || (standing.agent && !is_banned(standing, now))
}

/// Whether a member may write, tell that it is typing, and change what it wrote.
pub(crate) fn may_write(standing: &Standing, role: Role) -> Result<(), WireError> {
    if !role.may_write() {
        return refuse("readers of this room do not write");
    }
    not_barred(standing)
}

/// Whether a message calls everybody in its room.
pub(crate) fn calls_room(new: &NewMessage) -> bool {
    new.mentions.as_ref().is_some_and(|mentions| mentions.room)
}

/// Whether a member may call everybody: a call is counted and pushed also where the room is muted.
pub(crate) fn may_call(standing: &Standing, role: Role, rules: &Rules) -> Result<(), WireError> {
    if manages(role) || standing.members <= rules.max_call_members {
        return Ok(());
    }
    let most = rules.max_call_members;
    let why =
        format!("mentions.room: in a room of more than {most} members only an owner or admin calls all");
    Err(WireError::new(ErrorCode::Forbidden, why))
}

fn no_status() -> Result<(), WireError> {
    Err(WireError::new(ErrorCode::BadRequest, "set.data.status: only a desk has one"))
}

fn not_barred(standing: &Standing) -> Result<(), WireError> {
    match standing.bar {
        Some(Bar::Blocks) => refuse("you block the other user"),
        // Who is blocked is not told.
        Some(Bar::Blocked) => Err(stranger()),
        Some(Bar::Banned { .. }) | None => Ok(()),
    }
}

fn manages(role: Role) -> bool {
    role.rank() >= Role::Admin.rank()
}

fn managers_only(role: Role) -> Result<(), WireError> {
    if manages(role) { Ok(()) } else { refuse("only an owner or admin of the room does this") }
}

fn not_above(given: Role, own: Role) -> Result<(), WireError> {
    if given.rank() > own.rank() { refuse("nobody gives a role above the own") } else { Ok(()) }
}

/// Several may be added at once, and a room has one owner.
fn one_owner(given: Role) -> Result<(), WireError> {
    if given == Role::Owner { refuse("an owner is made of a member, by its role") } else { Ok(()) }
}

fn stranger() -> WireError {
    ErrorCode::Forbidden.into()
}

fn refuse(why: &'static str) -> Result<(), WireError> {
    Err(WireError::new(ErrorCode::Forbidden, why))
}

#[cfg(test)]
mod tests;
