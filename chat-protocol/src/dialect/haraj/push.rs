//! Pushes: a message for recipients who have no session.
//!
//! The documented forms ring, and count nothing. What stands beside them here is the services' own: the number on the
//! application, and what does not ring.

use serde::{Deserialize, Serialize};

use super::{Device, Message, Platform};
use crate::dialect::{Secret, WireUser};
use crate::{Content, limits};

/// Which service is told: option `haraj.push`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PushForm {
    /// Apple's service, in the documented form.
    Apns,
    /// Google's service, in the documented form. Google has ended it.
    FcmLegacy,
    /// Google's service, as it is today.
    #[default]
    FcmV1,
}

/// One push.
///
/// ```
/// use chat_protocol::dialect::haraj::Push;
/// let json = r#"{"message":{"token":"F","android":{"priority":"HIGH","ttl":"3600s"},"data":{"xtype":"NEW_MESSAGE","xdata":"{\"topic_id\":\"p2p1_2\",\"seq_id\":41,\"from_id\":2,\"name\":\"abdullah\",\"content\":{\"type\":\"text/plain\",\"payload\":{\"text\":\"hello!\"}},\"status\":{\"1\":false},\"ts\":\"2018-10-08T08:30:39.657Z\"}","xto":"[1]"}}}"#;
/// let push: Push = serde_json::from_str(json).unwrap();
/// assert_eq!(push.message.name, "abdullah");
/// assert_eq!(serde_json::to_string(&push).unwrap(), json);
/// assert_eq!((push.badge, push.silent), (None, false));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Push {
    /// Service and devices.
    pub target: PushTarget,
    /// The message.
    pub message: Message,
    /// Recipients for whom the device is told.
    pub to: Vec<WireUser>,
    /// The number on the application. Google's former service has no words for it.
    pub badge: Option<u64>,
    /// The device learns of it without ringing. Google's former service has no words for that either.
    pub silent: bool,
}

/// Where a push goes, which also decides its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushTarget {
    /// Apple's service; the device is named outside the body.
    Apns,
    /// Google's former service.
    FcmLegacy {
        /// The devices.
        tokens: Vec<Secret>,
    },
    /// Google's service: one device per request.
    FcmV1 {
        /// The device.
        device: Device,
    },
}

impl Push {
    /// The push of a message to one device.
    pub fn new(form: PushForm, device: Device, message: Message, to: Vec<WireUser>) -> Self {
        let target = match form {
            PushForm::Apns => PushTarget::Apns,
            PushForm::FcmLegacy => PushTarget::FcmLegacy { tokens: vec![device.token] },
            PushForm::FcmV1 => PushTarget::FcmV1 { device },
        };
        Self { target, message, to, badge: None, silent: false }
    }

    /// The push as its service takes it: what is longer than [`MAX_PUSH_PAYLOAD`](limits::MAX_PUSH_PAYLOAD) is cut.
    ///
    /// The name is cut to 64 characters, and the content as [`Content::cut`] does it: `"cut":true` stands in its payload, and
    /// the application asks the server for the rest.
    pub fn fit(self) -> Self {
        if self.payload_size() <= limits::MAX_PUSH_PAYLOAD {
            return self;
        }
        let name = self.message.name.chars().take(MAX_NAME).collect();
        let cut = |content: &Content| {
            let message =
                Message { name: String::clone(&name), content: content.clone(), ..self.message.clone() };
            Self { message, ..self.clone() }
        };
        let content =
            self.message.content.cut(|content| cut(content).payload_size() <= limits::MAX_PUSH_PAYLOAD);
        cut(&content)
    }

    /// Size in bytes as it counts at a service: without the tokens, which are not sent on.
    fn payload_size(&self) -> usize {
        let tokens = match &self.target {
            PushTarget::Apns => 0,
            PushTarget::FcmLegacy { tokens } => tokens.iter().map(|token| token.0.len()).sum(),
            PushTarget::FcmV1 { device } => device.token.0.len(),
        };
        text(self).len() - tokens
    }
}

/// Greatest length of a name in a push that is cut, in characters: with it, and the longest ids and type of content, there is
/// always room for a push.
const MAX_NAME: usize = 64;

/// What a push shows of a message: the text, or the type of other content.
pub fn push_body(content: &Content) -> String {
    let text = content.kind.starts_with("text/").then(|| content.text()).flatten();
    text.map_or_else(|| content.kind.clone(), |text| text.into_owned())
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Wire {
    /// Google's service: all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<V1>,
    /// Google's former service: the devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_ids: Option<Vec<Secret>>,
    /// Google's former service: always `high`.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<String>,
    /// Google's former service: seconds for which it is kept, always 3600.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_live: Option<u64>,
    /// Google's former service: what the device gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Notice>,
    /// Apple's service: what is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    aps: Option<Aps>,
    /// Apple's service: always `NEW_MESSAGE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    xtype: Option<Kind>,
    /// Apple's service: the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    xdata: Option<Message>,
    /// Apple's service: the recipients.
    #[serde(skip_serializing_if = "Option::is_none")]
    xto: Option<Vec<WireUser>>,
}

/// What a push is about.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum Kind {
    #[serde(rename = "NEW_MESSAGE")]
    NewMessage,
}

/// What a device gets.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Notice {
    /// What Apple's devices show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aps: Option<Aps>,
    /// Always `NEW_MESSAGE`.
    xtype: Kind,
    /// The message.
    xdata: Message,
    /// The recipients.
    xto: Vec<WireUser>,
}

/// What Apple's devices show.
#[derive(Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Aps {
    /// The text; absent: nothing is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alert: Option<Alert>,
    /// Always `default`; absent: nothing rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sound: Option<String>,
    /// Always 1 where something is shown: the app may change it before.
    #[serde(rename = "mutable-content", default, skip_serializing_if = "Option::is_none")]
    mutable_content: Option<u8>,
    /// Always 1 where nothing is shown: the app is told.
    #[serde(rename = "content-available", default, skip_serializing_if = "Option::is_none")]
    content_available: Option<u8>,
    /// The number on the application; absent: it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    badge: Option<u64>,
}

/// The text of a push.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Alert {
    /// Name of who wrote the message.
    title: String,
    /// The text of the message, or the type of other content.
    body: String,
}

#[derive(Serialize, Deserialize)]
struct V1 {
    /// The device.
    token: Secret,
    /// For Android devices: how it is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    android: Option<Android>,
    /// For Android devices: what the device gets. All values are strings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Strings>,
    /// For Apple's devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    apns: Option<Apns>,
}

/// How an Android device gets it.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Android {
    /// `HIGH`, or `NORMAL` when it must not ring.
    priority: String,
    /// For how long it is kept, always `3600s`.
    ttl: String,
}

/// What an Android device gets: all values are strings.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Strings {
    /// Always `NEW_MESSAGE`.
    xtype: Kind,
    /// The message, as JSON in a string.
    xdata: String,
    /// The recipients, as JSON in a string.
    xto: String,
    /// The number on the application, as digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    badge: Option<String>,
    /// `true`: it must not ring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    silent: Option<String>,
}

/// What an Apple device gets.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Apns {
    /// What the device gets.
    payload: Notice,
}

impl Aps {
    fn of(push: &Push) -> Self {
        let badge = push.badge;
        if push.silent {
            return Self { badge, content_available: Some(1), ..Self::default() };
        }
        let alert = Alert { title: push.message.name.clone(), body: push_body(&push.message.content) };
        let (sound, mutable_content) = (Some("default".to_owned()), Some(1));
        Self { alert: Some(alert), sound, mutable_content, badge, ..Self::default() }
    }
}

impl From<Push> for Wire {
    fn from(push: Push) -> Self {
        let (xtype, aps) = (Kind::NewMessage, Aps::of(&push));
        let Push { target, message, to, badge, silent } = push;
        match target {
            PushTarget::Apns => Self {
                aps: Some(aps),
                xtype: Some(xtype),
                xdata: Some(message),
                xto: Some(to),
                ..Self::default()
            },
            PushTarget::FcmLegacy { tokens } => Self {
                registration_ids: Some(tokens),
                priority: Some("high".to_owned()),
                time_to_live: Some(3600),
                data: Some(Notice { aps: None, xtype, xdata: message, xto: to }),
                ..Self::default()
            },
            PushTarget::FcmV1 { device } => {
                let mut v1 = V1 { token: device.token, android: None, data: None, apns: None };
                match device.platform {
                    Platform::Android => {
                        let priority = if silent { "NORMAL" } else { "HIGH" };
                        v1.android = Some(Android { priority: priority.to_owned(), ttl: "3600s".to_owned() });
                        let badge = badge.map(|badge| badge.to_string());
                        let silent = silent.then(|| "true".to_owned());
                        v1.data =
                            Some(Strings { xtype, xdata: text(&message), xto: text(&to), badge, silent });
                    }
                    Platform::Ios => {
                        let payload = Notice { aps: Some(aps), xtype, xdata: message, xto: to };
                        v1.apns = Some(Apns { payload });
                    }
                }
                Self { message: Some(v1), ..Self::default() }
            }
        }
    }
}

/// JSON in a string.
fn text(value: &impl Serialize) -> String {
    crate::encode(value).as_str().to_owned()
}

/// The same, read with the bounds of a frame of its own.
fn inner<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, String> {
    crate::decode(text.as_bytes()).map_err(|error| format!("{name}: {}", error.detail.unwrap_or_default()))
}

impl TryFrom<Wire> for Push {
    type Error = String;
    fn try_from(wire: Wire) -> Result<Self, String> {
        let missing = |field: &str| format!("missing field `{field}`");
        if let Some(v1) = wire.message {
            let device = |platform| PushTarget::FcmV1 { device: Device { token: v1.token, platform } };
            return match (v1.apns, v1.data) {
                (Some(apns), _) => Ok(Self::told(device(Platform::Ios), apns.payload)),
                (None, Some(data)) => {
                    let (xdata, xto) = (inner("xdata", &data.xdata)?, inner("xto", &data.xto)?);
                    let notice = Notice { aps: None, xtype: data.xtype, xdata, xto };
                    let badge = data.badge.map(|badge| badge.parse()).transpose();
                    let badge = badge.map_err(|_| "badge: not digits".to_owned())?;
                    let silent = data.silent.as_deref() == Some("true");
                    Ok(Self { badge, silent, ..Self::told(device(Platform::Android), notice) })
                }
                (None, None) => Err(missing("data")),
            };
        }
        if let Some(tokens) = wire.registration_ids {
            let notice = wire.data.ok_or_else(|| missing("data"))?;
            return Ok(Self::told(PushTarget::FcmLegacy { tokens }, notice));
        }
        let aps = Some(wire.aps.ok_or_else(|| missing("aps"))?);
        let xtype = wire.xtype.ok_or_else(|| missing("xtype"))?;
        let xdata = wire.xdata.ok_or_else(|| missing("xdata"))?;
        let xto = wire.xto.ok_or_else(|| missing("xto"))?;
        Ok(Self::told(PushTarget::Apns, Notice { aps, xtype, xdata, xto }))
    }
}

impl Push {
    /// What a device got. On Apple's, what shows nothing is silent.
    fn told(target: PushTarget, notice: Notice) -> Self {
        let badge = notice.aps.as_ref().and_then(|aps| aps.badge);
        let silent = notice.aps.is_some_and(|aps| aps.alert.is_none());
        Self { target, message: notice.xdata, to: notice.xto, badge, silent }
    }
}

#[cfg(feature = "schema")]
mod schema;

#[cfg(feature = "schema")]
pub(crate) use schema::{ApnsPush, FcmLegacyPush, FcmV1Push};
