//! Who is there: tokens become users.

mod guesses;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::dialect::Secret;
use chat_protocol::{Timestamp, UserId};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use crate::clock::{Clock, SystemClock};
pub use guesses::Guesses;

/// An authenticated identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user.
    pub user: UserId,
    /// When the token stops being valid; `None`: never.
    pub expires_at: Option<Timestamp>,
}

/// Why a token names nobody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The token is wrong, expired or revoked.
    #[error("the token is not valid")]
    Invalid,
    /// Too much was tried: nothing more is looked at for that long.
    #[error("too many attempts, the next one in {0:?}")]
    TooOften(Duration),
    /// It cannot be found out now.
    #[error("authentication is unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Turns tokens into users.
///
/// Implementations compare secrets in constant time and never write a token to a log or an error.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// The user of `token`.
    ///
    /// Cancel-safe: nothing changes.
    ///
    /// # Errors
    /// [`AuthError::Invalid`] when it names nobody, [`AuthError::Unavailable`] when that cannot be found out.
    async fn authenticate(&self, token: &str) -> Result<Principal, AuthError>;
}

/// Token `dev-<user>` is user `<user>`: for trying things out on one's own machine, never for a network.
#[derive(Debug, Clone, Copy, Default)]
pub struct DevelopmentAuth;

#[async_trait]
impl Authenticator for DevelopmentAuth {
    async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        let user = token.strip_prefix("dev-").and_then(|user| UserId::new(user).ok());
        user.map(|user| Principal { user, expires_at: None }).ok_or(AuthError::Invalid)
    }
}

/// How long a token of [`DevelopmentAuth`] is said to be good, though it always is.
const DEVELOPMENT_TTL: Duration = Duration::from_secs(24 * 60 * 60);

impl DevelopmentAuth {
    fn issue(self, user: UserId) -> Issued {
        let expires_at = SystemClock.now().as_micros() + DEVELOPMENT_TTL.as_micros() as i64;
        let (token, expires_at) = (Secret(format!("dev-{user}")), Timestamp::from_micros(expires_at));
        Issued { user, token, expires_at }
    }
}

/// Anybody is who they say, whatever the password: the name, or the session, is the id of the user.
#[async_trait]
impl TokenIssuer for DevelopmentAuth {
    async fn log_in(&self, login: Login<'_>) -> Result<Issued, AuthError> {
        let (Login::Password { username: name, .. } | Login::Session(name)) = login;
        Ok(self.issue(UserId::new(name).map_err(|_| AuthError::Invalid)?))
    }

    async fn renew(&self, user: &UserId) -> Result<Issued, AuthError> {
        Ok(self.issue(user.clone()))
    }
}

/// A fixed list of tokens.
#[derive(Clone, Default)]
pub struct StaticAuth {
    tokens: Vec<(String, UserId)>,
}

impl StaticAuth {
    /// From pairs of token and user.
    pub fn new(tokens: impl IntoIterator<Item = (String, UserId)>) -> Self {
        Self { tokens: tokens.into_iter().collect() }
    }
}

impl std::fmt::Debug for StaticAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaticAuth").field("users", &self.tokens.len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Authenticator for StaticAuth {
    async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        // Every entry is compared, and each in constant time, so that the time says nothing about the tokens.
        let mut found = None;
        for (secret, user) in &self.tokens {
            if bool::from(secret.as_bytes().ct_eq(token.as_bytes())) {
                found = Some(user);
            }
        }
        found.map(|user| Principal { user: user.clone(), expires_at: None }).ok_or(AuthError::Invalid)
    }
}

/// What somebody says to get a token.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Login<'a> {
    /// A name and a password.
    Password {
        /// The name by which the user logs in.
        username: &'a str,
        /// The password.
        password: &'a str,
    },
    /// A session of the site that the chat belongs to.
    Session(&'a str),
}

/// What was said is not shown, but for the name.
impl std::fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Login::Password { username, .. } => f.debug_tuple("Password").field(username).finish(),
            Login::Session(_) => f.write_str("Session"),
        }
    }
}

/// A token that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Whose it is.
    pub user: UserId,
    /// The token, which the port's [`Authenticator`] takes.
    pub token: Secret,
    /// When it stops being valid.
    pub expires_at: Timestamp,
}

/// Gives out tokens, for formats whose clients log in at the chat itself. Without one, users log in elsewhere.
///
/// Implementations compare secrets in constant time, slow down who guesses, and never write one to a log or an error.
#[async_trait]
pub trait TokenIssuer: Send + Sync {
    /// A token for who says the right thing.
    ///
    /// # Errors
    /// [`AuthError::Invalid`] when it is not, [`AuthError::TooOften`] for who guesses, [`AuthError::Unavailable`] when that
    /// cannot be found out now.
    async fn log_in(&self, login: Login<'_>) -> Result<Issued, AuthError>;

    /// Another token for a user who has a valid one.
    ///
    /// # Errors
    /// [`AuthError::Invalid`] for a user who gets no more, [`AuthError::Unavailable`] when none can be given out now.
    async fn renew(&self, user: &UserId) -> Result<Issued, AuthError>;
}

/// What is known of a user beside the id. Name and avatar are told to other users; the rest is for the formats of existing
/// systems that have a place for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Name for people.
    pub name: Option<String>,
    /// URL of a picture.
    pub avatar: Option<String>,
    /// The name by which the user logs in.
    pub username: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Middle name after the father.
    pub patronymic: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// The account is not in use.
    pub inactive: bool,
    /// Whatever else is known.
    pub more: Map<String, Value>,
}

/// Knows the users.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The user's profile; `None` when there is no such user.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`] when it cannot be found out now.
    async fn profile(&self, user: &UserId) -> Result<Option<Profile>, AuthError>;

    /// The user who logs in by this name; `None`, also where that is not known: nobody.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`] when it cannot be found out now.
    async fn named(&self, username: &str) -> Result<Option<UserId>, AuthError> {
        _ = username;
        Ok(None)
    }

    /// Gives a user another picture, by its URL; false, the default: that is done elsewhere.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`] when it cannot be stored now.
    async fn set_avatar(&self, user: &UserId, url: &str) -> Result<bool, AuthError> {
        _ = (user, url);
        Ok(false)
    }
}

/// Every id is a user, with an empty profile: for development and for servers whose directory is elsewhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenDirectory;

#[async_trait]
impl Directory for OpenDirectory {
    async fn profile(&self, _: &UserId) -> Result<Option<Profile>, AuthError> {
        Ok(Some(Profile::default()))
    }

    async fn named(&self, username: &str) -> Result<Option<UserId>, AuthError> {
        Ok(UserId::new(username).ok())
    }
}

/// A fixed list of users.
#[derive(Debug, Clone, Default)]
pub struct StaticDirectory {
    profiles: BTreeMap<UserId, Profile>,
}

impl StaticDirectory {
    /// From users and their profiles.
    pub fn new(profiles: impl IntoIterator<Item = (UserId, Profile)>) -> Self {
        Self { profiles: profiles.into_iter().collect() }
    }
}

#[async_trait]
impl Directory for StaticDirectory {
    async fn profile(&self, user: &UserId) -> Result<Option<Profile>, AuthError> {
        Ok(self.profiles.get(user).cloned())
    }

    async fn named(&self, username: &str) -> Result<Option<UserId>, AuthError> {
        let found = self.profiles.iter().find(|(_, known)| known.username.as_deref() == Some(username));
        Ok(found.map(|(user, _)| user.clone()))
    }
}
