//! Everything an operator can set, in one struct.
//!
//! A setting has one key path, `limits.max_frame` for example. It is written in the TOML file as `max_frame` under
//! `[limits]`, and in the environment as `CHAT_LIMITS__MAX_FRAME`. Later layers win: defaults, file, environment,
//! flags. The page `docs/configuration.md` is generated from the comments below, so they are written for operators.
//!
//! - [`load()`] gathers the layers and reports every problem at once,
//! - `check` holds the rules between settings,
//! - `keys` derives the list of known keys from the struct, so that no second list can drift from it.

mod auth;
mod check;
mod dialects;
mod keys;
mod limits;
mod load;
mod outward;
pub(crate) mod password;
mod secret;
mod timeouts;
mod uploads;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub use self::auth::{Algorithm, Auth, AuthKind, AuthScheme, StaticUser};
pub use self::dialects::{
    Chats, DataForm, Dialects, FromId, Haraj, Helpdesk, Hipochat, PresenceScope, PushForm, Tndata, TopicForm,
};
pub use self::limits::Limits;
pub use self::load::{Problem, Problems, Sources, load};
pub use self::outward::{Push, Webhook};
pub use self::secret::Secret;
pub use self::timeouts::Timeouts;
pub use self::uploads::Uploads;

/// The effective settings of a server.
///
/// ```
/// use chat_server::settings::Settings;
/// let settings = Settings::default();
/// assert_eq!(settings.listen, ["127.0.0.1:8080".parse().unwrap()]);
/// assert_eq!(settings.limits.max_frame, 64 * 1024);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Settings {
    /// Addresses to listen on, each an IP address and a port. Port 0 takes a free one. An address that other
    /// machines reach needs an `auth.kind` other than `development`. One address may stand without brackets. Clients of
    /// existing systems have ports of their own: all of them are served on each.
    #[serde(deserialize_with = "one_or_more")]
    #[schemars(with = "Vec<keys::Address>")]
    pub listen: Vec<SocketAddr>,
    /// Directory of the database, made if it does not exist; relative to the working directory. One process at a time
    /// may use it. It must be on a disk that keeps what it has acknowledged: a network file system may lose messages.
    pub data: PathBuf,
    /// Who may connect, and as whom.
    pub auth: Auth,
    /// The credential of backend calls.
    pub operator: Operator,
    /// How messages are stored.
    pub storage: Storage,
    /// Bounds, each on what one peer can make the server hold.
    pub limits: Limits,
    /// Files that users upload.
    pub uploads: Uploads,
    /// Deadlines and intervals, as durations such as `15s` or `250ms`.
    pub timeouts: Timeouts,
    /// Which web pages may connect.
    pub origins: Origins,
    /// What is logged, to standard error.
    pub log: Log,
    /// Pushes to devices of users who do not look at a session.
    pub push: Push,
    /// Another system that is told all that happens in rooms.
    pub webhook: Webhook,
    /// Formats of existing systems that are spoken besides our own. A table switches its format on, also an empty one; so
    /// does any of its variables. With development auth all are on.
    pub dialects: Dialects,
    /// A page for the operator, `/chat/debug/`, that shows live what all sockets say and are told.
    pub debug_panel: DebugPanel,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8080))],
            data: PathBuf::from("./data"),
            auth: Auth::default(),
            operator: Operator::default(),
            storage: Storage::default(),
            limits: Limits::default(),
            uploads: Uploads::default(),
            timeouts: Timeouts::default(),
            origins: Origins::default(),
            log: Log::default(),
            push: Push::default(),
            webhook: Webhook::default(),
            dialects: Dialects::default(),
            debug_panel: DebugPanel::default(),
        }
    }
}

impl Settings {
    /// The settings as TOML that can be read back, except that each secret is [`Secret::REDACTED`].
    ///
    /// # Errors
    /// None that [`load()`] lets through; a hand-made value can hold a path that is not UTF-8.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// The formats that are on.
    pub fn dialects_on(&self) -> Dialects {
        match self.auth.kind {
            AuthKind::Development => self.dialects.clone().all(),
            _ => self.dialects.clone(),
        }
    }
}

/// A list, or its only element.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SocketAddr>, D::Error> {
    struct Addresses;

    impl<'de> Visitor<'de> for Addresses {
        type Value = Vec<SocketAddr>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an address or a list of them")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            text.parse().map(|address| vec![address]).map_err(E::custom)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            Deserialize::deserialize(SeqAccessDeserializer::new(list))
        }
    }

    deserializer.deserialize_any(Addresses)
}

/// The credential of backend calls: injection, desks, admin.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Operator {
    /// Token of backend calls. None by default, and then no backend call is possible, and `/metrics` is open to this
    /// machine alone; with one, `/metrics` needs it. Whoever has it can read every room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
}

/// A page for the operator that shows live what all sockets say and are told.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct DebugPanel {
    /// Whether there is such a page. It asks for `operator.token`, which is needed with it. Tokens are masked in what it
    /// shows. It sees every frame of every socket, which costs some speed: switch it on to look for something, and off again.
    pub enabled: bool,
    /// Whether it shows what people write, and not only kind, room and size of each frame.
    pub bodies: bool,
}

/// How messages are stored.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Storage {
    /// When a commit is on disk. `full`: before it is acknowledged. `normal`: at the next checkpoint, so a power cut
    /// may take the last acknowledged messages. `off`: whenever the system likes; a power cut may lose acknowledged
    /// messages or the database, so it is for imports and tests only.
    pub synchronous: Synchronous,
    /// How long messages are kept, in every room; a room may keep its own for less. By default for ever. What was forgotten
    /// does not come back when it is made longer; who sent what under which name is never forgotten.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<keys::Span>")]
    pub retention: Option<Duration>,
    /// Whether messages can be searched. Their words are kept in `search.db` in `data`, behind the commits; it takes about as
    /// much of the disk as their texts. Switched on later, the first run indexes what is there.
    pub search: bool,
}

impl Default for Storage {
    fn default() -> Self {
        Self { synchronous: Synchronous::default(), search: true, retention: None }
    }
}

/// SQLite's `synchronous` setting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Synchronous {
    /// Every acknowledged message survives a power cut.
    #[default]
    Full,
    /// The database survives a power cut, the last acknowledged messages may not.
    Normal,
    /// Nothing is promised after a power cut.
    Off,
}

/// Which web pages may connect.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Origins {
    /// Origins of web pages that may connect and read answers (CORS), each exactly as browsers send it:
    /// `https://app.example.org`, lower case, no path, no wildcard. When empty, only requests without `Origin` (not from a
    /// browser) or whose origin host equals the `Host` header.
    pub allow: Vec<String>,
}

/// What is logged, to standard error.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Log {
    /// Which events, in the syntax of `tracing`: a level (`error`, `warn`, `info`, `debug`, `trace`), or levels per
    /// module as in `info,chat_server_core=debug`. `debug` and `trace` cost speed and disk.
    pub filter: String,
    /// `text` for people, `json` for machines, one object per line.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

/// Form of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

#[cfg(test)]
mod tests;
