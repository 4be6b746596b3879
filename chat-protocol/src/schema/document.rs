//! JSON Schema documents: one per root type, and one per format with every type once.

use serde_json::{Map, Value, json};

use super::format::{Format, Root};
use super::types::Types;
use super::{native, variants};

/// Where definitions are in a schema.
const DEFS: &str = "#/$defs/";

/// Identity of a document. The names below it are paths of files, without a host that somebody would have to own.
fn id(path: &str) -> String {
    format!("urn:chat-protocol:schema:{}", path.trim_end_matches(".json"))
}

fn head(path: &str, title: String) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    head.insert("$id".to_owned(), id(path).into());
    head.insert("title".to_owned(), title.into());
    head
}

/// A list has no words of its own.
fn described(mut schema: Value, root: &Root) -> Value {
    if let Some(about) = root.about {
        schema["description"] = about.into();
    }
    schema
}

/// The document of one type.
pub(super) fn single(format: &Format, root: &Root) -> Value {
    let mut types = Types::new();
    let schema = (root.shape)(&mut types);
    let mut definitions = types.finish(DEFS);
    native::annotate(format, &mut definitions);
    let schema = described(definitions.settled(schema), root);
    let stem = root.path.trim_end_matches(".json");
    // Several formats have a client's frame and a message: the title says whose.
    let title = match stem.rsplit_once('/') {
        Some(("native" | "http", name)) => variants::pascal(name),
        _ => stem.trim_start_matches("dialect/").replace(['/', '_'], " "),
    };
    let mut document = head(root.path, title);
    document.insert("x-since".to_owned(), root.since.into());
    let mut schemas = std::mem::take(&mut definitions.schemas);
    let name = definitions.name_of(&schema).map(str::to_owned);
    let body = name.as_deref().and_then(|name| schemas.get(name).cloned()).unwrap_or(schema);
    // A type that does not hold itself need not be there twice.
    if let Some(name) = name {
        let reference = format!("\"{DEFS}{name}\"");
        if !body.to_string().contains(&reference)
            && !Value::from(schemas.clone()).to_string().contains(&reference)
        {
            schemas.remove(&name);
        }
    }
    for (keyword, value) in body.as_object().cloned().unwrap_or_default() {
        document.entry(keyword).or_insert(value);
    }
    if !schemas.is_empty() {
        document.insert("$defs".to_owned(), schemas.into());
    }
    document.into()
}

/// The document of a format: every type once, the roots under their names.
pub(super) fn bundle(format: &Format) -> (String, Value) {
    let path = format!("bundle/{}.json", format.name);
    let mut types = Types::new();
    let shapes: Vec<(&Root, Value)> =
        format.roots.iter().map(|root| (root, (root.shape)(&mut types))).collect();
    let mut definitions = types.finish(DEFS);
    native::annotate(format, &mut definitions);
    let mut roots: Vec<Value> = Vec::new();
    for (root, shape) in shapes {
        let schema = described(definitions.settled(shape), root);
        let name = match definitions.name_of(&schema) {
            Some(name) => name.to_owned(),
            None => {
                let stem = root.path.trim_end_matches(".json").rsplit('/').next().unwrap_or_default();
                let name = variants::pascal(stem);
                let old = definitions.schemas.insert(name.clone(), schema);
                assert!(old.is_none(), "{}: two types are called {name}", root.path);
                name
            }
        };
        definitions.schemas[&name]["x-since"] = root.since.into();
        let reference = definitions.reference(&name);
        if !roots.contains(&reference) {
            roots.push(reference);
        }
    }
    let mut document = head(&path, format.title.to_owned());
    document
        .insert("description".to_owned(), format!("{} Every document is one of these.", format.about).into());
    document.insert("anyOf".to_owned(), roots.into());
    document.insert("$defs".to_owned(), definitions.schemas.into());
    (path, json!(document))
}
