//! Changes to optional values: keep, clear or set.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a change does to one optional value. On the wire: absent keeps it, `null` clears it, a value sets it (RFC 7396).
///
/// Fields of this type need `#[serde(default, skip_serializing_if = "Patch::is_keep")]`.
///
/// ```
/// use chat_protocol::Patch;
/// #[derive(serde::Deserialize)]
/// struct Change {
///     #[serde(default)]
///     topic: Patch<String>,
/// }
/// let change = |json: &str| serde_json::from_str::<Change>(json).unwrap().topic;
/// assert_eq!(change("{}"), Patch::Keep);
/// assert_eq!(change(r#"{"topic":null}"#), Patch::Clear);
/// assert_eq!(change(r#"{"topic":"Plans"}"#), Patch::Set("Plans".to_owned()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Have none from now on.
    Clear,
    /// Have this one from now on.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether nothing changes.
    pub fn is_keep(&self) -> bool {
        matches!(self, Patch::Keep)
    }

    /// The new value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Patch::Set(value) => Some(value),
            Patch::Keep | Patch::Clear => None,
        }
    }

    /// Changes `target`.
    pub fn apply(self, target: &mut Option<T>) {
        match self {
            Patch::Keep => {}
            Patch::Clear => *target = None,
            Patch::Set(value) => *target = Some(value),
        }
    }
}

/// A field that may be left out and not be null: beside fields that null clears it would mean that, and does not.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Patch::Clear, Patch::Set))
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("PatchOf{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }
}
