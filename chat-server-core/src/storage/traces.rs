//! What one user has left behind: read by whoever wants to see it, and by who makes it go.

use async_trait::async_trait;
use chat_protocol::{RoomId, Seq, Timestamp, UserId};

use super::{StorageError, StoredMessage};

/// What one user has left behind, whatever others did.
///
/// A user is forgotten in many steps. [`OwnChange::Forget`](super::OwnChange::Forget) begins: from then on nothing new of the
/// user is stored, and a job of the kind [`JobKind::Forget`](super::JobKind::Forget) is there. In each room of
/// [`traces_of`](Self::traces_of) [`Change::Forget`](super::Change::Forget) is done until nothing is left there; what is the
/// user's alone goes by [`OwnChange::Erase`](super::OwnChange::Erase), and blocks of it are lifted by those who blocked.
/// [`OwnChange::Forgotten`](super::OwnChange::Forgotten) ends it. Every step finds what is left by itself, so that a process
/// may die between any two.
///
/// What stays is what rooms need to go on: the number, the place in the log and the author of each message, changes that the
/// user made to rooms and members, bans of the user, and a digest of each `client_msg_id` with its answer.
///
/// # Guarantees
/// - A user's messages are found in pages that meet, deleted ones included, in rooms that it left too
///   (`pages_of_a_users_messages_meet`).
/// - Rooms with traces of a user are those where it is a member, or something that it wrote, reacted with or hid is left, in
///   pages that meet (`traces_are_what_is_left_in_rooms`).
/// - What a user left in a room goes as if by itself, followers told (`a_forgotten_user_leaves_tombstones`), as much at a time
///   as was asked for (`a_room_forgets_a_user_bit_by_bit`), and its repeats are answered as before
///   (`a_repeat_survives_its_author`). Others' counts stay right (`counts_agree_with_the_rule`).
/// - Who is being forgotten does nothing new and is added nowhere (`who_is_being_forgotten_does_nothing_new`), until all that
///   was the user's alone is gone; then the user is like a new one, but for its log's positions, which go on
///   (`who_is_forgotten_is_new`).
/// - Who blocks a user is found (`blockers_are_found`).
#[async_trait]
pub trait TraceStore: Send + Sync {
    /// Messages of a user in all rooms, as they were stored, at most `limit`: within a room ascending, the rooms in an order
    /// of the store's own, and those after one of the messages. Not those that were forgotten with the user.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn written_by(
        &self,
        user: &UserId,
        after: Option<(&RoomId, Seq)>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StorageError>;

    /// Rooms that have something of a user's, in an order of the store's own, after one of them, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn traces_of(
        &self,
        user: &UserId,
        after: Option<&RoomId>,
        limit: usize,
    ) -> Result<Vec<RoomId>, StorageError>;

    /// Users who block a user, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn blockers_of(&self, user: &UserId, limit: usize) -> Result<Vec<UserId>, StorageError>;

    /// Since when a user is being forgotten; `None`: it is not, or not any more.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn forgetting(&self, user: &UserId) -> Result<Option<Timestamp>, StorageError>;
}
