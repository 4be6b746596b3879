//! Whom the server tells by itself: pushes and webhooks, as an operator sets them.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Secret, keys};

/// Pushes to devices of users who do not look at a session.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Push {
    /// Address to which pushes are posted, to be handed on to the services of the devices: `https://`, or `http://` on this
    /// machine. None by default, and then nobody is pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Secret under which posts are signed, needed with `url`: 24 to 64 bytes, as text or as `whsec_` and base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// How long a push waits for somebody who looks at a session to read the message there; `0s` pushes at once, also to
    /// those who read.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub hold: Duration,
    /// Age of a message from which on nobody is pushed for it any more: after a stop of the server, or of the address.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub max_age: Duration,
}

impl Default for Push {
    fn default() -> Self {
        Self { url: None, secret: None, hold: Duration::from_secs(10), max_age: Duration::from_secs(60 * 60) }
    }
}

/// Another system that is told all that happens in rooms.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Webhook {
    /// Address to which events of all rooms are posted in their order, texts of messages included: `https://`, or `http://` on
    /// this machine. None by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Secret under which posts are signed, needed with `url`: 24 to 64 bytes, as text or as `whsec_` and base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
}
