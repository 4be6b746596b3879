//! Who may connect, and as whom, as an operator sets it.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Secret, keys};

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
    /// The users of kind `static`, and with kind `jwt` users of whom something is known: what is signed for others is taken all
    /// the same.
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
    /// Claim of kind `jwt` that holds the user id; default `sub`, in `dialects.chats.auth` `user_id`.
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
    /// good for that long, and an open session as long as `timeouts.recheck` lets it.
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
                users: self.users.clone(),
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
    pub(super) fn fill(&mut self) {
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
        /// Users of whom something is known, with distinct ids.
        users: Vec<StaticUser>,
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

/// One user that is listed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct StaticUser {
    /// User id: 1 to 128 bytes, no control characters, no two users with the same.
    pub id: String,
    /// Name that others see.
    pub name: String,
    /// What the user's clients present, of kind `static`; no two users with the same.
    pub token: Secret,
    /// Name by which others find the user, and by which it logs in; without one it logs in by its id. No two users with the
    /// same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Password of the user, for formats whose clients log in here, such as `haraj`: as it is, or as Argon2 hash (a text that
    /// begins with `$argon2id$`). Without one it logs in elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Address of a picture, passed to clients as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// Telephone number, as people write it: the agents of a help desk see that of its client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
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
