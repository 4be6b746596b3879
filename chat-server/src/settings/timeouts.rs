//! How long things take at most, as an operator sets it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::keys;

/// Deadlines and intervals.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Timeouts {
    /// How long the request that opens a connection may take. Longer lets idle strangers hold descriptors.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub handshake: Duration,
    /// How long a connection may stay unauthenticated. Longer lets idle strangers hold memory.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub auth: Duration,
    /// How long a session goes on without showing its token again, also where the token says longer or for ever; `0s`: as long
    /// as the token says. A token that its issuer withdraws ends no open session before that: set it where that matters,
    /// `30m` for example. Clients that get tokens by themselves show one in time; others are closed and must come back.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub recheck: Duration,
    /// Silence after which the peer is probed. Proxies cut silent connections, some after 30 seconds; shorter wakes
    /// the radio of phones more often.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub ping_interval: Duration,
    /// How long the answer to a probe may take. Longer shows dead peers as online for longer; shorter cuts slow
    /// networks.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub pong: Duration,
    /// How long one write to a peer may take before its connection is closed.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub write: Duration,
    /// How long connections are drained when the server stops; then they are cut. Keep it below what the service
    /// manager waits before it kills.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub shutdown: Duration,
    /// How long a user stays online after the last connection ended; `0s` tells at once, and then every reconnect
    /// shows as offline and online.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub presence_grace: Duration,
    /// How long others show that a user writes, unless it says so again; `1s` to `60s`. Clients say it again before that.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub typing: Duration,
    /// How long read pointers are gathered before they are stored together. Longer makes fewer writes and later receipts.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub pointers: Duration,
    /// How often the followers of large rooms are told how many are online and write, where that has changed; see
    /// `limits.presence_room_threshold`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub presence_interval: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            auth: Duration::from_secs(15),
            recheck: Duration::ZERO,
            ping_interval: Duration::from_secs(25),
            pong: Duration::from_secs(10),
            write: Duration::from_secs(10),
            shutdown: Duration::from_secs(10),
            presence_grace: Duration::from_secs(30),
            typing: Duration::from_secs(6),
            pointers: Duration::from_millis(200),
            presence_interval: Duration::from_secs(5),
        }
    }
}
