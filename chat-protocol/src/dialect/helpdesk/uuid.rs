//! Ids of desks, clients and messages.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 128 bits, written as 32 lower-case hexadecimal digits in groups of 8, 4, 4, 4 and 12. Read in either case,
/// with all hyphens or none. The bits of a message's id are its `key`.
///
/// Source: dialect reference (`docs/dialects.md`), section 1, "One message, three names".
///
/// ```
/// use chat_protocol::dialect::helpdesk::Uuid;
/// let json = r#""0b9c1d2e-3f40-4152-8637-48596a7b8c9d""#;
/// let uuid: Uuid = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&uuid).unwrap(), json);
/// assert_eq!("0B9C1D2E3F404152863748596A7B8C9D".parse(), Ok(uuid));
/// assert!("0b9c1d2e".parse::<Uuid>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

/// A text that is no UUID. Over HTTP it is answered as an unknown one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct UuidError;

const DIGITS: usize = 32;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Uuid {
    type Err = UuidError;
    fn from_str(text: &str) -> Result<Self, UuidError> {
        let hyphens = if text.len() == DIGITS { &[][..] } else { &HYPHENS[..] };
        if text.len() != DIGITS + hyphens.len() {
            return Err(UuidError);
        }
        let mut bits = 0_u128;
        for (place, byte) in text.bytes().enumerate() {
            if hyphens.contains(&place) {
                if byte != b'-' {
                    return Err(UuidError);
                }
            } else {
                let digit = char::from(byte).to_digit(16).ok_or(UuidError)?;
                bits = bits << 4 | u128::from(digit);
            }
        }
        Ok(Self(bits.to_be_bytes()))
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Uuid;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a UUID such as 0b9c1d2e-3f40-4152-8637-48596a7b8c9d")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Uuid, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Uuid {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Uuid".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "uuid",
            "description": "128 bits in groups of 8, 4, 4, 4 and 12 hexadecimal digits.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_spellings_are_read() {
        for (text, good) in [
            ("0b9c1d2e-3f40-4152-8637-48596a7b8c9d", true),
            ("0B9C1D2E-3F40-4152-8637-48596A7B8C9D", true),
            ("0b9c1d2e3f404152863748596a7b8c9d", true),
            ("", false),
            ("{0b9c1d2e-3f40-4152-8637-48596a7b8c9d}", false),
            ("0b9c1d2e-3f40-4152-8637-48596a7b8c9", false),
            ("0b9c1d2e-3f40-4152-8637-48596a7b8c9dd", false),
            ("0b9c1d2e-3f40-4152-8637048596a7b8c9d", false),
            ("0b9c1d2e-3f40-4152--63748596a7b8c9d0", false),
            ("+b9c1d2e3f404152863748596a7b8c9d", false),
            ("0b9c1d2e-3f4041528637-48596a7b8c9d", false),
            ("\u{660}b9c1d2e3f404152863748596a7b8c9", false),
        ] {
            assert_eq!(text.parse::<Uuid>().is_ok(), good, "{text}");
        }
    }
}
