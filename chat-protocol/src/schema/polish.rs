//! What every published schema has that a generator does not know: bounds of integers, texts for people who have never
//! seen Rust, and room for the fields of newer versions.

use schemars::Schema;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Map, Value, json};

use super::bounds;
use crate::MAX_SAFE;

/// Does to each type what holds for all.
pub(super) fn all(types: &mut Map<String, Value>) {
    bounds::apply(types);
    types.values_mut().for_each(one);
}

/// The same for one schema.
pub(super) fn one(schema: &mut Value) {
    each(schema, |schema| {
        choose_the_only(schema);
        map_by_value(schema);
        open(schema);
        bound_integers(schema);
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = plain(text);
        }
    });
}

/// What a server has nothing to say about it leaves out: what need not be there is never null.
pub(super) fn written(types: &mut Map<String, Value>) {
    types.values_mut().for_each(|schema| each(schema, never_null));
}

/// Does something to a schema and all inside it.
fn each(schema: &mut Value, edit: impl FnMut(&mut Schema)) {
    if let Ok(schema) = <&mut Schema>::try_from(schema) {
        RecursiveTransform(edit).transform(schema);
    }
}

/// One form of one is no choice.
fn choose_the_only(schema: &mut Schema) {
    for choice in ["oneOf", "anyOf"] {
        let Some([Value::Object(only)]) = schema.get(choice).and_then(Value::as_array).map(Vec::as_slice)
        else {
            continue;
        };
        let only = only.clone();
        schema.remove(choice);
        for (keyword, value) in only {
            if schema.get(&keyword).is_none() {
                schema.insert(keyword, value);
            }
        }
    }
}

/// A map whose keys follow a pattern is a map first: generators of code look for its values in one place.
fn map_by_value(schema: &mut Schema) {
    let Some(Value::Object(patterns)) = schema.get("patternProperties") else { return };
    let [(pattern, value)] = Vec::from_iter(patterns)[..] else { return };
    let (pattern, value) = (json!({ "pattern": pattern }), value.clone());
    schema.remove("patternProperties");
    schema.insert("propertyNames".to_owned(), pattern);
    schema.insert("additionalProperties".to_owned(), value);
}

/// Readers are tolerant: a newer version may add fields anywhere.
fn open(schema: &mut Schema) {
    for keyword in ["additionalProperties", "unevaluatedProperties"] {
        if schema.get(keyword) == Some(&Value::Bool(false)) {
            schema.remove(keyword);
        }
    }
}

/// JavaScript keeps integers exact up to 2^53-1. The formats name Rust's types, which say nothing to others.
fn bound_integers(schema: &mut Schema) {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default().to_owned();
    let width = format.strip_prefix("uint").or_else(|| format.strip_prefix("int"));
    if width.is_some_and(|width| width.is_empty() || width.parse::<u8>().is_ok()) || format == "double" {
        schema.remove("format");
    }
    if !is(schema, "integer") || schema.get("const").is_some() || schema.get("enum").is_some() {
        return;
    }
    let (least, greatest) = match format.as_str() {
        "uint8" => (0, u64::from(u8::MAX)),
        "uint16" => (0, u64::from(u16::MAX)),
        "uint32" => (0, u64::from(u32::MAX)),
        "uint64" | "uint" => (0, MAX_SAFE),
        _ => (-(MAX_SAFE as i64), MAX_SAFE),
    };
    for (keyword, bound) in [("minimum", json!(least)), ("maximum", json!(greatest))] {
        if schema.get(keyword).is_none() {
            schema.insert(keyword.to_owned(), bound);
        }
    }
}

/// Whether a schema names this type, alone or among others.
pub(super) fn is(schema: &Schema, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == name,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == name),
        _ => false,
    }
}

fn never_null(schema: &mut Schema) {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (name, property) in properties.iter_mut() {
        if !required.iter().any(|required| required == name.as_str()) {
            without_null(property);
        }
    }
}

pub(super) fn without_null(property: &mut Value) {
    let Some(property) = property.as_object_mut() else { return };
    if let Some(Value::Array(kinds)) = property.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            property.insert("type".to_owned(), kind);
        }
    }
    let Some(Value::Array(branches)) = property.get_mut("anyOf") else { return };
    branches.retain(|branch| branch.get("type").is_none_or(|kind| kind != "null"));
    if let [Value::Object(only)] = branches.as_slice() {
        let only = only.clone();
        property.remove("anyOf");
        for (keyword, value) in only {
            property.entry(keyword).or_insert(value);
        }
    }
}

/// A field without words of its own has those of its type, and so has a packet those of what it holds.
pub(super) fn describe(types: &mut Map<String, Value>, place: &str) {
    let described: Vec<(String, String)> = types
        .iter()
        .filter_map(|(name, schema)| Some((name.clone(), schema.get("description")?.as_str()?.to_owned())))
        .collect();
    let words = |reference: &Value| {
        let name = reference.get("$ref")?.as_str()?.strip_prefix(place)?;
        let (_, words) = described.iter().find(|(other, _)| other == name)?;
        words.split("\n\n").next().map(str::to_owned)
    };
    for schema in types.values_mut() {
        each(schema, |schema| {
            let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
            for property in properties.values_mut() {
                if let (None, Some(words)) = (property.get("description"), words(property)) {
                    property["description"] = words.into();
                }
            }
        });
        describe_the_only_field(schema);
        if schema.get("description").is_none()
            && let Some([only]) = required(schema)
        {
            let words = schema["properties"][only.as_str().unwrap_or_default()]["description"].clone();
            schema["description"] = words;
        }
    }
}

/// Takes the words that stand beside a reference away from it: older drafts, and AsyncAPI with them, ignore them there,
/// and a generator that heeds them makes a second type of the same name.
pub(super) fn bare_references(types: &mut Map<String, Value>) {
    for schema in types.values_mut() {
        each(schema, |schema| {
            for choice in ["oneOf", "anyOf"] {
                let Some(Value::Array(forms)) = schema.get_mut(choice) else { continue };
                // A form has a name, and its type has words.
                for form in
                    forms.iter_mut().filter_map(Value::as_object_mut).filter(|form| form.contains_key("$ref"))
                {
                    form.retain(|keyword, _| keyword == "$ref");
                }
            }
            if schema.as_object().is_some_and(|schema| schema.len() > 1)
                && let Some(reference) = schema.remove("$ref")
            {
                schema.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
            }
        });
    }
}

/// Of a form that holds one thing, beside its tag, the words are about that thing.
pub(super) fn describe_the_only_field(schema: &mut Value) {
    let Some(words) = schema.get("description").cloned() else { return };
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    let mut fields = properties.values_mut().filter(|field| field.get("const").is_none());
    if let (Some(only), None) = (fields.next(), fields.next())
        && only.get("description").is_none()
    {
        only["description"] = words;
    }
}

/// The fields that a schema requires.
pub(super) fn required(schema: &Value) -> Option<&[Value]> {
    schema.get("required")?.as_array().map(Vec::as_slice)
}

/// Text for people who have never seen Rust: without code to try and links to types, a line per paragraph.
fn plain(text: &str) -> String {
    // What is between fences is code.
    let prose: String = text.split("```").step_by(2).collect();
    let line = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let paragraphs = prose.split("\n\n").map(line).filter(|line| !line.is_empty());
    paragraphs.collect::<Vec<_>>().join("\n\n").replace("[`", "`").replace("`]", "`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_for_people_who_do_not_know_rust() {
        let doc = "A chat, as\nframes name [`Room`] it.\n\n```\nuse x;\n\nlet y = 1;\n```\n\nMore of\nit.\n";
        assert_eq!(plain(doc), "A chat, as frames name `Room` it.\n\nMore of it.");
    }

    #[test]
    fn an_integer_is_bounded_by_its_type_or_by_what_javascript_keeps() {
        let bounded = |schema: Value| {
            let mut schema = schema;
            one(&mut schema);
            (schema["minimum"].clone(), schema["maximum"].clone(), schema.get("format").is_some())
        };
        let (zero, safe) = (json!(0), json!(MAX_SAFE));
        let check = |schema: Value, least: &Value, greatest: &Value| {
            assert_eq!(bounded(schema), (least.clone(), greatest.clone(), false));
        };
        check(json!({ "type": "integer", "format": "uint64", "minimum": 0 }), &zero, &safe);
        check(json!({ "type": ["integer", "null"], "format": "uint32" }), &zero, &json!(u32::MAX));
        check(json!({ "type": "integer" }), &json!(-(MAX_SAFE as i64)), &safe);
        check(
            json!({ "type": "integer", "format": "uint64", "maximum": 5, "minimum": 1 }),
            &json!(1),
            &json!(5),
        );
    }

    #[test]
    fn a_reference_stands_alone() {
        let mut types = Map::new();
        let (bare, with_words) = (json!({ "$ref": "#/x/B" }), json!({ "$ref": "#/x/B", "description": "b" }));
        let a = json!({ "properties": { "b": with_words }, "anyOf": [with_words, { "type": "null" }], "items": bare });
        types.insert("A".to_owned(), a);
        bare_references(&mut types);
        let field = json!({ "allOf": [bare], "description": "b" });
        let expected =
            json!({ "properties": { "b": field }, "anyOf": [bare, { "type": "null" }], "items": bare });
        assert_eq!(types["A"], expected);
    }

    #[test]
    fn a_map_has_its_values_in_one_place() {
        let mut map = json!({
            "type": "object",
            "patternProperties": { "^a": { "type": "string" } },
            "additionalProperties": false,
        });
        one(&mut map);
        let expected = json!({
            "type": "object",
            "propertyNames": { "pattern": "^a" },
            "additionalProperties": { "type": "string" },
        });
        assert_eq!(map, expected);
    }

    #[test]
    fn only_what_may_be_absent_is_never_null() {
        let mut types = Map::new();
        types.insert(
            "A".to_owned(),
            json!({
                "required": ["kept"],
                "properties": {
                    "kept": { "type": ["string", "null"] },
                    "plain": { "type": ["string", "null"], "description": "x" },
                    "typed": { "anyOf": [{ "$ref": "#/written/B" }, { "type": "null" }], "description": "y" },
                },
            }),
        );
        written(&mut types);
        assert_eq!(
            types["A"]["properties"],
            json!({
                "kept": { "type": ["string", "null"] },
                "plain": { "type": "string", "description": "x" },
                "typed": { "$ref": "#/written/B", "description": "y" },
            })
        );
    }
}
