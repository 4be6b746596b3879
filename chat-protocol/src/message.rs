//! Messages: what people write, and how it is stored and shown.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::limits;
use crate::{ClientMsgId, Offset, RoomId, Seq, Timestamp, UserId};

/// Typed content of a message.
///
/// `text/plain` carries `{"text": "..."}`, `text/markdown` the same; `image/*` and other files carry `url`, `size` and
/// `name`; `application/*` is opaque to the server and handed on byte for byte.
///
/// ```
/// use chat_protocol::Content;
/// let content: Content = serde_json::from_str(r#"{"type":"text/plain","payload":{"text":"hi"}}"#).unwrap();
/// assert_eq!(content.text().as_deref(), Some("hi"));
/// assert_eq!(content, Content::plain("hi"));
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Content {
    /// Media type, for example `text/plain`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Object whose members depend on the type.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, Value>"))]
    pub payload: Box<RawValue>,
}

/// Contents are equal when their JSON texts are: formatting matters here. What counts as the same body of a retried
/// send is [`Content::digest`].
impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.payload.get() == other.payload.get()
    }
}

impl Eq for Content {}

/// Why content is refused. It never repeats the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// The JSON text of type and payload together is too long.
    #[error("content is {bytes} bytes, at most {max} are allowed")]
    TooLarge {
        /// Size in bytes.
        bytes: usize,
        /// Greatest size in bytes.
        max: usize,
    },
    /// The type is not a media type.
    #[error("content.type is not a media type such as text/plain")]
    Type,
    /// The payload is not a JSON object.
    #[error("content.payload is not an object")]
    Payload,
    /// A text type without text.
    #[error("content.payload.text is missing or not a string")]
    Text,
}

impl Content {
    /// Plain text.
    pub fn plain(text: impl AsRef<str>) -> Self {
        Self::new("text/plain", &serde_json::json!({ "text": text.as_ref() }))
    }

    /// Content of any type; `payload` should be a JSON object.
    pub fn new(kind: impl Into<String>, payload: &Value) -> Self {
        let payload = RawValue::from_string(payload.to_string()).expect("a JSON value prints as JSON");
        Self { kind: kind.into(), payload }
    }

    /// `payload.text`, for the types that have it.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        #[derive(Deserialize)]
        struct TextPayload<'a> {
            #[serde(borrow)]
            text: Cow<'a, str>,
        }
        serde_json::from_str::<TextPayload<'_>>(self.payload.get()).ok().map(|payload| payload.text)
    }

    /// Size in bytes as it counts against the limit.
    pub fn size(&self) -> usize {
        self.kind.len() + self.payload.get().len()
    }

    /// Checks the rules for a new message.
    ///
    /// # Errors
    /// [`ContentError`], by the first rule that is broken.
    pub fn check(&self, max_bytes: usize) -> Result<(), ContentError> {
        if self.size() > max_bytes {
            return Err(ContentError::TooLarge { bytes: self.size(), max: max_bytes });
        }
        if !media_type(&self.kind) {
            return Err(ContentError::Type);
        }
        if !self.payload.get().starts_with('{') {
            return Err(ContentError::Payload);
        }
        if self.kind.starts_with("text/") && self.text().is_none() {
            return Err(ContentError::Text);
        }
        Ok(())
    }

    /// 128 bits that are equal for equal content, whatever the order of object keys or the white space: clients
    /// that rebuild a message for a retry do not keep either.
    pub fn digest(&self) -> [u8; 16] {
        let mut canonical = self.kind.clone().into_bytes();
        canonical.push(b'\n');
        match serde_json::from_str::<Value>(self.payload.get()) {
            Ok(value) => write_canonical(&value, &mut canonical),
            // Deeper than the parser goes, which a frame's depth limit excludes: the bytes themselves then.
            Err(_) => canonical.extend_from_slice(self.payload.get().as_bytes()),
        }
        short_digest(&canonical)
    }
}

/// First 128 bits of SHA-256.
pub fn short_digest(bytes: &[u8]) -> [u8; 16] {
    let full = Sha256::digest(bytes);
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    short
}

/// `type/subtype` of printable ASCII without spaces (RFC 6838 section 4.2, read tolerantly: parameters pass).
fn media_type(text: &str) -> bool {
    text.len() <= limits::MAX_CONTENT_TYPE
        && text.bytes().all(|b| b.is_ascii_graphic())
        && text.split_once('/').is_some_and(|(kind, sub)| !kind.is_empty() && !sub.is_empty())
}

/// Keys in byte order, no white space. Written out here, because the order in which `serde_json` prints a map
/// depends on a feature that any crate of the build can switch on.
fn write_canonical(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for item in items {
                write_canonical(item, out);
                out.push(b',');
            }
            out.push(b']');
        }
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            out.push(b'{');
            for key in keys {
                out.extend_from_slice(Value::String(key.clone()).to_string().as_bytes());
                out.push(b':');
                write_canonical(&map[key], out);
                out.push(b',');
            }
            out.push(b'}');
        }
        scalar => out.extend_from_slice(scalar.to_string().as_bytes()),
    }
}

/// A stored message, as the live packet and as an entry of history.
///
/// ```
/// use chat_protocol::Message;
/// let json = r#"{"room":"r1","offset":57,"seq":43,"from":"1","client_msg_id":"01J","content":{"type":"text/plain","payload":{"text":"hi"}},"reply_to":12,"ts":"2026-11-20T08:30:39.789Z"}"#;
/// let message: Message = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&message).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// Room of the message.
    pub room: RoomId,
    /// Position in the room's log.
    pub offset: Offset,
    /// Number in the room.
    pub seq: Seq,
    /// The user who wrote it.
    pub from: UserId,
    /// The sender's own name for it, told to every reader so that all devices of the sender recognise it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<ClientMsgId>,
    /// What was written.
    pub content: Content,
    /// Number of the message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// When it was stored. Never runs backwards within a room.
    pub ts: Timestamp,
}

/// Which messages of a room to read. Without `before` and `after`: the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryQuery {
    /// Only messages with a smaller number, the newest of them first to be chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
    /// Only messages with a greater number, the oldest of them first to be chosen. With `before` as well: a window
    /// read from its old end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Seq>,
    /// Greatest number of messages, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// One page of history, always in ascending order of `seq`.
///
/// A page may hold fewer messages than asked for, because it never exceeds a frame; `more` says whether others follow
/// in the direction of the query. The next page goes on `before` the first or `after` the last message of this one.
///
/// ```
/// use chat_protocol::HistoryPage;
/// let page: HistoryPage = serde_json::from_str(r#"{"room":"r1","messages":[],"more":false}"#).unwrap();
/// assert!(page.messages.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryPage {
    /// Room of the messages.
    pub room: RoomId,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// Whether more messages exist in the direction of the query.
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_rules() {
        let check = |json: &str| serde_json::from_str::<Content>(json).unwrap().check(64);
        assert_eq!(check(r#"{"type":"text/plain","payload":{"text":""}}"#), Ok(()));
        assert_eq!(check(r#"{"type":"application/x","payload":{}}"#), Ok(()));
        assert_eq!(check(r#"{"type":"text/plain","payload":{}}"#), Err(ContentError::Text));
        assert_eq!(check(r#"{"type":"text/plain","payload":{"text":5}}"#), Err(ContentError::Text));
        assert_eq!(check(r#"{"type":"plain","payload":{}}"#), Err(ContentError::Type));
        assert_eq!(check(r#"{"type":"a b/c","payload":{}}"#), Err(ContentError::Type));
        assert_eq!(check(r#"{"type":"a/b","payload":[1]}"#), Err(ContentError::Payload));
        let long = Content::plain("x".repeat(64));
        assert_eq!(long.check(64), Err(ContentError::TooLarge { bytes: long.size(), max: 64 }));
    }

    #[test]
    fn a_digest_ignores_key_order_and_white_space_and_nothing_else() {
        let digest = |json: &str| serde_json::from_str::<Content>(json).unwrap().digest();
        let first = digest(r#"{"type":"a/b","payload":{"x":1,"y":{"p":[1,2],"q":"z"}}}"#);
        assert_eq!(first, digest(r#"{"payload":{ "y":{"q":"z", "p":[1 ,2]},"x":1},"type":"a/b"}"#));
        for other in [
            r#"{"type":"a/c","payload":{"x":1,"y":{"p":[1,2],"q":"z"}}}"#,
            r#"{"type":"a/b","payload":{"x":1,"y":{"p":[2,1],"q":"z"}}}"#,
            r#"{"type":"a/b","payload":{"x":"1","y":{"p":[1,2],"q":"z"}}}"#,
            r#"{"type":"a/b","payload":{"x":1,"y":{"p":[1,2],"q":"z"},"n":null}}"#,
        ] {
            assert_ne!(first, digest(other), "{other}");
        }
    }
}
