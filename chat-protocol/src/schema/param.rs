//! Parameters in paths, queries and headers.

use serde_json::{Value, json};

use super::types::{Definitions, Shape, Types};
use crate::MAX_SAFE;

/// One parameter.
#[derive(Clone)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Text,
    Number { least: u64 },
    OneOf(&'static [&'static str]),
    Protocols(&'static [&'static str]),
    Typed(Shape),
}

impl Param {
    const fn new(name: &'static str, about: &'static str, kind: Kind) -> Self {
        Self { name, about, kind }
    }

    /// A text.
    pub(super) const fn text(name: &'static str, about: &'static str) -> Self {
        Self::new(name, about, Kind::Text)
    }

    /// A whole number, not less than this.
    pub(super) const fn number(name: &'static str, least: u64, about: &'static str) -> Self {
        Self::new(name, about, Kind::Number { least })
    }

    /// One of a few words.
    pub(super) const fn one_of(
        name: &'static str,
        words: &'static [&'static str],
        about: &'static str,
    ) -> Self {
        Self::new(name, about, Kind::OneOf(words))
    }

    /// The header of a handshake that offers these subprotocols, among other entries perhaps.
    pub(super) const fn protocols(words: &'static [&'static str], about: &'static str) -> Self {
        Self::new("Sec-WebSocket-Protocol", about, Kind::Protocols(words))
    }

    /// A value of a type.
    pub(super) const fn typed(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self::new(name, about, Kind::Typed(shape))
    }

    /// Its schema, before the types of the document have their names.
    pub(super) fn schema(&self, types: &mut Types) -> Value {
        match self.kind {
            Kind::Text => json!({ "type": "string" }),
            Kind::Number { least } => json!({ "type": "integer", "minimum": least, "maximum": MAX_SAFE }),
            Kind::OneOf(words) => json!({ "type": "string", "enum": words }),
            Kind::Protocols(words) => json!({ "type": "string", "x-subprotocols": words }),
            Kind::Typed(shape) => shape(types),
        }
    }
}

/// The fields of a type as parameters: name, whether it must be there, description and schema.
pub(super) fn fields(definitions: &Definitions, schema: &Value) -> Vec<(String, bool, Value, Value)> {
    let named = definitions.name_of(schema).and_then(|name| definitions.schemas.get(name));
    let schema = named.unwrap_or(schema);
    let required = super::polish::required(schema).unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let field = |(name, mut schema): (String, Value)| {
        let about = schema["description"].take();
        schema.as_object_mut().map(|schema| schema.remove("description"));
        // A parameter that is not given is absent: an address has no null.
        super::polish::without_null(&mut schema);
        // The description was what a reference could not stand beside.
        if let Some([alone]) = schema["allOf"].as_array().map(Vec::as_slice) {
            schema = alone.clone();
        }
        (name.clone(), required.contains(&Value::from(name)), about, schema)
    };
    properties.into_iter().map(field).collect()
}
