//! What must be refused, and what looks dangerous and must come through unchanged.

use serde_json::Value;

use super::line::{Vector, lines};
use super::readers::reader;
use super::walk::schemas;

fn hostile() -> Vec<Vector> {
    lines("hostile.jsonl")
}

#[test]
fn what_is_refused_is_refused_with_its_code() {
    let mut refused = 0;
    for vector in hostile().iter().filter(|vector| !vector.accept) {
        let Err(code) = reader(&vector.schema)(&vector.wire()) else { panic!("{}: was read", vector.name) };
        let native = vector.schema.starts_with("native/");
        assert_eq!(vector.error.as_deref(), native.then_some(code.text()), "{}", vector.name);
        refused += 1;
    }
    assert!(refused > 150, "{refused}");
}

/// The schemas refuse it too, except where the vector says that a schema cannot.
#[test]
fn schemas_refuse_what_schemas_can() {
    let schemas = schemas();
    let wrong = |vector: &Vector| {
        let accepts = schemas[vector.schema.as_str()].accepts(&vector.value()?);
        (accepts != (vector.accept || vector.schema_silent)).then(|| format!("{}: {accepts}", vector.name))
    };
    let wrong: Vec<String> = hostile().iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "taken by the schema, or not: {wrong:#?}");
}

#[test]
fn what_is_accepted_comes_through_unchanged() {
    for vector in hostile().into_iter().filter(|vector| vector.accept) {
        let (name, wire) = (&vector.name, vector.wire());
        let read = reader(&vector.schema)(&wire).unwrap_or_else(|code| panic!("{name}: refused with {code}"));
        assert_eq!(read.kind, vector.meaning.kind, "{name}");
        if let Some(kept) = &vector.meaning.kept {
            assert!(
                wire.contains(kept.as_str()) && read.written.contains(kept.as_str()),
                "{name}: {}",
                read.written
            );
        }
        if let Some(value) = vector.value() {
            let written: Value = serde_json::from_str(&read.written).unwrap();
            let expected = vector.meaning.written.clone().unwrap_or(value);
            assert_eq!(written, expected, "{name}");
        }
    }
}

/// Whatever is done to a frame, reading it ends: with a value or a code, never with the end of the process.
#[test]
fn damaged_frames_are_survived() {
    for (format, vector) in super::line::all() {
        let wire = vector.wire().into_bytes();
        for at in (0..wire.len()).step_by(7) {
            let mut damaged = wire.clone();
            damaged[at] ^= 1 << (at % 7);
            if let Ok(text) = String::from_utf8(damaged) {
                let read = reader(&vector.schema)(&text);
                assert!(
                    read.is_err() || serde_json::from_str::<Value>(&text).is_ok(),
                    "{format} {}: {text}",
                    vector.name
                );
            }
        }
    }
}
