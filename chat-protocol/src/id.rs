//! Identifiers: short opaque texts, checked once where they enter and trusted afterwards.
//!
//! Rule (our decision): 1 to `MAX_BYTES` bytes of UTF-8 without control characters. Nothing else is
//! forbidden, because the ids of the systems that we serve contain `@`, `:`, spaces and any script.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text cannot be an identifier. It never repeats the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The text is empty or too long.
    #[error("a {what} id of {bytes} bytes is out of bounds, 1 to {max} are allowed")]
    Length {
        /// Which id it is, for example `user`.
        what: &'static str,
        /// Length of the text in bytes.
        bytes: usize,
        /// Greatest length in bytes.
        max: usize,
    },
    /// The text holds a control character (U+0000 to U+001F, U+007F to U+009F).
    #[error("a {what} id must not hold control characters")]
    Control {
        /// Which id it is.
        what: &'static str,
    },
}

fn check(what: &'static str, text: &str, max: usize) -> Result<(), IdError> {
    if text.is_empty() || text.len() > max {
        return Err(IdError::Length { what, bytes: text.len(), max });
    }
    // Most ids are printable ASCII. Without an early exit that is seen in a few vector instructions.
    let printable = text.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    if !printable && text.chars().any(char::is_control) {
        return Err(IdError::Control { what });
    }
    Ok(())
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $described:literal) => {
        $(#[$doc])*
        ///
        /// Cloning copies a pointer. Serialised as a JSON string.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Greatest length in bytes.
            pub const MAX_BYTES: usize = $max;

            /// Checks `text` and makes it an id.
            ///
            /// # Errors
            /// [`IdError::Length`] outside 1 to `MAX_BYTES` bytes, [`IdError::Control`] for control characters.
            pub fn new(text: impl Into<Arc<str>> + AsRef<str>) -> Result<Self, IdError> {
                check($what, text.as_ref(), $max)?;
                Ok(Self(text.into()))
            }

            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = IdError;
            fn try_from(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "a {} id: a string of 1 to {} bytes", $what, $max)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::new(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "minLength": 1,
                    "maxLength": $max,
                    "pattern": r"^[^\u0000-\u001F\u007F-\u009F]*$",
                    "description": concat!($described, ": at most ", $max, " bytes of UTF-8, no control characters."),
                })
            }
        }
    };
}

text_id!(
    /// A user: an authenticated identity.
    UserId, "user", 128, "Opaque user id"
);
text_id!(
    /// A room: where messages are addressed. Direct rooms have a derived id, see [`RoomId::direct`].
    RoomId, "room", 320, "Opaque room id"
);
text_id!(
    /// A device: one installation of a user.
    DeviceId, "device", 128, "Opaque device id"
);
text_id!(
    /// A session: what survives a reconnect. Given by the server, hard to guess.
    SessionId, "session", 128, "Opaque session id"
);
text_id!(
    /// The sender's name for one command, repeated in its reply.
    RequestId, "request", 128, "Opaque request id"
);
text_id!(
    /// The sender's name for one message: the same name never stores a second message.
    ClientMsgId, "client_msg", 128, "Opaque client_msg id"
);
text_id!(
    /// The creator's name for one room: the same name never creates a second room.
    ClientRoomId, "client_room", 128, "Opaque client_room id"
);
text_id!(
    /// One life of the store's logs. Positions of different epochs cannot be compared.
    Epoch, "epoch", 64, "Opaque epoch id"
);

text_id!(
    /// A place in a list of several pages, as the server names it. Opaque, and good for this list only.
    Cursor, "cursor", 512, "A place in a list, as the server named it"
);
text_id!(
    /// A reaction: usually one emoji, or a name such as `:+1:`. The server compares the bytes and nothing else.
    Emoji, "reaction", 64, "A reaction, usually one emoji"
);

impl UserId {
    /// Who speaks where no user does: system messages of a room. No account has this id.
    pub const SYSTEM: &'static str = "~system";

    /// [`SYSTEM`](Self::SYSTEM) as an id.
    pub fn system() -> Self {
        Self(Self::SYSTEM.into())
    }

    /// Whether it is the server itself.
    pub fn is_system(&self) -> bool {
        self.as_str() == Self::SYSTEM
    }
}

impl RoomId {
    /// First character of every direct room's id; no other room may begin with it.
    pub const DIRECT_PREFIX: char = '~';

    /// The id of the one direct room of two users, in whichever order they are given; a user may be
    /// paired with itself.
    ///
    /// The form is `~`, the length of the first id in bytes, `.`, first id, `.`, second id. The length makes it
    /// unambiguous when an id contains a dot. Pairs of canonical decimals are in numeric order, others in byte
    /// order (the rule of the dialect reference, section 1).
    ///
    /// ```
    /// use chat_protocol::{RoomId, UserId};
    /// let (two, ten) = (UserId::new("2").unwrap(), UserId::new("10").unwrap());
    /// assert_eq!(RoomId::direct(&ten, &two).as_str(), "~1.2.10");
    /// assert_eq!(RoomId::direct(&ten, &two).direct_pair(), Some((two, ten)));
    /// ```
    pub fn direct(a: &UserId, b: &UserId) -> Self {
        let (first, second) = if pair_order(a.as_str(), b.as_str()).is_gt() { (b, a) } else { (a, b) };
        Self(format!("{}{}.{first}.{second}", Self::DIRECT_PREFIX, first.as_str().len()).into())
    }

    /// The two users of a direct room, in the order of its id; `None` for every other room.
    pub fn direct_pair(&self) -> Option<(UserId, UserId)> {
        let (length, rest) = self.0.strip_prefix(Self::DIRECT_PREFIX)?.split_once('.')?;
        let length: usize = length.parse().ok()?;
        let (first, second) = (rest.get(..length)?, rest.get(length..)?.strip_prefix('.')?);
        let (first, second) = (UserId::new(first).ok()?, UserId::new(second).ok()?);
        (Self::direct(&first, &second) == *self).then_some((first, second))
    }

    /// The other user of a direct room of `me`, who may be `me`; `None` for every other room.
    pub fn peer_of(&self, me: &UserId) -> Option<UserId> {
        let (first, second) = self.direct_pair()?;
        match (first == *me, second == *me) {
            (true, _) => Some(second),
            (_, true) => Some(first),
            _ => None,
        }
    }
}

/// Numeric order when both ids are canonical decimals, else byte order.
pub(crate) fn pair_order(a: &str, b: &str) -> std::cmp::Ordering {
    match (canonical_decimal(a), canonical_decimal(b)) {
        (Some(x), Some(y)) => x.cmp(&y),
        _ => a.as_bytes().cmp(b.as_bytes()),
    }
}

/// The number that `text` writes, if it has no sign, no leading zero and is at most 2^53-1.
pub(crate) fn canonical_decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    (canonical && number <= crate::seq::MAX_SAFE).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_bounded_and_free_of_control_characters() {
        assert!(UserId::new("a".repeat(128)).is_ok());
        assert_eq!(UserId::new(""), Err(IdError::Length { what: "user", bytes: 0, max: 128 }));
        assert_eq!(UserId::new("é".repeat(65)), Err(IdError::Length { what: "user", bytes: 130, max: 128 }));
        for text in ["a\0", "\u{1f}", "\u{7f}", "é\u{85}", "\u{9f}"] {
            assert_eq!(UserId::new(text), Err(IdError::Control { what: "user" }), "{text:?}");
        }
        assert!(UserId::new(" ~é\u{a0}").is_ok());
        assert!(serde_json::from_str::<UserId>("5").is_err());
    }

    #[test]
    fn a_direct_room_has_one_id_whatever_the_order() {
        for (a, b, id) in [
            ("1", "2", "~1.1.2"),
            ("9", "10", "~1.9.10"),
            ("01", "1", "~2.01.1"),
            ("a.b", "c", "~3.a.b.c"),
            ("a", "b.c", "~1.a.b.c"),
            ("7", "7", "~1.7.7"),
        ] {
            let (a, b) = (UserId::new(a).unwrap(), UserId::new(b).unwrap());
            assert_eq!(RoomId::direct(&a, &b).as_str(), id);
            assert_eq!(RoomId::direct(&b, &a).as_str(), id);
            let room = RoomId::direct(&a, &b);
            assert_eq!((room.peer_of(&a), room.peer_of(&b)), (Some(b.clone()), Some(a.clone())));
            assert_eq!(room.peer_of(&UserId::new("x").unwrap()), None);
            assert_eq!(room.direct_pair(), Some((a, b)));
        }
    }

    #[test]
    fn texts_that_only_look_like_direct_rooms_have_no_pair() {
        for id in ["lobby", "~", "~1.2.1", "~9.a.b", "~1.ab", "~x.a.b", "~1.é.b"] {
            assert_eq!(RoomId::new(id).unwrap().direct_pair(), None, "{id}");
        }
    }

    #[test]
    fn the_longest_users_still_have_a_direct_room() {
        let a = UserId::new("a".repeat(128)).unwrap();
        assert!(RoomId::new(RoomId::direct(&a, &a).as_str()).is_ok());
    }
}
