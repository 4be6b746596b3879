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
    /// How long one post may take. Each is tried three times before its pushes are given back to wait.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub timeout: Duration,
    /// Greatest number of pushes in one post.
    pub max_batch: usize,
    /// Greatest number of posts of new pushes under way at once, and of as many of pushes that were held: the address has to
    /// stand both. At 100 ms each, 16 are 160 posts in a second, of up to `max_batch` pushes. Those of one user come one after
    /// the other. The same holds for `dialects.hipochat.push_url`, where those of one room come one after the other.
    pub max_posts: usize,
    /// How often a push that is not taken comes again, in growing steps of 10 s to 10 min, before it is given up.
    pub max_attempts: u32,
}

impl Default for Push {
    fn default() -> Self {
        Self {
            url: None,
            secret: None,
            hold: Duration::from_secs(10),
            max_age: Duration::from_secs(60 * 60),
            timeout: Duration::from_secs(10),
            max_batch: 100,
            max_posts: 16,
            max_attempts: 8,
        }
    }
}

/// Another system that is told all that happens in rooms.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
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
    /// How long one post may take. Each is tried three times in a row.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub timeout: Duration,
    /// How often events that are not taken come again, in growing steps of 10 s to 10 min, before they are given up; 150 are
    /// a day. What comes after them waits.
    pub max_attempts: u32,
}

impl Default for Webhook {
    fn default() -> Self {
        Self { url: None, secret: None, timeout: Duration::from_secs(10), max_attempts: 150 }
    }
}
