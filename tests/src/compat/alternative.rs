//! One form that a value may take, as a schema describes it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A part of a document: where it is, and what it says.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub(super) pointer: String,
    pub(super) schema: &'a Value,
}

impl<'a> Place<'a> {
    pub(super) fn child(&self, name: &str, schema: &'a Value) -> Self {
        let pointer = match name.contains(['~', '/']) {
            true => format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1")),
            false => [&self.pointer, "/", name].concat(),
        };
        Self { pointer, schema }
    }
}

/// Kind of a JSON value. An integer is a number without a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    pub(super) const ALL: [Self; 6] =
        [Self::Null, Self::Boolean, Self::Number, Self::String, Self::Array, Self::Object];

    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }

    /// The kind that a schema calls by this name; integers are told apart by the caller.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "number" | "integer" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// Which way a bound holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    AtLeast,
    AtMost,
}

/// Keywords that bound a number, a length or a count: what they bound, and which way.
pub(super) const LIMITS: &[(&str, Kind, Bound)] = &[
    ("minimum", Kind::Number, Bound::AtLeast),
    ("exclusiveMinimum", Kind::Number, Bound::AtLeast),
    ("maximum", Kind::Number, Bound::AtMost),
    ("exclusiveMaximum", Kind::Number, Bound::AtMost),
    ("minLength", Kind::String, Bound::AtLeast),
    ("maxLength", Kind::String, Bound::AtMost),
    ("minItems", Kind::Array, Bound::AtLeast),
    ("maxItems", Kind::Array, Bound::AtMost),
    ("minProperties", Kind::Object, Bound::AtLeast),
    ("maxProperties", Kind::Object, Bound::AtMost),
];

/// Keywords that say which text a string holds; `format` may also belong to a number.
pub(super) const FORMS: &[&str] = &["format", "pattern", "contentMediaType", "contentEncoding"];

/// Which fields an object may hold beside those that are declared.
#[derive(Debug, Clone)]
pub(super) enum Others<'a> {
    /// Any, and readers ignore them: nothing is said, or `true`.
    Ignored,
    /// None.
    Refused,
    /// Entries that have this schema: the object is a map.
    Entries(Place<'a>),
}

/// One form of a value: of one kind, with all that the schema says about it.
#[derive(Debug, Clone)]
pub(super) struct Alternative<'a> {
    pub(super) pointer: String,
    pub(super) kind: Kind,
    /// Numbers only: without a fraction.
    pub(super) integer: bool,
    /// The only value it may have.
    pub(super) constant: Option<&'a Value>,
    /// Values that it may not have: those of the other forms, where this one is for all the rest.
    pub(super) except: Vec<&'a Value>,
    pub(super) title: Option<&'a str>,
    /// Name of the definition that describes it.
    pub(super) definition: Option<&'a str>,
    pub(super) limits: BTreeMap<&'static str, f64>,
    pub(super) forms: BTreeMap<&'static str, &'a Value>,
    /// What the text of a string holds.
    pub(super) content: Option<Place<'a>>,
    pub(super) items: Option<Place<'a>>,
    pub(super) properties: BTreeMap<&'a str, Place<'a>>,
    pub(super) required: BTreeSet<&'a str>,
    pub(super) others: Others<'a>,
    /// What the names of fields look like.
    pub(super) names: Option<Place<'a>>,
    /// Keywords that the check knows nothing of.
    pub(super) unknown: BTreeMap<&'a str, &'a Value>,
    /// Parts that hold together and that the check cannot join: they must stay as they are.
    pub(super) clashes: Vec<&'a Value>,
}

impl<'a> Alternative<'a> {
    /// A value of this kind about which nothing more is said.
    pub(super) fn any(kind: Kind, pointer: &str) -> Self {
        Self {
            pointer: pointer.to_owned(),
            kind,
            integer: false,
            constant: None,
            except: Vec::new(),
            title: None,
            definition: None,
            limits: BTreeMap::new(),
            forms: BTreeMap::new(),
            content: None,
            items: None,
            properties: BTreeMap::new(),
            required: BTreeSet::new(),
            others: Others::Ignored,
            names: None,
            unknown: BTreeMap::new(),
            clashes: Vec::new(),
        }
    }

    /// What holds where both are true, or nothing when they exclude each other.
    pub(super) fn and(mut self, inner: &Alternative<'a>) -> Option<Self> {
        if self.kind != inner.kind {
            return None;
        }
        match (self.constant, inner.constant) {
            (Some(mine), Some(theirs)) if mine != theirs => return None,
            (mine, theirs) => self.constant = mine.or(theirs),
        }
        self.except.extend(&inner.except);
        if self.constant.is_some_and(|value| self.except.contains(&value)) {
            return None;
        }
        self.integer |= inner.integer;
        self.title = self.title.or(inner.title);
        self.definition = self.definition.or(inner.definition);
        self.required.extend(&inner.required);
        for (name, limit) in &inner.limits {
            self.limit(name, *limit);
        }
        for (name, value) in &inner.forms {
            let mine = self.forms.insert(name, value);
            self.keep_clash(mine, value);
        }
        for (name, value) in &inner.unknown {
            let mine = self.unknown.insert(name, value);
            self.keep_clash(mine, value);
        }
        for (name, place) in &inner.properties {
            let mine = self.properties.insert(name, place.clone());
            self.keep_clash(mine.map(|mine| mine.schema), place.schema);
        }
        if let Some(place) = &inner.items {
            let mine = self.items.replace(place.clone());
            self.keep_clash(mine.map(|mine| mine.schema), place.schema);
        }
        if let Some(place) = &inner.content {
            let mine = self.content.replace(place.clone());
            self.keep_clash(mine.map(|mine| mine.schema), place.schema);
        }
        if let Some(place) = &inner.names {
            let mine = self.names.replace(place.clone());
            self.keep_clash(mine.map(|mine| mine.schema), place.schema);
        }
        match (&self.others, &inner.others) {
            (Others::Refused, _) | (_, Others::Ignored) => {}
            (Others::Entries(mine), Others::Entries(theirs)) => {
                self.keep_clash(Some(mine.schema), theirs.schema)
            }
            (_, others) => self.others = others.clone(),
        }
        self.clashes.extend(&inner.clashes);
        Some(self)
    }

    /// Keeps both of two parts that say different things and hold together.
    fn keep_clash(&mut self, mine: Option<&'a Value>, theirs: &'a Value) {
        if let Some(mine) = mine.filter(|mine| *mine != theirs) {
            self.clashes.extend([mine, theirs]);
        }
    }

    /// Adds a bound; of two, the narrower holds.
    pub(super) fn limit(&mut self, name: &str, limit: f64) {
        // Every name comes from the table.
        let Some((name, _, bound)) = LIMITS.iter().find(|(known, ..)| *known == name) else { return };
        let narrower = match (self.limits.get(name), bound) {
            (None, _) => limit,
            (Some(mine), Bound::AtLeast) => mine.max(limit),
            (Some(mine), Bound::AtMost) => mine.min(limit),
        };
        self.limits.insert(name, narrower);
    }
}
