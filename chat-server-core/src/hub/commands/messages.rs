//! Messages: written, edited, hidden.

use std::sync::Arc;

use chat_protocol::command::{Delete, Edit, SendMessage};
use chat_protocol::reply::{SendData, SetData};
use chat_protocol::{Content, ContentError, ErrorCode, WireError};

use super::{Asking, Done, Rest, data};
use crate::hub::Hub;
use crate::storage::{Append, Appended, Change, NewMessage, OwnChange};

impl Hub {
    /// A message as a change of its room.
    pub(in crate::hub) fn message(&self, asking: &Asking, send: SendMessage) -> Result<Append, WireError> {
        self.check_message(asking, &send)?;
        // Whoever follows the room was found to be its member; others, and writers that are none, are decided by
        // the committer.
        // So is what hangs on another message, which may be from before the writer's time, and what calls everybody.
        let calls = send.mentions.as_ref().is_some_and(|mentions| mentions.room);
        let link = asking.link.as_ref().filter(|_| send.thread.is_none() && !calls);
        let grant = link.and_then(|link| link.grant(&send.room));
        let access_version =
            grant.filter(|grant| grant.role.may_write()).and_then(|grant| grant.access_version);
        let digest = send.digest();
        let SendMessage { room, client_msg_id, content, reply_to, thread, mentions, from, .. } = send;
        let injected = asking.operator;
        let by = from.unwrap_or_else(|| asking.user.clone());
        let new = NewMessage { content, reply_to, thread, mentions, injected, client_msg_id, digest };
        let change = Change::Message(new);
        Ok(Append { room, by, access_version, now: self.providers.clock.now(), change })
    }

    /// What holds of every message, whenever it is sent.
    pub(super) fn check_message(&self, asking: &Asking, send: &SendMessage) -> Result<(), WireError> {
        self.check_content(&send.content)?;
        if send.from.is_some() && !asking.operator {
            return Err(WireError::new(ErrorCode::Forbidden, "send.from: said by the operator"));
        }
        Ok(())
    }

    fn check_content(&self, content: &Content) -> Result<(), WireError> {
        content.check(self.config.max_content).map_err(|error| {
            let too_large = matches!(error, ContentError::TooLarge { .. });
            let code = if too_large { ErrorCode::TooLarge } else { ErrorCode::BadRequest };
            WireError::new(code, error.to_string())
        })
    }

    pub(super) async fn start_edit(&self, asking: Asking, edit: Edit) -> Result<Rest, WireError> {
        self.check_content(&edit.content)?;
        let change = Change::Edit { seq: edit.seq, content: edit.content };
        self.start_change(asking, edit.room, change).await
    }

    /// Deletes a message for the asker alone.
    pub(super) async fn start_hide(
        self: &Arc<Self>,
        asking: Asking,
        delete: Delete,
    ) -> Result<Rest, WireError> {
        let standing = self.membership(&delete.room, &asking.user).await?;
        if delete.seq < standing.oldest_seq {
            return Err(ErrorCode::MessageNotFound.into());
        }
        let hub = self.clone();
        Ok(Box::pin(async move {
            let change = OwnChange::Hide { room: delete.room, seq: delete.seq };
            let hidden = hub.own(&asking.user, change).await?;
            let ts = hub.providers.clock.now();
            data(&SetData { offset: None, user_offset: Some(hidden.user_offset), ts })
        }))
    }
}

/// What the sender of a stored message is told.
pub(in crate::hub) fn sent(appended: &Appended) -> Done {
    let Appended { seq, offset, duplicate, ts, .. } = *appended;
    data(&SendData { seq, offset, duplicate, ts })
}
