//! Bounds of the native packets' fields that the types do not carry: one line per field, from the wire limits.

use serde_json::{Map, Value, json};

use crate::{MAX_SAFE, limits};

/// A type, its field, the keyword and the bound. Lengths count characters, and limits count bytes: no text within its
/// limit has more characters than bytes, so that the schema never refuses what a server takes.
const BOUNDS: &[(&str, &str, &str, usize)] = &[
    ("Content", "type", "maxLength", limits::MAX_CONTENT_TYPE),
    ("Create", "name", "maxLength", limits::MAX_ROOM_NAME),
    ("Create", "avatar", "maxLength", limits::MAX_URL),
    ("Create", "topic", "maxLength", limits::MAX_TOPIC),
    ("RoomState", "name", "maxLength", limits::MAX_ROOM_NAME),
    ("RoomState", "avatar", "maxLength", limits::MAX_URL),
    ("RoomState", "topic", "maxLength", limits::MAX_TOPIC),
    ("RoomChanged", "name", "maxLength", limits::MAX_ROOM_NAME),
    ("RoomChanged", "avatar", "maxLength", limits::MAX_URL),
    ("RoomChanged", "topic", "maxLength", limits::MAX_TOPIC),
    ("RoomPatch", "name", "maxLength", limits::MAX_ROOM_NAME),
    ("RoomPatch", "avatar", "maxLength", limits::MAX_URL),
    ("RoomPatch", "topic", "maxLength", limits::MAX_TOPIC),
    ("Create", "message_ttl_s", "minimum", 1),
    ("RoomPatch", "message_ttl_s", "minimum", 1),
    ("Create", "members", "maxItems", limits::MAX_CREATE_MEMBERS),
    ("Invite", "users", "minItems", 1),
    ("Invite", "users", "maxItems", limits::MAX_CREATE_MEMBERS),
    ("Kick", "reason", "maxLength", limits::MAX_REASON),
    ("Ban", "reason", "maxLength", limits::MAX_REASON),
    ("MemberChanged", "reason", "maxLength", limits::MAX_REASON),
    ("Mentions", "users", "maxItems", limits::MAX_MENTIONS),
    ("Message", "reactions", "maxItems", limits::MAX_REACTIONS),
    ("ReactionCount", "users", "maxItems", limits::MAX_REACTION_USERS),
    ("NewDesk", "organization", "minLength", 1),
    ("NewDesk", "organization", "maxLength", limits::MAX_ORGANIZATION),
    ("Desk", "organization", "minLength", 1),
    ("Desk", "organization", "maxLength", limits::MAX_ORGANIZATION),
    ("AgentsData", "organization", "minLength", 1),
    ("AgentsData", "organization", "maxLength", limits::MAX_ORGANIZATION),
    ("AgentsData", "agents", "maxItems", limits::MAX_AGENTS),
    ("DesksPage", "organization", "minLength", 1),
    ("DesksPage", "organization", "maxLength", limits::MAX_ORGANIZATION),
    ("DesksPage", "desks", "maxItems", limits::MAX_PAGE as usize),
    ("DeskEntry", "name", "maxLength", limits::MAX_ROOM_NAME),
    ("Search", "query", "minLength", 1),
    ("Search", "query", "maxLength", limits::MAX_SEARCH),
    ("Device", "name", "maxLength", limits::MAX_DEVICE_NAME),
    ("SendMessage", "reply_to", "minimum", 1),
    ("SendMessage", "thread", "minimum", 1),
    ("Edit", "seq", "minimum", 1),
    ("Delete", "seq", "minimum", 1),
    ("React", "seq", "minimum", 1),
    ("Unreact", "seq", "minimum", 1),
    ("MarkUnread", "seq", "minimum", 1),
    ("MarkRead", "thread", "minimum", 1),
    ("Typing", "thread", "minimum", 1),
    ("Thread", "root", "minimum", 1),
    ("PushTarget", "app", "maxLength", limits::MAX_ROOM_NAME),
    ("PushTarget", "token", "minLength", 1),
    ("PushTarget", "token", "maxLength", limits::MAX_PUSH_TOKEN),
    ("Resumed", "pointers", "maxProperties", limits::MAX_POINTERS),
    ("Resumed", "delivered", "maxProperties", limits::MAX_POINTERS),
    ("ThreadState", "pointers", "maxProperties", limits::MAX_POINTERS),
    ("HistoryPage", "messages", "maxItems", limits::MAX_HISTORY_PAGE as usize),
    ("SessionsData", "sessions", "maxItems", limits::MAX_PAGE as usize),
    ("MembersPage", "members", "maxItems", limits::MAX_PAGE as usize),
    ("MembersPage", "banned", "maxItems", limits::MAX_PAGE as usize),
    ("BannedUser", "reason", "maxLength", limits::MAX_REASON),
    ("BlocksPage", "users", "maxItems", limits::MAX_PAGE as usize),
    ("ScheduledPage", "messages", "maxItems", limits::MAX_PAGE as usize),
    ("HistoryPage", "hidden", "maxItems", limits::MAX_HISTORY_PAGE as usize),
    ("SearchPage", "hits", "maxItems", limits::MAX_PAGE as usize),
    ("InboxPage", "rooms", "maxItems", limits::MAX_PAGE as usize),
    ("History", "limit", "minimum", 1),
    ("History", "limit", "maximum", limits::MAX_HISTORY_PAGE as usize),
    ("Thread", "limit", "minimum", 1),
    ("Thread", "limit", "maximum", limits::MAX_HISTORY_PAGE as usize),
    ("Members", "limit", "minimum", 1),
    ("Members", "limit", "maximum", limits::MAX_PAGE as usize),
    ("Search", "limit", "minimum", 1),
    ("Search", "limit", "maximum", limits::MAX_PAGE as usize),
    ("Inbox", "limit", "minimum", 1),
    ("Inbox", "limit", "maximum", limits::MAX_PAGE as usize),
    ("Blocks", "limit", "minimum", 1),
    ("Blocks", "limit", "maximum", limits::MAX_PAGE as usize),
    ("Scheduled", "limit", "minimum", 1),
    ("Scheduled", "limit", "maximum", limits::MAX_PAGE as usize),
];

/// Puts the bounds into the types that are there.
pub(super) fn apply(types: &mut Map<String, Value>) {
    for (name, field, keyword, bound) in BOUNDS {
        let properties = types.get_mut(*name).and_then(|schema| schema.get_mut("properties"));
        if let Some(field) = properties.and_then(|properties| properties.get_mut(*field)) {
            if *keyword == "minimum" {
                spell_out(field);
            }
            field[*keyword] = json!(bound);
        }
    }
}

/// A number that is not just any of its type says itself what it is: a bound beside a reference is passed over by
/// generators.
fn spell_out(field: &mut Value) {
    let Some(field) = field.as_object_mut().filter(|field| !field.contains_key("type")) else { return };
    let nullable = field.remove("anyOf").is_some();
    if nullable || field.remove("$ref").is_some() {
        let kind = if nullable { json!(["integer", "null"]) } else { json!("integer") };
        field.extend([("type".to_owned(), kind), ("maximum".to_owned(), json!(MAX_SAFE))]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_is_published() {
        let files = crate::schema::files();
        let published =
            |path: &str| files.iter().find(|(name, _)| name == path).map(|(_, file)| file).unwrap();
        let (bundle, http) = (published("bundle/native.json"), published("openapi/native.json"));
        // A query is no type there, but parameters.
        let history = &http["paths"]["/v1/rooms/{room}/messages"]["get"]["parameters"];
        let parameter = |name: &str, keyword: &str, bound: usize| {
            let parameters = history.as_array().unwrap();
            parameters.iter().any(|it| it["name"] == name && it["schema"][keyword] == json!(bound))
        };
        for (name, field, keyword, bound) in BOUNDS {
            let bounded = |types: &Value| types[*name]["properties"][*field][*keyword] == json!(bound);
            assert!(
                bounded(&bundle["$defs"]) || parameter(field, keyword, *bound),
                "{name}.{field} has no {keyword}"
            );
        }
    }
}
