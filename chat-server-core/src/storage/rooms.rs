//! Rooms, their members, and what they are to each.

use async_trait::async_trait;
use chat_protocol::reply::InboxTotals;
use chat_protocol::{Access, Offset, Role, RoomId, RoomKind, RoomState, Seq, Timestamp, UserId};

use super::StorageError;

/// What a user is to a room: the facts on which it is decided what the user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What the room is for.
    pub kind: RoomKind,
    /// Who may join it.
    pub access: Access,
    /// The version of everybody's rights in it.
    pub access_version: u64,
    /// The user's role; `None`: no member.
    pub role: Option<Role>,
    /// What keeps the user from joining, or both sides of a direct room from writing.
    pub bar: Option<Bar>,
    /// The room is a desk, and the user is an agent of its organization.
    pub agent: bool,
    /// The room is a desk, and the user is its client.
    pub client: bool,
    /// The user, a member, may have reactions or hidden messages in it: only then
    /// [`MessageStore::marks`](super::MessageStore::marks) is worth asking.
    pub marked: bool,
    /// How many members there are.
    pub members: u64,
    /// Number of the newest message.
    pub seq: Seq,
    /// Number of the oldest message that the user, as a member, can read.
    pub oldest_seq: Seq,
    /// Head of the room's log. As long as it is the same, so is all of the room's history: whatever changes or erases
    /// messages moves it. It is never ahead of what [`MessageStore::history`](super::MessageStore::history) gives.
    pub offset: Offset,
}

/// What stands in a user's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// A ban, until then or until it is lifted.
    Banned {
        /// When it ends by itself.
        until: Option<Timestamp>,
    },
    /// In a direct room: the user blocks the other one.
    Blocks,
    /// In a direct room: the other one blocks the user.
    Blocked,
}

/// A room as one of its members sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    /// What the member is told.
    pub state: RoomState,
    /// The version of everybody's rights in it.
    pub access_version: u64,
    /// The first position of the room's log that the member may read.
    pub oldest_offset: Offset,
    /// Number of the newest message when it became a member: in every thread it has read as far at least.
    pub joined_seq: Seq,
    /// The newest message when the member's last socket of the room ended, as the last
    /// [`OwnChange::Split`](super::OwnChange::Split) said; `None`: not known. The member itself is not told.
    pub split: Option<Seq>,
}

/// A member of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberEntry {
    /// Who.
    pub user: UserId,
    /// The role.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
    /// Everything up to it has arrived at some device.
    pub delivered: Seq,
    /// Everything up to it is read.
    pub read: Seq,
}

/// A ban.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanEntry {
    /// Who may not become a member.
    pub user: UserId,
    /// Who said so.
    pub by: UserId,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub ts: Timestamp,
}

/// Which of a user's rooms, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoomsQuery {
    /// Only those that the user archived, or did not; `None`: all.
    pub archived: Option<bool>,
    /// Pinned ones first; else by activity alone.
    pub pinned_first: bool,
    /// Only rooms after this place.
    pub after: Option<Place>,
}

/// Where a room stands among a user's: rooms come in falling order of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Pinned, where that counts.
    pub pinned: bool,
    /// Number of the room's last change among all of the store's.
    pub active: u64,
}

/// What two users are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Relation {
    /// They have a direct room.
    pub direct: bool,
    /// They are members of some room together.
    pub shared: bool,
    /// The first blocks the second.
    pub blocks: bool,
    /// The second blocks the first.
    pub blocked: bool,
}

/// Rooms and members.
///
/// # Guarantees
/// - `standing` and `views` show every change that `append` has answered (`views_follow_appends`), and a new room as it
///   was asked for (`a_new_room_is_as_it_was_asked_for`). The head that `standing` tells is never ahead of what `history`
///   gives afterwards (`a_standing_is_never_ahead_of_the_history`).
/// - `access_version` grows when a right is taken away: somebody leaves, is removed or banned or gets a lower role, the
///   room becomes `invite` or its history `joined`, a side of a direct room blocks the other or ends that. Nothing else
///   moves it (`a_lost_right_bumps_the_access_version`).
/// - A direct room that one of its two was forgotten in is made whole by whoever makes it anew
///   (`a_direct_room_gets_its_side_back`).
/// - Adding spares members and refuses the barred (`adding_spares_members_and_refuses_the_barred`). Who removes, bans or
///   gives a role does so from above (`removing_needs_a_lower_role`, `a_ban_keeps_its_user_out`,
///   `roles_are_given_from_above`). An owner who leaves has an heir (`the_owner_passes_the_room_on`).
/// - Only what is different is set (`only_what_is_different_is_set`).
/// - With history `joined` a member reads nothing from before it joined (`joined_history_begins_at_joining`).
/// - Rooms come most recently active first, pinned ones before if so asked, and their pages meet
///   (`rooms_come_by_activity`, `pages_of_rooms_meet`).
/// - Unread and mentions are what [`chat_protocol::unread::count`] says of the room's messages that the member can read
///   (`unread_counts_others_after_the_pointer`, `mentions_call_users_or_the_room`, `counts_agree_with_the_rule`).
/// - `totals` leave out muted and archived rooms (`totals_leave_out_muted_and_archived_rooms`).
/// - Members come by role, then by id; their pages and those of bans meet (`pages_of_members_meet`, `pages_of_bans_meet`).
/// - The system sees every room (`the_system_sees_every_room`).
/// - A relation is told from the side that asks (`relations_have_two_sides`).
/// - Who was made an agent of an organization is one at all its desks, also at those that are made later, until that ends
///   (`agents_answer_for_their_organization`); an organization has at most [`chat_protocol::limits::MAX_AGENTS`]
///   (`agents_have_a_bound`). Nobody else joins a desk, but its client who left
///   (`only_agents_join_desks`).
/// - Who joins and who is added, all together, are no more than there may be, also at once (`members_have_a_bound`).
#[async_trait]
pub trait RoomStore: Send + Sync {
    /// What `user` is to `room`; `None` when there is no such room.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>, StorageError>;

    /// Rooms of a user with their places, most recently active first, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn rooms_of(
        &self,
        user: &UserId,
        query: RoomsQuery,
        limit: usize,
    ) -> Result<Vec<(RoomId, Place)>, StorageError>;

    /// The rooms as the user sees them, in the order asked; `None` where the user is no member. The system, which is nobody's
    /// member, sees every room as an owner who has read all of it.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>, StorageError>;

    /// Counts over all rooms of a user that are neither muted at `now` nor archived; mentions count in muted ones too.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn totals(&self, user: &UserId, now: Timestamp) -> Result<InboxTotals, StorageError>;

    /// Members of a room, from the highest role down and then by id, after that of a role and an id, at most `limit`;
    /// none when there is no such room.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn members(
        &self,
        room: &RoomId,
        after: Option<(Role, &UserId)>,
        limit: usize,
    ) -> Result<Vec<MemberEntry>, StorageError>;

    /// Bans of a room in order of ids after `after`, at most `limit`, also those whose time is over.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn bans(
        &self,
        room: &RoomId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<BanEntry>, StorageError>;

    /// What two users are to each other.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn relation(&self, a: &UserId, b: &UserId) -> Result<Relation, StorageError>;

    /// The agents of an organization in order of ids. They are written by
    /// [`UserLog::append_own`](super::UserLog::append_own), with [`OwnChange::Agent`](super::OwnChange::Agent).
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn agents(&self, organization: &str) -> Result<Vec<UserId>, StorageError>;

    /// Desks of an organization of which `user` is a member, but those where it is the client; at most `limit`.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn desks_of(
        &self,
        organization: &str,
        user: &UserId,
        limit: usize,
    ) -> Result<Vec<RoomId>, StorageError>;
}
