//! Tokens are taken out of what is shown: by the key they stand under, by their form, and by being the connection's own.

use serde_json::Value;

/// What stands in place of a token.
pub(crate) const HIDDEN: &str = "•••";

/// How many times JSON may stand in a text of JSON until it is hidden: helpdesk does it once.
const MAX_ENCODED: usize = 2;

/// What a command `auth` may be shown of: any other key of it may be a token that was put in the wrong place.
const AUTH: [&str; 5] = ["id", "device_id", "session_id", "follow", "user_id"];

/// What a token follows in an address, a header or a form; lower case.
const BEFORE: [&str; 12] = [
    "token=",
    "token%3d",
    "token:",
    "token ",
    "token%20",
    "token+",
    "password=",
    "secret=",
    "bearer ",
    "bearer%20",
    "bearer+",
    "bearer.",
];

/// Whether what stands under this name is nobody's business: in any of the formats, and in forms of tokens that they do not
/// know, as people put them into messages of their own.
pub(crate) fn is_secret(name: &str) -> bool {
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_ascii_lowercase();
    let holds = ["token", "password", "passwd", "secret", "authorization", "authentication", "credential"];
    let is = ["sessionvalue", "cookie", "jwt", "bearer", "apikey", "registrationids"];
    holds.iter().any(|part| name.contains(part)) || is.contains(&name.as_str())
}

/// Takes out of a packet what stands under the name of a token or looks like one, and gives what was under such a name. Without
/// `texts` what looks like one stays in: for who shows none of them.
pub(super) fn mask(packet: &mut Value, texts: bool) -> Vec<String> {
    let mut masking = Masking { texts, found: Vec::new() };
    masking.mask(packet, 0);
    masking.found
}

/// A text without what looks like a token.
pub(super) fn mask_text(text: &str) -> String {
    Masking { texts: true, found: Vec::new() }.text(text, 0)
}

/// A text without these words, the longest first.
pub(super) fn without(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        let escaped = Value::from(secret.as_str()).to_string();
        text.replace(secret, HIDDEN).replace(escaped.trim_matches('"'), HIDDEN)
    })
}

/// What was masked so far.
struct Masking {
    /// Whether texts are read.
    texts: bool,
    /// Texts that stood under the name of a token.
    found: Vec<String>,
}

impl Masking {
    /// Masks a value that stands in so many layers of JSON in texts.
    fn mask(&mut self, value: &mut Value, encoded: usize) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    match (key.as_str(), value) {
                        ("auth", Value::Object(auth)) => {
                            auth.retain(|key, _| AUTH.contains(&key.as_str()) || is_secret(key));
                            for (key, value) in auth {
                                if is_secret(key) { self.hide(value) } else { self.mask(value, encoded) }
                            }
                        }
                        ("auth", value) => self.hide(value),
                        (key, value) if is_secret(key) => self.hide(value),
                        (_, value) => self.mask(value, encoded),
                    }
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|value| self.mask(value, encoded)),
            Value::String(text) if self.texts => *text = self.text(text, encoded),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn hide(&mut self, value: &mut Value) {
        if let Value::String(text) = std::mem::replace(value, HIDDEN.into()) {
            self.found.push(text);
        }
    }

    /// A text without tokens: JSON in it is masked like any other, and of addresses what looks like a token.
    fn text(&mut self, text: &str, encoded: usize) -> String {
        let seems_json = text.trim_start().starts_with(['{', '[']);
        match seems_json.then(|| serde_json::from_str::<Value>(text).ok()).flatten() {
            Some(_) if encoded == MAX_ENCODED => HIDDEN.to_owned(),
            Some(mut value) => {
                self.mask(&mut value, encoded + 1);
                value.to_string()
            }
            None => without_signed(&without_named(text)),
        }
    }
}

/// Without words that follow what a token follows. Takes as long as the text is, however many there are.
fn without_named(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (start, end) in befores(text) {
        if start < done {
            // A part of what was hidden.
            continue;
        }
        let token = text[end..].trim_start_matches([' ', '"']);
        out.push_str(&text[done..end]);
        out.push_str(HIDDEN);
        done = text.len() - token.len() + token.find(ends).unwrap_or(token.len());
    }
    out.push_str(&text[done..]);
    out
}

/// Where something begins and ends that a token follows, in the order in which the tokens begin.
fn befores(text: &str) -> Vec<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let of = |before: &'static str| lower.match_indices(before).map(|(at, _)| (at, at + before.len()));
    let mut found: Vec<_> = BEFORE.into_iter().flat_map(of).collect();
    found.sort_unstable_by_key(|(_, end)| *end);
    found
}

/// Whether a token is over.
fn ends(c: char) -> bool {
    c.is_whitespace() || matches!(c, '&' | '#' | '"' | '\'' | '<' | '>' | ',' | ';' | ')')
}

/// Without signed tokens (JWT), which begin alike wherever they stand.
fn without_signed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("eyJ") {
        let (kept, word) = rest.split_at(start);
        let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let end = word.find(|c| !of_token(c)).unwrap_or(word.len());
        out.push_str(kept);
        out.push_str(if word[..end].contains('.') { HIDDEN } else { &word[..end] });
        rest = &word[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use chat_protocol::limits;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(shown: Value, expected: Value) {
        let mut masked = shown.clone();
        mask(&mut masked, true);
        assert_eq!(masked, expected, "{shown}");
    }

    #[test]
    fn whatever_stands_under_the_name_of_a_token_is_hidden_in_every_format() {
        for key in ["token", "access_token", "accessToken", "session_value", "password", "chat_token"] {
            check(json!({"content": [{ key: "marker" }]}), json!({"content": [{ key: HIDDEN }]}));
        }
        check(json!({"token": ["marker", {"x": 1}]}), json!({"token": HIDDEN}));
        let device = json!({"device": {"id": "1", "push": {"service": "fcm", "token": "marker"}}});
        check(device, json!({"device": {"id": "1", "push": {"service": "fcm", "token": HIDDEN}}}));
        check(json!({"session_id": "s", "text": "hi"}), json!({"session_id": "s", "text": "hi"}));
    }

    #[test]
    fn of_auth_only_words_of_the_formats_are_shown() {
        let auth = json!({"auth": {"id": "1", "token": "marker", "marker": 1, "follow": false}});
        check(auth, json!({"auth": {"id": "1", "token": HIDDEN, "follow": false}}));
        check(json!({"auth": ["1", "marker"]}), json!({"auth": HIDDEN}));
    }

    #[test]
    fn json_in_a_text_is_masked_as_well_and_too_much_of_it_is_hidden() {
        let data = json!({"token": "marker", "message": "hi"}).to_string();
        let masked = json!({"token": HIDDEN, "message": "hi"}).to_string();
        check(json!({"data": data}), json!({"data": masked}));
        let twice = json!({"data": data}).to_string();
        check(json!({"data": twice}), json!({"data": json!({"data": masked}).to_string()}));
        let thrice = json!({"data": twice}).to_string();
        let hidden = json!({"data": json!({"data": HIDDEN}).to_string()}).to_string();
        check(json!({"data": thrice}), json!({"data": hidden}));
        check(json!({"text": "{no JSON}"}), json!({"text": "{no JSON}"}));
    }

    #[test]
    fn tokens_in_addresses_and_headers_are_hidden() {
        for (text, expected) in [
            ("ws://h/chat/2/?token=marker&x=1", "ws://h/chat/2/?token=•••&x=1"),
            ("/x?access_TOKEN=marker", "/x?access_TOKEN=•••"),
            ("redirect=/x%3ftoken%3Dmarker and more", "redirect=/x%3ftoken%3D••• and more"),
            ("Authorization: Bearer marker", "Authorization: Bearer •••"),
            ("Authorization: Token marker and more", "Authorization: Token ••• and more"),
            ("?q=Token%20marker&x=Bearer+marker", "?q=Token%20•••&x=Bearer+•••"),
            ("token: \"marker\", token=other", "token:•••\", token=•••"),
            ("a eyJhbGciOi.J9.x-_ b eyJust", "a ••• b eyJust"),
            ("no secret", "no secret"),
        ] {
            check(json!({ "text": text }), json!({ "text": expected }));
        }
    }

    #[test]
    fn the_tokens_of_the_connection_are_hidden_wherever_they_stand() {
        let own = ["own-token".to_owned(), "own".to_owned()];
        let shown = without(&json!({"own-token": "an own-token"}).to_string(), &own);
        assert_eq!(shown, json!({HIDDEN: format!("an {HIDDEN}")}).to_string());
        let quoted = without(&json!({"text": "a\"b\\c"}).to_string(), &["a\"b\\c".to_owned()]);
        assert_eq!(quoted, json!({"text": HIDDEN}).to_string());
        let mut packet = json!({"token": "one", "data": "{\"password\":\"two\",\"token\":3}"});
        assert_eq!(mask(&mut packet, true), ["two", "one"]);
    }

    #[test]
    fn of_texts_that_are_not_shown_only_the_names_over_them_are_read() {
        let mut packet = json!({"token": "one", "text": "token=two", "data": {"password": "three"}});
        assert_eq!(mask(&mut packet, false), ["three", "one"]);
        let masked = json!({"token": HIDDEN, "text": "token=two", "data": {"password": HIDDEN}});
        assert_eq!(packet, masked);
        assert_eq!(mask_text("token=two"), "token=•••");
    }

    /// The largest frame of nothing but what a token follows. A look at all that is left for each of them would be one at 10^9
    /// bytes, which takes seconds.
    #[test]
    fn many_tokens_in_a_text_take_as_long_as_the_text() {
        let frame = "token=&".repeat(limits::MAX_FRAME / 7);
        let begun = std::time::Instant::now();
        for _ in 0..20 {
            assert_eq!(mask_text(&frame).matches(HIDDEN).count(), frame.len() / 7);
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}
