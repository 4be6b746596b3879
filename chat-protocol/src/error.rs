//! Why something from the wire cannot be taken.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};

use crate::strict::Strict;
use crate::{ErrorCode, Event, RequestId, depth_within, limits};

/// A refusal: a code, and what exactly was wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}{}", .detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default())]
pub struct WireError {
    /// Which rule.
    pub code: ErrorCode,
    /// What exactly was wrong, without repeating input, secrets or message text.
    pub detail: Option<String>,
    /// How long to wait before a retry, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl WireError {
    /// A refusal with its reason.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: Some(detail.into()), retry_after_ms: None }
    }

    /// The same, to be tried again after `ms` milliseconds.
    #[must_use]
    pub fn retry_after_ms(mut self, ms: u64) -> Self {
        self.retry_after_ms = Some(ms);
        self
    }
}

impl From<ErrorCode> for WireError {
    fn from(code: ErrorCode) -> Self {
        Self { code, detail: None, retry_after_ms: None }
    }
}

/// Reads one packet, bounding size and nesting before anything is allocated for it.
///
/// ```
/// use chat_protocol::{Command, ErrorCode, decode};
/// assert!(matches!(decode(br#"{"ping":{}}"#), Ok(Command::Ping(_))));
/// assert!(matches!(decode(br#"{"dance":{"steps":3}}"#), Ok(Command::Unknown { .. })));
/// let error = decode::<Command>(br#"{"send":{"id":"1","room":5}}"#).unwrap_err();
/// assert_eq!(error.code, ErrorCode::BadRequest);
/// assert_eq!(error.detail.as_deref(), Some("send.room: expected a room id: a string of 1 to 320 bytes"));
/// ```
///
/// # Errors
/// `TooLarge`, `TooDeep`, `InvalidJson`, or `BadRequest` with the path of the field.
pub fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, WireError> {
    decode_within(json, limits::MAX_DEPTH)
}

/// Reads what a server says, as [`decode`] does, but for the few levels that an event may nest deeper than the command whose
/// content it repeats ([`limits::EVENT_DEPTH`]).
///
/// # Errors
/// As [`decode`].
pub fn decode_event(json: &[u8]) -> Result<Event, WireError> {
    decode_within(json, limits::MAX_DEPTH + limits::EVENT_DEPTH)
}

fn decode_within<T: DeserializeOwned>(json: &[u8], max_depth: usize) -> Result<T, WireError> {
    if json.len() > limits::MAX_FRAME {
        let detail = format!("{} bytes, at most {} are allowed", json.len(), limits::MAX_FRAME);
        return Err(WireError::new(ErrorCode::TooLarge, detail));
    }
    if !depth_within(json, max_depth) {
        let detail = format!("arrays and objects nest deeper than {max_depth}");
        return Err(WireError::new(ErrorCode::TooDeep, detail));
    }
    // One look at the whole frame is cheaper than one at each string.
    let read = match std::str::from_utf8(json) {
        Ok(text) => read(&mut serde_json::Deserializer::from_str(text)),
        Err(_) => read(&mut serde_json::Deserializer::from_slice(json)),
    };
    read.map_err(|error| explain::<T>(json, &error))
}

/// One value and nothing behind it.
fn read<'de, T: DeserializeOwned, R: serde_json::de::Read<'de>>(
    json: &mut serde_json::Deserializer<R>,
) -> serde_json::Result<T> {
    let value = T::deserialize(Strict(&mut *json))?;
    json.end()?;
    Ok(value)
}

/// The slow path of a failed decode: parse once more, this time keeping track of the field.
fn explain<T: DeserializeOwned>(json: &[u8], error: &serde_json::Error) -> WireError {
    if !error.is_data() {
        let (line, column) = (error.line(), error.column());
        return WireError::new(ErrorCode::InvalidJson, format!("not JSON at line {line} column {column}"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let Err(tracked) = serde_path_to_error::deserialize::<_, T>(Strict(&mut deserializer)) else {
        return WireError::new(ErrorCode::BadRequest, rule(&error.to_string()));
    };
    let (path, rule) = (field(tracked.path()), rule(&tracked.inner().to_string()));
    // The frame itself has no path.
    WireError::new(ErrorCode::BadRequest, if path.is_empty() { rule } else { format!("{path}: {rule}") })
}

/// Greatest length of a name that is shown, in bytes.
const MAX_NAME: usize = 32;

/// The path of a field. The keys of maps are the sender's own words, of any length and content: one that does not look
/// like the name of a field is shown as `?`.
fn field(path: &Path) -> String {
    let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                let name = if name.len() <= MAX_NAME && plain(name) { name } else { "?" };
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(name);
            }
            Segment::Unknown => text.push('?'),
        }
    }
    text
}

/// What the parser expected. Its messages also repeat what it got, which may be a secret and is cut off.
fn rule(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    match message.split_once(", expected ") {
        // The name of a type of ours means nothing to the sender.
        Some((_, expected)) if expected.starts_with("struct ") => "expected an object".to_owned(),
        Some((_, expected)) => format!("expected {expected}"),
        None if message.starts_with("unknown ") => "unknown value".to_owned(),
        None => message.to_owned(),
    }
}

/// The `id` of a command that could not be read otherwise, so that even its refusal can be matched to it.
///
/// All else is passed over, however deep and long it is, and not held in memory.
pub fn salvage_id(json: &[u8]) -> Option<RequestId> {
    let frame: BTreeMap<String, &RawValue> = serde_json::from_slice(json).ok()?;
    let mut packets = frame.iter().filter(|(key, _)| !key.starts_with('_'));
    match (packets.next(), packets.next()) {
        (Some((_, packet)), None) => {
            let packet: BTreeMap<String, &RawValue> = serde_json::from_str(packet.get()).ok()?;
            serde_json::from_str(packet.get("id")?.get()).ok()
        }
        // One id could not answer several packets.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Command;

    fn refusal(json: &str) -> (ErrorCode, String) {
        let error = decode::<Command>(json.as_bytes()).unwrap_err();
        (error.code, error.detail.unwrap())
    }

    #[test]
    fn refusals_name_the_field_and_never_repeat_the_value() {
        for (json, code, detail) in [
            ("", ErrorCode::InvalidJson, "not JSON at line 1 column 0"),
            (r#"{"send":{"#, ErrorCode::InvalidJson, "not JSON at line 1 column 9"),
            ("[]", ErrorCode::BadRequest, "expected one object with one key that names the command"),
            ("{}", ErrorCode::BadRequest, "a frame holds exactly one packet"),
            (r#"{"ping":{},"pong":{}}"#, ErrorCode::BadRequest, "a frame holds exactly one packet"),
            (r#"{"join":{"id":"1"}}"#, ErrorCode::BadRequest, "join: missing field `room`"),
            (
                r#"{"auth":{"id":"1","token":["secret"]}}"#,
                ErrorCode::BadRequest,
                "auth.token: expected a string",
            ),
            (r#"{"set":{"id":"1","data":"x"}}"#, ErrorCode::BadRequest, "set.data: expected an object"),
            (r#"{"join":5}"#, ErrorCode::BadRequest, "join: expected an object"),
            (
                r#"{"create":{"id":"1","kind":7}}"#,
                ErrorCode::BadRequest,
                "create.kind: expected a string, one of a list",
            ),
            (r#"{"ping":["secret"]}"#, ErrorCode::BadRequest, "ping: expected an object"),
            (
                r#"{"edit":{"id":"1","room":"r","seq":1,"content":["a/b",{}]}}"#,
                ErrorCode::BadRequest,
                "edit.content: expected an object",
            ),
            (
                r#"{"create":{"id":"1","kind":"secret"}}"#,
                ErrorCode::BadRequest,
                "create.kind: expected one of `direct`, `group`, `channel`, `desk`",
            ),
            (
                r#"{"read":{"room":"r","seq":9007199254740992}}"#,
                ErrorCode::BadRequest,
                "read.seq: expected a message's number in its room: an integer from 0 to 9007199254740991",
            ),
        ] {
            assert_eq!(refusal(json), (code, detail.to_owned()), "{json}");
        }
    }

    #[test]
    fn refusals_show_no_keys_of_maps_that_are_no_names() {
        let resume = |rooms: &str| {
            refusal(&format!(r#"{{"resume":{{"id":"1","epoch":"e","user_offset":0,"rooms":{{{rooms}}}}}}}"#))
        };
        let offset = "expected a position in a room's log: an integer from 0 to 9007199254740991";
        for (key, shown) in [("r1", "r1"), ("a: b", "?"), (&"r".repeat(33), "?"), ("a\u{202e}", "?")] {
            let refused = resume(&format!(r#""{key}":"x""#));
            assert_eq!(refused, (ErrorCode::BadRequest, format!("resume.rooms.{shown}: {offset}")), "{key}");
        }
        let (_, detail) = resume(r#""a\nb":1"#);
        assert_eq!(detail, "resume.rooms.?: a room id must not hold control characters");
    }

    #[test]
    fn nesting_is_bounded_even_where_it_would_be_ignored() {
        let deep = format!(r#"{{"ping":{{}},"_x":{}1{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
        assert_eq!(refusal(&deep).0, ErrorCode::TooDeep);
        let wide = format!(r#"{{"ping":{{}},"_x":[{}]}}"#, "1,".repeat(40_000));
        assert_eq!(refusal(&wide).0, ErrorCode::TooLarge);
    }

    #[test]
    fn reserved_keys_are_ignored() {
        assert!(matches!(decode(br#"{"_trace":"x","ping":{},"_n":1}"#), Ok(Command::Ping(_))));
    }

    #[test]
    fn the_id_of_an_unreadable_command_is_salvaged() {
        assert_eq!(salvage_id(br#"{"send":{"id":"7","room":5}}"#), RequestId::new("7").ok());
        assert_eq!(salvage_id(br#"{"send":{"id":7}}"#), None);
        assert_eq!(salvage_id(br#"{"a":{"id":"7"},"b":{"id":"8"}}"#), None);
        assert_eq!(salvage_id(br#"{"_t":{"id":"6"},"a":{"id":"7"}}"#), RequestId::new("7").ok());
        assert_eq!(salvage_id(br#"{"send":"#), None);
        for unread in [r#"{"x":1e999}"#, r#""\ud800""#, &"[".repeat(200)] {
            let json = format!(
                r#"{{"send":{{"content":{unread}{},"id":"7"}}}}"#,
                "]".repeat(unread.matches('[').count())
            );
            assert_eq!(salvage_id(json.as_bytes()), RequestId::new("7").ok(), "{json}");
        }
    }
}
