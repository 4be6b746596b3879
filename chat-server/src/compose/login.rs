//! Logging in at the chat itself: what is said becomes a token of the kind that is taken.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_auth_jwt::JwtSigner;
use chat_protocol::dialect::Secret as Token;
use chat_protocol::{Timestamp, UserId};
use chat_server_core::auth::{AuthError, Authenticator, Guesses, Issued, Login, TokenIssuer};
use chat_server_core::clock::{Clock, SystemClock};
use tokio::sync::Semaphore;

use crate::settings::{Secret, StaticUser, password};

/// Greatest number of hashes that are looked at side by side: each takes a core for some 20 ms, and 19 MiB.
const MAX_HASHES: usize = 2;

/// How often somebody may be wrong about one name at once, and how long it takes until there may be one more attempt: nobody
/// mistypes that often, and who guesses gets some 3,000 attempts a day.
const GUESSES: (u32, Duration) = (10, Duration::from_secs(30));

/// Users who log in here, and what they get for it.
pub(super) struct Logins {
    users: Vec<StaticUser>,
    /// Who knows sessions of the site that the chat belongs to.
    sessions: Option<Arc<dyn Authenticator>>,
    tokens: Tokens,
    guesses: Guesses,
    /// Held while a hash is looked at.
    hashes: Arc<Semaphore>,
}

/// Where tokens come from.
pub(super) enum Tokens {
    /// They are signed.
    Signed(Box<JwtSigner>),
    /// They are those of the settings, said to be good for so long.
    Listed(Duration),
}

impl Logins {
    pub(super) fn new(
        users: Vec<StaticUser>,
        sessions: Option<Arc<dyn Authenticator>>,
        tokens: Tokens,
    ) -> Self {
        let (burst, each) = GUESSES;
        let (guesses, hashes) = (Guesses::new(burst, each), Arc::new(Semaphore::new(MAX_HASHES)));
        Self { users, sessions, tokens, guesses, hashes }
    }

    async fn by_password(&self, username: &str, said: &str) -> Result<Issued, AuthError> {
        let known = self.users.iter().find(|user| user.username.as_ref().unwrap_or(&user.id) == username);
        // What is too long for a name is nobody's, and not remembered.
        if known.is_none() && username.len() > UserId::MAX_BYTES {
            return Err(AuthError::Invalid);
        }
        // Names that nobody has are counted as well: an answer says nothing about who there is.
        self.guesses.attempt(username, SystemClock.now())?;
        let kept = known.and_then(|user| user.password.as_ref());
        // For a name that nobody has some other hash is looked at, so that the time says nothing either.
        let slow = || self.users.iter().filter_map(|user| user.password.as_ref()).find(|it| is_slow(it));
        let looked_at = kept.or_else(slow).cloned().unwrap_or_default();
        // Who could not be looked at was not wrong.
        let looked = self.is_right(said.to_owned(), looked_at).await;
        let right = looked.inspect_err(|_| self.guesses.was_right(username))?;
        match known.filter(|_| kept.is_some() && right) {
            Some(user) => {
                self.guesses.was_right(username);
                self.issue(UserId::new(user.id.as_str()).map_err(|_| AuthError::Invalid)?)
            }
            None => Err(AuthError::Invalid),
        }
    }

    async fn is_right(&self, said: String, kept: Secret) -> Result<bool, AuthError> {
        if !is_slow(&kept) {
            return Ok(password::is_right(&said, kept.expose()));
        }
        let permit = self.hashes.clone().acquire_owned().await;
        let look = move || {
            let _permit = permit;
            password::is_right(&said, kept.expose())
        };
        tokio::task::spawn_blocking(look).await.map_err(|error| AuthError::Unavailable(error.into()))
    }

    fn issue(&self, user: UserId) -> Result<Issued, AuthError> {
        match &self.tokens {
            Tokens::Signed(signer) => signer.sign(user),
            Tokens::Listed(ttl) => {
                let listed = self.users.iter().find(|listed| listed.id == user.as_str());
                let token = Token(listed.ok_or(AuthError::Invalid)?.token.expose().to_owned());
                let ttl = i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX);
                let expires_at = Timestamp::from_micros(SystemClock.now().as_micros().saturating_add(ttl));
                Ok(Issued { user, token, expires_at })
            }
        }
    }
}

fn is_slow(kept: &Secret) -> bool {
    password::is_slow(kept.expose())
}

#[async_trait]
impl TokenIssuer for Logins {
    async fn log_in(&self, login: Login<'_>) -> Result<Issued, AuthError> {
        match (login, &self.sessions) {
            (Login::Password { username, password }, _) => self.by_password(username, password).await,
            // The value has as many bits as a token: nobody guesses it.
            (Login::Session(value), Some(sessions)) => self.issue(sessions.authenticate(value).await?.user),
            _ => Err(AuthError::Invalid),
        }
    }

    async fn renew(&self, user: &UserId) -> Result<Issued, AuthError> {
        self.issue(user.clone())
    }
}

#[cfg(test)]
mod tests {
    use chat_auth_jwt::{Algorithm, JwtAuth, JwtConfig, Key};
    use chat_server_core::auth::StaticAuth;

    use super::*;

    /// `echo -n password | argon2 somesalt -id -t 2 -k 256 -p 1 -e`: quick to look at.
    const HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    fn users() -> Vec<StaticUser> {
        let json = format!(
            r#"[{{"id":"1","name":"Ann","username":"ann","token":"tok-1","password":"{HASH}"}},
                {{"id":"2","name":"Bob","token":"tok-2","password":"plain"}},
                {{"id":"3","name":"Cid","token":"tok-3"}}]"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn password<'a>(username: &'a str, password: &'a str) -> Login<'a> {
        Login::Password { username, password }
    }

    #[tokio::test]
    async fn who_knows_the_password_gets_the_token_of_the_settings() {
        let logins = Logins::new(users(), None, Tokens::Listed(Duration::from_secs(60)));
        for (name, said, token) in [("ann", "password", "tok-1"), ("2", "plain", "tok-2")] {
            let issued = logins.log_in(password(name, said)).await.unwrap();
            assert_eq!(issued.token.0, token);
            assert_eq!(logins.renew(&issued.user).await.unwrap().token.0, token);
        }
        for (name, said) in [
            ("ann", "Password"),
            ("ann", HASH),
            ("1", "password"),
            ("2", ""),
            ("2", "plai"),
            ("3", ""),
            ("3", "secret"),
            ("nobody", "secret"),
            ("", ""),
        ] {
            let refused = logins.log_in(password(name, said)).await;
            assert!(matches!(refused, Err(AuthError::Invalid)), "{name} {said}");
        }
        assert!(matches!(logins.log_in(Login::Session("tok-1")).await, Err(AuthError::Invalid)));
    }

    #[tokio::test]
    async fn a_name_is_guessed_at_only_so_often() {
        let logins = Logins::new(users(), None, Tokens::Listed(Duration::from_secs(60)));
        for _ in 0..20 {
            logins.log_in(password("2", "plain")).await.unwrap();
        }
        for _ in 0..10 {
            assert!(matches!(logins.log_in(password("2", "x")).await, Err(AuthError::Invalid)));
        }
        let right = logins.log_in(password("2", "plain")).await;
        assert!(matches!(right, Err(AuthError::TooOften(_))), "not even the right one is looked at");
        logins.log_in(password("ann", "password")).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_too_long_for_a_name_is_not_remembered() {
        let logins = Logins::new(users(), None, Tokens::Listed(Duration::from_secs(60)));
        for length in [64 * 1024, UserId::MAX_BYTES + 1] {
            for _ in 0..20 {
                let refused = logins.log_in(password(&"x".repeat(length), "x")).await;
                assert!(
                    matches!(refused, Err(AuthError::Invalid)),
                    "{length}: whoever knows its address counts it"
                );
            }
        }
        let name = "x".repeat(UserId::MAX_BYTES);
        for _ in 0..10 {
            assert!(matches!(logins.log_in(password(&name, "x")).await, Err(AuthError::Invalid)));
        }
        assert!(matches!(logins.log_in(password(&name, "x")).await, Err(AuthError::TooOften(_))));
    }

    #[tokio::test]
    async fn a_session_of_the_site_becomes_a_signed_token() {
        let config =
            JwtConfig::new(Algorithm::Hs256, Key::Secret("0123456789abcdef0123456789abcdef".to_owned()));
        let signer = JwtSigner::new(&config, Duration::from_secs(60)).unwrap();
        let site: Arc<dyn Authenticator> =
            Arc::new(StaticAuth::new([("s-9".to_owned(), UserId::new("9").unwrap())]));
        let logins = Logins::new(users(), Some(site), Tokens::Signed(Box::new(signer)));
        let auth = JwtAuth::new(config).unwrap();
        for (login, user) in [(Login::Session("s-9"), "9"), (password("ann", "password"), "1")] {
            let issued = logins.log_in(login).await.unwrap();
            assert_eq!(auth.authenticate(&issued.token.0).await.unwrap().user.as_str(), user);
        }
        assert!(matches!(logins.log_in(Login::Session("x")).await, Err(AuthError::Invalid)));
    }
}
