//! The one spelling beside what a `Value` tells apart.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

fn spelling(json: &str) -> Vec<u8> {
    let mut out = Vec::new();
    super::write(json, &mut out);
    out
}

/// The rule, as a `Value` has it: keys in byte order, no white space; what no `Value` holds as it is.
fn reference(json: &str) -> String {
    fn write(value: &Value, out: &mut String) {
        match value {
            Value::Array(items) => {
                out.push('[');
                items.iter().for_each(|item| {
                    write(item, out);
                    out.push(',');
                });
                out.push(']');
            }
            Value::Object(map) => {
                let mut members: Vec<_> = map.iter().collect();
                members.sort_unstable_by_key(|(key, _)| *key);
                out.push('{');
                for (key, value) in members {
                    out.push_str(&Value::String(key.clone()).to_string());
                    out.push(':');
                    write(value, out);
                    out.push(',');
                }
                out.push('}');
            }
            scalar => out.push_str(&scalar.to_string()),
        }
    }
    match serde_json::from_str(json) {
        Ok(value) => {
            let mut out = String::new();
            write(&value, &mut out);
            out
        }
        Err(_) => format!("as it is: {json}"),
    }
}

/// Pieces of strings, many of them two spellings of one character, some no character.
const PIECES: &[&str] = &[
    "a",
    "A",
    r"\u0041",
    r"\u0061",
    "/",
    r"\/",
    r"\u002f",
    r"\u002F",
    r#"\""#,
    r"\u0022",
    r"\\",
    r"\u005c",
    r"\n",
    r"\u000a",
    r"\b",
    r"\u0008",
    r"\f",
    r"\r",
    r"\t",
    "é",
    r"\u00e9",
    r"\u00E9",
    "👍",
    r"\ud83d\udc4d",
    r"\uD83D\uDC4D",
    r"\ud83d",
    r"\udc4d",
    r"\ud83d\n",
    r"\ud83d\u0041",
    "\u{7f}",
    "0123456789",
];

/// Numbers and words, many of them spellings of one value or next to another.
const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "0.0",
    "-0.0",
    "0e7",
    "1",
    "-1",
    "1.0",
    "1e0",
    "10e-1",
    "100",
    "1e2",
    "1E+2",
    "100.0",
    "0.1",
    "1e-1",
    "0.10",
    "12",
    "2",
    "123456789012345678",
    "123456789012345678.0",
    "9007199254740993",
    "9007199254740992.0",
    "9007199254740993.0",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "-9223372036854775808.0",
    "18446744073709551615",
    "18446744073709551616",
    "18446744073709551616.0",
    "1.8446744073709551616e19",
    "18446744073709551617",
    "100000000000000000000",
    "1e20",
    "1e400",
    "-1e400",
    "1e-400",
    "5e-324",
    "0.30000000000000004",
    "3.0000000000000004e-1",
    "0.3",
];

fn space() -> impl Strategy<Value = &'static str> {
    select(&["", "", "", " ", "\n\t ", "\r"][..])
}

fn string() -> impl Strategy<Value = String> {
    prop::collection::vec(select(PIECES), 0..3).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

/// JSON texts from few parts, so that two of them often mean the same.
fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![select(SCALARS).prop_map(str::to_owned), string()];
    scalar.prop_recursive(4, 24, 4, |inner| {
        let member = (space(), string(), space(), inner.clone());
        let items = prop::collection::vec((space(), inner), 0..4);
        let members = prop::collection::vec(member, 0..4);
        prop_oneof![
            (items, space()).prop_map(|(items, space)| {
                let items: Vec<String> = items.iter().map(|(a, item)| format!("{a}{item}{a}")).collect();
                format!("[{}{space}]", items.join(","))
            }),
            (members, space()).prop_map(|(members, space)| {
                let members = members.iter().map(|(a, key, b, value)| format!("{a}{key}{b}:{a}{value}{b}"));
                format!("{{{}{space}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

fn escaped(string: &str, how: u64) -> String {
    let units = string.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
    if how % 3 == 0 { format!("\"{units}\"") } else { Value::from(string).to_string() }
}

/// The value in another spelling: members in another order, other escapes, white space, a repeated member.
fn respelled(value: &Value, how: u64) -> String {
    let next = how.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17) ^ 0x5bd1;
    let space = ["", " ", "\n"][(how % 3) as usize];
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| respelled(item, next) + space).collect();
            format!("[{space}{}]", items.join(","))
        }
        Value::Object(map) => {
            let member = |(key, value): (&String, _)| {
                format!("{}{space}:{}", escaped(key, next), respelled(value, next))
            };
            let mut members: Vec<String> = map.iter().map(member).collect();
            if let Some(key) = map.keys().next_back().filter(|_| how % 5 == 0) {
                members.insert(0, format!("{}:[{{\"overwritten\":1}}]", escaped(key, how)));
            } else {
                members.sort_by_key(|member| next.wrapping_mul(member.len() as u64));
            }
            format!("{{{space}{}}}{space}", members.join(","))
        }
        Value::String(text) => escaped(text, how),
        Value::Number(number) if number.is_f64() => {
            let number = number.to_string();
            if number.contains('e') { number.replace('e', "E") } else { number + "e0" }
        }
        scalar => scalar.to_string(),
    }
}

proptest! {
    #[test]
    fn texts_have_one_spelling_when_they_mean_the_same(a in json(), b in json()) {
        prop_assert_eq!(spelling(&a) == spelling(&b), reference(&a) == reference(&b), "{}\n{}", a, b);
    }

    #[test]
    fn respelled_texts_have_the_same_spelling(json in json(), how in any::<u64>()) {
        if let Ok(value) = serde_json::from_str::<Value>(&json) {
            let again = respelled(&value, how);
            prop_assert_eq!(reference(&json), reference(&again));
            prop_assert_eq!(spelling(&json), spelling(&again), "{}\n{}", json, again);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in r#"[\[\]{}:,"\\u0-9a-f. eé-]{0,20}"#) {
        spelling(&text);
    }
}

#[test]
fn scalars_are_told_apart_as_a_value_tells_them() {
    let strings = PIECES.iter().map(|piece| format!("\"{piece}\""));
    let all: Vec<String> = SCALARS.iter().map(|&text| text.to_owned()).chain(strings).collect();
    for a in &all {
        for b in &all {
            assert_eq!(spelling(a) == spelling(b), reference(a) == reference(b), "{a} {b}");
            let (a, b) = (format!("[{a},{b}]"), format!("[{b},{a}]"));
            assert_eq!(spelling(&a) == spelling(&b), reference(&a) == reference(&b), "{a} {b}");
        }
    }
}

#[test]
fn what_nests_deeper_than_a_value_is_taken_as_it_is() {
    for depth in [1, 64, 126, 127, 128, 129, 10_000] {
        let nested = |open: &str, close: &str| open.repeat(depth) + "1" + &close.repeat(depth);
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let (tight, wide) = (nested(open, close), nested(&format!("{open} "), close));
            let same = reference(&tight) == reference(&wide);
            assert_eq!((spelling(&tight) == spelling(&wide), same), (depth <= 127, same), "{depth}");
            assert_eq!(same, depth <= 127, "{depth}");
        }
    }
}

#[test]
fn members_are_sorted_in_every_object() {
    let one = r#"{"b":{"y":1,"x":[{"q":1,"p":2}]},"a":1,"c":{},"b":{"x":[{"p":2,"q":1}],"y":2}}"#;
    let other = r#"{"a":1,"b":{"x":[{"p":2,"q":1}],"y":2},"c":{}}"#;
    assert_eq!(spelling(one), spelling(other));
    assert_ne!(spelling(one), spelling(&other.replace("2}", "3}")));
}
