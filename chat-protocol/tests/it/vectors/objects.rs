//! Where a schema says object, a list of the members' values is none, in whatever order they stand.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::line::vectors;
use super::readers::reader;
use super::walk::schemas;

/// JSON whose objects keep their members in the order of the text, which is that of the fields of the type that wrote it.
enum Ordered {
    Object(Vec<(String, Ordered)>),
    Array(Vec<Ordered>),
    Scalar(serde_json::Value),
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Ordered;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Ordered::Object(members))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Ordered, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Ordered::Array(items))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
                Ok(Ordered::Scalar(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
                Ok(Ordered::Scalar(value.into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
                Ok(Ordered::Scalar(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Ordered, E> {
                Ok(Ordered::Scalar(value.into()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
                Ok(Ordered::Scalar(value.into()))
            }
            fn visit_unit<E>(self) -> Result<Ordered, E> {
                Ok(Ordered::Scalar(serde_json::Value::Null))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl Ordered {
    /// Writes it with the object number `listed` as a list of its values; gives the place of that one.
    fn write(&self, out: &mut String, place: &str, left: &mut Option<usize>) -> Option<String> {
        match self {
            Ordered::Scalar(value) => {
                out.push_str(&value.to_string());
                None
            }
            Ordered::Array(items) => {
                let items = items.iter().map(|item| (None, format!("{place}[]"), item));
                write_all(out, '[', items.collect(), left)
            }
            Ordered::Object(members) => {
                let listed = *left == Some(0);
                *left = left.and_then(|left| left.checked_sub(1));
                let named = members.iter().map(|(name, value)| {
                    ((!listed).then_some(name.as_str()), format!("{place}.{name}"), value)
                });
                let within = write_all(out, if listed { '[' } else { '{' }, named.collect(), left);
                if listed { Some(place.to_owned()) } else { within }
            }
        }
    }
}

fn write_all(
    out: &mut String,
    open: char,
    all: Vec<(Option<&str>, String, &Ordered)>,
    left: &mut Option<usize>,
) -> Option<String> {
    let (mut found, mut before) = (None, open);
    for (name, place, value) in all {
        out.push(before);
        before = ',';
        if let Some(name) = name {
            out.push_str(&format!("{}:", serde_json::Value::from(name)));
        }
        found = value.write(out, &place, left).or(found);
    }
    if before == open {
        out.push(open);
    }
    out.push(if open == '[' { ']' } else { '}' });
    found
}

/// What is the peers' own affair, and no object to us.
const OPAQUE: [&str; 2] = [".payload", ".data"];

#[test]
fn a_list_of_its_values_is_no_object() {
    let (schemas, mut tried, mut taken) = (schemas(), 0, Vec::new());
    for vector in vectors("native") {
        let read = reader(&vector.schema);
        let written = read(&vector.wire()).unwrap_or_else(|code| panic!("{}: {code}", vector.name)).written;
        let ordered: Ordered = serde_json::from_str(&written).unwrap();
        for n in 0.. {
            let mut text = String::new();
            let Some(place) = ordered.write(&mut text, "", &mut Some(n)) else { break };
            let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            let opaque = OPAQUE.iter().any(|name| place.ends_with(name));
            if opaque || schemas[vector.schema.as_str()].accepts(&value) {
                continue;
            }
            tried += 1;
            if read(&text).is_ok() {
                taken.push(format!("{}: {place}: {text}", vector.name));
            }
        }
    }
    assert!(taken.is_empty(), "{} are taken: {taken:#?}", taken.len());
    assert!(tried > 500, "{tried}");
}
