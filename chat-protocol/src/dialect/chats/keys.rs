//! What a client's frame holds before it is known what it means: `content` is read by the type beside it, which may come
//! after it.
//!
//! Of a key that is given twice the last one counts. Only what the format has a word for is kept.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::chat::ChatId;
use super::{BadInput, Chat, EditMessage, MAX_TEXT, MessageId, MessageRef, NewMessage};
use crate::dialect::Json;
use crate::dialect::scalar::Scalar;

/// Declares a struct that is read from an object, with all keys optional. Derived readers also take arrays, and no key
/// twice.
macro_rules! keys {
    ($(#[$doc:meta])* $name:ident $expecting:literal { $($key:literal $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(super) struct $name {
            $(pub(super) $field: Option<$type>,)*
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                #[serde(field_identifier)]
                #[expect(non_camel_case_types, reason = "the names of fields")]
                enum Key {
                    $(#[serde(rename = $key)] $field,)*
                    #[serde(other)]
                    Other,
                }
                struct Object;
                impl<'de> Visitor<'de> for Object {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut keys = $name::default();
                        while let Some(key) = map.next_key()? {
                            match key {
                                $(Key::$field => keys.$field = Some(map.next_value()?),)*
                                Key::Other => _ = map.next_value::<IgnoredAny>()?,
                            }
                        }
                        Ok(keys)
                    }
                }
                deserializer.deserialize_map(Object)
            }
        }
    };
}

keys! {
    /// A frame.
    Keys "an object with type and content" {
        "type" kind: Scalar,
        "content" content: Json,
    }
}

keys! {
    /// The content of a frame of any type.
    Content "an object" {
        "chat_type" chat_type: Scalar,
        "chat_id" chat_id: Scalar,
        "message_id" message_id: Scalar,
        "text" text: Scalar,
        "message" message: Scalar,
        "reply_to" reply_to: Scalar,
        "file_urls" file_urls: Json,
    }
}

/// Checks the content of a frame that has none.
pub(super) fn nothing_in(content: Option<Json>) -> Result<(), BadInput> {
    match content {
        Some(content) if !content.is_object() && !content.is_null() => Err(BadInput::InvalidValue("content")),
        _ => Ok(()),
    }
}

impl Content {
    pub(super) fn of(content: Option<Json>) -> Result<Self, BadInput> {
        let content = content.ok_or(BadInput::MissingKey("content"))?;
        if !content.is_object() {
            return Err(BadInput::InvalidValue("content"));
        }
        serde_json::from_str(content.as_str()).map_err(|_| BadInput::InvalidJson)
    }

    pub(super) fn chat(&mut self) -> Result<Chat, BadInput> {
        let kind = required("chat_type", self.chat_type.take())?.text();
        let project = match kind.ok_or(BadInput::InvalidValue("chat_type"))?.as_str() {
            "direct" => false,
            "project" => true,
            _ => return Err(BadInput::ChatType),
        };
        let id = match required("chat_id", self.chat_id.take())? {
            Scalar::Number(number) => Some(ChatId::Number(number)),
            other => other.text().map(ChatId::Text),
        };
        id.and_then(|id| Chat::of(project, id)).ok_or(BadInput::InvalidValue("chat_id"))
    }

    /// The older clients' `message` where there is no `text`.
    fn text(&mut self) -> Result<String, BadInput> {
        let text = match text_of("text", self.text.take())? {
            Some(text) => text,
            None => text_of("message", self.message.take())?.ok_or(BadInput::MissingKey("text"))?,
        };
        // No text has more characters than bytes.
        match text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT {
            true => Err(BadInput::TextLength(text.chars().count())),
            false => Ok(text),
        }
    }

    fn message_id(&mut self) -> Result<MessageId, BadInput> {
        number("message_id", required("message_id", self.message_id.take())?)
    }

    fn reply_to(&mut self) -> Result<Option<MessageId>, BadInput> {
        given(self.reply_to.take()).map(|value| number("reply_to", value)).transpose()
    }

    fn file_urls(&mut self) -> Result<Vec<String>, BadInput> {
        let Some(list) = self.file_urls.take() else { return Ok(Vec::new()) };
        let list: Option<Vec<String>> =
            serde_json::from_str(list.as_str()).map_err(|_| BadInput::InvalidValue("file_urls"))?;
        Ok(list.unwrap_or_default())
    }

    pub(super) fn message_ref(mut self) -> Result<MessageRef, BadInput> {
        Ok(MessageRef { chat: self.chat()?, message_id: self.message_id()? })
    }

    pub(super) fn new_message(mut self) -> Result<NewMessage, BadInput> {
        let (chat, text) = (self.chat()?, self.text()?);
        Ok(NewMessage { chat, text, reply_to: self.reply_to()?, file_urls: self.file_urls()? })
    }

    pub(super) fn edit_message(mut self) -> Result<EditMessage, BadInput> {
        Ok(EditMessage { chat: self.chat()?, message_id: self.message_id()?, text: self.text()? })
    }

    /// The document prints `typing` for three commands; the one without a message is meant.
    pub(super) fn seed_typing(mut self) -> Result<Chat, BadInput> {
        match given(self.message_id.take()) {
            None => self.chat(),
            Some(_) => Err(BadInput::TypingMessage),
        }
    }
}

fn required(key: &'static str, value: Option<Scalar>) -> Result<Scalar, BadInput> {
    value.ok_or(BadInput::MissingKey(key))
}

/// A key that may be null or absent.
fn given(value: Option<Scalar>) -> Option<Scalar> {
    value.filter(|value| *value != Scalar::Null)
}

fn text_of(key: &'static str, value: Option<Scalar>) -> Result<Option<String>, BadInput> {
    given(value).map(|value| value.text().ok_or(BadInput::InvalidValue(key))).transpose()
}

fn number(key: &'static str, value: Scalar) -> Result<MessageId, BadInput> {
    match value {
        Scalar::Number(number) => MessageId::new(number).ok_or(BadInput::InvalidValue(key)),
        _ => Err(BadInput::InvalidValue(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ClientFrame;
    use super::*;

    #[test]
    fn of_a_repeated_key_the_last_counts_and_the_type_may_come_last() {
        let frame = r#"{"content":5,"content":{"chat_type":"project","chat_id":[],"chat_id":"10"},"x":1,"type":"user_typing"}"#;
        let Ok(ClientFrame::UserTyping(chat)) = ClientFrame::read(frame.as_bytes()) else {
            panic!("{frame}")
        };
        assert_eq!(chat.to_string(), "10");
        let later = frame.replace("user_typing\"", "user_typing\",\"type\":7");
        assert_eq!(ClientFrame::read(later.as_bytes()), Err(BadInput::InvalidValue("type")));
    }

    #[test]
    fn a_frame_and_its_content_are_objects() {
        let typing = |content: &str| {
            let frame = format!(r#"{{"type":"user_typing","content":{content}}}"#);
            ClientFrame::read(frame.as_bytes()).unwrap_err()
        };
        for content in ["null", "[]", r#"["direct","1_2"]"#, r#""{}""#] {
            assert_eq!(typing(content), BadInput::InvalidValue("content"), "{content}");
        }
        assert_eq!(typing("{}"), BadInput::MissingKey("chat_type"));
        assert_eq!(typing(r#"{"chat_type":"\ud800"}"#), BadInput::InvalidJson);
        for frame in ["[]", r#"["user_typing",{}]"#, "null", r#"{"type":"#] {
            assert_eq!(ClientFrame::read(frame.as_bytes()), Err(BadInput::InvalidJson), "{frame}");
        }
    }
}
