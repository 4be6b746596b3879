//! Authenticators and the directory, from the tables that say who may connect.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_auth_http::{Form, HttpAuth, HttpConfig, IdKey};
use chat_auth_jwt::{JwtAuth, JwtConfig, JwtSigner, Key};
use chat_protocol::{IdError, UserId};
use chat_server_core::auth::{
    AuthError, Authenticator, DevelopmentAuth, Directory, OpenDirectory, Profile, StaticAuth,
    StaticDirectory, TokenIssuer,
};
use chat_server_core::clock::{Clock as _, SystemClock};

use super::RunError;
use super::login::{Logins, Tokens};
use crate::settings::{Algorithm, Auth, AuthKind, AuthScheme, StaticUser};

/// Why users cannot be told by their tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A user of the settings has an impossible id.
    #[error("users: {0}")]
    User(#[from] IdError),
    /// The key of signed tokens cannot be read.
    #[error("public_key: {path}: {source}")]
    ReadKey {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The key of signed tokens cannot be used.
    #[error(transparent)]
    Key(#[from] chat_auth_jwt::KeyError),
    /// The key that makes ids of tokens cannot be read or made.
    #[error("{path}: {source}")]
    IdKey {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The server that knows tokens cannot be asked.
    #[error("url: {0}")]
    Lookup(#[from] chat_auth_http::SetupError),
}

/// Who may connect in general, and all users that there are.
pub(super) struct Identities {
    auth: Arc<dyn Authenticator>,
    /// Users that are listed, of every table.
    listed: Vec<(UserId, Profile)>,
    /// Whoever else has heard of users.
    heard: Vec<Arc<dyn Directory>>,
    /// Some table lists no users: any id is one.
    open: bool,
}

impl Identities {
    pub(super) fn new(table: &'static str, auth: &Auth) -> Result<Self, RunError> {
        // Replaced at once: `add` alone knows the kinds.
        let mut all =
            Self { auth: Arc::new(DevelopmentAuth), listed: Vec::new(), heard: Vec::new(), open: false };
        all.auth = all.add(table, auth)?;
        Ok(all)
    }

    /// The authenticator of one more table, whose users are users of the server.
    pub(super) fn add(
        &mut self,
        table: &'static str,
        auth: &Auth,
    ) -> Result<Arc<dyn Authenticator>, RunError> {
        let users = match auth.scheme() {
            AuthScheme::Static { users } => users,
            AuthScheme::Jwt { users, .. } => {
                self.open = true;
                users
            }
            AuthScheme::Development | AuthScheme::Http { .. } => {
                self.open = true;
                Vec::new()
            }
        };
        let profiles = users.iter().map(profile).collect::<Result<Vec<_>, _>>();
        let named = |source| RunError::Auth { table, source };
        self.listed.extend(profiles.map_err(named)?);
        authenticator(auth).map_err(named)
    }

    /// Who knows the tokens of all clients.
    pub(super) fn auth(&self) -> Arc<dyn Authenticator> {
        self.auth.clone()
    }

    /// An authenticator that asks for profiles, of which others are told.
    pub(super) fn add_profiles(
        &mut self,
        table: &'static str,
        url: &str,
        ttl: Duration,
        key: IdKey,
    ) -> Result<Arc<dyn Authenticator>, RunError> {
        self.open = true;
        let config = HttpConfig { cache_ttl: ttl, form: Form::Profile(key), ..HttpConfig::new(url) };
        let auth = HttpAuth::new(config).map_err(|error| RunError::Auth { table, source: error.into() })?;
        let auth = Arc::new(auth);
        self.heard.push(auth.clone());
        Ok(auth)
    }

    pub(super) fn into_parts(self) -> (Arc<dyn Authenticator>, Arc<dyn Directory>) {
        let any_name = self.listed.is_empty();
        let listed = StaticDirectory::new(self.listed);
        match self.open {
            true => (self.auth, Arc::new(ListedFirst { listed, heard: self.heard, any_name })),
            false => (self.auth, Arc::new(listed)),
        }
    }
}

/// Every id is a user; of some something is known because they are listed, of some because it was heard. Who is listed is called
/// as it is listed; whatever else there was to hear is said of that user, too.
struct ListedFirst {
    listed: StaticDirectory,
    heard: Vec<Arc<dyn Directory>>,
    /// Nobody is listed, and names are ids: where some are, only they have names.
    any_name: bool,
}

#[async_trait]
impl Directory for ListedFirst {
    async fn profile(&self, user: &UserId) -> Result<Option<Profile>, AuthError> {
        let listed = self.listed.profile(user).await?;
        let heard = match self.hear(user).await {
            // What is listed is known without them.
            Err(_) if listed.is_some() => None,
            heard => heard?,
        };
        match (listed, heard) {
            (Some(listed), Some(heard)) => Ok(Some(Profile { more: heard.more, ..listed })),
            (Some(one), None) | (None, Some(one)) => Ok(Some(one)),
            (None, None) => OpenDirectory.profile(user).await,
        }
    }

    async fn named(&self, username: &str) -> Result<Option<UserId>, AuthError> {
        match self.any_name {
            true => OpenDirectory.named(username).await,
            false => self.listed.named(username).await,
        }
    }
}

impl ListedFirst {
    /// What was heard of a user, by whoever is asked first.
    async fn hear(&self, user: &UserId) -> Result<Option<Profile>, AuthError> {
        for heard in &self.heard {
            if let Some(profile) = heard.profile(user).await? {
                return Ok(Some(profile));
            }
        }
        Ok(None)
    }
}

fn authenticator(auth: &Auth) -> Result<Arc<dyn Authenticator>, SetupError> {
    Ok(match auth.scheme() {
        AuthScheme::Development => Arc::new(DevelopmentAuth),
        AuthScheme::Static { users } => {
            let token =
                |user: &StaticUser| Ok((user.token.expose().to_owned(), UserId::new(user.id.as_str())?));
            let tokens = users.iter().map(token).collect::<Result<Vec<_>, IdError>>()?;
            Arc::new(StaticAuth::new(tokens))
        }
        scheme @ AuthScheme::Jwt { .. } => Arc::new(JwtAuth::new(jwt(scheme)?)?),
        AuthScheme::Http { url, timeout, cache_ttl } => {
            Arc::new(HttpAuth::new(HttpConfig { timeout, cache_ttl, ..HttpConfig::new(url) })?)
        }
    })
}

/// Settings of signed tokens.
fn jwt(scheme: AuthScheme) -> Result<JwtConfig, SetupError> {
    let AuthScheme::Jwt { algorithm, secret, public_key, jwks, user_claim, audience, leeway, .. } = scheme
    else {
        unreachable!("only signed tokens have such settings");
    };
    let key = match (public_key, jwks) {
        (Some(path), _) => Key::PublicPem(read_key(&path)?),
        (None, Some(path)) => Key::JwksFile(path),
        (None, None) => Key::Secret(secret.unwrap_or_default().expose().to_owned()),
    };
    let config = JwtConfig::new(jwt_algorithm(algorithm), key);
    Ok(JwtConfig { user_claim, audience, leeway, ..config })
}

/// Who gives tokens to those who log in here, of the kind that a table takes; `None`: somebody else does.
///
/// `general` is the table of all clients, with whoever knows their tokens: its users log in here, too, and where it asks
/// another server, sessions are what is asked about.
pub(super) fn issuer(
    own: &Auth,
    general: (&Auth, Arc<dyn Authenticator>),
    ttl: Duration,
) -> Result<Option<Arc<dyn TokenIssuer>>, SetupError> {
    let (general, known) = general;
    let mut users = own.users.clone();
    let others = general.users.iter().filter(|user| !own.users.iter().any(|it| it.id == user.id));
    users.extend(others.cloned());
    let sessions = (general.kind == AuthKind::Http).then_some(known);
    Ok(match own.scheme() {
        AuthScheme::Development => Some(Arc::new(DevelopmentAuth)),
        AuthScheme::Static { users } => Some(Arc::new(Logins::new(users, None, Tokens::Listed(ttl)))),
        scheme @ AuthScheme::Jwt { secret: Some(_), .. } => {
            let signer = JwtSigner::new(&jwt(scheme)?, ttl)?;
            Some(Arc::new(Logins::new(users, sessions, Tokens::Signed(Box::new(signer)))))
        }
        AuthScheme::Jwt { .. } | AuthScheme::Http { .. } => None,
    })
}

fn profile(user: &StaticUser) -> Result<(UserId, Profile), SetupError> {
    let (name, avatar) = (Some(user.name.clone()), user.avatar.clone());
    let (username, phone) = (user.username.clone(), user.phone.clone());
    let profile = Profile { name, avatar, username, phone, ..Profile::default() };
    Ok((UserId::new(user.id.as_str())?, profile))
}

fn read_key(path: &Path) -> Result<Vec<u8>, SetupError> {
    std::fs::read(path).map_err(|source| SetupError::ReadKey { path: path.to_owned(), source })
}

/// The key that makes ids of tokens: made at the first start, and kept beside the database, which holds those ids.
pub(super) fn id_key(data: &Path) -> Result<IdKey, SetupError> {
    let path = data.join("hipochat.key");
    let read = || match std::fs::read(&path) {
        Ok(bytes) => <[u8; 32]>::try_from(bytes).map_err(|_| ErrorKind::InvalidData.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => make_key(data, &path),
        Err(error) => Err(error),
    };
    read().map(IdKey).map_err(|source| SetupError::IdKey { path: path.clone(), source })
}

/// Whole or not at all: half a key would be another one.
fn make_key(data: &Path, path: &Path) -> std::io::Result<[u8; 32]> {
    std::fs::create_dir_all(data)?;
    let (one, two) = (SystemClock.random().to_be_bytes(), SystemClock.random().to_be_bytes());
    let mut key = [0; 32];
    key[..16].copy_from_slice(&one);
    key[16..].copy_from_slice(&two);
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(&key)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    Ok(key)
}

fn jwt_algorithm(algorithm: Algorithm) -> chat_auth_jwt::Algorithm {
    // Both lists hold the registered names.
    chat_auth_jwt::Algorithm::from_name(algorithm.name())
        .expect("the adapter knows every algorithm of the settings")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn every_algorithm_of_the_settings_has_its_adapter() {
        use Algorithm::{EdDsa, Es256, Es384, Hs256, Hs384, Hs512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        for algorithm in [Hs256, Hs384, Hs512, Rs256, Rs384, Rs512, Ps256, Ps384, Ps512, Es256, Es384, EdDsa]
        {
            assert_eq!(jwt_algorithm(algorithm).name(), algorithm.name());
        }
    }

    #[test]
    fn the_key_of_ids_is_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let key = id_key(&data).unwrap();
        assert_eq!(id_key(&data).unwrap(), key);
        assert_ne!(id_key(directory.path()).unwrap(), key, "another server has another one");
        std::fs::write(data.join("hipochat.key"), "short").unwrap();
        assert!(matches!(id_key(&data), Err(SetupError::IdKey { .. })), "and it is not replaced");
    }

    fn listed(id: &str) -> Auth {
        let mut auth = Settings::default().auth;
        auth.kind = AuthKind::Static;
        let user = r#"{"id":"ID","name":"Name","token":"tok-ID","phone":"123"}"#.replace("ID", id);
        auth.users = vec![serde_json::from_str(&user).unwrap()];
        auth
    }

    #[tokio::test]
    async fn the_users_of_all_tables_are_users_and_each_table_has_its_tokens() {
        let mut all = Identities::new("auth", &listed("1")).unwrap();
        let other = all.add("dialects.chats.auth", &listed("2")).unwrap();
        let (auth, directory) = all.into_parts();
        let user = |id: &str| UserId::new(id).unwrap();
        assert_eq!(auth.authenticate("tok-1").await.unwrap().user, user("1"));
        assert!(auth.authenticate("tok-2").await.is_err());
        assert_eq!(other.authenticate("tok-2").await.unwrap().user, user("2"));
        assert!(other.authenticate("tok-1").await.is_err());
        for (id, known) in [("1", true), ("2", true), ("3", false)] {
            assert_eq!(directory.profile(&user(id)).await.unwrap().is_some(), known, "{id}");
        }
        let found = directory.profile(&user("1")).await.unwrap().unwrap();
        assert_eq!(found.phone.as_deref(), Some("123"));
        let mut all = Identities::new("auth", &listed("1")).unwrap();
        all.add("dialects.chats.auth", &Settings::default().auth).unwrap();
        let (_, directory) = all.into_parts();
        assert_eq!(directory.profile(&user("1")).await.unwrap().unwrap().name.as_deref(), Some("Name"));
        assert_eq!(
            directory.profile(&user("3")).await.unwrap(),
            Some(Profile::default()),
            "any id is a user"
        );
        assert_eq!(directory.named("3").await.unwrap(), None, "but no name");
        let (_, open) = Identities::new("auth", &Settings::default().auth).unwrap().into_parts();
        assert_eq!(open.named("3").await.unwrap(), Some(user("3")));
    }

    #[tokio::test]
    async fn of_a_listed_user_it_is_told_what_else_was_heard() {
        let heard = |id: &str| {
            let mut profile = Profile { name: Some("Heard".to_owned()), ..Profile::default() };
            profile.more.insert("city".to_owned(), "Izmir".into());
            (UserId::new(id).unwrap(), profile)
        };
        let mut all = Identities::new("auth", &listed("1")).unwrap();
        all.open = true;
        all.heard.push(Arc::new(StaticDirectory::new([heard("1"), heard("2")])));
        let (_, directory) = all.into_parts();
        for (id, name, phone) in [("1", "Name", Some("123")), ("2", "Heard", None)] {
            let profile = directory.profile(&UserId::new(id).unwrap()).await.unwrap().unwrap();
            assert_eq!((profile.name.as_deref(), profile.phone.as_deref()), (Some(name), phone));
            assert_eq!(profile.more["city"], "Izmir", "{id}");
        }
    }
}
