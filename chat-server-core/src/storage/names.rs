//! Other names of rooms and messages, by which formats of existing systems know them.

use async_trait::async_trait;
use chat_protocol::dialect::{MessageNames, RoomName};
use chat_protocol::{Access, Desk, DeskStatus, RoomId, RoomInfo, RoomKind, RoomNumber, Seq, Timestamp};

use super::{StorageError, StoredMessage};

/// A room as it is for everybody: what its names are, what it is for, when it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRecord {
    /// Its id.
    pub room: RoomId,
    /// What it is for.
    pub kind: RoomKind,
    /// Who may join.
    pub access: Access,
    /// Its number in the server.
    pub number: Option<RoomNumber>,
    /// 128 random bits, which it has from its beginning.
    pub key: u128,
    /// The text that was given to it as a name.
    pub alias: Option<String>,
    /// Name, picture and the like.
    pub info: RoomInfo,
    /// The support case that it is.
    pub desk: Option<Desk>,
    /// How many members it has.
    pub members: u64,
    /// Number of its newest message.
    pub seq: Seq,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its own data were last changed.
    pub updated_at: Timestamp,
}

impl RoomRecord {
    /// A direct room of which nothing is known but its id.
    pub(crate) fn bare(room: RoomId) -> Self {
        Self {
            room,
            kind: RoomKind::Direct,
            access: Access::Invite,
            number: None,
            key: 0,
            alias: None,
            info: RoomInfo::default(),
            desk: None,
            members: 0,
            seq: Seq::ZERO,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }
}

/// The name of a message in the whole server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageAlias {
    /// Its number.
    Num(u64),
    /// Its 128 random bits.
    Key(u128),
}

/// Which desks of an organization; all of them by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DesksQuery {
    /// Only those that stand so.
    pub status: Option<DeskStatus>,
    /// Only those made before this one; none, where there is no such room.
    pub before: Option<RoomId>,
}

/// Finds rooms and messages by the names that formats of existing systems have for them. A room is found by its id, its
/// number, its alias and, as a UUID in lower case, its key: all of them are names ([`RoomName`]).
///
/// # Guarantees
/// - A room is found by each of its names from the moment it is there, and a name is one room's for ever
///   (`every_name_finds_its_room`). An alias that is taken, also as another room's key, refuses the creation
///   (`an_alias_is_given_once`).
/// - A record says what is true now (`records_follow_changes`).
/// - A message is found by `num` and `key` as long as it is there, also when its text was deleted
///   (`every_name_finds_its_message`).
/// - By a time is found the first message that is not older; order in a room is order in time (`times_find_their_message`).
/// - Desks of an organization come newest first, by their status if so asked, in pages that meet
///   (`desks_come_newest_first`).
#[async_trait]
pub trait AliasStore: Send + Sync {
    /// The room of a name; `None`: there is none.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn room_named(&self, name: &RoomName) -> Result<Option<RoomId>, StorageError>;

    /// Rooms as they are for everybody, one answer for each; `None`: there is none.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn records(&self, rooms: &[RoomId]) -> Result<Vec<Option<RoomRecord>>, StorageError>;

    /// The message of a name; `None`: there is none, or it was purged.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn message_named(&self, name: MessageAlias) -> Result<Option<StoredMessage>, StorageError>;

    /// Number of a room's first message that was stored at this time or later, of those that are there; `None`: there is
    /// none.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn seq_at(&self, room: &RoomId, ts: Timestamp) -> Result<Option<Seq>, StorageError>;

    /// Desks of an organization that are asked for, those made last first, at most so many.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn desks(
        &self,
        organization: &str,
        query: &DesksQuery,
        limit: usize,
    ) -> Result<Vec<RoomId>, StorageError>;
}

impl StoredMessage {
    /// The message's three names.
    pub fn names(&self) -> MessageNames {
        MessageNames { seq: self.message.seq, num: self.num, key: self.key.to_be_bytes() }
    }
}

/// A room's key as its name: 8-4-4-4-12 hexadecimal digits in lower case.
pub fn key_name(key: u128) -> String {
    let digits = format!("{key:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// The key that such a name is.
pub fn key_of_name(name: &str) -> Option<u128> {
    let digits: String = name.split('-').collect();
    let plain = digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let key = plain.then(|| u128::from_str_radix(&digits, 16).ok())??;
    (key_name(key) == name).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_name() {
        let name = "00c2a1b3-0000-4577-8cbd-7fd5f0cddbdf";
        let key = key_of_name(name).unwrap();
        assert_eq!((key, key_name(key).as_str()), (0x00c2_a1b3_0000_4577_8cbd_7fd5_f0cd_dbdf, name));
        for other in
            ["", "00C2A1B3-0000-4577-8cbd-7fd5f0cddbdf", "00c2a1b3000045778cbd7fd5f0cddbdf", &name[1..]]
        {
            assert_eq!(key_of_name(other), None, "{other}");
        }
    }
}
