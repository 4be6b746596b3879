//! What is posted about pushes.

use std::collections::BTreeMap;

use chat_protocol::command::PushService;
use chat_protocol::dialect::haraj::{self, Platform, PushForm, TopicId};
use chat_protocol::dialect::{RoomFacts, Secret as Token};
use chat_protocol::hooks::PushEntry;
use chat_protocol::{Event, Message, encode};
use chat_server_core::push::Push;
use serde_json::{Value, json};

/// Greatest size of a message to a browser, in bytes: what its service takes (4,096, RFC 8030 section 7.2) without what
/// encryption adds (RFC 8291 section 4).
const MAX_WEB_PUSH: usize = 3_993;

pub(crate) fn entry(push: &Push, form: PushForm) -> PushEntry {
    PushEntry {
        id: push.id(),
        user: push.user.clone(),
        device: push.device.clone(),
        service: push.target.service,
        token: push.target.token.clone(),
        app: push.target.app.clone(),
        badge: push.badge,
        collapse_key: push.collapse_key(),
        silent: push.silent,
        payload: payload(push, form),
    }
}

fn payload(push: &Push, form: PushForm) -> Value {
    let message = &push.note.message;
    let form = match push.target.service {
        PushService::Apns => PushForm::Apns,
        PushService::Fcm => form,
        PushService::WebPush => return json!(packet(message)),
        PushService::Webhook => return json!(Event::Message(message.clone())),
    };
    let device = haraj::Device { token: Token(push.target.token.clone()), platform: Platform::Android };
    let told = haraj::Push::new(form, device, shown(push), vec![push.user.clone().into()]);
    json!(haraj::Push { badge: Some(push.badge), silent: push.silent, ..told }.fit())
}

/// A push as the haraj document has it; `None`: the service of that form does not reach the device.
pub(crate) fn told(push: &Push, form: PushForm) -> Option<Value> {
    let platform = match (push.target.service, form) {
        (PushService::Apns, _) => Platform::Ios,
        (PushService::Fcm, PushForm::FcmLegacy | PushForm::FcmV1) => Platform::Android,
        (PushService::Fcm, PushForm::Apns) | (PushService::WebPush | PushService::Webhook, _) => return None,
    };
    let device = haraj::Device { token: Token(push.target.token.clone()), platform };
    let told = haraj::Push::new(form, device, shown(push), vec![push.user.clone().into()]);
    Some(json!(haraj::Push { silent: push.silent, ..told }.fit()))
}

/// The packet, cut to what a browser's service takes.
fn packet(message: &Message) -> Event {
    let with = |content| Event::Message(Message { content, ..message.clone() });
    let fits = |content: &chat_protocol::Content| encode(&with(content.clone())).len() <= MAX_WEB_PUSH;
    with(message.content.cut(fits))
}

/// The message as the payloads of the services hold it.
fn shown(push: &Push) -> haraj::Message {
    let (note, message) = (&push.note, &push.note.message);
    let room = RoomFacts { id: &message.room, number: note.number, alias: None, desk: None };
    // A room that is no topic of that dialect is named by its id: pushes are for all rooms.
    let topic_id = TopicId::of_room(&room).unwrap_or_else(|| TopicId(message.room.to_string()));
    haraj::Message {
        topic_id,
        seq_id: message.seq,
        from_id: message.from.clone().into(),
        name: note.author_name.clone().unwrap_or_else(|| message.from.to_string()),
        content: message.content.clone(),
        status: BTreeMap::from([(push.user.clone(), false)]),
        ts: message.ts,
    }
}
