//! Bodies and queries of requests that are no types of their own.

use serde_json::{Value, json};

use crate::reply::ExportLine;
use crate::schema::types::{Types, read, written};
use crate::{Command, Cursor, DeskStatus, DeviceId, Event, RoomId, SessionId, limits};

/// A stream of packets. OpenAPI 3.1 has no word for the items of a stream; `contentSchema` is what one of them holds.
pub(super) fn events(types: &mut Types) -> Value {
    json!({
        "type": "string",
        "description": "The `data` of each event is one packet, and `id` is not used: where to go on is said by `resume`. The last event may have the name `close` and the data `{\"close\":{\"code\":4411,\"reason\":\"ERR_SLOW_READER\"}}`: what a socket says with its close frame.",
        "contentMediaType": "application/json",
        "contentSchema": written::<Event>(types),
    })
}

pub(super) fn command_lines(types: &mut Types) -> Value {
    json!({
        "type": "string",
        "description": "One command per line, done in this order.",
        "contentMediaType": "application/json",
        "contentSchema": read::<Command>(types),
    })
}

pub(super) fn answer_lines(types: &mut Types) -> Value {
    json!({
        "type": "string",
        "description": "One packet per line: the `reply` to each command, for `ping` the `pong`.",
        "contentMediaType": "application/json",
        "contentSchema": written::<Event>(types),
    })
}

pub(super) fn export_lines(types: &mut Types) -> Value {
    json!({
        "type": "string",
        "description": "One thing per line. The last is the `end`: without it the answer was cut short.",
        "contentMediaType": "application/json",
        "contentSchema": written::<ExportLine>(types),
    })
}

pub(super) fn bytes(_: &mut Types) -> Value {
    json!({ "type": "string", "format": "binary", "description": "The bytes." })
}

pub(super) fn events_query(types: &mut Types) -> Value {
    json!({
        "type": "object",
        "properties": {
            "session_id": {
                "description": "The session to go on with; absent: a new one.",
                "allOf": [read::<SessionId>(types)],
            },
            "device_id": { "description": "This installation.", "allOf": [read::<DeviceId>(types)] },
            "follow": {
                "type": "boolean",
                "default": true,
                "description": "Whether to follow all rooms of mine at once.",
            },
        },
    })
}

pub(super) fn commands_query(types: &mut Types) -> Value {
    json!({
        "type": "object",
        "required": ["session_id"],
        "properties": {
            "session_id": {
                "description": "The session of the stream that these commands belong to.",
                "allOf": [read::<SessionId>(types)],
            },
        },
    })
}

pub(super) fn upload_query(types: &mut Types) -> Value {
    json!({
        "type": "object",
        "required": ["room"],
        "properties": {
            "room": {
                "description": "The room whose members read it. I may write there.",
                "allOf": [read::<RoomId>(types)],
            },
            "name": { "type": "string", "maxLength": 255, "description": "Name of the file." },
        },
    })
}

/// Also in `Upload-Metadata`, so that none of it need be in the query.
pub(super) fn resumable_query(types: &mut Types) -> Value {
    let mut query = upload_query(types);
    query["properties"]["type"] =
        json!({ "type": "string", "description": "Media type of the file, as its sender claims." });
    query.as_object_mut().map(|query| query.remove("required"));
    query
}

pub(super) fn desks_query(types: &mut Types) -> Value {
    json!({
        "type": "object",
        "properties": {
            "status": { "description": "Only those that stand so.", "allOf": [read::<DeskStatus>(types)] },
            "cursor": {
                "description": "Where the last page ended; absent: from the newest.",
                "allOf": [read::<Cursor>(types)],
            },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": limits::MAX_PAGE,
                "description": "Greatest number of them; 50 when absent.",
            },
        },
    })
}

pub(super) fn health(_: &mut Types) -> Value {
    json!({
        "type": "object",
        "description": "Whether the server serves.",
        "required": ["status"],
        "properties": {
            "status": {
                "type": "string",
                "description": "In one word.",
                "examples": ["serving", "degraded", "draining"],
            },
        },
    })
}
