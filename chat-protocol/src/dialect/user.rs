//! User ids where users have numbers.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::canonical_decimal;
use crate::{MAX_SAFE, UserId};

/// A user's id as the dialects with numbers for users write it: a JSON number when it is a canonical decimal (no leading
/// zero, at most 2^53-1), else a JSON string. On input `2` and `"2"` are the same id; fractions, exponents and larger
/// numbers are bad input.
///
/// Source: dialect reference (`docs/dialects.md`), section 1. Clients of these systems compare numbers.
///
/// ```
/// use chat_protocol::dialect::WireUser;
/// let two: WireUser = serde_json::from_str(r#""2""#).unwrap();
/// assert_eq!(serde_json::to_string(&two).unwrap(), "2");
/// let ann: WireUser = serde_json::from_str(r#""ann""#).unwrap();
/// assert_eq!(serde_json::to_string(&ann).unwrap(), r#""ann""#);
/// assert!(serde_json::from_str::<WireUser>("2.0").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WireUser(pub UserId);

impl From<UserId> for WireUser {
    fn from(user: UserId) -> Self {
        Self(user)
    }
}

impl Serialize for WireUser {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match canonical_decimal(self.0.as_str()) {
            Some(number) => serializer.serialize_u64(number),
            None => serializer.serialize_str(self.0.as_str()),
        }
    }
}

impl<'de> Deserialize<'de> for WireUser {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Id;
        impl Visitor<'_> for Id {
            type Value = WireUser;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a user id: an integer from 0 to 9007199254740991, or a string of 1 to 128 bytes")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<WireUser, E> {
                if number > MAX_SAFE {
                    return Err(E::custom("a user id is at most 9007199254740991"));
                }
                self.visit_str(&number.to_string())
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<WireUser, E> {
                UserId::new(text).map(WireUser).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Id)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for WireUser {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WireUser".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "User id: a number when it is one, else a string.",
            "oneOf": [
                { "title": "NumericUserId", "type": "integer", "minimum": 0, "maximum": MAX_SAFE },
                { "title": "TextUserId", "type": "string", "minLength": 1, "maxLength": UserId::MAX_BYTES },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_strings_of_digits_are_one_id() {
        for (input, written) in [
            ("0", "0"),
            ("2", "2"),
            (r#""2""#, "2"),
            ("9007199254740991", "9007199254740991"),
            (r#""9007199254740992""#, r#""9007199254740992""#),
            (r#""02""#, r#""02""#),
            (r#""-1""#, r#""-1""#),
            (r#""+1""#, r#""+1""#),
            (r#""a@b.c""#, r#""a@b.c""#),
        ] {
            let user: WireUser = serde_json::from_str(input).unwrap();
            assert_eq!(serde_json::to_string(&user).unwrap(), written, "{input}");
        }
    }

    #[test]
    fn other_numbers_are_bad_input() {
        for input in
            ["-1", "2.0", "2.5", "1e3", "9007199254740992", "18446744073709551616", "null", "true", r#""""#]
        {
            assert!(serde_json::from_str::<WireUser>(input).is_err(), "{input}");
        }
    }
}
