//! Numbers and positions: `seq` counts messages, `offset` counts durable changes of a room, `user_offset`
//! counts durable changes that concern one user alone.
//!
//! All are dense integers from 1 to 2^53-1, so that JavaScript keeps them exact; 0 means "nothing yet".

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Greatest integer that every JSON reader keeps exact: 2^53-1.
pub const MAX_SAFE: u64 = (1 << 53) - 1;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $what:literal, $about:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u64);

        impl $name {
            /// Nothing yet: the value before the first.
            pub const ZERO: Self = Self(0);

            /// The number `value`, or `None` beyond 2^53-1.
            pub const fn new(value: u64) -> Option<Self> {
                if value <= MAX_SAFE { Some(Self(value)) } else { None }
            }

            /// The plain number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The number after this one.
            ///
            /// # Panics
            /// At 2^53-1: at a million a second that is 285 years away.
            #[must_use]
            pub const fn next(self) -> Self {
                assert!(self.0 < MAX_SAFE, "the last number was reached");
                Self(self.0 + 1)
            }

            /// The number before this one; 0 stays 0.
            #[must_use]
            pub const fn previous(self) -> Self {
                Self(self.0.saturating_sub(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Number;
                impl Visitor<'_> for Number {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "{}: an integer from 0 to {}", $what, MAX_SAFE)
                    }
                    fn visit_u64<E: de::Error>(self, value: u64) -> Result<$name, E> {
                        $name::new(value).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(value), &self))
                    }
                }
                deserializer.deserialize_u64(Number)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "integer",
                    "minimum": 0,
                    "maximum": MAX_SAFE,
                    "description": concat!("Number: ", $what, ".", $about),
                })
            }
        }
    };
}

number!(
    /// Number of a message in its room: 1, 2, 3, ... without gaps, never reused within an epoch. People count and
    /// point with it.
    Seq, "a message's number in its room", " Dense, from 1; 0 means nothing yet."
);
number!(
    /// Position of a durable change in its room's log: the same for every reader, so a hole always means loss.
    Offset, "a position in a room's log", " Dense, from 1; 0 means nothing yet."
);
number!(
    /// Position in one user's own log: rooms gained and lost, own pointers.
    UserOffset, "a position in a user's log", " Dense, from 1; 0 means nothing yet."
);

number!(
    /// Number of a group room in the whole server: the name that some older systems have for it.
    RoomNumber, "a room's number in the server", ""
);

/// What an arriving position is to a reader that stands at another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Exactly the next one: take it in.
    Next,
    /// Already taken in: drop it.
    Repeat,
    /// Something in between is missing: fetch it first.
    Hole,
}

impl Offset {
    /// What `arriving` is to a reader that has taken in everything up to `self`.
    ///
    /// ```
    /// use chat_protocol::{Arrival, Offset};
    /// let at = |n| Offset::new(n).unwrap();
    /// assert_eq!(at(5).arrival(at(6)), Arrival::Next);
    /// assert_eq!(at(5).arrival(at(5)), Arrival::Repeat);
    /// assert_eq!(at(5).arrival(at(7)), Arrival::Hole);
    /// ```
    pub fn arrival(self, arriving: Offset) -> Arrival {
        arrival(self.0, arriving.0)
    }
}

impl UserOffset {
    /// As [`Offset::arrival`], for the user log.
    pub fn arrival(self, arriving: UserOffset) -> Arrival {
        arrival(self.0, arriving.0)
    }
}

fn arrival(at: u64, arriving: u64) -> Arrival {
    match arriving {
        n if n <= at => Arrival::Repeat,
        n if n == at + 1 => Arrival::Next,
        _ => Arrival::Hole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_what_javascript_keeps_are_refused() {
        assert_eq!(serde_json::from_str::<Seq>("9007199254740991").unwrap().get(), MAX_SAFE);
        for bad in ["9007199254740992", "-1", "1.0", "1e3", "\"1\"", "null", "18446744073709551616"] {
            assert!(serde_json::from_str::<Seq>(bad).is_err(), "{bad}");
        }
    }
}
