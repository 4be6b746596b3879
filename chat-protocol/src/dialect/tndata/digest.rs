//! The name by which clients confirm a message.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A message's 128-bit key as 32 lower-case hexadecimal digits.
///
/// Source: dialect reference, section 3. The original hashed text, user and second, which gives two equal texts of one
/// second the same digest; here it is a key that no other message has.
///
/// ```
/// use chat_protocol::dialect::tndata::Digest;
/// let digest = Digest([0x58, 0x4d, 7, 0x23, 0x5f, 0xb9, 0xe4, 0xf2, 0xab, 0x2a, 0x2c, 0x0c, 0x24, 0x14, 0x21, 0x80]);
/// assert_eq!(digest.to_string(), "584d07235fb9e4f2ab2a2c0c24142180");
/// assert_eq!("584d07235fb9e4f2ab2a2c0c24142180".parse(), Ok(digest));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 16]);

/// The text is not 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 32 lower-case hexadecimal digits")]
pub struct DigestError;

impl From<[u8; 16]> for Digest {
    fn from(key: [u8; 16]) -> Self {
        Self(key)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    /// Upper-case digits are refused: the original compares texts, so they name no message there either.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let plain = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let key = if plain { u128::from_str_radix(text, 16).ok() } else { None };
        key.map(|key| Self(key.to_be_bytes())).ok_or(DigestError)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Digest;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a digest: 32 lower-case hexadecimal digits")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Digest, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digest".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The message's name in receipts, unique to it.",
            "type": "string",
            "pattern": "^[0-9a-f]{32}$",
        })
    }
}
