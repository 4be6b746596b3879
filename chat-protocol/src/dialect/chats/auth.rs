//! Where the clients of three generations put their token.

/// The token of a header or query value: the value itself, or what follows `Bearer`.
///
/// ```
/// use chat_protocol::dialect::chats::token;
/// assert_eq!(token("abc"), "abc");
/// assert_eq!(token("Bearer abc"), "abc");
/// ```
pub fn token(value: &str) -> &str {
    let value = value.trim();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => value,
    }
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
