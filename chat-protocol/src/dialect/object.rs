//! JSON objects that belong to clients, and are handed on as they came.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// Any JSON value, byte for byte as it came. Two are equal when their texts are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(pub Box<RawValue>);

impl Json {
    /// A value of ours.
    pub fn new(value: &Value) -> Self {
        Self::of(value)
    }

    /// A value of a type of ours.
    pub(crate) fn of(value: &impl Serialize) -> Self {
        Self(serde_json::value::to_raw_value(value).expect("types of dialects are plain JSON"))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The string that it is, or `None`.
    pub fn string(&self) -> Option<String> {
        serde_json::from_str(self.as_str()).ok()
    }

    /// The object that it is, or `None`.
    pub fn object(&self) -> Option<Object> {
        serde_json::from_str(self.as_str()).ok()
    }

    /// Whether it is of a type.
    pub(crate) fn reads<T: DeserializeOwned>(&self) -> bool {
        serde_json::from_str::<T>(self.as_str()).is_ok()
    }

    pub(crate) fn is_object(&self) -> bool {
        self.as_str().starts_with('{')
    }

    pub(crate) fn is_null(&self) -> bool {
        self.as_str() == "null"
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}

/// JSON null.
impl Default for Json {
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

/// A JSON object with its keys in the order in which they came, and values byte for byte: clients put numbers
/// into it that no other type keeps exactly. Of a repeated key the last one counts.
///
/// Two are equal when keys, their order and the texts of the values are.
///
/// ```
/// use chat_protocol::dialect::Object;
/// let json = r#"{"z":1.00,"a":[1, 2]}"#;
/// let object: Object = serde_json::from_str(json).unwrap();
/// assert_eq!(object.get("z").unwrap().as_str(), "1.00");
/// assert_eq!(serde_json::to_string(&object).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object(Vec<(String, Json)>);

impl Object {
    /// An object without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more value: in the place of the one that the key had, or at the end.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.set(key, Json::new(&value.into()));
        self
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Whether there is a value, be it `null`.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Gives a key its value: in the place of the one that it had, or at the end.
    pub fn set(&mut self, key: &str, value: Json) {
        match self.0.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Json> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }

    /// Keys and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// What other dialects show of it: the first string among `message`, `body`, `body.message` and `text`.
    ///
    /// ```
    /// use chat_protocol::dialect::Object;
    /// let object: Object = serde_json::from_str(r#"{"message":5,"body":{"message":"hi"},"text":"no"}"#).unwrap();
    /// assert_eq!(object.text().as_deref(), Some("hi"));
    /// ```
    pub fn text(&self) -> Option<String> {
        let string = |key: &str| self.get(key)?.string();
        let nested = || self.get("body")?.object()?.get("message")?.string();
        string("message").or_else(|| string("body")).or_else(nested).or_else(|| string("text"))
    }

    /// Whether the key has an object.
    pub(crate) fn has_object(&self, key: &str) -> bool {
        self.get(key).is_some_and(Json::is_object)
    }

    /// Takes out a value of a type, or says what is wrong with it, without repeating it.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, String> {
        let Some(value) = self.remove(key) else { return Ok(None) };
        let read = serde_json::from_str(value.as_str());
        read.map(Some).map_err(|error| format!("{key}: {}", rule(&error.to_string())))
    }

    /// Takes out a value that must be there.
    pub(crate) fn require<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, String> {
        self.take(key)?.ok_or_else(|| format!("missing field `{key}`"))
    }

    /// Writes keys and values into an object that has others.
    pub(crate) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))
    }
}

/// What the parser expected. Before that it tells what it met, and after it the place, which is that of a
/// part.
fn rule(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    match message.split_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => message.to_owned(),
    }
}

impl FromIterator<(String, Json)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        let last: HashMap<&str, usize> =
            entries.iter().enumerate().map(|(at, (key, _))| (key.as_str(), at)).collect();
        if last.len() < entries.len() {
            let counts: Vec<bool> =
                entries.iter().enumerate().map(|(at, (key, _))| last[key.as_str()] == at).collect();
            let mut counts = counts.into_iter();
            entries.retain(|_| counts.next().unwrap_or_default());
        }
        Self(entries)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.write(&mut map)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                std::iter::from_fn(|| map.next_entry().transpose()).collect()
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    impl JsonSchema for super::Json {
        fn schema_name() -> Cow<'static, str> {
            "Json".into()
        }
        fn inline_schema() -> bool {
            true
        }
        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "description": "Any JSON value." })
        }
    }

    impl JsonSchema for super::Object {
        fn schema_name() -> Cow<'static, str> {
            "Object".into()
        }
        fn inline_schema() -> bool {
            true
        }
        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "object", "description": "Any JSON object." })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_the_first_string_among_four() {
        for (json, text) in [
            (r#"{"text":"d","body":"b","message":"a"}"#, Some("a")),
            (r#"{"text":"d","body":"b","message":null}"#, Some("b")),
            (r#"{"text":"d","body":{"message":"c"}}"#, Some("c")),
            (r#"{"text":"d","body":{"text":"e"}}"#, Some("d")),
            (r#"{"message":""}"#, Some("")),
            (r#"{"message":{"message":"x"},"text":5}"#, None),
            ("{}", None),
        ] {
            assert_eq!(serde_json::from_str::<Object>(json).unwrap().text().as_deref(), text, "{json}");
        }
    }
}
