//! Where the clients of three generations put their token.

/// The token of a header or query value: the value itself, or what follows `Bearer`; empty when there is none.
///
/// ```
/// use chat_protocol::dialect::chats::token;
/// assert_eq!(token("abc"), "abc");
/// assert_eq!(token("Bearer abc"), "abc");
/// ```
pub fn token(value: &str) -> &str {
    let value = value.trim();
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if scheme.eq_ignore_ascii_case("bearer") { token.trim_start() } else { value }
}

/// The token of a `Sec-WebSocket-Protocol` header that offers `Bearer` and a token; it is answered with
/// `Bearer`.
///
/// ```
/// use chat_protocol::dialect::chats::subprotocol_token;
/// assert_eq!(subprotocol_token("Bearer, abc"), Some("abc"));
/// assert_eq!(subprotocol_token("chat, abc"), None);
/// ```
pub fn subprotocol_token(header: &str) -> Option<&str> {
    let mut offers = header.split(',').map(str::trim);
    offers.next().filter(|scheme| scheme.eq_ignore_ascii_case("bearer"))?;
    offers.next().map(token).filter(|token| !token.is_empty())
}

/// What to answer to a `Sec-WebSocket-Protocol` header that offers `Bearer`, with a token or without: clients end a
/// handshake that takes up none of their offers. It is the offer's own spelling, and never the token.
///
/// ```
/// use chat_protocol::dialect::chats::offered_bearer;
/// assert_eq!(offered_bearer("Bearer, abc"), Some("Bearer"));
/// assert_eq!(offered_bearer("chat, abc"), None);
/// ```
pub fn offered_bearer(header: &str) -> Option<&'static str> {
    let offer = header.split(',').next().map(str::trim)?;
    ["Bearer", "bearer"].into_iter().find(|known| *known == offer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_bare_and_after_their_scheme() {
        for value in ["abc", "Bearer abc", "bearer  abc", " abc "] {
            assert_eq!(token(value), "abc", "{value}");
        }
        for (header, found) in [
            ("Bearer, abc", Some("abc")),
            ("Bearer,Bearer abc", Some("abc")),
            ("Bearer", None),
            ("Bearer, ", None),
            ("abc", None),
        ] {
            assert_eq!(subprotocol_token(header), found, "{header}");
        }
    }
}
