//! What browsers demand of a page and tell it, as plain functions that are tested without one.

use chat_protocol::Close;

/// Bytes of the reason of a close frame (RFC 6455 section 5.5.1: a control frame has 125, two of them for the code).
const MAX_REASON: usize = 123;

/// The close that a page may send: its own code (3000 to 4999) or 1000, which stands for all others, and a reason that fits.
/// Anything else makes the browser throw (the section "The WebSocket interface" of the WebSockets standard).
pub(super) fn sendable(close: &Close) -> (u16, &str) {
    let code = if (3000..5000).contains(&close.code) { close.code } else { 1000 };
    let mut end = close.reason.len().min(MAX_REASON);
    while !close.reason.is_char_boundary(end) {
        end -= 1;
    }
    (code, &close.reason[..end])
}

/// The close frame that the peer sent, if it sent one: 1006 and 1015 are the browser's words for a connection that ended
/// without (RFC 6455 section 7.4.1).
pub(super) fn told(code: u16, reason: String) -> Option<Close> {
    (!matches!(code, 1006 | 1015)).then_some(Close { code, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_browser_takes_is_sent() {
        for (code, sent) in
            [(1000, 1000), (1001, 1000), (2999, 1000), (3000, 3000), (4999, 4999), (5000, 1000)]
        {
            assert_eq!(sendable(&Close { code, reason: "bye".to_owned() }), (sent, "bye"));
        }
        // 124 bytes, of which the last two are one character.
        let reason = format!("{}é", "x".repeat(122));
        assert_eq!(sendable(&Close { code: 1000, reason }).1, "x".repeat(122));
    }

    #[test]
    fn an_end_without_a_close_frame_is_none() {
        assert_eq!(told(1006, String::new()), None);
        assert_eq!(told(1015, String::new()), None);
        for code in [1000, 1001, 1005, 4401] {
            assert_eq!(told(code, "why".to_owned()), Some(Close { code, reason: "why".to_owned() }));
        }
    }
}
