//! Frames of the socket.
//!
//! Rule: dialect reference (`docs/dialects.md`), section 7, "Client -> server frames" and "Server -> client
//! frames".

use serde::de::{self, DeserializeOwned};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Desk, Message};
use crate::WireError;
use crate::dialect::Json;
use crate::object::read_object;

/// What happened, as the frames of both directions name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A desk was created, or its own data changed. The spelling with one more underscore in the prose of the
    /// original document was never used.
    UpdateHelpdesk,
    /// A message was written.
    NewMessage,
    /// A message or its status changed.
    UpdateMessage,
}

impl EventKind {
    /// Every kind, in the order of the original document.
    pub const ALL: [Self; 3] = [Self::UpdateHelpdesk, Self::NewMessage, Self::UpdateMessage];

    /// The kind as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::UpdateHelpdesk => "update_helpdesk",
            Self::NewMessage => "new_message",
            Self::UpdateMessage => "update_message",
        }
    }

    fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What a client tells every socket of the organization, its own included. It is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// The name of the event.
    pub kind: EventKind,
    /// Handed on unchanged; null when the client named none.
    pub data: Json,
}

/// What clients send.
///
/// ```
/// use chat_protocol::dialect::helpdesk::{ClientFrame, EventKind};
/// use chat_protocol::{decode, encode};
/// let json = r#"{"type":"new_message","data":{"any":["JSON"]}}"#;
/// let frame: ClientFrame = decode(json.as_bytes()).unwrap();
/// let ClientFrame::Relay(relay) = &frame else { panic!("unknown") };
/// assert_eq!(relay.kind, EventKind::NewMessage);
/// assert_eq!(relay.data.0.get(), r#"{"any":["JSON"]}"#);
/// assert_eq!(encode(&frame).as_str(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// To be told to all, when the sender may.
    Relay(Relay),
    /// Ignored by servers. Its kind is none of those of [`EventKind`].
    Unknown {
        /// The name of the event.
        kind: String,
        /// What came with it; null when nothing did.
        data: Json,
    },
}

/// How `data` is written: the option `helpdesk.data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DataForm {
    /// As a string that holds JSON, which the original document describes.
    #[default]
    String,
    /// As the object itself, which the original's code wrote.
    Object,
}

/// An object of the server in one of the two forms.
///
/// ```
/// use chat_protocol::dialect::helpdesk::{Created, Data, DataForm};
/// for (json, form) in [
///     (r#""{\"message\":\"Mensagem criada\"}""#, DataForm::String),
///     (r#"{"message":"Mensagem criada"}"#, DataForm::Object),
/// ] {
///     let data: Data<Created> = serde_json::from_str(json).unwrap();
///     assert_eq!(data, Data { form, value: Created::default() });
///     assert_eq!(serde_json::to_string(&data).unwrap(), json);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data<T> {
    /// How it is written.
    pub form: DataForm,
    /// The object.
    pub value: T,
}

impl<T: DeserializeOwned> Data<T> {
    /// Reads either form. The size and nesting of a string's inside are bounded as those of a frame are.
    fn read(json: &str) -> Result<Self, WireError> {
        let (form, object) = match serde_json::from_str::<String>(json) {
            Ok(inside) => (DataForm::String, inside),
            Err(_) => (DataForm::Object, json.to_owned()),
        };
        /// Readers of structs take arrays, too; an array is nothing that a server wrote.
        struct Object<T>(T);
        impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read_object(deserializer, "an object, or a string that holds one").map(Self)
            }
        }
        crate::decode::<Object<T>>(object.as_bytes()).map(|Object(value)| Self { form, value })
    }
}

impl<T: Serialize> Serialize for Data<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.form {
            DataForm::Object => self.value.serialize(serializer),
            DataForm::String => {
                serializer.serialize_str(&serde_json::to_string(&self.value).map_err(S::Error::custom)?)
            }
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Data<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        Self::read(json.get()).map_err(|error| de::Error::custom(error.detail.unwrap_or_default()))
    }
}

/// What servers send.
///
/// On the wire nothing tells what the server says from what it hands on for a client: a relayed event whose
/// data is a message or a desk, as its name promises, is read as that.
///
/// ```
/// use chat_protocol::dialect::helpdesk::{DataForm, ServerFrame};
/// use chat_protocol::{decode, encode};
/// let json = concat!(
///     r#"{"type":"new_message","data":"{\"created_at\":\"2021-06-15T11:57:16.420655-03:00\","#,
///     r#"\"updated_at\":\"2021-06-15T11:57:16.420655-03:00\",\"uuid\":\"0b9c1d2e-3f40-4152-8637-48596a7b8c9d\","#,
///     r#"\"message\":\"teste\",\"file\":null,\"type\":\"sent\",\"status\":\"sending\","#,
///     r#"\"help_desk\":\"5d6e7f80-91a2-43b4-95c6-d7e8f9010203\"}"}"#,
/// );
/// let frame: ServerFrame = decode(json.as_bytes()).unwrap();
/// let ServerFrame::NewMessage(data) = &frame else { panic!("not a message") };
/// assert_eq!((data.form, data.value.text.as_deref()), (DataForm::String, Some("teste")));
/// assert_eq!(encode(&frame).as_str(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame {
    /// A desk was created, or its own data changed.
    UpdateHelpdesk(Data<Desk>),
    /// A message was written.
    NewMessage(Data<Message>),
    /// A message or its status changed: mostly from `sending` to `sent`.
    UpdateMessage(Data<Message>),
    /// What a client said, with any data.
    Relay(Relay),
    /// An event of a newer server, to be ignored. Its kind is none of those of [`EventKind`].
    Unknown {
        /// The name of the event.
        kind: String,
        /// What came with it; null when nothing did.
        data: Json,
    },
}

impl ServerFrame {
    /// The name of the event.
    pub fn kind(&self) -> &str {
        match self {
            Self::UpdateHelpdesk(_) => EventKind::UpdateHelpdesk.name(),
            Self::NewMessage(_) => EventKind::NewMessage.name(),
            Self::UpdateMessage(_) => EventKind::UpdateMessage.name(),
            Self::Relay(relay) => relay.kind.name(),
            Self::Unknown { kind, .. } => kind,
        }
    }
}

impl From<Relay> for ServerFrame {
    fn from(relay: Relay) -> Self {
        Self::Relay(relay)
    }
}

/// The frame as it is written.
#[derive(Serialize)]
struct Written<'a, T> {
    r#type: &'a str,
    data: &'a T,
}

/// The frame as it is read.
#[derive(Deserialize)]
struct Read {
    r#type: String,
    #[serde(default)]
    data: Json,
}

impl Read {
    fn from<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer, "an object with type and data")
    }
}

impl Serialize for ClientFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, data) = match self {
            Self::Relay(relay) => (relay.kind.name(), &relay.data),
            Self::Unknown { kind, data } => (kind.as_str(), data),
        };
        Written { r#type: kind, data }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ClientFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Read { r#type, data } = Read::from(deserializer)?;
        Ok(match EventKind::read(&r#type) {
            Some(kind) => Self::Relay(Relay { kind, data }),
            None => Self::Unknown { kind: r#type, data },
        })
    }
}

impl Serialize for ServerFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let r#type = self.kind();
        match self {
            Self::UpdateHelpdesk(data) => Written { r#type, data }.serialize(serializer),
            Self::NewMessage(data) | Self::UpdateMessage(data) => {
                Written { r#type, data }.serialize(serializer)
            }
            Self::Relay(Relay { data, .. }) | Self::Unknown { data, .. } => {
                Written { r#type, data }.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for ServerFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Read { r#type, data } = Read::from(deserializer)?;
        let Some(kind) = EventKind::read(&r#type) else { return Ok(Self::Unknown { kind: r#type, data }) };
        let json = data.0.get();
        let event = match kind {
            EventKind::UpdateHelpdesk => Data::read(json).map(Self::UpdateHelpdesk),
            EventKind::NewMessage => Data::read(json).map(Self::NewMessage),
            EventKind::UpdateMessage => Data::read(json).map(Self::UpdateMessage),
        };
        // Members may send any data under these names, so data of another shape is no error of the server.
        Ok(event.unwrap_or(Self::Relay(Relay { kind, data })))
    }
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{ClientFrame, Data, Desk, EventKind, Json, Message, Relay, ServerFrame};

    macro_rules! named {
        ($type:ty, $name:literal, $schema:expr) => {
            impl JsonSchema for $type {
                fn schema_name() -> Cow<'static, str> {
                    $name.into()
                }
                fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                    let schema: fn(&mut SchemaGenerator) -> Schema = $schema;
                    schema(generator)
                }
            }
        };
    }

    impl<T: JsonSchema> JsonSchema for Data<T> {
        fn schema_name() -> Cow<'static, str> {
            format!("{}Data", T::schema_name()).into()
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let object = generator.subschema_for::<T>();
            json_schema!({
                "description": "The object, or a string that holds it as JSON.",
                "anyOf": [
                    { "type": "string", "contentMediaType": "application/json", "contentSchema": object },
                    object,
                ],
            })
        }
    }

    fn frame(kind: Schema, data: Schema, required: &[&str], description: &str) -> Schema {
        json_schema!({
            "type": "object",
            "description": description,
            "properties": { "type": kind, "data": data },
            "required": required,
        })
    }

    /// A client may leave the data out; a server never does.
    fn relay(generator: &mut SchemaGenerator, required: &[&str]) -> Schema {
        let (kind, data) = (generator.subschema_for::<EventKind>(), generator.subschema_for::<Json>());
        frame(kind, data, required, "An event with any data, told to all sockets of the organization.")
    }

    named!(Relay, "Relay", |generator| relay(generator, &["type", "data"]));
    named!(ClientFrame, "ClientFrame", |generator| relay(generator, &["type"]));
    named!(ServerFrame, "ServerFrame", |generator| {
        let message = generator.subschema_for::<Data<Message>>();
        let desk = generator.subschema_for::<Data<Desk>>();
        let event = |kind: &str, data: &Schema, description| {
            let kind = json_schema!({ "type": "string", "const": kind, "description": "Always this word." });
            frame(kind, data.clone(), &["type", "data"], description)
        };
        let events = [
            event("update_helpdesk", &desk, "A desk was created or changed."),
            event("new_message", &message, "A message was written."),
            event("update_message", &message, "A message changed."),
            generator.subschema_for::<Relay>(),
        ];
        json_schema!({ "description": "A frame from server to client.", "anyOf": events })
    });
}
