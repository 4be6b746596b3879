//! What the published schemas say of a push: each service has a form of its own.

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
