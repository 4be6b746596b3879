//! A schema and a document side by side: which part of the one describes which part of the other.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

/// A published document with what is needed to ask it things.
pub(crate) struct Schema {
    pub(super) path: &'static str,
    pub(crate) document: Value,
    validator: Validator,
    parts: Mutex<BTreeMap<String, Validator>>,
}

/// A part of a document with the part of the schema that describes it.
pub(super) struct Place<'a> {
    /// JSON Pointer to the part of the document.
    pub(super) pointer: &'a str,
    /// Where the part of the schema is: a type's name, or the document's path, and the way from there.
    pub(super) way: &'a str,
    pub(super) schema: &'a Value,
    pub(super) instance: &'a Value,
}

/// The keywords with alternatives.
pub(super) const CHOICES: [&str; 2] = ["oneOf", "anyOf"];

impl Schema {
    fn new(path: &'static str, document: Value) -> Self {
        let validator =
            jsonschema::validator_for(&document).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path, document, validator, parts: Mutex::default() }
    }

    /// Whether the whole document is valid.
    pub(crate) fn accepts(&self, instance: &Value) -> bool {
        self.validator.is_valid(instance)
    }

    /// Whether a part of a document is valid against a part of the schema.
    pub(crate) fn part_accepts(&self, schema: &Value, instance: &Value) -> bool {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let part = parts.entry(schema.to_string()).or_insert_with(|| {
            let mut alone = schema.clone();
            if let (Some(alone), Some(definitions)) = (alone.as_object_mut(), self.document.get("$defs")) {
                alone.insert("$defs".to_owned(), definitions.clone());
            }
            jsonschema::validator_for(&alone).unwrap_or_else(|error| panic!("{}: {error}", self.path))
        });
        part.is_valid(instance)
    }

    /// Visits every pair of a part of `instance` and what describes it.
    pub(super) fn walk(&self, instance: &Value, visit: &mut dyn FnMut(&Place)) {
        self.visit(&self.document, self.path, instance, "", visit);
    }

    /// The schema that a reference leads to, with its name; itself where it is none.
    pub(super) fn follow<'a>(&'a self, schema: &'a Value, way: &str) -> (&'a Value, String) {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let name = reference.rsplit('/').next().unwrap_or_default();
                self.follow(&self.document["$defs"][name], name)
            }
            None => (schema, way.to_owned()),
        }
    }

    fn visit(
        &self,
        schema: &Value,
        way: &str,
        instance: &Value,
        pointer: &str,
        visit: &mut dyn FnMut(&Place),
    ) {
        let (schema, way) = self.follow(schema, way);
        visit(&Place { pointer, way: &way, schema, instance });
        for all in schema["allOf"].as_array().into_iter().flatten() {
            self.visit(all, &format!("{way}/allOf"), instance, pointer, visit);
        }
        for choice in CHOICES {
            for (n, form) in schema[choice].as_array().into_iter().flatten().enumerate() {
                if self.part_accepts(form, instance) {
                    self.visit(form, &format!("{way}/{choice}/{n}"), instance, pointer, visit);
                }
            }
        }
        if let Some(object) = instance.as_object() {
            for (key, value) in object {
                let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                if let Some(property) = schema["properties"].get(key) {
                    self.visit(property, &format!("{way}.{key}"), value, &pointer, visit);
                } else if schema["additionalProperties"].is_object() {
                    self.visit(&schema["additionalProperties"], &format!("{way}.*"), value, &pointer, visit);
                }
            }
        }
        for (n, item) in instance.as_array().into_iter().flatten().enumerate() {
            if schema["items"].is_object() {
                self.visit(&schema["items"], &format!("{way}[]"), item, &format!("{pointer}/{n}"), visit);
            }
        }
    }
}

/// Every published document, made ready once for all tests.
pub(crate) fn schemas() -> &'static BTreeMap<&'static str, Schema> {
    static SCHEMAS: LazyLock<BTreeMap<&'static str, Schema>> = LazyLock::new(|| {
        let documents = chat_protocol::schema::documents().into_iter();
        documents.map(|(path, document)| (path, Schema::new(path, document))).collect()
    });
    &SCHEMAS
}

/// The document at `pointer` replaced; removed where there is no other.
pub(super) fn changed(instance: &Value, pointer: &str, other: Option<Value>) -> Value {
    let mut changed = instance.clone();
    match other {
        Some(other) => *changed.pointer_mut(pointer).expect("it is there") = other,
        None => {
            let (parent, key) = pointer.rsplit_once('/').expect("it is in an object");
            let key = key.replace("~1", "/").replace("~0", "~");
            let parent = changed.pointer_mut(parent).and_then(Value::as_object_mut);
            parent.expect("it is in an object").remove(&key);
        }
    }
    changed
}

/// One value of each type of JSON.
pub(super) fn one_of_each() -> [Value; 6] {
    [json!(null), json!(true), json!(7.5), json!("~ neither ~"), json!([[]]), json!({ "~": [] })]
}
