//! What each command does.
//!
//! Commands of one connection that change a room enter the committer's queue in the order in which they were
//! sent, whatever the rest of their work is: `join`, `send` without waiting for the answer in between works.

mod auth;
mod create;
mod device;
mod messages;
mod own;
mod pages;
mod presence;
mod rooms;
mod schedule;
mod search;
mod sessions;

use std::pin::Pin;
use std::sync::Arc;

use chat_protocol::{Command, ErrorCode, RoomId, UserId, WireError};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::link::Link;
use super::{Hub, unsupported};
use crate::error::unknown_outcome;
use crate::storage::{Append, Appended, Change, Standing};

pub(super) use messages::sent;
pub(super) use schedule::scheduled;

/// What a command gives in the end.
pub(crate) type Done = Result<Option<Box<RawValue>>, WireError>;

/// The rest of a command's work, after it took its place in the order.
pub(crate) type Rest = Pin<Box<dyn Future<Output = Done> + Send>>;

type Committed = oneshot::Receiver<Result<Appended, WireError>>;

/// Who asks: a session over its connection, or a request that has none.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    /// On whose behalf.
    pub(crate) user: UserId,
    /// The connection of the session.
    pub(crate) link: Option<Arc<Link>>,
    /// It is the operator's backend, which may do what users may not.
    pub(crate) operator: bool,
}

impl Asking {
    /// The session of an authenticated connection.
    pub(super) fn session(link: &Arc<Link>) -> Result<Self, WireError> {
        let user = link.user().cloned().ok_or(ErrorCode::NotAuthenticated)?;
        Ok(Self { user, link: Some(link.clone()), operator: false })
    }

    /// Number of the connection, or 0.
    fn origin(&self) -> u64 {
        self.link.as_ref().map_or(0, |link| link.number)
    }

    /// The connection, for commands that mean nothing without one.
    fn link(&self) -> Result<&Arc<Link>, WireError> {
        let needed =
            || WireError::new(ErrorCode::NotSupported, "this command needs a session with a connection");
        self.link.as_ref().ok_or_else(needed)
    }
}

impl Hub {
    /// Takes a command's place in the order; what is left to do comes back.
    ///
    /// Call it for one command of a connection after the other.
    pub(crate) async fn start_command(
        self: &Arc<Self>,
        asking: Asking,
        command: Command,
    ) -> Result<Rest, WireError> {
        let hub = self.clone();
        Ok(match command {
            Command::Create(create) => self.start_create(asking, *create).await?,
            Command::Join(join) => self.start_join(asking, join).await?,
            Command::Leave(leave) => self.start_leave(asking, leave.room).await?,
            Command::Invite(invite) => self.start_invite(asking, invite).await?,
            Command::Kick(kick) => self.start_change(asking, kick.room.clone(), rooms::kick(kick)).await?,
            Command::Ban(ban) => self.start_change(asking, ban.room.clone(), rooms::ban(ban)).await?,
            Command::Unban(unban) => {
                let change = Change::Unban { user: unban.user };
                self.start_change(asking, unban.room, change).await?
            }
            Command::Role(set) => self.start_change(asking, set.room.clone(), rooms::role(set)).await?,
            Command::Set(set) => self.start_set(asking, set).await?,
            Command::Edit(edit) => self.start_edit(asking, edit).await?,
            Command::Delete(delete) if delete.for_me => self.start_hide(asking, delete).await?,
            Command::Delete(delete) => {
                let change = Change::Delete { seq: delete.seq, own: true };
                self.start_change(asking, delete.room, change).await?
            }
            Command::React(react) => {
                let change = Change::React { seq: react.seq, emoji: react.emoji };
                self.start_change(asking, react.room, change).await?
            }
            Command::Unreact(unreact) => {
                let change = Change::Unreact { seq: unreact.seq, emoji: unreact.emoji };
                self.start_change(asking, unreact.room, change).await?
            }
            Command::Read(read) => self.start_read(asking, read).await?,
            Command::Delivered(delivered) => self.start_delivered(asking, delivered).await?,
            Command::MarkUnread(mark) => self.start_mark_unread(asking, mark).await?,
            Command::Block(block) => self.start_block(asking, block.user, true).await?,
            Command::Unblock(unblock) => self.start_block(asking, unblock.user, false).await?,
            Command::Device(device) => self.start_device(asking, device).await?,
            Command::Typing(typing) => self.typing(&asking, &typing).await.map(|()| done())?,
            Command::Away(away) => {
                self.set_away(asking.link()?, away.away);
                done()
            }
            Command::Sessions(_) => Box::pin(async move { hub.tell_sessions(&asking).await }),
            Command::Revoke(revoke) => Box::pin(async move { hub.revoke(&asking, revoke).await }),
            Command::Unfollow(unfollow) => {
                self.unfollow(asking.link()?, &unfollow.room);
                done()
            }
            Command::Unlisten(unlisten) => {
                self.unlisten(asking.link()?, &unlisten.user);
                done()
            }
            Command::Resume(resume) => {
                let link = asking.link()?.clone();
                Box::pin(async move { hub.resume(&link, resume).await.map(|()| None) })
            }
            Command::Follow(follow) => {
                let link = asking.link()?.clone();
                Box::pin(async move { hub.follow(&link, follow).await.map(|()| None) })
            }
            Command::Listen(listen) => {
                let link = asking.link()?.clone();
                Box::pin(async move { hub.start_listening(&link, asking.user, listen).await })
            }
            Command::History(history) => Box::pin(async move { hub.tell_history(&asking, history).await }),
            Command::Thread(thread) => Box::pin(async move { hub.tell_thread(&asking, thread).await }),
            Command::Members(members) => Box::pin(async move { hub.tell_members(&asking, members).await }),
            Command::Inbox(inbox) => Box::pin(async move { hub.tell_inbox(&asking, inbox).await }),
            Command::Blocks(blocks) => Box::pin(async move { hub.tell_blocks(&asking, blocks).await }),
            Command::Search(search) => Box::pin(async move { hub.tell_search(&asking, search).await }),
            Command::Send(send) if send.send_at.is_some() => self.start_schedule(asking, send).await?,
            Command::Cancel(cancel) => self.start_cancel(asking, cancel).await?,
            Command::Scheduled(query) => Box::pin(async move { hub.tell_scheduled(&asking, query).await }),
            // A `send` without `send_at` has a way of its own, and the session answers the other two.
            Command::Send(_) | Command::Auth(_) | Command::Ping(_) | Command::Unknown { .. } => {
                return Err(ErrorCode::UnknownCommand.into());
            }
            // `Command` grows with the protocol crate.
            other => return Err(unsupported::refused(other.kind())),
        })
    }

    /// Does a command for somebody without a connection, to its end.
    pub(crate) async fn ask(self: &Arc<Self>, asking: Asking, command: Command) -> Done {
        let send = match command {
            Command::Send(send) if send.send_at.is_none() => send,
            command => return self.start_command(asking, command).await?.await,
        };
        let append = self.message(&asking, send)?;
        sent(&stored(self.submit(append, asking.origin()).await?).await?)
    }

    /// Hands a change to the committer, which decides it.
    pub(in crate::hub) async fn change(
        &self,
        asking: &Asking,
        room: RoomId,
        change: Change,
    ) -> Result<Committed, WireError> {
        let now = self.providers.clock.now();
        let append = Append { room, by: asking.user.clone(), access_version: None, now, change };
        self.submit(append, asking.origin()).await
    }

    /// What a member is to a room, read now.
    pub(in crate::hub) async fn membership(
        &self,
        room: &RoomId,
        user: &UserId,
    ) -> Result<Standing, WireError> {
        let standing = self.providers.storage.standing(room, user).await;
        let standing = standing.map_err(|error| self.storage_failed(error))?;
        Ok(standing.filter(|standing| standing.role.is_some()).ok_or(ErrorCode::Forbidden)?)
    }

    /// What a member is to a room, or the operator, who is a member of none and sees all.
    pub(in crate::hub) async fn visible(
        &self,
        asking: &Asking,
        room: &RoomId,
    ) -> Result<Standing, WireError> {
        if !asking.operator {
            return self.membership(room, &asking.user).await;
        }
        let standing = self.providers.storage.standing(room, &asking.user).await;
        Ok(standing.map_err(|error| self.storage_failed(error))?.ok_or(ErrorCode::Forbidden)?)
    }
}

/// The answer to a change, once it is stored.
async fn stored(committed: Committed) -> Result<Appended, WireError> {
    committed.await.map_err(|_| unknown_outcome())?
}

/// A command that is done and has nothing to tell.
fn done() -> Rest {
    Box::pin(std::future::ready(Ok(None)))
}

fn data(data: &impl Serialize) -> Done {
    Ok(Some(serde_json::value::to_raw_value(data).map_err(|_| ErrorCode::Internal)?))
}
