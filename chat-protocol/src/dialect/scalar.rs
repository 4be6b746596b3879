//! Values of keys whose type matters only once the rest of a frame is known.
//!
//! A frame may hold anything in any place, and trees of values take up to a hundred times the memory of their text. This
//! reader keeps what a key can mean, and goes over all else.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::dialect::WireUser;
use crate::{MAX_SAFE, UserId};

/// One value, of which only texts and numbers from 0 are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scalar {
    Null,
    Number(u64),
    Text(String),
    /// A truth value, another number, an array or an object.
    Other,
}

impl Scalar {
    /// The text that it is.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The user that it names.
    pub(super) fn user(self) -> Option<WireUser> {
        let id = match self {
            Self::Number(number) if number <= MAX_SAFE => number.to_string(),
            Self::Text(text) => text,
            _ => return None,
        };
        UserId::new(id).ok().map(WireUser)
    }

    /// A key that is there, even with null. Without this, null is the same as no key.
    pub(super) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::deserialize(deserializer).map(Some)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
                Ok(Scalar::Other)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
                Ok(Scalar::Other)
            }
            fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar::Number(number))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
                Ok(Scalar::Other)
            }
            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }
            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Null)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_text_nor_number_is_gone_over() {
        for (json, value) in [
            ("null", Scalar::Null),
            ("0", Scalar::Number(0)),
            ("18446744073709551615", Scalar::Number(u64::MAX)),
            (r#""\u0041""#, Scalar::Text("A".to_owned())),
            ("-1", Scalar::Other),
            ("1.0", Scalar::Other),
            ("true", Scalar::Other),
            (r#"["a",{"b":[null]}]"#, Scalar::Other),
            (r#"{"a":"b","a":{}}"#, Scalar::Other),
        ] {
            assert_eq!(serde_json::from_str::<Scalar>(json).unwrap(), value, "{json}");
        }
        assert!(serde_json::from_str::<Scalar>("[1").is_err());
    }

    #[test]
    fn a_user_is_the_same_as_where_users_are_typed() {
        for json in
            ["0", "9007199254740991", "9007199254740992", "-1", "1.0", r#""ann""#, r#""""#, "null", "[]"]
        {
            let typed = serde_json::from_str::<WireUser>(json).ok();
            assert_eq!(serde_json::from_str::<Scalar>(json).unwrap().user(), typed, "{json}");
        }
    }
}
