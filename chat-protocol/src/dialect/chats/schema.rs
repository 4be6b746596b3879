//! Schemas of the shapes that are written by hand.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{
    Chat, MessageEntry, MessageEvent, MessageId, MessageRef, Presence, ProjectId, ReadEvent, ServerFrame,
    TypingEvent,
};
use crate::MAX_SAFE;
use crate::dialect::{Seconds, WireUser};

impl JsonSchema for MessageId {
    fn schema_name() -> Cow<'static, str> {
        "MessageId".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_SAFE,
            "description": "Number of a message: unique in the server, growing within a chat.",
        })
    }
}

impl JsonSchema for ProjectId {
    fn schema_name() -> Cow<'static, str> {
        "ProjectId".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut number = json_schema!({
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_SAFE,
            "description": "Number of a project chat.",
        });
        if generator.contract().is_serialize() {
            return number;
        }
        number.insert("title".to_owned(), "ProjectNumber".into());
        json_schema!({
            "description": "Number of a project chat; may also be a string of digits.",
            "anyOf": [number, { "title": "ProjectDigits", "type": "string", "pattern": "^[0-9]+$" }],
        })
    }
}

impl JsonSchema for MessageEvent {
    fn schema_name() -> Cow<'static, str> {
        "MessageEvent".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // The chat's two keys are beside the others.
        let mut schema = Chat::json_schema(generator);
        let own = json_schema!({
            "description": "A message in its chat. The flat keys repeat what the message says.",
            "type": "object",
            "properties": {
                "message_id": generator.subschema_for::<MessageId>(),
                "author_id": generator.subschema_for::<WireUser>(),
                "text": { "type": "string", "description": "What was written." },
                "created_at": generator.subschema_for::<Seconds>(),
                "message": generator.subschema_for::<MessageEntry>(),
            },
            "required": ["message_id", "author_id", "text", "created_at", "message"],
        });
        for (keyword, value) in own.as_object().into_iter().flatten() {
            schema.insert(keyword.clone(), value.clone());
        }
        schema
    }
}

/// The text has an older name: one of the two must be there, which code generators would make more types of than it is
/// worth.
pub(super) fn either_text(schema: &mut Schema) {
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| name != "text");
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let about = "The older name of `text`. One of the two must be there; `text` wins.";
        properties.insert("message".to_owned(), json!({ "type": "string", "description": about }));
    }
}

/// The documented word for `user_typing` is a frame of its own.
pub(super) fn with_typing(schema: &mut Schema) {
    let Some(forms) = schema.get_mut("oneOf").and_then(Value::as_array_mut) else { return };
    let typing = forms.iter().find(|form| form["properties"]["type"]["const"] == "user_typing").cloned();
    if let Some(mut typing) = typing {
        typing["properties"]["type"]["const"] = "typing".into();
        typing["description"] = "The same, in the word of the document.".into();
        forms.push(typing);
    }
}

type Content = fn(&mut SchemaGenerator) -> Schema;

fn frame(generator: &mut SchemaGenerator, kind: &str, about: &str, content: Content) -> Schema {
    json_schema!({
        "type": "object",
        "description": about,
        "properties": { "type": { "type": "string", "const": kind }, "content": content(generator) },
        "required": ["type", "content"],
    })
}

fn presence(generator: &mut SchemaGenerator, kind: &str, about: &str) -> Schema {
    json_schema!({
        "type": "object",
        "description": about,
        "properties": {
            "type": { "type": "string", "const": kind },
            "user_id": generator.subschema_for::<WireUser>(),
            "content": generator.subschema_for::<Presence>(),
        },
        "required": ["type", "user_id", "content"],
    })
}

impl JsonSchema for ServerFrame {
    fn schema_name() -> Cow<'static, str> {
        "ServerFrame".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let message: Content = SchemaGenerator::subschema_for::<MessageEvent>;
        let typing: Content = SchemaGenerator::subschema_for::<TypingEvent>;
        let read: Content = SchemaGenerator::subschema_for::<ReadEvent>;
        let deleted: Content = SchemaGenerator::subschema_for::<MessageRef>;
        json_schema!({
            "description": "A frame from server to client.",
            "oneOf": [
                frame(generator, "new_message", "A message was written.", message),
                frame(generator, "edit_message", "A message was edited.", message),
                frame(generator, "user_typing", "A user is writing.", typing),
                frame(generator, "message_read", "A user has read a message.", read),
                frame(generator, "delete_message", "A message was deleted.", deleted),
                presence(generator, "set_online", "A user came online."),
                presence(generator, "set_offline", "A user went offline."),
                {
                    "type": "object",
                    "description": "Why something was refused, to its sender alone. The socket stays open.",
                    "properties": { "error": { "type": "string" } },
                    "required": ["error"],
                },
            ],
        })
    }
}
