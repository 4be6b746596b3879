//! Moving read pointers.

use chat_protocol::Seq;
use chat_server_core::storage::{PointerMove, PointerMoved};
use rusqlite::{OptionalExtension, params};

use crate::codec::UserAction;
use crate::error::Result;
use crate::number::Number;
use crate::writer::Batch;

impl Batch<'_> {
    /// Moves one pointer forward, or says why not.
    pub(crate) fn advance(&mut self, step: &PointerMove) -> Result<PointerMoved> {
        let (Some(head), Some(row)) = (self.room(&step.room)?, self.user(&step.user)?) else {
            return Ok(PointerMoved::NotMember);
        };
        const SELECT: &str = "SELECT read FROM members WHERE room_ref = ?1 AND user_ref = ?2";
        let stands = self.statement(SELECT)?.query_row([head.room, row.user], |row| row.get(0)).optional()?;
        let Some(stands) = stands else { return Ok(PointerMoved::NotMember) };
        if step.read.get() > head.seq {
            return Ok(PointerMoved::BeyondHead);
        }
        if step.read.get() <= stands {
            return Ok(PointerMoved::Unchanged { read: Seq::read(stands)? });
        }
        // Reading ends a mark as unread, and what is read was delivered.
        const UPDATE: &str =
            "UPDATE members SET read = ?3, delivered = max(delivered, ?3), unread_from = NULL
            WHERE room_ref = ?1 AND user_ref = ?2";
        self.statement(UPDATE)?.execute(params![head.room, row.user, step.read.get()])?;
        let value = Some(step.read.get());
        let user_offset = self.log_user(&step.user, row, UserAction::Read, head.room, value, step.now)?;
        Ok(PointerMoved::Moved { read: step.read, user_offset })
    }
}
