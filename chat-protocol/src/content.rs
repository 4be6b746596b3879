//! Typed content of messages: a media type, and an object that depends on it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::scan::{Cursor, Escapes};
use crate::{canonical, limits};

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
        match self.written_text() {
            Some((text, Escapes::None)) => Some(Cow::Borrowed(text)),
            _ => self.parsed_text(),
        }
    }

    fn parsed_text(&self) -> Option<Cow<'_, str>> {
        #[derive(Deserialize)]
        struct TextPayload<'a> {
            #[serde(borrow)]
            text: Cow<'a, str>,
        }
        serde_json::from_str::<TextPayload<'_>>(self.payload.get()).ok().map(|payload| payload.text)
    }

    /// `payload.text` as it is written between its quotes; `None` when finding it takes a parser, or there is none.
    fn written_text(&self) -> Option<(&str, Escapes)> {
        let (mut json, mut text) = (Cursor::new(self.payload.get()), None);
        json.take(b'{')?;
        loop {
            let (key, escapes) = json.string()?;
            json.take(b':')?;
            if escapes != Escapes::None {
                return None;
            } else if key != "text" {
                json.value()?;
            } else if text.replace(json.string()?).is_some() {
                return None;
            }
            if json.take(b',').is_none() {
                return text;
            }
        }
    }

    /// Size in bytes as it counts against the limit.
    pub fn size(&self) -> usize {
        self.kind.len() + self.payload.get().len()
    }

    /// The longest form of it that fits, for places with less room than a message has, such as a push.
    ///
    /// Of text types the text is cut at the end of a character, of all others nothing is left but the type; `"cut":true` stands
    /// in the payload then, and whatever else was there is left out. When not even that fits, it is given all the same.
    ///
    /// ```
    /// use chat_protocol::Content;
    /// let short = Content::plain("Grüße aus Wuppertal 👍").cut(|content| content.size() <= 39);
    /// assert_eq!(short.payload.get(), r#"{"cut":true,"text":"Grüße"}"#);
    /// assert_eq!(Content::plain("hi").cut(|content| content.size() <= 40), Content::plain("hi"));
    /// ```
    pub fn cut(&self, fits: impl Fn(&Content) -> bool) -> Content {
        if fits(self) {
            return self.clone();
        }
        let text = self.kind.starts_with("text/").then(|| self.text()).flatten();
        let Some(text) = text else { return Self::new(&self.kind, &serde_json::json!({ "cut": true })) };
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let upto =
            |end: usize| Self::new(&self.kind, &serde_json::json!({ "cut": true, "text": text[..end] }));
        // A longer text never takes less room. Nothing but the empty text is left for the first end, which is 0.
        let fit = ends.partition_point(|end| *end == 0 || fits(&upto(*end)));
        upto(ends.get(fit.saturating_sub(1)).copied().unwrap_or(0))
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
        if self.kind.starts_with("text/") && !self.has_text() {
            return Err(ContentError::Text);
        }
        Ok(())
    }

    fn has_text(&self) -> bool {
        match self.written_text() {
            Some((_, Escapes::None | Escapes::Short)) => true,
            _ => self.parsed_text().is_some(),
        }
    }

    /// 128 bits that are equal for equal content, whatever the order of object keys, the white space or the escapes of
    /// strings: clients that rebuild a message for a retry do not keep them.
    pub fn digest(&self) -> [u8; 16] {
        short_digest(&self.canonical())
    }

    /// What is hashed: the type, a byte that no text has, and the one spelling of the payload.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        // Most payloads become shorter; the rest is for what makes some longer and for what a caller adds.
        let mut canonical = Vec::with_capacity(self.size() + 32);
        canonical.extend_from_slice(self.kind.as_bytes());
        canonical.push(0xff);
        canonical::write(self.payload.get(), &mut canonical);
        canonical
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
        && text.bytes().position(|b| b == b'/').is_some_and(|slash| slash > 0 && slash + 1 < text.len())
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
        for kind in ["/", "a/", "/b", "a/b\u{7f}", "é/b"] {
            assert_eq!(Content::new(kind, &Value::Null).check(64), Err(ContentError::Type), "{kind}");
        }
        assert_eq!(check(r#"{"type":"a/b/c;d=e","payload":{}}"#), Ok(()));
        assert_eq!(check(r#"{"type":"a/b","payload":[1]}"#), Err(ContentError::Payload));
        let long = Content::plain("x".repeat(64));
        assert_eq!(long.check(64), Err(ContentError::TooLarge { bytes: long.size(), max: 64 }));
    }

    #[test]
    fn text_is_found_as_a_parser_finds_it() {
        for payload in [
            r#"{"text":"a"}"#,
            r#"{ "n" : [ 1 , {"text":"b"} ] , "text" : "a" , "x":"}" }"#,
            r#"{"text":""}"#,
            r#"{"text":"\"\n\\"}"#,
            r#"{"text":"\u0041\ud83d\udc4d"}"#,
            r#"{"text":"\ud83d"}"#,
            r#"{"text":"a","x":"\ud83d"}"#,
            r#"{"text":"a","\ud83d":1}"#,
            r#"{"te\u0078t":"a"}"#,
            r#"{"text":"a","te\u0078t":"a"}"#,
            r#"{"text":"a","text":"b"}"#,
            r#"{"text":5}"#,
            r#"{"text":{"text":"a"}}"#,
            r#"{"text":null}"#,
            r#"{"text":"a","n":1e999}"#,
            "{}",
            r#"["a"]"#,
            r#""a""#,
            "5",
        ] {
            let content =
                Content { kind: "text/plain".to_owned(), payload: serde_json::from_str(payload).unwrap() };
            assert_eq!(content.text(), content.parsed_text(), "{payload}");
            assert_eq!(content.has_text(), content.parsed_text().is_some(), "{payload}");
        }
        assert!(matches!(Content::plain("a").text(), Some(Cow::Borrowed("a"))));
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
