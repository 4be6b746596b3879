//! Bounds of the native packets' fields that the types do not carry: one line per field, from the wire limits.

use serde_json::{Map, Value, json};

use crate::limits;

/// A type, its field, the keyword and the bound. Lengths count characters, and limits count bytes: no text within its
/// limit has more characters than bytes, so that the schema never refuses what a server takes.
const BOUNDS: &[(&str, &str, &str, usize)] = &[
    ("Content", "type", "maxLength", limits::MAX_CONTENT_TYPE),
    ("Create", "name", "maxLength", limits::MAX_ROOM_NAME),
    ("Create", "members", "maxItems", limits::MAX_CREATE_MEMBERS),
    ("RoomState", "name", "maxLength", limits::MAX_ROOM_NAME),
    ("RoomChanged", "name", "maxLength", limits::MAX_ROOM_NAME),
    ("Resumed", "pointers", "maxProperties", limits::MAX_POINTERS),
    ("HistoryPage", "messages", "maxItems", limits::MAX_HISTORY_PAGE as usize),
    ("HistoryQuery", "limit", "minimum", 1),
    ("HistoryQuery", "limit", "maximum", limits::MAX_HISTORY_PAGE as usize),
    ("History", "limit", "minimum", 1),
    ("History", "limit", "maximum", limits::MAX_HISTORY_PAGE as usize),
];

/// Puts the bounds into the types that are there.
pub(super) fn apply(types: &mut Map<String, Value>) {
    for (name, field, keyword, bound) in BOUNDS {
        let properties = types.get_mut(*name).and_then(|schema| schema.get_mut("properties"));
        if let Some(field) = properties.and_then(|properties| properties.get_mut(*field)) {
            field[*keyword] = json!(bound);
        }
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
