//! JSON that is nobody's business: opaque payloads as texts, handed on byte for byte, and values that are read.

use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Sample;
use super::text::any_text;

/// A number that no `Value` can hold; for those who read values, [`readable`] puts another in its place.
const HUGE: &str = "1e400";

/// The text with numbers that every parser takes.
pub(super) fn readable(json: &str) -> String {
    json.replace(HUGE, "1e40")
}

/// A string, with or without escapes that it could do without.
fn strings() -> BoxedStrategy<String> {
    let plain = any_text(64).prop_map(|text| Value::from(text).to_string());
    let odd = [r#""\u00e9""#, r#""\/""#, r#""\ud83d\udc4d""#, r#""\u0000""#, r#""\u2028""#, r#""[[{""#];
    prop_oneof![3 => plain, 1 => proptest::sample::select(odd.map(str::to_owned).to_vec())].boxed()
}

fn scalars() -> BoxedStrategy<String> {
    let numbers =
        [HUGE, "-0", "-0.0", "1E+2", "0.10", "12345678901234567890", "0.1234567890123456789012", "1e-400"];
    prop_oneof![
        1 => proptest::sample::select(vec!["null", "true", "false"]).prop_map(str::to_owned),
        1 => proptest::sample::select(numbers.to_vec()).prop_map(str::to_owned),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        2 => strings(),
    ]
    .boxed()
}

/// An object as text, of bounded depth, with white space where it may be.
fn objects() -> BoxedStrategy<String> {
    let nested = scalars().prop_recursive(3, 12, 3, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..3);
        prop_oneof![list.prop_map(|items| format!("[{}]", items.join(","))), object_of(inner)]
    });
    // As deep as a frame lets it be, with some levels for packets.
    let deep = |inner: String| format!(r#"{{"deep":{}{inner}{}}}"#, "[".repeat(50), "]".repeat(50));
    prop_oneof![9 => object_of(nested.boxed()), 1 => object_of(scalars()).prop_map(deep)].boxed()
}

fn object_of(value: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let space = proptest::sample::select(vec!["", "", " ", "\n"]);
    let member =
        (strings(), space, value).prop_map(|(name, space, value)| format!("{name}:{space}{value}{space}"));
    proptest::collection::vec(member, 0..3).prop_map(|members| format!("{{{}}}", members.join(","))).boxed()
}

/// An opaque object.
impl Sample for Box<RawValue> {
    fn any() -> BoxedStrategy<Self> {
        objects().prop_map(|json| RawValue::from_string(json).expect("it is written as JSON")).boxed()
    }
}

impl Sample for Value {
    fn any() -> BoxedStrategy<Self> {
        let number = prop_oneof![
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            Just(Value::from(-0.0)),
        ];
        let scalar = prop_oneof![
            1 => proptest::sample::select(vec![Value::Null, true.into(), false.into()]),
            1 => number,
            1 => any_text(64).prop_map(Value::from),
        ];
        let nested = scalar.prop_recursive(3, 12, 3, |inner| {
            let list = proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from);
            prop_oneof![list, map_of(inner).prop_map(Value::from)]
        });
        nested.boxed()
    }
}

fn map_of(value: BoxedStrategy<Value>) -> BoxedStrategy<Map<String, Value>> {
    let members = proptest::collection::vec((any_text(16), value), 0..3);
    members.prop_map(|members| members.into_iter().collect()).boxed()
}

/// What an application keeps with a room: mostly little, now and then as much as it may.
impl Sample for Map<String, Value> {
    fn any() -> BoxedStrategy<Self> {
        let full = custom_of(chat_protocol::limits::MAX_CUSTOM);
        prop_oneof![30 => map_of(Value::any()), 1 => Just(full)].boxed()
    }
}

/// Of exactly so many bytes as JSON text.
pub(super) fn custom_of(bytes: usize) -> Map<String, Value> {
    let mut custom = Map::new();
    custom.insert("a".to_owned(), "x".repeat(bytes - r#"{"a":""}"#.len()).into());
    custom
}
