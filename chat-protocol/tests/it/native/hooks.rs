//! What a server posts to systems of its operator.

use chat_protocol::Event;
use chat_protocol::hooks::{PushAnswer, PushBody, PushEntry, PushResult, PushStatus, RoomEvent, WebhookBody};
use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::readable;
use super::{Sample, event};

words! {
    PushStatus { Delivered Gone Retry Refused }
}

samples! {
    WebhookBody { events, ts }
    RoomEvent { num, event: room_events() }
    PushBody { pushes }
    PushEntry { id, user, device, service, token, app, badge, collapse_key, silent, payload: payloads() }
    PushAnswer { results }
    PushResult { id, status, retry_after_s }
}

/// The packets of rooms' logs.
fn room_events() -> BoxedStrategy<Event> {
    let kinds = ["message", "edited", "deleted", "reaction", "member", "room"];
    Union::new(kinds.iter().map(|kind| event::of(kind))).boxed()
}

/// Any object that can be read.
fn payloads() -> BoxedStrategy<Value> {
    let read = |raw: Box<RawValue>| serde_json::from_str(&readable(raw.get())).expect("it is JSON");
    Box::<RawValue>::any().prop_map(read).boxed()
}
