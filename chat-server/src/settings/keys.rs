//! The list of known keys, derived from the struct through its JSON Schema.
//!
//! A hand-kept list would be wrong after the next added setting. The schema also says what each value looks like,
//! which is what turns the text of an environment variable into a value and an error into a hint.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::Settings;

/// Stands for `SocketAddr` in the schema.
pub(super) struct Address;

/// Stands for `Duration` in the schema.
pub(super) struct Span;

macro_rules! text_format {
    ($name:ident, $format:literal) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                $format.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        }
    };
}
text_format!(Address, "address");
text_format!(Span, "duration");

/// What a value looks like.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    Text,
    Secret,
    Duration,
    Address,
    /// A whole number; the greatest is named where it is below that of the file format.
    Whole {
        max: Option<u32>,
    },
    /// True or false.
    Switch,
    /// One of these words.
    Choice(Vec<String>),
    /// A list of what the key `path[]` describes.
    List,
    Table,
}

/// One known key.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// `limits.max_frame`; elements of a list are `[]`, as in `auth.users[].token`.
    pub(super) path: String,
    pub(super) form: Form,
    /// The comment on the field.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the generated page needs it"))]
    pub(super) description: String,
}

impl Key {
    /// The environment variable that sets it. Tables and what is inside a list have none.
    pub(super) fn variable(&self) -> Option<String> {
        (self.form != Form::Table && !self.path.contains("[]"))
            .then(|| format!("CHAT_{}", self.path.replace('.', "__").to_uppercase()))
    }
}

/// All known keys, tables included, each after the table that holds it.
pub(super) fn known() -> Vec<Key> {
    let settings = SchemaSettings::default().with(|s| s.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<Settings>();
    let mut keys = Vec::new();
    walk("", schema.as_value(), &mut keys);
    keys
}

fn walk(path: &str, schema: &Value, keys: &mut Vec<Key>) {
    if let Some(properties) = schema["properties"].as_object() {
        for (name, schema) in properties {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let description = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
            let schema = unwrap_option(schema);
            keys.push(Key { path: path.clone(), form: form(schema), description });
            walk(&path, schema, keys);
        }
    }
    if let Some(items) = schema.get("items") {
        let path = format!("{path}[]");
        keys.push(Key { path: path.clone(), form: form(items), description: String::new() });
        walk(&path, items, keys);
    }
}

/// An optional setting is `anyOf: [it, null]` where it is more than a plain type.
fn unwrap_option(schema: &Value) -> &Value {
    schema["anyOf"].as_array().and_then(|any| any.iter().find(|s| s["type"] != "null")).unwrap_or(schema)
}

fn form(schema: &Value) -> Form {
    if let Some(words) = words(schema) {
        return Form::Choice(words);
    }
    let is = |name: &str| schema["type"] == name || schema["type"][0] == name;
    match schema["format"].as_str() {
        Some("secret") => Form::Secret,
        Some("duration") => Form::Duration,
        Some("address") => Form::Address,
        Some("uint32") => Form::Whole { max: Some(u32::MAX) },
        _ if is("boolean") => Form::Switch,
        _ if is("integer") => Form::Whole { max: None },
        _ if is("array") => Form::List,
        _ if is("object") => Form::Table,
        _ => Form::Text,
    }
}

/// The words of an enum: plain ones stand in `enum`, those with a comment in `oneOf`.
fn words(schema: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(words) = schema["enum"].as_array() {
        return Some(words.iter().filter_map(text).collect());
    }
    let variants = schema["oneOf"].as_array()?.iter();
    Some(variants.filter_map(|v| text(&v["const"])).collect())
}

/// `auth.users[3].token` as the list of known keys spells it: `auth.users[].token`.
pub(super) fn generic(path: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in path.chars() {
        inside = inside && c != ']';
        if !inside {
            out.push(c);
        }
        inside = inside || c == '[';
    }
    out
}

/// The known key that looks most like `path`: either as a whole, or by its last name alone when it stands in the
/// wrong table.
pub(super) fn nearest<'a>(path: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let path = generic(path);
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    candidates.min_by_key(|known| {
        let whole = strsim::damerau_levenshtein(&path, known);
        let name = 1 + strsim::damerau_levenshtein(&last(&path), &last(known));
        (whole.min(name), whole)
    })
}

impl Form {
    /// Why `value` does not fit, as a sentence without the key.
    pub(super) fn mismatch(&self, value: &Value) -> String {
        let shown = match self {
            // What stands there may hold a token.
            Self::Secret | Self::List | Self::Table => kind(value).to_owned(),
            _ => brief(value),
        };
        match self {
            Self::Text | Self::Secret => format!("{shown} is not a text in quotes"),
            Self::Duration => format!(r#"{shown} is not a duration such as "15s" or "250ms""#),
            Self::Address => format!(
                r#"{shown} is not an IP address with a port such as "127.0.0.1:8080" or "[::1]:8080""#
            ),
            Self::Whole { max: None } => format!("{shown} is not a whole number from 0"),
            Self::Whole { max: Some(max) } => format!("{shown} is not a whole number from 0 to {max}"),
            Self::Switch => format!("{shown} is neither true nor false"),
            Self::Choice(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
                format!("{shown} is not one of {}", words.join(", "))
            }
            Self::List => format!("{shown} is not a list in square brackets"),
            Self::Table => format!("{shown} is not a table"),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

/// A scalar as it stands in the file, cut where it gets long.
fn brief(value: &Value) -> String {
    const MAX_CHARS: usize = 60;
    match value {
        Value::Array(_) | Value::Object(_) | Value::Null => kind(value).to_owned(),
        Value::String(text) if text.chars().count() > MAX_CHARS => {
            format!("{:?}...", text.chars().take(MAX_CHARS).collect::<String>())
        }
        scalar => scalar.to_string(),
    }
}
