//! Values that stand for others.

use std::collections::BTreeMap;

use serde_json::Value;

/// What `$bind:x` was, by `x`.
pub(super) type Bound = BTreeMap<String, Value>;

/// Whether a value is what a line asks for; keys that the line does not name may be there too. What is not is said.
pub(super) fn check(line: &Value, value: Option<&Value>, bound: &mut Bound) -> Result<(), String> {
    let wrong = || Err(format!("{} instead of {line}", value.unwrap_or(&Value::Null)));
    if let Some(optional) = line.get("$optional") {
        return value.map_or(Ok(()), |value| check(optional, Some(value), bound));
    }
    if let Some(exactly) = line.get("$exactly") {
        let more = |value: &Value| {
            value.as_object().is_some_and(|keys| keys.keys().any(|key| exactly.get(key).is_none()))
        };
        return if value.is_some_and(more) { wrong() } else { check(exactly, value, bound) };
    }
    match (line, value) {
        (Value::String(text), Some(_)) if text == "$any" => Ok(()),
        (Value::String(text), Some(value)) if text.starts_with("$bind:") => {
            bound.insert(text["$bind:".len()..].to_owned(), value.clone());
            Ok(())
        }
        (Value::String(text), Some(value)) if text.starts_with('$') => {
            if bound.get(&text[1..]) == Some(value) { Ok(()) } else { wrong() }
        }
        (Value::Object(line), Some(Value::Object(value))) => line.iter().try_for_each(|(key, line)| {
            check(line, value.get(key), bound).map_err(|error| format!("{key}: {error}"))
        }),
        (line, Some(value)) if line == value => Ok(()),
        _ => wrong(),
    }
}

/// A line with the values that its `$x` stand for. For a client's line, `new` makes what the client chooses.
pub(super) fn fill(line: &Value, bound: &mut Bound, new: &mut impl FnMut() -> Value) -> Option<Value> {
    match line {
        Value::String(text) if text.starts_with("$bind:") => {
            let value = new();
            bound.insert(text["$bind:".len()..].to_owned(), value.clone());
            Some(value)
        }
        Value::String(text) if text.starts_with('$') => {
            Some(bound.get(&text[1..]).unwrap_or_else(|| panic!("{text} was not bound")).clone())
        }
        Value::Object(object) if object.contains_key("$optional") => None,
        Value::Object(object) if object.contains_key("$exactly") => fill(&object["$exactly"], bound, new),
        Value::Object(object) => {
            let filled =
                object.iter().filter_map(|(key, value)| Some((key.clone(), fill(value, bound, new)?)));
            Some(Value::Object(filled.collect()))
        }
        other => Some(other.clone()),
    }
}

#[test]
fn a_line_matches_what_it_says_and_nothing_else() {
    let mut bound = Bound::new();
    let mut matches = |line: &str, value: &str| {
        let [line, value] = [line, value].map(|json| serde_json::from_str::<Value>(json).unwrap());
        check(&line, Some(&value), &mut bound).is_ok()
    };
    assert!(matches(r#"{"a":1}"#, r#"{"a":1,"b":2}"#));
    assert!(!matches(r#"{"a":1}"#, r#"{"b":2}"#));
    assert!(!matches(r#"{"a":1}"#, r#"{"a":2}"#));
    assert!(!matches(r#"{"a":"$any"}"#, "{}"));
    assert!(matches(r#"{"a":{"$optional":1}}"#, "{}"));
    assert!(matches(r#"{"a":{"$optional":1}}"#, r#"{"a":1}"#));
    assert!(!matches(r#"{"a":{"$optional":1}}"#, r#"{"a":2}"#));
    assert!(matches(r#"{"a":{"$exactly":{"b":1}}}"#, r#"{"a":{"b":1}}"#));
    assert!(!matches(r#"{"a":{"$exactly":{"b":1}}}"#, r#"{"a":{"b":1,"c":2}}"#));
    assert!(!matches(r#"{"a":{"$exactly":{"b":1}}}"#, r#"{"a":{}}"#));
    assert!(!matches(r#"{"a":{"$exactly":{}}}"#, "{}"));
    assert!(matches(r#"{"a":{"$optional":{"$exactly":{}}}}"#, "{}"));
    assert!(!matches(r#"{"a":{"$optional":{"$exactly":{}}}}"#, r#"{"a":{"b":1}}"#));
    assert!(matches(r#"{"a":"$bind:x"}"#, r#"{"a":"7"}"#));
    assert!(matches(r#"{"b":"$x"}"#, r#"{"b":"7"}"#));
    assert!(!matches(r#"{"b":"$x"}"#, r#"{"b":"8"}"#));
}
