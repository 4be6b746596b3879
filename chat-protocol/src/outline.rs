//! What routing needs of a packet, borrowed from its frame.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::object::read_object;
use crate::{Offset, UserOffset, depth_within, limits};

/// What routing needs of a packet, whatever its kind: whose it is and where it stands. Nothing is copied.
///
/// For gateways, which hand frames on as they came, and for clients that meet a packet of a newer server: whatever has
/// `room` and `offset` is an entry of that room's log.
///
/// ```
/// use chat_protocol::Outline;
/// let frame = br#"{"weather":{"room":"r1","offset":58,"sunny":true}}"#;
/// let outline = Outline::read(frame).unwrap();
/// assert_eq!((&*outline.kind, outline.room.as_deref()), ("weather", Some("r1")));
/// assert_eq!(outline.offset.unwrap().get(), 58);
/// ```
#[derive(Debug, Clone)]
pub struct Outline<'a> {
    /// The key that names the packet.
    pub kind: Cow<'a, str>,
    /// The room.
    pub room: Option<Cow<'a, str>>,
    /// Position in the room's log.
    pub offset: Option<Offset>,
    /// Position in the user's own log.
    pub user_offset: Option<UserOffset>,
}

/// The fields of a body that an outline has.
#[derive(serde::Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    room: Option<Word<'a>>,
    #[serde(default)]
    offset: Option<Offset>,
    #[serde(default)]
    user_offset: Option<UserOffset>,
}

impl<'a> Outline<'a> {
    /// Reads the outline of a frame; `None` when it is no packet, which [`decode`](crate::decode) would explain.
    ///
    /// The frame is bounded as by [`decode_event`](crate::decode_event), and of the body nothing more is checked than that it is JSON.
    pub fn read(frame: &'a [u8]) -> Option<Self> {
        if frame.len() > limits::MAX_FRAME || !depth_within(frame, limits::MAX_DEPTH + limits::EVENT_DEPTH) {
            return None;
        }
        let Packet { kind, fields } = serde_json::from_str(std::str::from_utf8(frame).ok()?).ok()?;
        let Fields { room, offset, user_offset } = fields;
        Some(Self { kind, room: room.map(|word| word.0), offset, user_offset })
    }
}

/// The one packet of a frame.
struct Packet<'a> {
    kind: Cow<'a, str>,
    fields: Fields<'a>,
}

/// The body of a packet, which is an object.
struct Body<'a>(Fields<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Body<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer, "an object").map(Self)
    }
}

/// A text, borrowed where it has no escapes. (serde borrows no text within an `Option` otherwise.)
#[derive(serde::Deserialize)]
struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Packet<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Packet<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one object with one key that names the packet")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Packet<'de>, A::Error> {
                let mut found = None;
                while let Some(Word(kind)) = map.next_key()? {
                    if kind.starts_with('_') {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    if found.is_some() {
                        return Err(de::Error::custom("a frame holds exactly one packet"));
                    }
                    found = Some(Packet { kind, fields: map.next_value::<Body<'_>>()?.0 });
                }
                found.ok_or_else(|| de::Error::custom("a frame holds exactly one packet"))
            }
        }
        deserializer.deserialize_map(One)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_escapes_is_borrowed() {
        let outline = Outline::read(br#"{"_t":1,"send":{"id":"7","room":"r1","content":{}}}"#).unwrap();
        assert!(matches!(&outline.kind, Cow::Borrowed("send")));
        assert!(matches!(&outline.room, Some(Cow::Borrowed("r1"))));
        assert_eq!((outline.offset, outline.user_offset), (None, None));
        let escaped = Outline::read(br#"{"send":{"room":"r\"1"}}"#).unwrap();
        assert!(matches!(&escaped.room, Some(Cow::Owned(room)) if room == "r\"1"));
    }

    #[test]
    fn what_is_no_packet_has_no_outline() {
        let deep = format!(r#"{{"x":{{"a":{}{}}}}}"#, "[".repeat(100), "]".repeat(100));
        let long = format!(r#"{{"x":{{"a":"{}"}}}}"#, "x".repeat(limits::MAX_FRAME));
        for frame in [
            "",
            "{}",
            "[]",
            r#"{"a":{},"b":{}}"#,
            r#"{"a":5}"#,
            r#"{"a":{"room":5}}"#,
            r#"{"a":["r",6]}"#,
            r#"{"a":{"offset":-1}}"#,
            &deep,
            &long,
        ] {
            assert!(Outline::read(frame.as_bytes()).is_none(), "{frame:.80}");
        }
        assert!(Outline::read(b"{\"a\":{\"room\":\"\xff\"}}").is_none());
    }
}
