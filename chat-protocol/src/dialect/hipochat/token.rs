//! Tokens: those that name rooms, and where requests carry those that prove who asks.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::RoomId;

/// Why a text cannot be a room's token. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a room token is 1 to {} of the characters a-z A-Z 0-9 . : , _ -", RoomToken::MAX_BYTES)]
pub struct RoomTokenError;

/// The name of a room: 1 to 320 characters of `a-z A-Z 0-9 . : , _ -`. Whoever knows it may enter.
///
/// The original had no greatest length; ours is that of a room's id.
///
/// ```
/// use chat_protocol::dialect::hipochat::RoomToken;
/// let token = RoomToken::from_key([0xe5; 16]);
/// assert_eq!(token.as_str(), "e5e5e5e5-e5e5-e5e5-e5e5-e5e5e5e5e5e5");
/// assert!(RoomToken::new("room/1").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoomToken(Arc<str>);

impl RoomToken {
    /// Greatest length in bytes.
    pub const MAX_BYTES: usize = RoomId::MAX_BYTES;

    /// Checks `text` and makes it a token.
    ///
    /// # Errors
    /// When it is empty, too long, or has another character.
    pub fn new(text: impl Into<Arc<str>> + AsRef<str>) -> Result<Self, RoomTokenError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".:,_-".contains(&byte);
        let bytes = text.as_ref().as_bytes();
        if bytes.is_empty() || bytes.len() > Self::MAX_BYTES || !bytes.iter().copied().all(allowed) {
            return Err(RoomTokenError);
        }
        Ok(Self(text.into()))
    }

    /// The token of a new room, from 128 random bits: lower-case hex in groups of 8, 4, 4, 4 and 12.
    pub fn from_key(key: [u8; 16]) -> Self {
        let hex = format!("{:032x}", u128::from_be_bytes(key));
        let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        Self(format!("{a}-{b}-{c}-{d}-{e}").into())
    }

    /// The text of the token.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RoomToken {
    type Error = RoomTokenError;
    fn try_from(text: String) -> Result<Self, RoomTokenError> {
        Self::new(text)
    }
}

impl From<RoomToken> for String {
    fn from(token: RoomToken) -> Self {
        token.as_str().to_owned()
    }
}

impl fmt::Display for RoomToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RoomToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for RoomToken {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RoomToken".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": Self::MAX_BYTES,
            "pattern": "^[a-zA-Z0-9.:,_-]+$",
            "description": "Name of a room.",
        })
    }
}

/// The token of an `Authorization: Token <t>` header, which older clients spell `Authentication`. The scheme
/// may have any case (RFC 9110 section 11.1).
///
/// ```
/// use chat_protocol::dialect::hipochat::header_token;
/// assert_eq!(header_token("Token ann@example.org"), Some("ann@example.org"));
/// assert_eq!(header_token("Bearer ann"), None);
/// ```
pub fn header_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim_start();
    (scheme.eq_ignore_ascii_case("Token") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_tokens_have_few_characters_and_other_tokens_any() {
        for token in ["a", "A-z_0.9:,", &"x".repeat(320)] {
            assert_eq!(RoomToken::new(token).unwrap().as_str(), token);
        }
        for token in ["", "a b", "a/b", "a@b", "é", "a\n", &"x".repeat(321)] {
            assert_eq!(RoomToken::new(token), Err(RoomTokenError), "{token}");
        }
        for (header, token) in [
            ("Token abc", Some("abc")),
            ("token  a@b ", Some("a@b")),
            ("Token ", None),
            ("Token", None),
            ("Bearer abc", None),
            ("", None),
        ] {
            assert_eq!(header_token(header), token, "{header}");
        }
    }
}
