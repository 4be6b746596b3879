//! What peers of this version say is read as the vectors tell, and written again as the vectors tell.

use serde_json::Value;

use super::leaf::meanings;
use super::line::{Vector, all};
use super::readers::reader;
use super::walk::schemas;

#[test]
fn every_vector_is_valid_by_its_schema() {
    let schemas = schemas();
    for (format, vector) in all() {
        let schema = schemas.get(vector.schema.as_str());
        let schema = schema.unwrap_or_else(|| panic!("{format} {}: no such schema", vector.name));
        assert!(schema.accepts(&vector.instance()), "{format} {}: refused by {}", vector.name, vector.schema);
    }
}

#[test]
fn every_vector_is_read_and_written_as_it_tells() {
    let wrong: Vec<String> = all().iter().filter_map(|(format, vector)| misread(format, vector)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is read or written differently than the vector tells.
fn misread(format: &str, vector: &Vector) -> Option<String> {
    let name = &vector.name;
    assert!(vector.accept && !vector.later && vector.error.is_none(), "{format} {name}: belongs elsewhere");
    let read = match reader(&vector.schema)(&vector.wire()) {
        Ok(read) => read,
        Err(code) => return Some(format!("{format} {name}: refused with {code}")),
    };
    let (instance, meaning) = (vector.instance(), &vector.meaning);
    let written: Value = serde_json::from_str(&read.written).expect("what is written is JSON");
    let (expected, values) = (meaning.written.as_ref().unwrap_or(&instance), meanings(format, &instance));
    if read.kind != meaning.kind {
        Some(format!("{format} {name}: read as {:?}", read.kind))
    } else if written != *expected {
        Some(format!("{format} {name}: written as {written}"))
    } else if values != meaning.values {
        Some(format!("{format} {name}: means {values:?}"))
    } else {
        None
    }
}

#[test]
fn what_is_written_differently_is_written_so_that_it_stays() {
    for (format, vector) in all() {
        let Some(written) = vector.meaning.written else { continue };
        let again = reader(&vector.schema)(&written.to_string()).unwrap_or_else(|code| panic!("{code}"));
        let again: Value = serde_json::from_str(&again.written).unwrap();
        assert_eq!(again, written, "{format} {}", vector.name);
    }
}

/// A frame is whole or it is nothing: no beginning of one is another one.
#[test]
fn no_vector_is_read_when_it_is_cut() {
    for (format, vector) in all() {
        let wire = vector.wire();
        for end in (1..wire.len()).filter(|end| wire.is_char_boundary(*end)) {
            assert!(
                reader(&vector.schema)(&wire[..end]).is_err(),
                "{format} {}: {}",
                vector.name,
                &wire[..end]
            );
        }
    }
}
