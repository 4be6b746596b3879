//! Pushes: a message for recipients who have no session.

use serde::{Deserialize, Serialize};

use super::{Device, Message, Platform};
use crate::Content;
use crate::dialect::{Secret, WireUser};

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
        Self { target, message, to }
    }
}

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
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Aps {
    /// The text.
    alert: Alert,
    /// Always `default`.
    sound: String,
    /// Always 1: the app may change it before it is shown.
    #[serde(rename = "mutable-content")]
    mutable_content: u8,
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
    /// Always `HIGH`.
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
}

/// What an Apple device gets.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Apns {
    /// What the device gets.
    payload: Notice,
}

impl Aps {
    fn of(message: &Message) -> Self {
        let alert = Alert { title: message.name.clone(), body: push_body(&message.content) };
        Self { alert, sound: "default".to_owned(), mutable_content: 1 }
    }
}

impl From<Push> for Wire {
    fn from(push: Push) -> Self {
        let Push { target, message, to } = push;
        let (xtype, aps) = (Kind::NewMessage, Aps::of(&message));
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
                        v1.android = Some(Android { priority: "HIGH".to_owned(), ttl: "3600s".to_owned() });
                        let (xdata, xto) = (text(&message), text(&to));
                        v1.data = Some(Strings { xtype, xdata, xto });
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
        let (target, notice) = if let Some(v1) = wire.message {
            let device = |platform| PushTarget::FcmV1 { device: Device { token: v1.token, platform } };
            match (v1.apns, v1.data) {
                (Some(apns), _) => (device(Platform::Ios), apns.payload),
                (None, Some(data)) => {
                    let (xdata, xto) = (inner("xdata", &data.xdata)?, inner("xto", &data.xto)?);
                    (device(Platform::Android), Notice { aps: None, xtype: data.xtype, xdata, xto })
                }
                (None, None) => return Err(missing("data")),
            }
        } else if let Some(tokens) = wire.registration_ids {
            (PushTarget::FcmLegacy { tokens }, wire.data.ok_or_else(|| missing("data"))?)
        } else {
            let aps = Some(wire.aps.ok_or_else(|| missing("aps"))?);
            let xtype = wire.xtype.ok_or_else(|| missing("xtype"))?;
            let xdata = wire.xdata.ok_or_else(|| missing("xdata"))?;
            let xto = wire.xto.ok_or_else(|| missing("xto"))?;
            (PushTarget::Apns, Notice { aps, xtype, xdata, xto })
        };
        Ok(Self { target, message: notice.xdata, to: notice.xto })
    }
}

/// What the published schemas say of a push: each service has a form of its own.
#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Android, Apns, Aps, Kind, Message, Notice, Push, Secret, Strings, WireUser};

    /// A push through Apple's service; the device is named outside the body.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its shape is of use")]
    pub(crate) struct ApnsPush {
        /// What is shown.
        aps: Aps,
        /// Always `NEW_MESSAGE`.
        xtype: Kind,
        /// The message.
        xdata: Message,
        /// The recipients.
        xto: Vec<WireUser>,
    }

    /// A push through Google's former service.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its shape is of use")]
    pub(crate) struct FcmLegacyPush {
        /// The devices.
        registration_ids: Vec<Secret>,
        /// Always `high`.
        priority: String,
        /// Seconds for which it is kept, always 3600.
        time_to_live: u64,
        /// What the device gets.
        data: Notice,
    }

    /// A push through Google's service.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its shape is of use")]
    pub(crate) struct FcmV1Push {
        /// For one device.
        message: FcmV1Message,
    }

    /// A push to one device.
    #[derive(JsonSchema)]
    #[schemars(untagged)]
    #[expect(dead_code, reason = "only its shape is of use")]
    enum FcmV1Message {
        /// To an Android device.
        Android(FcmV1Android),
        /// To an Apple device.
        Apple(FcmV1Apple),
    }

    /// A push to an Android device.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its shape is of use")]
    struct FcmV1Android {
        /// The device.
        token: Secret,
        /// How it is delivered.
        android: Android,
        /// What the device gets. All values are strings.
        data: Strings,
    }

    /// A push to an Apple device.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its shape is of use")]
    struct FcmV1Apple {
        /// The device.
        token: Secret,
        /// What the device gets.
        apns: Apns,
    }

    impl JsonSchema for Push {
        fn schema_name() -> Cow<'static, str> {
            "Push".into()
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "A push, in the form of its service.",
                "anyOf": [
                    generator.subschema_for::<ApnsPush>(),
                    generator.subschema_for::<FcmLegacyPush>(),
                    generator.subschema_for::<FcmV1Push>(),
                ],
            })
        }
    }
}

#[cfg(feature = "schema")]
pub(crate) use schema::{ApnsPush, FcmLegacyPush, FcmV1Push};
