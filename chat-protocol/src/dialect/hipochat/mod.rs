//! Frames and HTTP bodies of `hipochat`: rooms by token, any JSON object as a message, unread counters, and
//! items that a backend injects.
//!
//! Source: dialect reference (`docs/dialects.md`), section 5, and the original document
//! (`chat-protocol/tests/documents/hipochat.txt`).
//!
//! | way | carries |
//! | --- | --- |
//! | socket, from the client | [`ClientFrame`] |
//! | socket, from the server | [`ServerFrame`]: [`MessageFrame`], [`Item`] or [`ErrorFrame`] |
//! | `POST /api/chat` | [`CreateRoom`]; [`RoomCreated`] or [`Unauthorized`] |
//! | `GET /talk/old/<token>/` | [`OldMessages`] of [`Entry`] |
//! | `POST /talk/item/<token>/` | [`ItemRequest`]; an empty body |
//! | `GET /talk/notification/<token>/?type=<type>` | [`Counted`]; [`Notification`] |
//! | `GET /talk/history/<tokens>?limit=<n>` | [`history_rooms`], [`history_limit`]; [`Histories`] |
//! | `POST /talk/new-chat-room/<token>`, `POST /talk/unsubscribe/<token>` | [`MemberTokens`]; an empty body |
//! | the server to the operator's profile address | [`Profile`] as the answer |
//! | the server to the operator's push address | [`Push`], as JSON or as [`PushSignal`] by [`PushForm`] |
//!
//! [`Hipochat`] is a server's socket: what a frame asks, and what is told.
//!
//! Refusals without a body (400, 403, 404 and the answers of `POST`) have no type. The dialect has no names
//! for pairs of users: a token stands for a room of either kind. It has no words for reading, typing,
//! presence, edits and deletions.
//!
//! Lists of old messages are longer than a frame: they are read with a JSON parser and a limit of the
//! reader's own, not with [`decode`](crate::decode).

mod codec;
mod form;
mod frame;
mod history;
mod http;
mod item;
mod profile;
mod push;
mod route;
mod token;

pub use codec::Hipochat;
pub use frame::{ClientFrame, ErrorFrame, MessageFrame, Refusal, ServerFrame};
pub use history::{Entry, Histories, OldMessage, OldMessages, RoomHistory, history_limit, history_rooms};
pub use http::{Counted, CreateRoom, ItemRequest, MemberTokens, Notification, RoomCreated, Unauthorized};
pub use item::{Item, ItemForm};
pub use profile::Profile;
pub use push::{Push, PushBody, PushForm, PushKind, PushSignal};
pub use route::{Call, ROUTES};
pub use token::{RoomToken, RoomTokenError, header_token};

/// The media type of objects that clients make up.
const OBJECT: &str = "application/json";

#[cfg(all(test, feature = "schema"))]
mod tests {
    use super::*;

    #[test]
    fn schemas_show_the_wire_and_not_the_types() {
        let schema = schemars::schema_for!(RoomCreated);
        assert_eq!(schema.get("required"), Some(&serde_json::json!(["chat"])));
        let schema = schemars::schema_for!(OldMessages);
        assert_eq!(schema.get("required"), Some(&serde_json::json!(["oldy", "results"])));
        let schema = schemars::schema_for!(RoomHistory);
        let count = serde_json::json!([{ "type": "string" }, { "const": 0 }]);
        assert_eq!(schema.pointer("/properties/unread_count/anyOf"), Some(&count));
        let schema = schemars::schema_for!(ClientFrame);
        assert_eq!(schema.get("type"), Some(&serde_json::json!("object")));
        let schema = schemars::schema_for!(ServerFrame).to_value().to_string();
        assert!(schema.contains("injected") && schema.contains("ERROR"), "{schema}");
        let schema =
            schemars::schema_for!((Entry, Histories, Push, Notification, CreateRoom)).to_value().to_string();
        assert!(schema.contains("EntryInSeconds") && schema.contains("EntryInWholeSeconds"), "{schema}");
    }
}
