//! What single values mean: times, users, documents within strings.

use chat_protocol::Timestamp;
use chat_protocol::dialect::{Micros, Seconds, Spaced, WholeSeconds, WireUser, Zoned};
use serde_json::{Value, json};

/// Keys whose values are times, in any format.
const TIMES: [&str; 18] = [
    "ts",
    "expires_at",
    "send_at",
    "until",
    "mute_until",
    "last_seen",
    "peer_last_seen",
    "joined_at",
    "edited_at",
    "deleted_at",
    "created_at",
    "seen_at",
    "updated_at",
    "last_updated",
    "expires",
    "created_on",
    "datetime_uploaded",
    "end_time",
];

/// Keys whose values are the peers' own affair: nothing in them is looked at.
const OPAQUE: [&str; 4] = ["payload", "custom", "injected", "body"];

/// What a value means where that is not what is written: a time in microseconds since 1970, a user's id as text, a
/// document in a string as itself.
fn meaning(format: &str, object: &Value, key: &str, value: &Value) -> Option<Value> {
    if TIMES.contains(&key) || (key == "timestamp" && has_time(object)) {
        return time(format, key, value).map(|ts| json!(ts.as_micros()));
    }
    if is_user(format, object, key) {
        let user: WireUser = serde_json::from_value(value.clone()).ok()?;
        return Some(json!(user.0));
    }
    if matches!((format, key), ("helpdesk", "data") | ("haraj" | "push", "xdata" | "xto")) {
        return serde_json::from_str(value.as_str()?).ok();
    }
    None
}

fn time(format: &str, key: &str, value: &Value) -> Option<Timestamp> {
    let text = value.clone();
    match format {
        "tndata" => serde_json::from_value(text).ok().map(|Spaced(ts)| ts),
        "chats" if value.is_number() => serde_json::from_value(text).ok().map(|Seconds(ts)| ts),
        "chats" => serde_json::from_value(text).ok().map(|Micros(ts)| ts),
        "hipochat" if value.is_u64() => serde_json::from_value(text).ok().map(|WholeSeconds(ts)| ts),
        "hipochat" => serde_json::from_value(text).ok().map(|Seconds(ts)| ts),
        "helpdesk" => serde_json::from_value(text).ok().map(|zoned: Zoned| zoned.ts),
        _ => serde_json::from_value(text).ok().filter(|_| key != "timestamp"),
    }
}

/// In hipochat a frame may have a `timestamp` of the client's own; items and entries of lists have the server's.
fn has_time(object: &Value) -> bool {
    object.get("injected").is_some() || object.get("token").is_none()
}

fn is_user(format: &str, object: &Value, key: &str) -> bool {
    let has = |key: &str| object.get(key).is_some();
    let text_of_no_user = |key: &str| matches!(object[key].as_str(), Some(""));
    match (format, key) {
        ("tndata", "from_id") => object["from_id"] != -1 && !text_of_no_user("from_id"),
        ("tndata", "user") => true,
        ("tndata", "from") => !has("from_id") && !object["from"].is_null(),
        ("tndata", "id") => has("email"),
        ("chats", "author_id" | "user_id" | "user") => true,
        ("chats", "id") => has("first_name"),
        ("haraj" | "push", "from_id" | "peer_id" | "with_id" | "user_id") => true,
        ("hipochat", "user_id") => !object["user_id"].is_null(),
        _ => false,
    }
}

/// Every value of a document that means something else than what is written, by its JSON Pointer.
pub(super) fn meanings(format: &str, document: &Value) -> std::collections::BTreeMap<String, Value> {
    let mut found = std::collections::BTreeMap::new();
    collect(format, document, "", &mut |pointer, meaning| {
        found.insert(pointer, meaning);
    });
    found
}

fn collect(format: &str, document: &Value, pointer: &str, found: &mut impl FnMut(String, Value)) {
    for (n, item) in document.as_array().into_iter().flatten().enumerate() {
        collect(format, item, &format!("{pointer}/{n}"), found);
    }
    for (key, value) in document.as_object().into_iter().flatten() {
        let below = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        if OPAQUE.contains(&key.as_str()) {
            continue;
        }
        if let Some(meaning) = meaning(format, document, key, value) {
            found(below, meaning);
        } else if let ("haraj" | "push", "xto", Some(users)) = (format, key.as_str(), value.as_array()) {
            for (n, user) in users.iter().enumerate() {
                let user: WireUser = serde_json::from_value(user.clone()).expect("a user");
                found(format!("{below}/{n}"), json!(user.0));
            }
        } else if !(format == "helpdesk" && key == "data" && value.get("uuid").is_none()) {
            collect(format, value, &below, found);
        }
    }
}
