//! From a schema to the forms that a value may take.
//!
//! A schema is read as a list of alternatives, each of one kind: `["string", "null"]`, an `enum`, `oneOf` and `anyOf`
//! are all such lists, so that comparing them needs no case for each way of writing them.

use serde_json::{Map, Value};

use super::alternative::{Alternative, FORMS, Kind, LIMITS, Others, Place};

/// References that lead to each other without describing anything, at most.
const MAX_REFERENCES: u32 = 32;
/// Forms of one value, at most.
const MAX_ALTERNATIVES: usize = 1024;

/// What describes without deciding which values are right. Names that begin with `x-` are such as well.
const ANNOTATIONS: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "$anchor",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "discriminator",
];

/// A schema that the check cannot read, and why.
#[derive(Debug)]
pub(super) struct Unreadable(pub(super) String);

/// Reads the places of one document.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) root: &'a Value,
}

/// Whether a keyword may change without any value becoming right or wrong by it.
pub(super) fn is_annotation(keyword: &str) -> bool {
    ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

impl<'a> Reader<'a> {
    pub(super) fn top(self) -> Place<'a> {
        Place { pointer: String::new(), schema: self.root }
    }

    /// The place that a reference names; references out of the document are not followed.
    pub(super) fn target(self, reference: &str) -> Option<Place<'a>> {
        let pointer = reference.strip_prefix('#')?;
        Some(Place { pointer: pointer.to_owned(), schema: self.root.pointer(pointer)? })
    }

    /// Goes from a place that is nothing but a reference to what it refers to.
    pub(super) fn behind(self, mut place: Place<'a>) -> Place<'a> {
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = reference(place.schema) else { break };
            let Some(target) = self.target(reference) else { break };
            place = target;
        }
        place
    }

    /// The forms that a value at this place may take.
    pub(super) fn alternatives(self, place: &Place<'a>) -> Result<Vec<Alternative<'a>>, Unreadable> {
        self.read(place, 0)
    }

    fn read(self, place: &Place<'a>, depth: u32) -> Result<Vec<Alternative<'a>>, Unreadable> {
        if depth > MAX_REFERENCES {
            return Err(Unreadable("references lead in a circle".to_owned()));
        }
        let schema = match place.schema {
            Value::Bool(true) => {
                return Ok(any(place));
            }
            Value::Bool(false) => return Ok(Vec::new()),
            Value::Object(schema) => schema,
            _ => return Err(Unreadable("a schema is an object or a boolean".to_owned())),
        };
        if schema.contains_key("$dynamicRef") {
            return Err(Unreadable("`$dynamicRef` is not followed".to_owned()));
        }
        // Nothing said is nothing to join with: most places are a reference or a list of forms alone.
        let mut forms = if says_nothing(schema) { None } else { Some(own_forms(place, schema)?) };
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = self.target(reference);
            let target =
                target.ok_or_else(|| Unreadable(format!("`{reference}` leads nowhere in the document")))?;
            let mut inner = self.read(&target, depth + 1)?;
            // The name of several forms tells none of them apart.
            let mut objects = inner.iter_mut().filter(|form| form.kind == Kind::Object);
            if let (Some(form), None) = (objects.next(), objects.next()) {
                form.definition = form.definition.or_else(|| reference.rsplit('/').next());
            }
            forms = Some(join(forms, inner)?);
        }
        for part in list(schema, "allOf", place) {
            forms = Some(join(forms, self.read(&part, depth + 1)?)?);
        }
        for keyword in ["oneOf", "anyOf"] {
            if !schema.contains_key(keyword) {
                continue;
            }
            let mut inner = Vec::new();
            for part in list(schema, keyword, place) {
                inner.extend(self.read(&part, depth + 1)?);
            }
            // The title is that of all forms together.
            forms.iter_mut().flatten().for_each(|form| form.title = None);
            forms = Some(join(forms, inner)?);
        }
        Ok(forms.unwrap_or_else(|| any(place)))
    }
}

/// What a schema refers to that says nothing else, with words beside it or without.
fn reference(schema: &Value) -> Option<&str> {
    let is_alone = |keyword: &str| {
        schema.as_object().is_some_and(|map| map.keys().all(|other| other == keyword || is_annotation(other)))
    };
    if let Some(Value::String(reference)) = schema.get("$ref") {
        return Some(reference.as_str()).filter(|_| is_alone("$ref"));
    }
    match schema.get("allOf")?.as_array()?.as_slice() {
        [only] if is_alone("allOf") => reference(only),
        _ => None,
    }
}

fn list<'a>(schema: &'a Map<String, Value>, keyword: &str, place: &Place<'a>) -> Vec<Place<'a>> {
    let parts = schema.get(keyword).and_then(Value::as_array).into_iter().flatten().enumerate();
    parts
        .map(|(n, part)| Place { pointer: format!("{}/{keyword}/{n}", place.pointer), schema: part })
        .collect()
}

/// A value about which nothing is said.
fn any<'a>(place: &Place<'a>) -> Vec<Alternative<'a>> {
    Kind::ALL.map(|kind| Alternative::any(kind, &place.pointer)).to_vec()
}

/// Whether a schema decides only by what it refers to. A title is something, for it tells forms apart.
fn says_nothing(schema: &Map<String, Value>) -> bool {
    let decides = |keyword: &str| {
        keyword == "title"
            || !(is_annotation(keyword) || matches!(keyword, "$ref" | "allOf" | "oneOf" | "anyOf"))
    };
    !schema.keys().any(|keyword| decides(keyword))
}

/// Every form of the one that is also a form of the other; without the one, all of the other.
fn join<'a>(
    outer: Option<Vec<Alternative<'a>>>,
    inner: Vec<Alternative<'a>>,
) -> Result<Vec<Alternative<'a>>, Unreadable> {
    let joined = match outer {
        None => inner,
        Some(outer) => every_pair(&outer, &inner),
    };
    if joined.len() > MAX_ALTERNATIVES {
        return Err(Unreadable(format!("more than {MAX_ALTERNATIVES} forms of one value")));
    }
    Ok(joined)
}

fn every_pair<'a>(outer: &[Alternative<'a>], inner: &[Alternative<'a>]) -> Vec<Alternative<'a>> {
    let mut joined = Vec::new();
    for theirs in inner {
        for mine in outer.iter().filter(|mine| mine.kind == theirs.kind) {
            // The place that says more is the better one to name.
            let mine = Alternative { pointer: theirs.pointer.clone(), ..mine.clone() };
            joined.extend(mine.and(theirs));
        }
    }
    joined
}

/// What the schema says by itself, without what it refers to.
fn own_forms<'a>(
    place: &Place<'a>,
    schema: &'a Map<String, Value>,
) -> Result<Vec<Alternative<'a>>, Unreadable> {
    let names: Vec<&str> = match schema.get("type") {
        None => vec!["null", "boolean", "number", "string", "array", "object"],
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(other) => return Err(Unreadable(format!("{other} is no type"))),
    };
    let mut forms = Vec::new();
    for name in names {
        let kind = Kind::named(name).ok_or_else(|| Unreadable(format!("`{name}` is no type")))?;
        let form = own_form(place, schema, kind, name == "integer");
        match constants(schema) {
            None => forms.push(form),
            Some(values) => {
                forms.extend(values.filter(|value| Kind::of(value) == kind).map(|value| Alternative {
                    title: form.title,
                    constant: Some(value),
                    ..Alternative::any(kind, &place.pointer)
                }))
            }
        }
    }
    Ok(forms)
}

/// The values of `const` or `enum`, if the schema lists any.
fn constants(schema: &Map<String, Value>) -> Option<impl Iterator<Item = &Value>> {
    let listed = schema.get("enum").and_then(Value::as_array);
    let values = match schema.get("const") {
        Some(value) => std::slice::from_ref(value),
        None => listed?.as_slice(),
    };
    Some(values.iter())
}

/// The values of `{"enum": [...]}` with nothing beside it: of a `not`, all that is not meant.
fn excepted(schema: &Value) -> Option<&Vec<Value>> {
    let schema = schema.as_object().filter(|schema| schema.len() == 1)?;
    schema.get("enum")?.as_array()
}

/// All that the schema says about values of one kind.
fn own_form<'a>(
    place: &Place<'a>,
    schema: &'a Map<String, Value>,
    kind: Kind,
    integer: bool,
) -> Alternative<'a> {
    let mut form = Alternative { integer, ..Alternative::any(kind, &place.pointer) };
    for (keyword, value) in schema {
        let child = || place.child(keyword, value);
        match (keyword.as_str(), kind) {
            ("title", _) => form.title = value.as_str(),
            ("type" | "enum" | "const" | "$ref" | "allOf" | "oneOf" | "anyOf", _) => {}
            ("items", Kind::Array) => form.items = Some(child()),
            ("contentSchema", Kind::String) => form.content = Some(child()),
            ("format", Kind::Number) => number_format(&mut form, value),
            ("not", _) if excepted(value).is_some() => {
                let of_kind = |value: &&Value| Kind::of(value) == kind;
                form.except = excepted(value).into_iter().flatten().filter(of_kind).collect();
            }
            ("properties", Kind::Object) => {
                let all = child();
                let declared = value.as_object().into_iter().flatten();
                form.properties = declared.map(|(name, one)| (name.as_str(), all.child(name, one))).collect();
            }
            ("propertyNames", Kind::Object) => form.names = Some(child()),
            ("required", Kind::Object) => {
                form.required = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            }
            ("additionalProperties", Kind::Object) => {
                form.others = match value {
                    Value::Bool(true) => Others::Ignored,
                    Value::Bool(false) => Others::Refused,
                    _ => Others::Entries(child()),
                };
            }
            (
                "items"
                | "contentSchema"
                | "properties"
                | "required"
                | "additionalProperties"
                | "propertyNames",
                _,
            ) => {}
            (other, _) if is_annotation(other) => {}
            (other, _) => plain_keyword(&mut form, other, value),
        }
    }
    form
}

/// A bound, a form of text, or a keyword that is not known here.
fn plain_keyword<'a>(form: &mut Alternative<'a>, keyword: &'a str, value: &'a Value) {
    if let Some((name, kind, _)) = LIMITS.iter().find(|(name, ..)| *name == keyword) {
        match value.as_f64() {
            Some(limit) if *kind == form.kind => form.limit(name, limit),
            Some(_) => {}
            None => drop(form.unknown.insert(keyword, value)),
        }
    } else if let Some(name) = FORMS.iter().find(|name| **name == keyword) {
        if form.kind == Kind::String {
            form.forms.insert(name, value);
        }
    } else {
        form.unknown.insert(keyword, value);
    }
}

/// `uint32` and its like are bounds written as a word.
fn number_format<'a>(form: &mut Alternative<'a>, value: &'a Value) {
    let Some((signed, bits)) = value.as_str().and_then(|name| match name.strip_prefix('u') {
        Some(name) => Some((false, name.strip_prefix("int")?)),
        None => Some((true, name.strip_prefix("int")?)),
    }) else {
        form.forms.insert("format", value);
        return;
    };
    let Ok(bits @ 1..=64) = bits.parse::<i32>() else {
        form.forms.insert("format", value);
        return;
    };
    let (least, most) = if signed { (-(2f64.powi(bits - 1)), bits - 1) } else { (0.0, bits) };
    form.limit("minimum", least);
    form.limit("maximum", 2f64.powi(most) - 1.0);
}
