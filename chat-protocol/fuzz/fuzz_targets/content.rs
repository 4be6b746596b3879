//! The content of messages, compared to plain readings of the same text.
//!
//! The input is a payload, and after a byte that no text has, perhaps another one.
#![no_main]

use chat_protocol::{Content, ContentError, depth_within, limits};
use chat_protocol_fuzz::{Cost, model, refused};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    nesting(input);
    let mut payloads = input.splitn(2, |byte| *byte == 0xff).map(content);
    let first = payloads.next().flatten();
    if let Some(content) = &first {
        text(content);
        rules(content);
        spelling(content);
    }
    if let (Some(one), Some(Some(other))) = (&first, payloads.next()) {
        digests(one, &other);
    }
});

/// Content of the kind that has the most rules.
fn content(payload: &[u8]) -> Option<Content> {
    let payload = serde_json::from_slice(payload).ok()?;
    Some(Content { kind: "text/plain".to_owned(), payload })
}

/// As deep as a parser comes, and for what it takes exactly as deep.
fn nesting(json: &[u8]) {
    let (depth, taken) = model::depth(json);
    assert!(!depth_within(json, depth.saturating_sub(1)) || depth == 0, "it nests {depth} deep");
    assert!(!taken || depth_within(json, depth), "it nests only {depth} deep");
}

fn text(content: &Content) {
    assert_eq!(content.text().as_deref(), model::text(content.payload.get()).as_deref());
}

fn rules(content: &Content) {
    let checked = content.check(limits::MAX_CONTENT);
    let payload = content.payload.get();
    let expected = if content.kind.len() + payload.len() > limits::MAX_CONTENT {
        Err(ContentError::TooLarge { bytes: content.size(), max: limits::MAX_CONTENT })
    } else if !payload.starts_with('{') {
        Err(ContentError::Payload)
    } else {
        model::text(payload).map(|_| ()).ok_or(ContentError::Text)
    };
    assert_eq!(checked, expected);
    checked.err().iter().for_each(refused);
}

/// Written otherwise, it is the same content.
fn spelling(content: &Content) {
    let digest = Cost::TYPED.check(content.size(), || content.digest());
    let Ok(value) = serde_json::from_str::<Value>(content.payload.get()) else { return };
    assert_eq!(digest, Content::new(content.kind.as_str(), &value).digest(), "of {value}");
    let spaced = serde_json::to_string_pretty(&value).expect("a value is plain JSON");
    let payload = serde_json::from_str(&spaced).expect("what was written is JSON");
    assert_eq!(digest, Content { kind: content.kind.clone(), payload }.digest(), "of {spaced}");
}

/// Two contents have one digest if they mean the same, and only then.
fn digests(one: &Content, other: &Content) {
    // Texts, because the values 0.0 and -0.0 are equal.
    let meaning =
        |content: &Content| Some(serde_json::from_str::<Value>(content.payload.get()).ok()?.to_string());
    let (Some(a), Some(b)) = (meaning(one), meaning(other)) else { return };
    assert_eq!(one.digest() == other.digest(), a == b, "{a} and {b}");
}
