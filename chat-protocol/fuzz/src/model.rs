//! Plain ways to find out what the crate finds out in quick ones.

use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The text of a payload, by a parser.
pub fn text(payload: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Payload {
        text: String,
    }
    // A parser also makes structs of arrays.
    serde_json::from_str(payload).ok().map(|Payload { text }| text)
}

/// How many arrays and objects a parser enters one inside the other, and whether it takes the text in the end.
pub fn depth(json: &[u8]) -> (usize, bool) {
    let deepest = Cell::new(0);
    let mut parser = serde_json::Deserializer::from_slice(json);
    let read = Level { depth: 0, deepest: &deepest }.deserialize(&mut parser);
    (deepest.get(), read.is_ok() && parser.end().is_ok())
}

/// A value below `depth` arrays and objects.
#[derive(Clone, Copy)]
struct Level<'a> {
    depth: usize,
    deepest: &'a Cell<usize>,
}

impl Level<'_> {
    fn inside(self) -> Self {
        let depth = self.depth + 1;
        self.deepest.set(self.deepest.get().max(depth));
        Self { depth, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inside = self.inside();
        while seq.next_element_seed(inside)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inside = self.inside();
        while map.next_key_seed(inside)?.is_some() {
            map.next_value_seed(inside)?;
        }
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
