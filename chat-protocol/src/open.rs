//! Words of a list that a newer peer may have added to.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::StrDeserializer;
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// A word as it travels: one of our list, or one that only the peer knows, kept as it came.
///
/// Lists that a server writes grow, and an older client must not lose a packet over a word that it has never heard. What
/// clients write is not open: there an unknown word is bad input.
///
/// ```
/// use chat_protocol::{Open, Role};
/// let role: Open<Role> = serde_json::from_str("\"admin\"").unwrap();
/// assert_eq!(role, Role::Admin);
/// let newer: Open<Role> = serde_json::from_str("\"moderator\"").unwrap();
/// assert_eq!(newer.known(), None);
/// assert_eq!(serde_json::to_string(&newer).unwrap(), "\"moderator\"");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Open<T> {
    /// A word of our list.
    Known(T),
    /// A word of a newer peer.
    Other(Box<str>),
}

impl<T: Copy> Open<T> {
    /// The word, if our list has it.
    pub fn known(&self) -> Option<T> {
        match self {
            Open::Known(word) => Some(*word),
            Open::Other(_) => None,
        }
    }
}

impl<T> From<T> for Open<T> {
    fn from(word: T) -> Self {
        Open::Known(word)
    }
}

impl<T: PartialEq> PartialEq<T> for Open<T> {
    fn eq(&self, other: &T) -> bool {
        matches!(self, Open::Known(word) if word == other)
    }
}

impl<T: Serialize> Serialize for Open<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Open::Known(word) => word.serialize(serializer),
            Open::Other(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Open<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word<T>(PhantomData<T>);
        impl<T: DeserializeOwned> Visitor<'_> for Word<T> {
            type Value = Open<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Open<T>, E> {
                let known = T::deserialize(StrDeserializer::<de::value::Error>::new(text));
                Ok(known.map_or_else(|_| Open::Other(text.into()), Open::Known))
            }
        }
        deserializer.deserialize_str(Word(PhantomData))
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Open<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Open{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [generator.subschema_for::<T>(), { "type": "string" }],
        })
    }
}
