//! Items: messages that a backend injects.

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Profile, RoomToken};
use crate::dialect::Seconds;
use crate::dialect::{Json, Object};

/// How the server writes an item; readers take both, and the one of later servers that has a `body` alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ItemForm {
    /// As the original document has it: time, room and `injected`.
    #[default]
    Injected,
    /// For later clients, beside `injected`: `type`, `author` and the same object once more as `body`.
    WithBody {
        /// Who injected it.
        author: Profile,
    },
}

/// An injected item, in frames and among old messages.
///
/// ```
/// use chat_protocol::dialect::hipochat::{Item, ServerFrame};
/// let json = r#"{"timestamp":1414773038.058612,"token":"r1","injected":{"message":"foobar","user":"johndoe"}}"#;
/// let item: Item = serde_json::from_str(json).unwrap();
/// assert_eq!(item.injected.text().as_deref(), Some("foobar"));
/// assert_eq!(serde_json::to_string(&item).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<T = Seconds> {
    /// When it was stored.
    pub timestamp: T,
    /// The room.
    pub token: RoomToken,
    /// What was injected.
    pub injected: Object,
    /// In which form it is written.
    pub form: ItemForm,
}

impl<T> Item<T> {
    /// Whether an object of the server is an item. Messages have an author always, and the first form of an
    /// item has none; the second says what it is. (A client can write a message that says the same: nothing
    /// on the wire tells them apart. But what would be a broken item is a message then, so that no client can
    /// send what others cannot read.)
    pub(super) fn is(object: &Object) -> bool {
        let says_item = || object.get("type").and_then(Json::string).as_deref() == Some("item");
        let content = || match object.get("injected") {
            Some(injected) => injected.is_object(),
            None => object.has_object("body"),
        };
        match object.get("author") {
            None => object.has_object("injected") || (says_item() && content()),
            Some(author) => {
                let number = || object.get("timestamp").is_some_and(|ts| ts.reads::<Seconds>());
                says_item() && content() && author.reads::<Profile>() && number()
            }
        }
    }
}

impl<T: DeserializeOwned> Item<T> {
    pub(super) fn read(mut object: Object) -> Result<Self, String> {
        let (timestamp, token) = (object.require("timestamp")?, object.require("token")?);
        let body = object.take("body");
        let injected = match object.take("injected")? {
            Some(injected) => injected,
            None => body?.ok_or("missing field `injected`")?,
        };
        let form = match object.take("author")? {
            Some(author) => ItemForm::WithBody { author },
            None => ItemForm::Injected,
        };
        Ok(Self { timestamp, token, injected, form })
    }
}

impl<T: Serialize> Serialize for Item<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &self.timestamp)?;
        map.serialize_entry("token", &self.token)?;
        map.serialize_entry("injected", &self.injected)?;
        if let ItemForm::WithBody { author } = &self.form {
            map.serialize_entry("type", "item")?;
            map.serialize_entry("author", author)?;
            map.serialize_entry("body", &self.injected)?;
        }
        map.end()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Object::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Item<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("ItemIn{}", T::schema_name()).into()
    }
    fn schema_id() -> std::borrow::Cow<'static, str> {
        format!("{}::Item<{}>", module_path!(), T::schema_id()).into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "An item that a backend injected. `type`, `author` and `body` only where the operator wants them.",
            "required": ["timestamp", "token", "injected"],
            "properties": {
                "timestamp": generator.subschema_for::<T>(),
                "token": generator.subschema_for::<RoomToken>(),
                "injected": generator.subschema_for::<Object>(),
                "type": { "const": "item" },
                "author": generator.subschema_for::<Profile>(),
                "body": generator.subschema_for::<Object>(),
            },
        })
    }
}
