//! The envelope: one JSON object with one key that names the packet.
//!
//! `{"send": {...}}`, in the manner of the Haraj document, Tinode and Centrifugo. Keys that begin with `_` beside the
//! packet are reserved and ignored; a packet of an unknown kind is kept as it came, so that a newer peer never breaks
//! an older one.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};

/// A key beside or of a packet, recognised without being copied.
pub(crate) enum Key<K> {
    /// It names a packet of this version.
    Known(K),
    /// It names another packet.
    Unknown(String),
    /// It begins with `_`.
    Reserved,
}

/// Reads a key; the function knows the kinds of this version.
pub(crate) struct KeySeed<K>(pub(crate) fn(&str) -> Option<K>);

impl<'de, K> DeserializeSeed<'de> for KeySeed<K> {
    type Value = Key<K>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key<K>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<K> Visitor<'_> for KeySeed<K> {
    type Value = Key<K>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_str<E: de::Error>(self, key: &str) -> Result<Key<K>, E> {
        Ok(match (self.0)(key) {
            Some(kind) => Key::Known(kind),
            None if key.starts_with('_') => Key::Reserved,
            None => Key::Unknown(key.to_owned()),
        })
    }
}

/// Declares an enum of packets: one newtype variant per kind, and `Unknown`. What one of them is on the wire is said by
/// `$unit`, and `$title` ends the names that their schemas have.
macro_rules! packets {
    ($(#[$doc:meta])* $name:ident, $unit:literal, $title:literal, $expecting:literal { $($(#[$vdoc:meta])* $variant:ident($type:ty) = $kind:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant($type),)*
            /// A packet of a kind that this version does not know.
            Unknown {
                /// The key that named it.
                kind: String,
                /// Its value, as it came.
                raw: Box<serde_json::value::RawValue>,
            },
        }

        impl $name {
            /// Every kind, in the order of the declaration.
            pub const KINDS: &'static [&'static str] = &[$($kind),*];

            /// The key that names the packet.
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $kind,)*
                    Self::Unknown { kind, .. } => kind,
                }
            }
        }

        $(impl From<$type> for $name {
            fn from(packet: $type) -> Self {
                Self::$variant(packet)
            }
        })*

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(Some(1))?;
                match self {
                    $(Self::$variant(packet) => map.serialize_entry($kind, packet)?,)*
                    Self::Unknown { kind, raw } => map.serialize_entry(kind, raw)?,
                }
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use $crate::packet::Key;

                enum Kind {
                    $($variant,)*
                }

                impl Kind {
                    fn of(key: &str) -> Option<Self> {
                        match key {
                            $($kind => Some(Self::$variant),)*
                            _ => None,
                        }
                    }
                }

                struct Packet;
                impl<'de> serde::de::Visitor<'de> for Packet {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut found: Option<$name> = None;
                        while let Some(key) = map.next_key_seed($crate::packet::KeySeed(Kind::of))? {
                            let packet = match key {
                                Key::Reserved => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                    continue;
                                }
                                _ if found.is_some() => {
                                    return Err(serde::de::Error::custom("a frame holds exactly one packet"));
                                }
                                $(Key::Known(Kind::$variant) => $name::$variant(map.next_value()?),)*
                                Key::Unknown(kind) => $name::Unknown { kind, raw: map.next_value()? },
                            };
                            found = Some(packet);
                        }
                        found.ok_or_else(|| serde::de::Error::custom("a frame holds exactly one packet"))
                    }
                }
                deserializer.deserialize_map(Packet)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let variants: Vec<schemars::Schema> = vec![$(
                    schemars::json_schema!({
                        "title": concat!(stringify!($variant), $title),
                        "type": "object",
                        "required": [$kind],
                        "properties": { $kind: generator.subschema_for::<$type>() },
                    })
                ),*];
                schemars::json_schema!({
                    "oneOf": variants,
                    "description": concat!("One ", $unit, ": ", $expecting, "."),
                })
            }
        }
    };
}

pub(crate) use packets;
