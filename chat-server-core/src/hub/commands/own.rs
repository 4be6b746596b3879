//! What is one user's alone: pointers, marks, blocks.

use std::sync::Arc;

use chat_protocol::command::{MarkDelivered, MarkRead, MarkUnread};
use chat_protocol::reply::ReadData;
use chat_protocol::{ErrorCode, RequestId, RoomId, Seq, UserId, WireError};

use super::{Asking, Rest, data, done};
use crate::hub::Hub;
use crate::hub::own::BEYOND_HEAD;
use crate::room::policy;
use crate::storage::{Bar, OwnChange, Pointer, Standing};

impl Hub {
    pub(super) async fn start_read(
        self: &Arc<Self>,
        asking: Asking,
        read: MarkRead,
    ) -> Result<Rest, WireError> {
        let pointer = if read.private { Pointer::ReadPrivate } else { Pointer::Read };
        let MarkRead { id, room, seq, thread, .. } = read;
        self.start_move(asking, id, OwnChange::Move { room, pointer, thread, seq }).await
    }

    pub(super) async fn start_delivered(
        self: &Arc<Self>,
        asking: Asking,
        delivered: MarkDelivered,
    ) -> Result<Rest, WireError> {
        let MarkDelivered { id, room, seq } = delivered;
        let change = OwnChange::Move { room, pointer: Pointer::Delivered, thread: None, seq };
        self.start_move(asking, id, change).await
    }

    /// Moves a pointer. Who gives no id does not wait for it to be stored.
    async fn start_move(
        self: &Arc<Self>,
        asking: Asking,
        id: Option<RequestId>,
        mut change: OwnChange,
    ) -> Result<Rest, WireError> {
        if let OwnChange::Move { room, seq, thread, pointer } = &mut change {
            let standing = self.check_pointer(room, &asking.user, *seq).await?;
            if thread.is_some_and(|root| root < standing.oldest_seq) {
                return Err(ErrorCode::MessageNotFound.into());
            }
            match pointer {
                Pointer::Read => *pointer = policy::read_pointer(&standing),
                Pointer::Delivered if standing.bar == Some(Bar::Blocks) => {
                    let answer = id.map(|_| data(&ReadData { read: *seq })).unwrap_or(Ok(None));
                    return Ok(Box::pin(std::future::ready(answer)));
                }
                Pointer::Delivered | Pointer::ReadPrivate => {}
            }
        }
        if id.is_none() {
            self.own_later(&asking.user, change).await?;
            return Ok(done());
        }
        let wait = self.start_own(&asking.user, change).await?;
        Ok(Box::pin(async move { data(&ReadData { read: Self::own_stored(wait).await?.at }) }))
    }

    /// Checked here and not where pointers are gathered: one that is wrong must not spoil the others.
    async fn check_pointer(&self, room: &RoomId, user: &UserId, seq: Seq) -> Result<Standing, WireError> {
        let standing = self.membership(room, user).await?;
        match seq > standing.seq {
            true => Err(WireError::new(ErrorCode::BadRequest, BEYOND_HEAD)),
            false => Ok(standing),
        }
    }

    pub(super) async fn start_mark_unread(
        self: &Arc<Self>,
        asking: Asking,
        mark: MarkUnread,
    ) -> Result<Rest, WireError> {
        self.check_pointer(&mark.room, &asking.user, mark.seq).await?;
        let change = OwnChange::MarkUnread { room: mark.room, from: mark.seq };
        let wait = self.start_own(&asking.user, change).await?;
        Ok(Box::pin(async move { Self::own_stored(wait).await.map(|_| None) }))
    }

    pub(super) async fn start_block(
        self: &Arc<Self>,
        asking: Asking,
        user: UserId,
        block: bool,
    ) -> Result<Rest, WireError> {
        if user == asking.user {
            return Err(WireError::new(ErrorCode::BadRequest, "user: nobody blocks oneself"));
        }
        // What the server does in its own name would not reach its user any more: cases, invitations, rooms made for it.
        if block && user.is_system() {
            return Err(WireError::new(ErrorCode::BadRequest, "user: nobody blocks the server itself"));
        }
        let change = if block { OwnChange::Block { user } } else { OwnChange::Unblock { user } };
        let wait = self.start_own(&asking.user, change).await?;
        Ok(Box::pin(async move { Self::own_stored(wait).await.map(|_| None) }))
    }
}
