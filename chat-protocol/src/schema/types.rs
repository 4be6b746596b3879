//! The types of one document: what clients send and what servers send, from one generator setup.
//!
//! A type may be read more tolerantly than it is written, so each direction is described by its own contract. While a
//! document is put together, references say which contract they mean; when all its types are known they get their
//! final names, and only a type that really differs has two.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{polish, variants};

/// Adds a type to a document and gives the schema to put in its place.
pub(super) type Shape = fn(&mut Types) -> Value;

/// What clients send, as it is read.
pub(super) fn read<T: JsonSchema>(types: &mut Types) -> Value {
    types.read.subschema_for::<T>().to_value()
}

/// What servers send, as it is written.
pub(super) fn written<T: JsonSchema>(types: &mut Types) -> Value {
    types.written.subschema_for::<T>().to_value()
}

/// Where references to a contract's types point until they get their names.
const READ: &str = "#/read/";
const WRITTEN: &str = "#/written/";

/// Added to the name of a type that is read otherwise than it is written.
const AS_READ: &str = "Input";

/// The types of a document that is being put together.
pub(super) struct Types {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Types {
    pub(super) fn new() -> Self {
        let settings = |path: &str| {
            let path = path.trim_start_matches('#').trim_end_matches('/').to_owned();
            SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = path.into())
        };
        Self {
            read: settings(READ).for_deserialize().into_generator(),
            written: settings(WRITTEN).for_serialize().into_generator(),
        }
    }

    /// All types under their names; references to them will begin with `place`.
    pub(super) fn finish(mut self, place: &'static str) -> Definitions {
        let mut read = self.read.take_definitions(true);
        let mut written = self.written.take_definitions(true);
        polish::written(&mut written);
        for types in [&mut read, &mut written] {
            polish::all(types);
        }
        variants::hoist(&mut read, READ);
        variants::hoist(&mut written, WRITTEN);
        let two = differing(&read, &written);
        let mut definitions = Definitions { schemas: written, place, two };
        for (name, schema) in read {
            let name = definitions.name_as_read(&name);
            definitions.schemas.insert(name, schema);
        }
        let mut schemas = std::mem::take(&mut definitions.schemas);
        schemas.values_mut().for_each(|schema| definitions.settle(schema));
        polish::describe(&mut schemas, place);
        variants::admit(&mut schemas, place);
        variants::discriminate(&mut schemas, place);
        polish::bare_references(&mut schemas);
        definitions.schemas = schemas;
        definitions
    }
}

/// Names of types that the two contracts describe differently, or that refer to such.
fn differing(read: &Map<String, Value>, written: &Map<String, Value>) -> BTreeSet<String> {
    let shared: Vec<&String> = read.keys().filter(|name| written.contains_key(*name)).collect();
    let text = |types: &Map<String, Value>, name: &str| types[name].to_string().replace(READ, WRITTEN);
    let mut differing: BTreeSet<String> = BTreeSet::new();
    loop {
        let refers = |name: &str| {
            let text = text(read, name);
            differing.iter().any(|other| text.contains(&format!("\"{WRITTEN}{other}\"")))
        };
        let more: Vec<String> = shared
            .iter()
            .filter(|name| !differing.contains(**name))
            .filter(|name| text(read, name) != text(written, name) || refers(name))
            .map(|name| (*name).clone())
            .collect();
        if more.is_empty() {
            return differing;
        }
        differing.extend(more);
    }
}

/// The types of a document under their final names.
pub(super) struct Definitions {
    pub(super) schemas: Map<String, Value>,
    place: &'static str,
    two: BTreeSet<String>,
}

impl Definitions {
    fn name_as_read(&self, name: &str) -> String {
        if self.two.contains(name) { format!("{name}{AS_READ}") } else { name.to_owned() }
    }

    /// Points every reference in `value` to its type's final name.
    pub(super) fn settle(&self, value: &mut Value) {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(target)) = object.get_mut("$ref") {
                    if let Some(name) = target.strip_prefix(READ) {
                        *target = format!("{}{}", self.place, self.name_as_read(name));
                    } else if let Some(name) = target.strip_prefix(WRITTEN) {
                        *target = format!("{}{name}", self.place);
                    }
                }
                object.values_mut().for_each(|value| self.settle(value));
            }
            Value::Array(items) => items.iter_mut().for_each(|value| self.settle(value)),
            _ => {}
        }
    }

    /// The same of a schema that is not a definition itself, such as a list.
    pub(super) fn settled(&self, mut schema: Value) -> Value {
        polish::one(&mut schema);
        self.settle(&mut schema);
        schema
    }

    /// Name of the type that a schema refers to, if it is a reference, with words of its own or without.
    pub(super) fn name_of<'a>(&self, schema: &'a Value) -> Option<&'a str> {
        let reference = schema.get("$ref").or_else(|| schema.get("allOf")?.get(0)?.get("$ref"));
        reference?.as_str()?.strip_prefix(self.place)
    }

    /// A reference to a type.
    pub(super) fn reference(&self, name: &str) -> Value {
        json!({ "$ref": format!("{}{name}", self.place) })
    }

    /// Names of the types that are the forms of another; itself where it has none.
    pub(super) fn forms(&self, name: &str) -> Vec<String> {
        variants::forms(&self.schemas, name, self.place).into_iter().map(str::to_owned).collect()
    }
}
