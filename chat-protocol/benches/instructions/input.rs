//! What goes through the codec in practice: ids as servers and clients make them, 200 bytes of text.

use std::fmt::Debug;

use chat_protocol::decode;
use serde::de::DeserializeOwned;

/// 200 bytes of text, as JSON: mostly ASCII, with what makes a codec leave its fast path, an escape and two characters of
/// several bytes. The number of bytes is the point, so it is checked.
pub(crate) const TEXT: &str = "Did you see the offer in Zürich? The seller says \\\"as new\\\", the battery is at 94 \
    per cent and he would send it tomorrow if we pay today. I would rather meet him first. What do you think? Call me. 👍";

/// What a client sends to write `TEXT`.
pub(crate) fn send() -> String {
    format!(
        r#"{{"send":{{"id":"4711","room":"7d9fcb3a41e84d0c9a51b2c06e7f1388","client_msg_id":"01JD3Z8Q4V7N2K5M9XW6TB0RYC","content":{}}}}}"#,
        content()
    )
}

/// What everyone in the room is told.
pub(crate) fn message() -> String {
    message_of(&content())
}

/// The same with the beginning of `TEXT`: 350 bytes in all.
pub(crate) fn message_of_350() -> String {
    let json = message_of(&content_of(&TEXT[..117]));
    assert_eq!(json.len(), 350);
    json
}

fn message_of(content: &str) -> String {
    format!(
        r#"{{"message":{{"room":"7d9fcb3a41e84d0c9a51b2c06e7f1388","offset":10457,"seq":10233,"from":"1048576001","client_msg_id":"01JD3Z8Q4V7N2K5M9XW6TB0RYC","content":{content},"ts":"2026-11-20T08:30:39.789Z"}}}}"#
    )
}

/// The typed content alone.
pub(crate) fn content() -> String {
    assert_eq!(TEXT.replace('\\', "").len(), 200);
    content_of(TEXT)
}

fn content_of(text: &str) -> String {
    format!(r#"{{"type":"text/plain","payload":{{"text":"{text}"}}}}"#)
}

/// A packet from its text.
pub(crate) fn packet<T: DeserializeOwned + Debug>(json: &str) -> T {
    decode(json.as_bytes()).unwrap_or_else(|error| panic!("{error}: {json}"))
}
