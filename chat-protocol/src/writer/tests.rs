//! What is written beside what `serde_json` writes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{is_plain, write};
use crate::{Command, Content, Event, encode};

#[derive(Serialize)]
enum Variants {
    Unit,
    #[serde(rename = "new\"type")]
    Named,
    Newtype(u8),
    Tuple(u8, u8),
    Struct {
        a: u8,
    },
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Odd<T> {
    #[serde(rename = "a\n\"b")]
    value: T,
    #[serde(flatten)]
    more: BTreeMap<String, T>,
}

/// Written as `serde_json` writes it, and here if that is what is expected.
fn check(value: impl Serialize, here: bool) {
    let expected = serde_json::to_string(&value).unwrap();
    assert_eq!(encode(&value).as_str(), expected);
    let written = write(&value, Vec::new()).ok();
    assert_eq!(written, here.then(|| expected.into_bytes()));
}

#[test]
fn everything_is_written_as_serde_json_writes_it() {
    for number in [0, 1, 9, 10, 99, 100, u64::MAX] {
        check(number, true);
    }
    check((7u8, 5), false);
    check([Some(1i8), None], false);
    check(vec![Some(i64::MAX), None, Some(0)], true);
    check(vec![-1i16], false);
    check((), true);
    check(Unit, true);
    check([true, false].as_slice(), true);
    check(1.5, false);
    check('c', false);
    check(Variants::Unit, true);
    check(Variants::Named, true);
    check([Variants::Newtype(1), Variants::Tuple(1, 2), Variants::Struct { a: 1 }].as_slice(), false);
    check(BTreeMap::from([("a", vec![1u8]), ("b\u{1f}", Vec::new())]), true);
    check(BTreeMap::from([(1, 2)]), false);
    check(BTreeMap::<String, ()>::new(), true);
    check(Odd { value: "x", more: BTreeMap::from([("y".to_owned(), "z")]) }, true);
    check(serde_json::json!({"a": [{"b": null}, "c"]}), true);
}

#[test]
fn json_is_handed_on_as_it_is() {
    let raw = RawValue::from_string("{ \"a\\u0041\" : 1e400 }".to_owned()).unwrap();
    check(vec![&raw, &raw], true);
    check(Odd { value: raw, more: BTreeMap::new() }, true);
    check(Content::plain("\"quoted\""), true);
}

#[test]
fn strings_are_escaped_wherever_they_need_it() {
    for length in 0..40 {
        let text = "é~".repeat(20).chars().take(length).collect::<String>();
        check(&text, true);
        for place in 0..length {
            for odd in ['"', '\\', '\0', '\u{1f}', '\n', ' ', '\u{7f}', '\u{80}', '👍'] {
                let mut chars: Vec<char> = text.chars().collect();
                chars[place] = odd;
                let text: String = chars.into_iter().collect();
                check(&text, true);
                assert_eq!(is_plain(text.as_bytes()), !matches!(odd, '"' | '\\' | '\0'..='\u{1f}'), "{text}");
            }
        }
    }
}

#[test]
fn packets_are_written_here() {
    for json in [
        r#"{"message":{"room":"r1","offset":57,"seq":43,"from":"1","content":{"type":"text/plain","payload":{"text":"hi"}},"ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"reply":{"id":"3","status":403,"err":"ERR_FORBIDDEN_ACCESS","action":"stop","detail":"\"a\"","ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"resumed":{"room":"r1","outcome":"snapshot","epoch":"e","offset":57,"pointers":{"2":43,"3":9}}}"#,
        r#"{"system":{"what":"left_out","rooms":["r9","r\"8"],"ts":"2026-11-20T08:30:39.789Z"}}"#,
        r#"{"dance":{"steps":[1.5,-2]}}"#,
    ] {
        let event: Event = serde_json::from_str(json).unwrap();
        assert_eq!(String::from_utf8(write(&event, Vec::new()).unwrap()).unwrap(), json);
        check(event, true);
    }
    for json in [
        r#"{"resume":{"id":"2","epoch":"e","user_offset":9,"rooms":{"r\"1":41,"r2":7}}}"#,
        r#"{"history":{"id":"11","room":"r1","before":43,"limit":20}}"#,
    ] {
        check(serde_json::from_str::<Command>(json).unwrap(), true);
    }
}
