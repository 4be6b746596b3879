//! A schema that would take a document without a required field, or with one of another type, proves nothing: each is
//! shown to refuse that, for every required field of every vector.

use serde_json::Value;

use super::line::all;
use super::walk::{Place, Schema, changed, one_of_each, schemas};

/// Changes that make another valid document out of a vector: the beginnings of its name and of the place.
const OTHERWISE_VALID: [(&str, &str); 11] = [
    // Any other word is one of a newer server.
    ("native pres", "/pres/what"),
    ("native user", "/user/action"),
    // Without its digest it is a message still, and the other way round.
    ("tndata receipt, which has a text too", ""),
    // Any object with a token is a message, and with a timestamp an entry of a list.
    ("hipochat item", "/"),
    ("hipochat old messages", "/oldy/"),
    ("hipochat old messages", "/results/"),
    ("hipochat histories", "/results/"),
    // Any JSON may be the data of a relayed event.
    ("helpdesk new_message told", "/data"),
    ("helpdesk update_message told", "/data"),
    ("helpdesk update_helpdesk told", "/data"),
    // An object without `detail` may tell of fields.
    ("helpdesk error with detail", "/detail"),
];

/// A required field of a vector.
struct Required {
    pointer: String,
    way: String,
    /// Values of types that the field does not have.
    others: Vec<Value>,
}

fn required(schema: &Schema, instance: &Value) -> Vec<Required> {
    let mut found: Vec<Required> = Vec::new();
    schema.walk(instance, &mut |place: &Place| {
        for key in place.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !place.instance.is_object() {
                continue;
            }
            let property = &place.schema["properties"][key];
            let other = |value: &Value| property.is_object() && !schema.part_accepts(property, value);
            found.push(Required {
                pointer: format!("{}/{key}", place.pointer),
                way: format!("{}.{key}", place.way),
                others: one_of_each().into_iter().filter(other).collect(),
            });
        }
    });
    found
}

#[test]
fn schemas_refuse_every_vector_without_a_required_field() {
    let (schemas, mut tried, mut taken) = (schemas(), 0, Vec::new());
    for (format, vector) in all() {
        let (schema, instance) = (&schemas[vector.schema.as_str()], vector.instance());
        for field in required(schema, &instance) {
            tried += 1;
            let without = changed(&instance, &field.pointer, None);
            if schema.accepts(&without) && !excused(format, &vector.name, &field.pointer) {
                taken.push(format!("{format} {}: without {} ({})", vector.name, field.pointer, field.way));
            }
        }
    }
    assert!(taken.is_empty(), "the schemas take: {taken:#?}");
    assert!(tried > 2_000, "{tried}");
}

#[test]
fn schemas_refuse_every_vector_with_a_required_field_of_another_type() {
    let (schemas, mut tried, mut taken) = (schemas(), 0, Vec::new());
    for (format, vector) in all() {
        let (schema, instance) = (&schemas[vector.schema.as_str()], vector.instance());
        for field in required(schema, &instance) {
            for other in &field.others {
                tried += 1;
                let wrong = changed(&instance, &field.pointer, Some(other.clone()));
                if schema.accepts(&wrong) && !excused(format, &vector.name, &field.pointer) {
                    taken.push(format!(
                        "{format} {}: {other} at {} ({})",
                        vector.name, field.pointer, field.way
                    ));
                }
            }
        }
    }
    assert!(taken.is_empty(), "the schemas take: {taken:#?}");
    assert!(tried > 10_000, "{tried}");
}

fn excused(format: &str, name: &str, pointer: &str) -> bool {
    let told = format!("{format} {name}");
    OTHERWISE_VALID.iter().any(|(names, places)| told.starts_with(names) && pointer.starts_with(places))
}
