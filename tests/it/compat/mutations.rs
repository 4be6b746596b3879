//! Every published document, changed in every place in every way: what breaks is found, what does not is passed.

use std::collections::{BTreeMap, BTreeSet};

use chat_tests::compat::{Baseline, Document, Documents, Finding, Sender, compare};
use serde_json::{Value, json};

use super::report;

/// Whom a change breaks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Breaks {
    Nobody,
    /// The clients, when it is they who send.
    Sending,
    /// The clients, when it is they who receive.
    Receiving,
    Both,
}

/// A schema and the document that it is part of.
#[derive(Clone, Copy)]
struct Spot<'a> {
    schema: &'a Value,
    document: &'a Value,
}

/// A change of a schema in one place; `None` where it does not apply.
type Change = fn(Spot<'_>) -> Option<Vec<Value>>;

const CHANGES: &[(&str, Breaks, Change)] = &[
    ("drop a field", Breaks::Both, drop_field),
    ("add an optional field", Breaks::Nobody, |spot| add_field(spot.schema, false)),
    ("add a required field", Breaks::Sending, |spot| add_field(spot.schema, true)),
    ("require a field", Breaks::Sending, require),
    ("require a field no more", Breaks::Receiving, unrequire),
    ("lower a maximum", Breaks::Sending, |spot| move_limit(spot.schema, -1)),
    ("raise a maximum", Breaks::Receiving, |spot| move_limit(spot.schema, 1)),
    ("remove a value", Breaks::Sending, |spot| remove_value(spot, closed(spot)?)),
    ("add a value", Breaks::Receiving, |spot| add_value(spot, closed(spot)?)),
    ("remove a value from an open list", Breaks::Both, |spot| remove_value(spot, open(spot)?)),
    ("add a value to an open list", Breaks::Nobody, |spot| add_value(spot, open(spot)?)),
    ("drop a form", Breaks::Both, drop_form),
    ("allow a boolean", Breaks::Receiving, allow_boolean),
    ("turn text into numbers", Breaks::Both, renumber),
    ("ask for a pattern", Breaks::Sending, ask_for_pattern),
    ("describe it otherwise", Breaks::Nobody, describe),
    ("reorder", Breaks::Nobody, reorder),
];

/// The schema with one keyword set.
fn with(schema: &Value, keyword: &str, value: Value) -> Value {
    let mut schema = schema.clone();
    schema[keyword] = value;
    schema
}

fn names(schema: &Value) -> Vec<String> {
    let required = schema["required"].as_array().into_iter().flatten();
    required.filter_map(|name| Some(name.as_str()?.to_owned())).collect()
}

fn fields(schema: &Value) -> Option<Vec<String>> {
    Some(schema.get("properties")?.as_object()?.keys().cloned().collect())
}

fn drop_field(Spot { schema, .. }: Spot<'_>) -> Option<Vec<Value>> {
    let without = |name: &String| {
        let mut changed = with(schema, "required", json!([]));
        changed["properties"].as_object_mut()?.remove(name);
        let left: Vec<String> = names(schema).into_iter().filter(|other| other != name).collect();
        Some(with(&changed, "required", left.into()))
    };
    fields(schema)?.iter().map(without).collect()
}

fn add_field(schema: &Value, is_required: bool) -> Option<Vec<Value>> {
    fields(schema)?;
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        return None;
    }
    let mut changed = schema.clone();
    changed["properties"]["fresh"] = json!({"type": "string"});
    if is_required {
        changed["required"] = [names(schema), vec!["fresh".to_owned()]].concat().into();
    }
    Some(vec![changed])
}

fn require(Spot { schema, .. }: Spot<'_>) -> Option<Vec<Value>> {
    let required = names(schema);
    let optional = fields(schema)?.into_iter().filter(|name| !required.contains(name));
    Some(
        optional
            .map(|name| with(schema, "required", [required.clone(), vec![name]].concat().into()))
            .collect(),
    )
}

fn unrequire(Spot { schema, .. }: Spot<'_>) -> Option<Vec<Value>> {
    let required = names(schema);
    let without =
        |name: &String| -> Vec<String> { required.iter().filter(|other| *other != name).cloned().collect() };
    Some(required.iter().map(|name| with(schema, "required", without(name).into())).collect())
}

fn move_limit(schema: &Value, by: i64) -> Option<Vec<Value>> {
    let moved = |name: &&str| {
        let mut moved = with(schema, name, (schema.get(*name)?.as_i64()? + by).into());
        // `uint16` is a maximum as well.
        moved.as_object_mut()?.retain(|keyword, _| keyword != "format");
        Some(moved)
    };
    Some(["maximum", "maxLength", "maxItems"].iter().filter_map(moved).collect())
}

/// Values, with the keyword that holds them.
type List = (&'static str, Vec<Value>);

/// The values of a list that any other text may stand beside: wherever it is used, text is another form.
fn open(spot: Spot<'_>) -> Option<List> {
    listed(spot.schema).filter(|_| is_open(spot))
}

fn closed(spot: Spot<'_>) -> Option<List> {
    listed(spot.schema).filter(|_| !is_open(spot))
}

fn is_open(Spot { schema, document }: Spot<'_>) -> bool {
    let definitions = document.get("$defs").and_then(Value::as_object).into_iter().flatten();
    let mut names = definitions.filter(|(_, definition)| *definition == schema).map(|(name, _)| name);
    let Some(name) = names.next() else { return false };
    let reference = json!({"$ref": format!("#/$defs/{name}")});
    all_places(document)
        .iter()
        .filter_map(|pointer| document.pointer(pointer)?["anyOf"].as_array())
        .any(|forms| forms.contains(&reference) && forms.iter().any(|form| form["type"] == "string"))
}

fn listed(schema: &Value) -> Option<List> {
    if let Some(values) = schema.get("enum") {
        return Some(("enum", values.as_array()?.clone()));
    }
    let forms = schema.get("oneOf")?.as_array()?;
    forms.iter().all(|form| form.get("const").is_some()).then(|| ("oneOf", forms.clone()))
}

fn remove_value(Spot { schema, .. }: Spot<'_>, (keyword, values): List) -> Option<Vec<Value>> {
    let without = |n| {
        let mut values = values.clone();
        values.remove(n);
        with(schema, keyword, values.into())
    };
    Some((0..values.len()).filter(|_| values.len() > 1).map(without).collect())
}

fn add_value(Spot { schema, .. }: Spot<'_>, (keyword, mut values): List) -> Option<Vec<Value>> {
    values.push(if keyword == "enum" { json!("fresh") } else { json!({"const": "fresh"}) });
    Some(vec![with(schema, keyword, values.into())])
}

fn drop_form(Spot { schema, document }: Spot<'_>) -> Option<Vec<Value>> {
    let keyword = ["oneOf", "anyOf"].into_iter().find(|keyword| schema.get(keyword).is_some())?;
    let forms = schema[keyword].as_array()?;
    let is_object = |form: &Value| {
        let reference = form.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|reference| document.pointer(reference.strip_prefix('#')?));
        target.unwrap_or(form).get("properties").is_some()
    };
    let dropped = |n: usize| {
        let mut forms = forms.clone();
        forms.remove(n);
        with(schema, keyword, forms.into())
    };
    let objects = (0..forms.len()).filter(|n| is_object(&forms[*n]) && forms.len() > 1);
    Some(objects.map(dropped).collect())
}

fn allow_boolean(Spot { schema, .. }: Spot<'_>) -> Option<Vec<Value>> {
    let kind = schema.get("type")?.as_str().filter(|kind| *kind != "boolean")?;
    // Constants stay what they are, whatever the type says; forms may stand beside a type that decides for them.
    let is_settled = ["const", "enum", "oneOf", "anyOf", "allOf", "properties"]
        .iter()
        .any(|keyword| schema.get(keyword).is_some());
    Some((!is_settled).then(|| with(schema, "type", json!([kind, "boolean"]))).into_iter().collect())
}

fn renumber(Spot { schema, .. }: Spot<'_>) -> Option<Vec<Value>> {
    let is_text =
        schema.get("type")? == "string" && schema.get("const").is_none() && schema.get("enum").is_none();
    Some(is_text.then(|| with(schema, "type", json!("number"))).into_iter().collect())
}

fn ask_for_pattern(Spot { schema, .. }: Spot<'_>) -> Option<Vec<Value>> {
    let is_free =
        schema.get("pattern").is_none() && schema.get("const").is_none() && schema.get("enum").is_none();
    let is_text = schema.get("type")? == "string";
    Some((is_text && is_free).then(|| with(schema, "pattern", json!("^[a-f]+$"))).into_iter().collect())
}

fn describe(Spot { schema, .. }: Spot<'_>) -> Option<Vec<Value>> {
    let changed = with(schema, "description", json!("Otherwise."));
    Some(vec![with(&with(&changed, "title", json!("Otherwise")), "x-since", json!("9.9"))])
}

fn reorder(Spot { schema, .. }: Spot<'_>) -> Option<Vec<Value>> {
    let mut changed = schema.clone();
    for keyword in ["oneOf", "anyOf", "required", "enum"] {
        if let Some(list) = changed.get_mut(keyword).and_then(Value::as_array_mut) {
            list.reverse();
        }
    }
    Some(vec![changed]).filter(|changed| changed[0] != *schema)
}

/// Pointers of all schemas in a document, the outer before the inner ones.
fn all_places(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    places(document, "", &mut found);
    found
}

fn places(schema: &Value, pointer: &str, found: &mut Vec<String>) {
    if !schema.is_object() {
        return;
    }
    found.push(pointer.to_owned());
    for keyword in ["$defs", "properties"] {
        for (name, inner) in schema.get(keyword).and_then(Value::as_object).into_iter().flatten() {
            places(inner, &format!("{pointer}/{keyword}/{name}"), found);
        }
    }
    for keyword in ["items", "additionalProperties", "contentSchema"] {
        if let Some(inner) = schema.get(keyword) {
            places(inner, &format!("{pointer}/{keyword}"), found);
        }
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        for (n, inner) in schema.get(keyword).and_then(Value::as_array).into_iter().flatten().enumerate() {
            places(inner, &format!("{pointer}/{keyword}/{n}"), found);
        }
    }
}

/// A document before and after a change. There are thousands of changes, and a copy for each would be the greater work.
struct Versions {
    path: String,
    old: Documents,
    new: Documents,
}

impl Versions {
    fn of(path: &str, document: &Document) -> Self {
        let old = BTreeMap::from([(path.to_owned(), document.clone())]);
        Self { path: path.to_owned(), new: old.clone(), old }
    }

    /// Puts a schema into a place of the new version and gives what was there.
    fn put(&mut self, pointer: &str, schema: Value) -> Value {
        let document = self.new.get_mut(&self.path).expect("it was put there");
        let place = document.schema.pointer_mut(pointer).expect("the place was found in it");
        std::mem::replace(place, schema)
    }

    fn changed(&self) -> &Value {
        &self.new[&self.path].schema
    }

    /// What the comparison finds, if clients send the document and if servers do, beside who would notice.
    fn findings(&mut self) -> [(Breaks, Vec<Finding>); 2] {
        [(Breaks::Sending, Sender::Client), (Breaks::Receiving, Sender::Server)].map(|(of, sender)| {
            for documents in [&mut self.old, &mut self.new] {
                documents.values_mut().for_each(|document| document.sender = sender);
            }
            let findings = compare(&self.old, &self.new);
            check_places(&findings, &self.old[&self.path].schema, self.changed());
            (of, findings)
        })
    }
}

/// Each finding names a place that exists before or after the change.
fn check_places(findings: &[Finding], old: &Value, new: &Value) {
    for found in findings {
        let is_there = [new, old].into_iter().any(|document| document.pointer(&found.pointer).is_some());
        assert!(is_there, "{found}\n names no place");
        assert!(!found.sentence.is_empty() && found.before != found.after, "{found}\n says nothing");
    }
}

/// Tries every change that breaks someone in one place; says which were judged wrong.
fn check_place(
    versions: &mut Versions,
    document: &Value,
    pointer: &str,
    counts: &mut BTreeMap<&str, usize>,
) -> String {
    let schema = document.pointer(pointer).expect("the place was found in it");
    let mut wrong = String::new();
    for (name, breaks, change) in CHANGES.iter().filter(|(_, breaks, _)| *breaks != Breaks::Nobody) {
        for schema in change(Spot { schema, document }).into_iter().flatten() {
            *counts.entry(name).or_default() += 1;
            let before = versions.put(pointer, schema);
            for (of, findings) in versions.findings() {
                if findings.is_empty() == (*breaks == of || *breaks == Breaks::Both) {
                    let path = &versions.path;
                    wrong += &format!("{path}#{pointer}: {name}, {of:?}\n{}", report(&findings));
                }
            }
            versions.put(pointer, before);
        }
    }
    wrong
}

/// The JSON Schemas, the small ones first; what they share is tried in those.
fn schemas() -> Vec<(String, Document)> {
    let documents = Baseline::present().documents.into_iter();
    let mut schemas: Vec<_> = documents.filter(|(_, document)| document.sender != Sender::Both).collect();
    schemas.sort_by_key(|(_, document)| document.schema.to_string().len());
    schemas
}

#[test]
fn a_change_that_breaks_someone_is_found_and_harms_nobody_else() {
    let (mut counts, mut tried, mut wrong) = (BTreeMap::new(), BTreeSet::new(), String::new());
    for (path, document) in schemas() {
        let mut versions = Versions::of(&path, &document);
        for pointer in &all_places(&document.schema) {
            let schema = document.schema.pointer(pointer).expect("the place was found in it");
            // Definitions that several documents share are tried in one of them.
            if !pointer.starts_with("/$defs/") || tried.insert((pointer.clone(), schema.to_string())) {
                wrong += &check_place(&mut versions, &document.schema, pointer, &mut counts);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    // Closed lists of words that servers write are rare by design.
    for (name, ..) in CHANGES.iter().filter(|(_, breaks, _)| *breaks != Breaks::Nobody) {
        assert!(counts.get(name).is_some_and(|count| *count >= 5), "{name} was hardly tried: {counts:?}");
    }
}

#[test]
fn a_change_that_breaks_nobody_is_passed_in_all_places_at_once() {
    for (path, document) in schemas() {
        for (name, _, change) in CHANGES.iter().filter(|(_, breaks, _)| *breaks == Breaks::Nobody) {
            let mut versions = Versions::of(&path, &document);
            // From the inside to the outside, because a change may move what is inside.
            for pointer in all_places(&document.schema).iter().rev() {
                let schema = versions.changed().pointer(pointer).expect("the place was found in it");
                for schema in change(Spot { schema, document: &document.schema }).into_iter().flatten() {
                    versions.put(pointer, schema);
                }
            }
            assert!(
                *versions.changed() != document.schema || *name != "describe it otherwise",
                "{path} was not changed"
            );
            for (of, findings) in versions.findings() {
                assert!(findings.is_empty(), "{path}: {name}, {of:?}\n{}", report(&findings));
            }
        }
    }
}
