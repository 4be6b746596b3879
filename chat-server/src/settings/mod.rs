//! Everything an operator can set, in one struct.
//!
//! A setting has one key path, `limits.max_frame` for example. It is written in the TOML file as `max_frame` under
//! `[limits]`, and in the environment as `CHAT_LIMITS__MAX_FRAME`. Later layers win: defaults, file, environment,
//! flags. The page `docs/configuration.md` is generated from the comments below, so they are written for operators.
//!
//! - [`load()`] gathers the layers and reports every problem at once,
//! - `check` holds the rules between settings,
//! - `keys` derives the list of known keys from the struct, so that no second list can drift from it.

mod check;
mod keys;
mod limits;
mod load;
mod outward;
mod secret;
mod uploads;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::limits::Limits;
pub use self::load::{Problem, Problems, Sources, load};
pub use self::outward::{Push, Webhook};
pub use self::secret::Secret;
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
    /// machines reach needs an `auth.kind` other than `development`.
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
}

/// Who may connect, and as whom. Which keys apply depends on `kind`; setting one that does not apply is an error, so
/// that a forgotten `kind` cannot leave the server open.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Auth {
    /// How a token becomes a user. `development` lets anyone in as anyone and is refused on an address that other
    /// machines reach.
    pub kind: AuthKind,
    /// Whether a token may also stand in the address, as `?token=`. Addresses end up in the logs of proxies and in the
    /// history of browsers: allow it only for clients that cannot do otherwise.
    pub query_token: bool,
    /// The users of kind `static`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<StaticUser>,
    /// Signature algorithm of kind `jwt`; default `HS256`. Tokens signed with any other are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<Algorithm>,
    /// Shared key of kind `jwt` with an `HS` algorithm, at least as long as the hash (32 bytes for `HS256`). Whoever
    /// has it can be any user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// PEM file with the public key of kind `jwt`, for every algorithm that does not begin with `HS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<PathBuf>,
    /// File with a set of public keys (JWKS) of kind `jwt`, instead of `public_key`: tokens name theirs by `kid`. It is read
    /// again every 10 seconds while tokens are checked, so that keys are added and taken out without a stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<PathBuf>,
    /// Claim of kind `jwt` that holds the user id; default `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_claim: Option<String>,
    /// Whom tokens of kind `jwt` must be meant for (`aud`). Without it a token that names anybody is refused (RFC 7519
    /// section 4.1.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// How far clocks may differ when kind `jwt` looks at `exp` and `nbf`; default `30s`. A stolen token lives that
    /// much longer.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<keys::Span>")]
    pub leeway: Option<Duration>,
    /// Address that kind `http` asks about each token. The token travels there: use `https` beyond this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How long the answer may take with kind `http`; default `5s`. Keep it below `timeouts.auth`, which runs meanwhile.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<keys::Span>")]
    pub timeout: Option<Duration>,
    /// How long an answer of kind `http` is reused; default `30s`, and `0s` asks every time. A revoked token stays
    /// good for that long.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<keys::Span>")]
    pub cache_ttl: Option<Duration>,
}

impl Auth {
    /// The keys that apply to `kind`, with their defaults filled in.
    ///
    /// ```
    /// use chat_server::settings::{Auth, AuthScheme};
    /// assert!(matches!(Auth::default().scheme(), AuthScheme::Development));
    /// ```
    pub fn scheme(&self) -> AuthScheme {
        match self.kind {
            AuthKind::Development => AuthScheme::Development,
            AuthKind::Static => AuthScheme::Static { users: self.users.clone() },
            AuthKind::Jwt => AuthScheme::Jwt {
                algorithm: self.algorithm.unwrap_or_default(),
                secret: self.secret.clone(),
                public_key: self.public_key.clone(),
                jwks: self.jwks.clone(),
                user_claim: self.user_claim.clone().unwrap_or_else(|| "sub".to_owned()),
                audience: self.audience.clone(),
                leeway: self.leeway.unwrap_or(Duration::from_secs(30)),
            },
            AuthKind::Http => AuthScheme::Http {
                url: self.url.clone().unwrap_or_default(),
                timeout: self.timeout.unwrap_or(Duration::from_secs(5)),
                cache_ttl: self.cache_ttl.unwrap_or(Duration::from_secs(30)),
            },
        }
    }

    /// Writes the defaults of the chosen kind into the keys, so that `--print-config` shows what is in effect.
    fn fill(&mut self) {
        match self.scheme() {
            AuthScheme::Development | AuthScheme::Static { .. } => {}
            AuthScheme::Jwt { algorithm, user_claim, leeway, .. } => {
                self.algorithm = Some(algorithm);
                self.user_claim = Some(user_claim);
                self.leeway = Some(leeway);
            }
            AuthScheme::Http { timeout, cache_ttl, .. } => {
                self.timeout = Some(timeout);
                self.cache_ttl = Some(cache_ttl);
            }
        }
    }
}

/// What [`Auth`] comes to: one variant per kind, with only the keys that apply to it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AuthScheme {
    /// Token `dev-<user>` is user `<user>`.
    Development,
    /// A closed list of users.
    Static {
        /// At least one, with distinct ids and tokens.
        users: Vec<StaticUser>,
    },
    /// Signed tokens. Exactly one of `secret`, `public_key` and `jwks` is there, one that `algorithm` needs.
    Jwt {
        /// The only signature algorithm that is accepted.
        algorithm: Algorithm,
        /// Shared key of the `HS` algorithms.
        secret: Option<Secret>,
        /// PEM file of all others.
        public_key: Option<PathBuf>,
        /// Or a file with a set of keys.
        jwks: Option<PathBuf>,
        /// The claim that holds the user id.
        user_claim: String,
        /// The only `aud` that is accepted; `None`: only tokens without one.
        audience: Option<String>,
        /// Tolerance on `exp` and `nbf`.
        leeway: Duration,
    },
    /// Another server that knows.
    Http {
        /// Where to ask; begins with `http://` or `https://`.
        url: String,
        /// How long one answer may take.
        timeout: Duration,
        /// How long an answer is reused; zero: not at all.
        cache_ttl: Duration,
    },
}

/// How a token becomes a user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AuthKind {
    /// Token `dev-<user>` is user `<user>`.
    #[default]
    Development,
    /// A closed list of users with their tokens.
    Static,
    /// Signed tokens of another system.
    Jwt,
    /// Another server is asked about each token.
    Http,
}

impl AuthKind {
    /// The word that stands in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Static => "static",
            Self::Jwt => "jwt",
            Self::Http => "http",
        }
    }
}

/// One user of kind `static`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct StaticUser {
    /// User id: 1 to 128 bytes, no control characters, no two users with the same.
    pub id: String,
    /// Name that others see.
    pub name: String,
    /// What the user's clients present; no two users with the same.
    pub token: Secret,
    /// Address of a picture, passed to clients as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

/// Signature algorithm of a JSON Web Token (RFC 7518 section 3.1, RFC 8037 for EdDSA).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256.
    #[default]
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSA PKCS #1 v1.5 with SHA-256.
    Rs256,
    /// RSA PKCS #1 v1.5 with SHA-384.
    Rs384,
    /// RSA PKCS #1 v1.5 with SHA-512.
    Rs512,
    /// RSA PSS with SHA-256.
    Ps256,
    /// RSA PSS with SHA-384.
    Ps384,
    /// RSA PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// The registered name, as in a token's header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Least length in bytes of the shared key (RFC 7518 section 3.2); `None` when a public key is used instead.
    pub const fn min_secret(self) -> Option<usize> {
        match self {
            Self::Hs256 => Some(32),
            Self::Hs384 => Some(48),
            Self::Hs512 => Some(64),
            _ => None,
        }
    }
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
            ping_interval: Duration::from_secs(25),
            pong: Duration::from_secs(10),
            write: Duration::from_secs(10),
            shutdown: Duration::from_secs(10),
            presence_grace: Duration::from_secs(30),
            presence_interval: Duration::from_secs(5),
        }
    }
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
