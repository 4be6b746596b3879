//! What a person typed, taken apart.

/// The words of a query, each a phrase of its own, and those in quotes as one. A quote without its other one goes to the
/// end.
///
/// ```
/// use chat_server_core::search::phrases;
/// assert_eq!(phrases(r#"lunch "at noon"  today"#), ["lunch", "at noon", "today"]);
/// assert_eq!(phrases(r#" "at noon"#), ["at noon"]);
/// ```
pub fn phrases(query: &str) -> Vec<String> {
    let mut phrases = Vec::new();
    // Every second part stands in quotes.
    for (n, part) in query.split('"').enumerate() {
        if n % 2 == 1 {
            phrases.push(part.trim().to_owned());
        } else {
            phrases.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    phrases.retain(|phrase| phrase.chars().any(char::is_alphanumeric));
    phrases
}
