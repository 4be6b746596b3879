//! Rooms: made, joined, followed, changed, and what they are to the user.

use chat_protocol::command::{self as wire, SettingsPatch};
use chat_protocol::reply::{RoomData, SetData};
use chat_protocol::{Patch, RoomId, Timestamp};

use super::{NewRoom, RoomChanges};
use crate::client::unnumbered;
use crate::{Client, Error, RoomHandle};

impl Client {
    /// Makes a room, of which the user becomes the owner. Repeated by the client itself after a lost connection, it
    /// makes one room. The answer says whether the room was there before, as a direct room may be.
    ///
    /// # Errors
    /// - [`Error::Refused`] with `ERR_ALREADY_EXISTS` when another room has this id, `ERR_FORBIDDEN_ACCESS` for a member who
    ///   blocks the user or is blocked, and for what only the operator says ([`NewRoom::desk`], [`NewRoom::number`],
    ///   [`NewRoom::owner`]), `ERR_NOT_FOUND` for a member whom the server does not know, `ERR_LIMIT_REACHED` for more members
    ///   than a room may have, `ERR_CLIENT_ID_CONFLICT` when the same name made another room before, `ERR_BAD_REQUEST` for
    ///   what is too long.
    /// - [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn create(&self, room: NewRoom) -> Result<RoomData, Error> {
        self.ask(room.command()?).await
    }

    /// Becomes a member of a room. Being one already is no error.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` when there is no such room, or it is entered by invitation
    /// only, or the user is banned: the server does not tell which; with `ERR_LIMIT_REACHED` when the room is full.
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn join(&self, room: RoomId) -> Result<RoomData, Error> {
        self.ask(wire::Join { id: unnumbered(), room }).await
    }

    /// Stops being a member of a room. Where the connection was lost and the user is no member any more, it is done.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` when the user is no member, and in direct rooms;
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn leave(&self, room: RoomId) -> Result<(), Error> {
        self.order(wire::Leave { id: unnumbered(), room }).await
    }

    /// Listens to a room of the user's that was left out ([`ClientEvent::LeftOut`](crate::ClientEvent::LeftOut)), or that
    /// [`unfollow`](Self::unfollow) left. A [`ClientEvent::Resumed`](crate::ClientEvent::Resumed) with its state comes before
    /// the answer, its events after. Following it already is no error.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for a room that is not the user's, `ERR_LIMIT_REACHED` when as many
    /// rooms are followed as the server allows, 1,000 by default: unfollow another first. [`Error::Timeout`],
    /// [`Error::Busy`], [`Error::Closed`].
    pub async fn follow(&self, room: RoomId) -> Result<(), Error> {
        self.order(wire::Follow { id: unnumbered(), room, offset: None, epoch: None }).await
    }

    /// Stops listening to a room; the user stays its member. It lasts for this connection: the next one follows the user's
    /// most recently active rooms again.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`]. A room that is not followed is no error.
    pub async fn unfollow(&self, room: RoomId) -> Result<(), Error> {
        self.order(wire::Unfollow { id: unnumbered(), room }).await
    }
}

impl RoomHandle {
    /// As [`Client::join`].
    ///
    /// # Errors
    /// As there.
    pub async fn join(&self) -> Result<RoomData, Error> {
        self.client().join(self.id().clone()).await
    }

    /// As [`Client::leave`].
    ///
    /// # Errors
    /// As there.
    pub async fn leave(&self) -> Result<(), Error> {
        self.client().leave(self.id().clone()).await
    }

    /// As [`Client::follow`].
    ///
    /// # Errors
    /// As there.
    pub async fn follow(&self) -> Result<(), Error> {
        self.client().follow(self.id().clone()).await
    }

    /// As [`Client::unfollow`].
    ///
    /// # Errors
    /// As there.
    pub async fn unfollow(&self) -> Result<(), Error> {
        self.client().unfollow(self.id().clone()).await
    }

    /// Changes the room's data; all members are told by a [`ClientEvent::Room`](crate::ClientEvent::Room). The same again
    /// changes nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who is no owner or admin, and at a desk no agent, and in direct
    /// rooms; with `ERR_BAD_REQUEST` for what is too long, and a status where there is no desk. [`Error::Timeout`],
    /// [`Error::Busy`], [`Error::Closed`].
    pub async fn set(&self, changes: RoomChanges) -> Result<SetData, Error> {
        let (id, room, data) = (unnumbered(), self.id().clone(), Some(changes.into()));
        self.client().ask(wire::Set { id, room, data, settings: None }).await
    }

    /// Changes what the room is to the user: several settings at once. All devices of the user are told.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who is no member; [`Error::Timeout`], [`Error::Busy`],
    /// [`Error::Closed`].
    pub async fn set_settings(&self, settings: SettingsPatch) -> Result<SetData, Error> {
        let (id, room, settings) = (unnumbered(), self.id().clone(), Some(settings));
        self.client().ask(wire::Set { id, room, data: None, settings }).await
    }

    /// No pushes of this room until then, but for mentions; `None`: pushes again.
    ///
    /// # Errors
    /// As [`set_settings`](Self::set_settings).
    pub async fn mute(&self, until: Option<Timestamp>) -> Result<SetData, Error> {
        let mute_until = until.map_or(Patch::Clear, Patch::Set);
        self.set_settings(SettingsPatch { mute_until, ..SettingsPatch::default() }).await
    }

    /// Puts the room on top of the user's list, or no longer.
    ///
    /// # Errors
    /// As [`set_settings`](Self::set_settings).
    pub async fn pin(&self, pinned: bool) -> Result<SetData, Error> {
        self.set_settings(SettingsPatch { pinned: Some(pinned), ..SettingsPatch::default() }).await
    }

    /// Takes the room out of the user's list until its next message, or puts it back.
    ///
    /// # Errors
    /// As [`set_settings`](Self::set_settings).
    pub async fn archive(&self, archived: bool) -> Result<SetData, Error> {
        self.set_settings(SettingsPatch { archived: Some(archived), ..SettingsPatch::default() }).await
    }
}
