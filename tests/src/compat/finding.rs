//! What the check found, in words for the person who made the change.

use std::fmt;

use super::Rule;

/// Longest part of a schema that a finding quotes, in characters.
const MAX_QUOTE: usize = 160;

/// One change that breaks clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Path of the document below `schema/`.
    pub document: String,
    /// JSON pointer to the place: into the new document, or into the old one when the place is gone.
    pub pointer: String,
    /// The rule that the change breaks.
    pub rule: Rule,
    /// Which client breaks, and how.
    pub sentence: String,
    /// What the place was, in the old document.
    pub before: String,
    /// What it is, in the new document.
    pub after: String,
}

impl Finding {
    pub(super) fn document_removed(path: &str) -> Self {
        Self {
            document: path.to_owned(),
            pointer: String::new(),
            rule: Rule::DocumentRemoved,
            sentence: "A client made from this document finds it no more.".to_owned(),
            before: "published".to_owned(),
            after: "absent".to_owned(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { document, pointer, rule, sentence, before, after } = self;
        writeln!(f, "schema/{document}#{pointer}: {}", rule.name())?;
        writeln!(f, "    {sentence}")?;
        writeln!(f, "    before: {before}")?;
        write!(f, "    after:  {after}")
    }
}

/// Text of a part of a schema, cut where it is longer than a reader wants.
pub(super) fn quote(value: &serde_json::Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_QUOTE) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
