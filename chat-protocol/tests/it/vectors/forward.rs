//! What peers of a later version say loses nothing that this version knows.

use serde_json::{Value, json};

use super::leaf::meanings;
use super::line::{Vector, all, lines};
use super::readers::reader;
use super::walk::{changed, schemas};

#[test]
fn words_and_packets_of_a_later_version_are_read() {
    for vector in lines::<Vector>("forward.jsonl") {
        let name = &vector.name;
        assert!(vector.later, "{name}");
        let read = reader(&vector.schema)(&vector.wire()).unwrap_or_else(|code| panic!("{name}: {code}"));
        assert_eq!(read.kind, vector.meaning.kind, "{name}");
        let written: Value = serde_json::from_str(&read.written).unwrap();
        assert_eq!(written, vector.meaning.written.clone().unwrap_or(vector.instance()), "{name}");
        let format = vector.schema.split('/').rev().nth(1).expect("a folder");
        assert_eq!(meanings(format, &vector.instance()), vector.meaning.values, "{name}");
    }
}

/// A field that only a later version knows, in every object of every vector.
#[test]
fn unknown_fields_change_nothing() {
    let (schemas, mut tried) = (schemas(), 0);
    // In hipochat every field is the client's own and is handed on.
    for (format, vector) in all().into_iter().filter(|(_, vector)| !vector.schema.contains("hipochat")) {
        let (schema, instance) = (&schemas[vector.schema.as_str()], vector.instance());
        let plain = reader(&vector.schema)(&instance.to_string()).map(|read| read.written);
        let mut places = Vec::new();
        schema.walk(&instance, &mut |place| {
            if place.instance.is_object() && place.schema["properties"].is_object() {
                places.push(place.pointer.to_owned());
            }
        });
        for pointer in places {
            let mut object = instance.pointer(&pointer).expect("it is there").clone();
            object["x_new"] = json!({ "deep": [1, "x"] });
            // Beside a native packet only reserved keys may stand.
            let is_packet = match vector.schema.as_str() {
                "http/webhook_body.json" => pointer.ends_with("/event"),
                schema => pointer.is_empty() && schema.starts_with("native/"),
            };
            let key = if is_packet { "_new" } else { "x_new" };
            let object: serde_json::Map<String, Value> = object
                .as_object()
                .expect("an object")
                .iter()
                .map(|(name, value)| {
                    (if name == "x_new" { key.to_owned() } else { name.clone() }, value.clone())
                })
                .collect();
            let more = match pointer.as_str() {
                "" => Value::from(object),
                pointer => changed(&instance, pointer, Some(object.into())),
            };
            let told = format!("{format} {} at {pointer:?}", vector.name);
            assert!(schema.accepts(&more), "{told}: refused by the schema");
            let read = reader(&vector.schema)(&more.to_string()).map(|read| read.written);
            assert_eq!(read, plain, "{told}");
            tried += 1;
        }
    }
    assert!(tried > 1_000, "{tried}");
}
