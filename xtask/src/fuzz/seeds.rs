//! What a fuzzer begins with: every JSON example in the documents, the sources and the tests of the formats, each
//! field of each of them with a hostile value, and hostile frames.
//!
//! Made anew for each run, so that a packet is fuzzed from the day on which its first example is written.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// Where the formats are written down.
const SOURCES: &[&str] =
    &["docs/dialects.md", "chat-protocol/src", "chat-protocol/tests/documents", "chat-protocol/tests/it"];

/// JSON texts to put where a field is. The fuzzer cuts, repeats and joins them by itself.
const VALUES: &[&str] = &[
    // Of another type than expected.
    "null",
    "true",
    "[]",
    "{}",
    "0",
    "\"\"",
    "[[]]",
    "{\"\":0}",
    "\"5\"",
    "\"{\\\"a\\\":[]}\"",
    // Numbers beyond what some reader keeps.
    "-1",
    "-0.0",
    "1.5",
    "1e3",
    "9007199254740991",
    "9007199254740992",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "1e999999999",
    "1e-999999999",
    "0.1000000000000000055511151231257827021181583404541015625",
    "NaN",
    // Texts that some reader stumbles over.
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud83d\\udc4d\"",
    "\"a\\nb\"",
    "\"\u{7f}\u{85}\"",
    "\"\u{feff}\"",
    "\"\u{202e}\u{200b}\u{2028}\u{fdd0}\"",
    "\"\u{1f469}\u{200d}\u{1f469}\"",
    "\"__proto__\"",
    "\"../../etc/passwd\"",
    "\"'; DROP TABLE messages;--\"",
    "\"%s%n{0}\"",
    "\"<script>alert(1)</script>\"",
    // Times at and beyond the ends of what is kept.
    "\"9999-12-31T23:59:59.999999Z\"",
    "\"0000-01-01T00:00:00+23:59\"",
    "\"2016-12-31T23:59:60Z\"",
    "\"2024-02-30T25:61:00Z\"",
];

/// Parameters and forms of HTTP requests.
const PARAMETERS: &[&str] = &[
    "before=43&after=12&limit=20",
    "page=2&page_size=5",
    "room=chat-1-2&size=5&since=2017-01-04&before=2017-01-05+12%3A00%3A05",
    "limit=20&offset=40",
    "last_key=k&limit=100",
    "topic_ids=p2p1_2,grp7,p2p1_3",
    "usernames=ann,b%C3%A9a",
    "organization=acme",
    "tokens=a&tokens=b%zz%4&tokens=%ff",
    "chat_token=e598c2a9-317a-4577-8cbd-7fd5f0cddbdf&type=item",
    "r1,r2,e598c2a9-317a-4577-8cbd-7fd5f0cddbdf",
    "Bearer, Bearer T",
    "Token T",
    "C:\\tmp\\..\\the photo.png",
    "https://host/media/uploads/a.png",
    "/chat/%2e%2e/..%2f..%5c%00/",
];

/// All inputs to begin with.
pub(super) fn of(root: &Path) -> Result<BTreeSet<Vec<u8>>, String> {
    let mut examples = BTreeSet::new();
    for source in SOURCES {
        for text in texts(&root.join(source))? {
            let text = filled_in(&text);
            // A format string has its braces twice.
            let formatted = text.replace("{{", "{").replace("}}", "}");
            let found = objects(&text).into_iter().chain(objects(&formatted));
            examples.extend(found.map(|value| value.to_string()));
        }
    }
    if examples.len() < 100 {
        return Err(format!("only {} examples were found", examples.len()));
    }
    let values: Vec<Value> = examples.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    let hostile = values.iter().enumerate().flat_map(|(at, value)| each_field_hostile(value, at));
    let whole = frames().into_iter().chain(PARAMETERS.iter().map(|text| (*text).to_owned()));
    let inputs = hostile.chain(whole).chain(examples.iter().cloned()).map(String::into_bytes);
    Ok(inputs.collect())
}

/// The text of a file, or of all files below a folder.
fn texts(path: &Path) -> Result<Vec<String>, String> {
    let error = |error: std::io::Error| format!("{}: {error}", path.display());
    if path.is_file() {
        return Ok(vec![std::fs::read_to_string(path).map_err(error)?]);
    }
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(path).map_err(error)? {
        texts.extend(self::texts(&entry.map_err(error)?.path())?);
    }
    Ok(texts)
}

/// Puts something where the documents and the tests leave a place for it.
fn filled_in(text: &str) -> String {
    const UUID: &str = "0b5c6ad2-6ba3-4b4e-9b1c-111111111111";
    let uuids = ["<um UUID aqui>", "<UUID>", "{UUID}"];
    let text = uuids.iter().fold(text.to_owned(), |text, place| text.replace(place, UUID));
    text.replace('…', "2018-02-02T08:30:39.789Z")
}

/// Every JSON object that a text holds, whatever is around them.
fn objects(text: &str) -> Vec<Value> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(start) = rest.find('{') {
        let here = &rest[start..];
        let mut values = serde_json::Deserializer::from_str(here).into_iter::<Value>();
        let length = match values.next() {
            Some(Ok(value)) => {
                found.push(value);
                values.byte_offset()
            }
            _ => 1,
        };
        rest = &here[length..];
    }
    found
}

/// One copy of an example for each of its fields, with a hostile value there. Which one depends on the numbers of the
/// example and of the field, so that all of them take all places among the many examples of a format.
fn each_field_hostile(example: &Value, number: usize) -> Vec<String> {
    // Some of the values are nothing that a `Value` can hold: they are put into the text.
    const PLACE: &str = "\"@here@\"";
    let place = Value::from("@here@");
    let mut paths = Vec::new();
    collect_paths(example, String::new(), &mut paths);
    let copies = paths.iter().enumerate().filter_map(|(at, path)| {
        let mut copy = example.clone();
        *copy.pointer_mut(path)? = place.clone();
        Some(copy.to_string().replace(PLACE, VALUES[(number + at) % VALUES.len()]))
    });
    copies.collect()
}

/// The JSON pointers of all fields.
fn collect_paths(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect_paths(member, format!("{path}/{key}"), paths);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                collect_paths(item, format!("{path}/{at}"), paths);
            }
        }
        _ => {}
    }
    if !path.is_empty() {
        paths.push(path);
    }
}

/// Frames that are hostile as a whole: deep, wide, long, many, twice.
fn frames() -> Vec<String> {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let many = |item: &str, bytes: usize| vec![item; bytes / (item.len() + 1)].join(",");
    let members: Vec<String> = (0..5_000).map(|number| format!("\"{number:x}\":{number}")).collect();
    let text = |length: usize| "x".repeat(length);
    vec![
        String::new(),
        deep(30_000),
        format!(r#"{{"ping":{{}},"_x":{}}}"#, deep(30_000)),
        format!(r#"{{"ping":{{}},"_x":{}}}"#, deep(62)),
        format!(
            r#"{{"send":{{"id":"1","room":"r","content":{{"type":"a/b","payload":{{"x":{}}}}}}}}}"#,
            deep(61)
        ),
        format!(r#"{{"type":"new_message","data":"{}"}}"#, deep(100)),
        format!(r#"{{"ping":{{"id":{}}}}}"#, "9".repeat(60_000)),
        format!(r#"{{"ping":{{"id":"{}"}}}}"#, text(32 * 1024)),
        format!(r#"{{"text":"{}"}}"#, text(66_000)),
        format!(r#"{{"text":"{}"}}"#, text(32 * 1024)),
        format!(r#"{{"{}":1}}"#, text(60_000)),
        format!("{{{}}}", members.join(",")),
        format!("{{{}}}", many(r#""a":{"b":1}"#, 40_000)),
        format!(r#"{{"text":[{}]}}"#, many(r#"{"":0}"#, 60_000)),
        format!(r#"{{"type":"new_message","content":[{}]}}"#, many(r#"{"":0}"#, 60_000)),
        format!(r#"{{"help_desk":[{}]}}"#, many(r#"{"":0}"#, 60_000)),
        format!(r#"{{"create":{{"id":"1","kind":"group","members":[{}]}}}}"#, many(r#""a""#, 60_000)),
        format!(r#"{{"reads":{{"from_id":1,"topic_id":"t","seq_ids":[{}]}}}}"#, many("1", 60_000)),
        format!(r#"{{"text":"{}"}}"#, "e\u{301}".to_owned() + &"\u{301}".repeat(300)),
        r#"{"ping":{"id":"1","id":"2"}}"#.to_owned(),
        r#"{"ping":{},"ping":{}}"#.to_owned(),
        "\u{feff}{\"ping\":{}}".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_in_any_text() {
        let text = r##"fn x() { same(r#"{"a":{"b":1}}"#) } and {"c":[2]}, {oldy: 5}"##;
        let found: Vec<String> = objects(text).iter().map(Value::to_string).collect();
        assert_eq!(found, [r#"{"a":{"b":1}}"#, r#"{"c":[2]}"#]);
    }

    #[test]
    fn places_are_filled_in() {
        assert_eq!(filled_in("<UUID> …"), "0b5c6ad2-6ba3-4b4e-9b1c-111111111111 2018-02-02T08:30:39.789Z");
    }

    #[test]
    fn every_field_becomes_hostile() {
        let example = serde_json::json!({"a/b": [1], "c": "x"});
        let copies = each_field_hostile(&example, 0);
        assert_eq!(copies, [r#"{"a/b":[null],"c":"x"}"#, r#"{"a/b":true,"c":"x"}"#, r#"{"a/b":[1],"c":[]}"#]);
        let number = VALUES.iter().position(|value| *value == "NaN").unwrap();
        assert_eq!(each_field_hostile(&example, number)[0], r#"{"a/b":[NaN],"c":"x"}"#);
    }
}
