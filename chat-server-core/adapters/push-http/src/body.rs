//! What is posted about pushes, and what is answered.

use std::collections::BTreeMap;

use chat_protocol::command::PushService;
use chat_protocol::dialect::haraj::{self, Platform, PushForm, TopicId};
use chat_protocol::dialect::{RoomFacts, Secret as Token};
use chat_protocol::{DeviceId, Event, UserId};
use chat_server_core::push::Push;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Pushes, to be handed on to the services of their devices.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PushBody {
    /// The pushes, at least one.
    pub pushes: Vec<PushEntry>,
}

/// One push for one device.
#[derive(Clone, Serialize, Deserialize)]
pub struct PushEntry {
    /// Its name: the same when it comes again.
    pub id: String,
    /// Whose device.
    pub user: UserId,
    /// Which one.
    pub device: DeviceId,
    /// The service that carries it.
    pub service: PushService,
    /// The device's token there.
    pub token: String,
    /// Which application, for services that carry several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Unread messages in all: the number on the application.
    pub badge: u64,
    /// A newer push with this key replaces this one on the device.
    pub collapse_key: String,
    /// It must not ring.
    pub silent: bool,
    /// What the service takes.
    pub payload: Value,
}

/// The token is not shown, nor is what was written.
impl std::fmt::Debug for PushEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushEntry")
            .field("id", &self.id)
            .field("device", &self.device)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

impl PushEntry {
    pub(crate) fn of(push: &Push, form: PushForm) -> Self {
        Self {
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
}

fn payload(push: &Push, form: PushForm) -> Value {
    let form = match push.target.service {
        PushService::Apns => PushForm::Apns,
        PushService::Fcm => form,
        PushService::WebPush | PushService::Webhook => {
            return json!(Event::Message(push.note.message.clone()));
        }
    };
    let device = haraj::Device { token: Token(push.target.token.clone()), platform: Platform::Android };
    let mut payload = json!(haraj::Push::new(form, device, message(push), vec![push.user.clone().into()]));
    if form == PushForm::Apns {
        // The documented form always rings and counts nothing; what is here beside it is Apple's own.
        if push.silent {
            payload["aps"] = json!({"content-available": 1});
        }
        payload["aps"]["badge"] = json!(push.badge);
    }
    payload
}

/// The message as the payloads of the services hold it.
fn message(push: &Push) -> haraj::Message {
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

/// What became of the pushes of a body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PushAnswer {
    /// By the pushes' ids, in any order; those that are not named were delivered.
    #[serde(default)]
    pub results: Vec<PushResult>,
}

/// What became of one push.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PushResult {
    /// Which one.
    pub id: String,
    /// What became of it.
    pub status: PushStatus,
    /// With `retry`: after so many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushStatus {
    /// The service has it.
    Delivered,
    /// The service does not know the token any more.
    Gone,
    /// Later.
    Retry,
    /// Never.
    Refused,
}
