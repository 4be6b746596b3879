//! Who is in a room, who may do what there, and who may not come in.

use chat_protocol::command as wire;
use chat_protocol::reply::{BannedUser, InviteData, MembersPage};
use chat_protocol::{Member, Role, Timestamp, UserId};

use super::Pages;
use crate::client::unnumbered;
use crate::{Error, RoomHandle};

impl RoomHandle {
    /// The members: owners and admins first, then by id.
    ///
    /// # Errors
    /// As items: [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who is no member; [`Error::Timeout`], [`Error::Busy`],
    /// [`Error::Closed`].
    pub fn members(&self) -> Pages<Member> {
        self.members_of(false, |page| (page.members, page.next))
    }

    /// The users who may not become members, by id. One whose ban has ended is not among them.
    ///
    /// # Errors
    /// As items: [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who is no owner or admin; [`Error::Timeout`],
    /// [`Error::Busy`], [`Error::Closed`].
    pub fn banned(&self) -> Pages<BannedUser> {
        self.members_of(true, |page| (page.banned, page.next))
    }

    fn members_of<T: Send + 'static>(
        &self,
        banned: bool,
        split: fn(MembersPage) -> (Vec<T>, Option<chat_protocol::Cursor>),
    ) -> Pages<T> {
        let room = self.id().clone();
        let command = move |cursor, limit| {
            let (id, room) = (unnumbered(), room.clone());
            wire::Members { id, room, cursor, limit, banned }
        };
        Pages::new(self.client(), command, split)
    }

    /// Makes users members, 1 to 100 at once, in the role of those who join; gives those who were no members before.
    ///
    /// Repeated by the client itself after a lost connection, it may give fewer: those whom it added the first time were
    /// members by then.
    ///
    /// # Errors
    /// - [`Error::Refused`], and nobody is added: `ERR_FORBIDDEN_ACCESS` for who is no owner or admin, in direct rooms, and
    ///   when one of the users is banned or one of the two blocks the other; `ERR_NOT_FOUND` for a user whom the server does not
    ///   know; `ERR_LIMIT_REACHED` when the room has no place for all of them; `ERR_BAD_REQUEST` for nobody or too many.
    /// - [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn invite(&self, users: impl IntoIterator<Item = UserId>) -> Result<Vec<UserId>, Error> {
        self.invite_in(users.into_iter().collect(), None).await
    }

    /// As [`invite`](Self::invite), in a role that is not above the user's own and not `owner`.
    ///
    /// # Errors
    /// As [`invite`](Self::invite), and `ERR_FORBIDDEN_ACCESS` for a role that the user may not give.
    pub async fn invite_as(
        &self,
        users: impl IntoIterator<Item = UserId>,
        role: Role,
    ) -> Result<Vec<UserId>, Error> {
        self.invite_in(users.into_iter().collect(), Some(role)).await
    }

    async fn invite_in(&self, users: Vec<UserId>, role: Option<Role>) -> Result<Vec<UserId>, Error> {
        let (id, room) = (unnumbered(), self.id().clone());
        let data: InviteData = self.client().ask(wire::Invite { id, room, users, role }).await?;
        Ok(data.added)
    }

    /// Ends another's membership. The user may come back where the room is open: [`ban`](Self::ban) prevents that. The
    /// reason, at most 256 bytes, is told to the members.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who is no owner or admin above the user's role, and in direct
    /// rooms; `ERR_NOT_FOUND` when the user is no member, unless the client asked twice because the first answer was lost.
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn kick(&self, user: UserId, reason: Option<&str>) -> Result<(), Error> {
        let (id, room, reason) = (unnumbered(), self.id().clone(), reason.map(str::to_owned));
        self.client().order(wire::Kick { id, room, user, reason }).await
    }

    /// Keeps a user out of the room until then, or with `None` until [`unban`](Self::unban); a member is kicked first. The
    /// reason, at most 256 bytes, is told to the members. The same again changes nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who is no owner or admin above the user's role, and in direct
    /// rooms; `ERR_NOT_FOUND` for a user whom the server does not know. [`Error::Timeout`], [`Error::Busy`],
    /// [`Error::Closed`].
    pub async fn ban(
        &self,
        user: UserId,
        until: Option<Timestamp>,
        reason: Option<&str>,
    ) -> Result<(), Error> {
        let (id, room, reason) = (unnumbered(), self.id().clone(), reason.map(str::to_owned));
        self.client().order(wire::Ban { id, room, user, until, reason }).await
    }

    /// Lets a banned user in again; who is not banned is no error.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who is no owner or admin, and in direct rooms;
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn unban(&self, user: UserId) -> Result<(), Error> {
        self.client().order(wire::Unban { id: unnumbered(), room: self.id().clone(), user }).await
    }

    /// Gives a member another role; the one that it has is no error. Giving `owner` away makes the user an admin: a room has
    /// one owner.
    ///
    /// Should the answer to giving `owner` away be lost, and the room's own log too long to tell what happened since, it ends
    /// with `ERR_FORBIDDEN_ACCESS` although it was done: [`members`](Self::members) tells.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who is no owner or admin above the member's role and not below the
    /// new one, and in direct rooms; `ERR_NOT_FOUND` when the user is no member. [`Error::Timeout`], [`Error::Busy`],
    /// [`Error::Closed`].
    pub async fn set_role(&self, user: UserId, role: Role) -> Result<(), Error> {
        self.client().order(wire::SetRole { id: unnumbered(), room: self.id().clone(), user, role }).await
    }
}
