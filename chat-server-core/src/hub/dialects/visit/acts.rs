//! What the user does: writes, deletes, reads, hides, tells that it writes.

use chat_protocol::command::{Delete, MarkRead, SendMessage, Set, SettingsPatch, Typing};
use chat_protocol::dialect::RoomName;
use chat_protocol::{Content, ErrorCode, Seq, SessionId, WireError};

use super::Visit;
use crate::Error;
use crate::dialects::ShownMessage;
use crate::hub::dialects::ask::id;
use crate::hub::dialects::facts::Facts;
use crate::hub::unavailable;
use crate::room::policy;
use crate::storage::Change;

impl Visit {
    /// Writes a message in a room that is there. Where the format says so, of the user's own sockets those are told of it that
    /// are not of the session that it names, which need not be there any more; when it names none, none is.
    ///
    /// Files that were [promised a place](Self::promise_upload) become the room's: the content is stored with other addresses.
    ///
    /// # Errors
    /// As the native command: `Forbidden`, `RateLimited`, `TooLarge`.
    pub async fn send(
        &self,
        name: &RoomName,
        content: Content,
        session: Option<&str>,
    ) -> Result<ShownMessage, Error> {
        self.write(name, content, session, false).await
    }

    /// Writes a message as an application's own, which formats that know such ones tell apart.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn inject(&self, name: &RoomName, content: Content) -> Result<ShownMessage, Error> {
        self.write(name, content, None, true).await
    }

    async fn write(
        &self,
        name: &RoomName,
        content: Content,
        session: Option<&str>,
        injected: bool,
    ) -> Result<ShownMessage, Error> {
        let (room, _) = self.room(name).await?;
        let mut send = SendMessage::new(id(), room.clone(), content);
        self.hub.admit(&self.asking, &send.clone().into())?;
        send.content = self.bring_files(&room, send.content).await?;
        let mut append = self.hub.message(&self.asking, send)?;
        if let Change::Message(new) = &mut append.change {
            new.injected |= injected;
        }
        let committed = self.hub.submit(append, self.origin(session)).await?;
        let seq = committed.await.map_err(|_| unavailable())??.seq;
        if !injected {
            self.hub.read_on_entry(self.port, self.user(), &room, Some(seq)).await;
        }
        let stored = self.hub.message_at(&room, seq).await?.ok_or(ErrorCode::MessageNotFound)?;
        let shown = Facts::new(&self.hub, self.user()).show_all(vec![stored]).await?.pop();
        Ok(shown.ok_or(ErrorCode::Forbidden)?)
    }

    /// The connection that something is said to come from: that of a session of the user's, or none when that is gone.
    /// Without a session it is the port's own, which stands for all of the user's.
    fn origin(&self, session: Option<&str>) -> u64 {
        let Some(session) = session else { return self.hub.sockets.ghosts[self.port.0] };
        let session = SessionId::new(session).ok();
        session.and_then(|session| self.hub.connection_of(self.user(), &session)).unwrap_or(0)
    }

    /// Deletes a message of the user's own for everyone.
    ///
    /// # Errors
    /// `Forbidden` when the room is not the user's, `MessageNotFound` when there is no such message of its own.
    pub async fn delete(&self, name: &RoomName, seq: Seq) -> Result<(), Error> {
        let (room, _) = self.room(name).await?;
        let found = self.hub.message_at(&room, seq).await?;
        let is_mine = |found: &crate::storage::StoredMessage| {
            found.message.from == *self.user() && found.message.deleted_at.is_none()
        };
        if !found.is_some_and(|found| is_mine(&found)) {
            return Err(ErrorCode::MessageNotFound.into());
        }
        self.command(Delete { id: id(), room, seq, for_me: false }).await.map(drop)
    }

    /// Messages of others are read, and with each all before it. Says of each whether it is there and another's.
    ///
    /// # Errors
    /// `Forbidden` when there is no such room or it is not the user's.
    pub async fn confirm(&self, name: &RoomName, seqs: &[Seq]) -> Result<Vec<bool>, Error> {
        let (room, standing) = self.room(name).await?;
        let mut there = Vec::with_capacity(seqs.len());
        for seq in seqs {
            let found = self.hub.message_at(&room, *seq).await?.filter(|_| *seq >= standing.oldest_seq);
            there.push(found.is_some_and(|found| found.message.from != *self.user()));
        }
        let read = seqs.iter().zip(&there).filter(|(_, there)| **there).map(|(seq, _)| *seq).max();
        if let Some(seq) = read {
            self.command(MarkRead { id: Some(id()), room, seq, thread: None, private: false }).await?;
        }
        Ok(there)
    }

    /// Everything in a room is read.
    ///
    /// # Errors
    /// `Forbidden` when there is no such room or it is not the user's.
    pub async fn read_all(&self, name: &RoomName) -> Result<(), Error> {
        let (room, standing) = self.room(name).await?;
        let (id, seq) = (Some(id()), standing.seq);
        self.command(MarkRead { id, room, seq, thread: None, private: false }).await.map(drop)
    }

    /// A room is out of the user's list until its next message.
    ///
    /// # Errors
    /// `Forbidden` when there is no such room or it is not the user's.
    pub async fn hide(&self, name: &RoomName) -> Result<(), Error> {
        let (room, _) = self.room(name).await?;
        let settings = Some(SettingsPatch { archived: Some(true), ..SettingsPatch::default() });
        self.command(Set { id: id(), room, data: None, settings }).await.map(drop)
    }

    /// The user writes in a room, or stopped. Without a word it ends by its time, or by its message.
    ///
    /// # Errors
    /// `Forbidden` when the room is not the user's, or it may not write there.
    pub async fn typing(&self, name: &RoomName, start: bool) -> Result<(), Error> {
        let (room, standing) = self.room(name).await?;
        let typing = Typing { id: Some(id()), room, stop: !start, thread: None };
        self.hub.admit(&self.asking, &typing.clone().into())?;
        policy::may_write(&standing, standing.role.ok_or(WireError::from(ErrorCode::Forbidden))?)?;
        self.hub.tell_typing_of(self.hub.sockets.ghosts[self.port.0], self.user(), &typing);
        Ok(())
    }
}
