//! Nothing that the schemas describe lacks a vector: no type, no field present, no optional field absent, no
//! alternative, no word.

use std::collections::BTreeSet;

use serde_json::Value;

use super::line::{FORMATS, vectors};
use super::walk::{CHOICES, Place, Schema, schemas};

/// What has no vector of its own, each with the reason.
const EXEMPT: [(&str, &str); 5] = [
    // A server never says `unknown`: the word stands for those of a newer one, which `forward.jsonl` has.
    ("native", "PresenceUnknown"),
    ("native", "Presence/oneOf/5"),
    ("native", "UserChangedUnknown"),
    ("native", "UserChanged/oneOf/12"),
    // The list is always empty.
    ("chats", "NoMessage.files[]"),
];

/// What a schema has to show, or what a document shows of it.
#[derive(Default)]
pub(crate) struct Shown(BTreeSet<String>);

impl Shown {
    /// Adds what a document of the schema at a path shows.
    pub(crate) fn add(&mut self, path: &str, instance: &Value) {
        let schema = &schemas()[path];
        self.say(schema.path.to_owned());
        schema.walk(instance, &mut |place| {
            note(place, self);
            forms(schema, place, self);
        });
    }

    /// What the schemas of a format describe and no document has shown.
    pub(crate) fn lacks(&self, format: &str) -> BTreeSet<String> {
        let of = |path: &&str| folder(format).iter().any(|folder| path.starts_with(folder));
        let own = || schemas().iter().filter(|(path, _)| of(path)).map(|(_, schema)| schema);
        let described = described(&own().collect::<Vec<_>>());
        let due = described.0.into_iter().chain(own().map(|schema| schema.path.to_owned()));
        due.filter(|what| !self.0.contains(what)).collect()
    }

    fn fields(&mut self, place: &Place) {
        let required = place.schema["required"].as_array().cloned().unwrap_or_default();
        for key in place.schema["properties"].as_object().into_iter().flat_map(|keys| keys.keys()) {
            match place.instance.get(key) {
                Some(_) => self.say(format!("{}.{key}", place.way)),
                None if !required.contains(&Value::from(key.as_str())) => {
                    self.say(format!("{}.{key} absent", place.way));
                }
                None => {}
            }
        }
    }

    fn say(&mut self, what: String) {
        self.0.insert(what);
    }
}

/// All that the documents of a format describe.
fn described(schemas: &[&Schema]) -> Shown {
    let (mut shown, mut seen) = (Shown::default(), BTreeSet::new());
    for schema in schemas {
        describe(schema, &schema.document, schema.path, &mut shown, &mut seen);
    }
    shown
}

/// The words of a list; those of an open one are its examples, and so are times and numbers, which are no words.
fn words(schema: &Value) -> impl Iterator<Item = &Value> {
    let word = |value: &&Value| value.as_str().is_some_and(|text| text.starts_with(char::is_alphabetic));
    let listed = |keyword: &str| schema[keyword].as_array().into_iter().flatten();
    listed("enum").chain(listed("examples").filter(word))
}

fn describe(schema: &Schema, part: &Value, way: &str, shown: &mut Shown, seen: &mut BTreeSet<String>) {
    let (part, way) = schema.follow(part, way);
    if !seen.insert(way.clone()) {
        return;
    }
    let required = part["required"].as_array().cloned().unwrap_or_default();
    for (key, property) in part["properties"].as_object().into_iter().flatten() {
        shown.say(format!("{way}.{key}"));
        if !required.contains(&Value::from(key.as_str())) {
            shown.say(format!("{way}.{key} absent"));
        }
        describe(schema, property, &format!("{way}.{key}"), shown, seen);
    }
    for word in words(part) {
        shown.say(format!("{way}={word}"));
    }
    for form in part["allOf"].as_array().into_iter().flatten() {
        describe(schema, form, &format!("{way}/allOf"), shown, seen);
    }
    for choice in CHOICES {
        for (n, form) in part[choice].as_array().into_iter().flatten().enumerate() {
            let way = format!("{way}/{choice}/{n}");
            // That an optional value may be null as well is said once, by a line of its own.
            if form["type"] != "null" {
                shown.say(way.clone());
            }
            describe(schema, form, &way, shown, seen);
        }
    }
    for (keyword, sign) in [("items", "[]"), ("additionalProperties", ".*")] {
        if part[keyword].is_object() {
            shown.say(format!("{way}{sign}"));
            describe(schema, &part[keyword], &format!("{way}{sign}"), shown, seen);
        }
    }
}

/// What one place of a vector shows.
fn note(place: &Place, shown: &mut Shown) {
    shown.say(place.way.to_owned());
    // A reference replaces the way to it by the name of the type: the alternative itself is noted by its number.
    if place.instance.is_object() {
        shown.fields(place);
    }
    for word in words(place.schema) {
        if word == place.instance {
            shown.say(format!("{}={word}", place.way));
        }
    }
}

fn forms(schema: &Schema, place: &Place, shown: &mut Shown) {
    for choice in CHOICES {
        for (n, form) in place.schema[choice].as_array().into_iter().flatten().enumerate() {
            if schema.part_accepts(form, place.instance) {
                shown.say(format!("{}/{choice}/{n}", place.way));
            }
        }
    }
    for (keyword, sign) in [("items", "[]"), ("additionalProperties", ".*")] {
        let some = match place.instance {
            Value::Array(items) => keyword == "items" && !items.is_empty(),
            Value::Object(map) => {
                let named = |key: &String| place.schema["properties"].get(key).is_some();
                keyword != "items" && map.keys().any(|key| !named(key))
            }
            _ => false,
        };
        if some && place.schema[keyword].is_object() {
            shown.say(format!("{}{sign}", place.way));
        }
    }
}

fn folder(format: &str) -> &[&str] {
    match format {
        "native" => &["native/", "http/"],
        "push" => &["push/"],
        "tndata" => &["dialect/tndata/"],
        "chats" => &["dialect/chats/"],
        "hipochat" => &["dialect/hipochat/"],
        "haraj" => &["dialect/haraj/"],
        "helpdesk" => &["dialect/helpdesk/"],
        _ => panic!("{format}: which schemas?"),
    }
}

#[test]
fn everything_that_is_described_has_a_vector() {
    let mut missing = Vec::new();
    for format in FORMATS {
        let mut shown = Shown::default();
        for vector in vectors(format) {
            shown.add(&vector.schema, &vector.instance());
        }
        let exempt = |what: &str| EXEMPT.iter().any(|(of, place)| *of == format && what.starts_with(place));
        missing.extend(
            shown.lacks(format).iter().filter(|what| !exempt(what)).map(|what| format!("{format} {what}")),
        );
    }
    assert!(missing.is_empty(), "without a vector: {missing:#?}");
}

#[test]
fn every_packet_has_a_vector() {
    let kinds = |schema: &str| -> BTreeSet<String> {
        let own = vectors("native").into_iter().filter(|vector| vector.schema == schema);
        own.filter_map(|vector| vector.meaning.kind).collect()
    };
    let all = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(kinds("native/command.json"), all(chat_protocol::Command::KINDS));
    assert_eq!(kinds("native/event.json"), all(chat_protocol::Event::KINDS));
}
