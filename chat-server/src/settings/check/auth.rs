//! The rules of who may connect: what belongs together in a table `auth`, wherever it stands.

use std::collections::BTreeMap;
use std::path::Path;

use chat_protocol::UserId;

use super::super::password::is_hash;
use super::super::{Auth, AuthKind, AuthScheme, Secret, StaticUser};
use super::Rules;

impl Rules<'_> {
    /// Who may connect: in general, and in each format with rules of its own.
    pub(super) fn auths(&mut self) {
        let settings = self.settings;
        self.auth("auth", &settings.auth);
        for (table, auth) in settings.dialects.auths() {
            self.auth(table, auth);
            if auth.query_token {
                let text = "applies to auth alone: where clients of this format put their token is the format's matter";
                self.found(format!("{table}.query_token"), text);
            }
        }
    }

    fn auth(&mut self, table: &str, auth: &Auth) {
        let key = |name: &str| format!("{table}.{name}");
        if self.intact(&key("kind")) {
            for (name, kind) in misplaced(auth) {
                let is = auth.kind.name();
                let text = format!("applies to {table}.kind = {kind:?} only, and {table}.kind is {is:?}");
                self.found(key(name), text);
            }
        }
        match auth.scheme() {
            AuthScheme::Development => self.development(table),
            AuthScheme::Static { users } => {
                if users.is_empty() {
                    let text = "missing: kind \"static\" needs at least one user";
                    self.found(key("users"), text);
                }
                self.users(table, &users, true);
            }
            AuthScheme::Jwt { users, algorithm, secret, public_key, jwks, user_claim, leeway, .. } => {
                self.users(table, &users, false);
                if self.intact(&key("algorithm")) {
                    let name = algorithm.name();
                    match algorithm.min_secret() {
                        Some(min) => self.shared_key(table, auth, name, min, secret.as_ref()),
                        None => self.public_key(table, auth, name, public_key.as_deref(), jwks.as_deref()),
                    }
                }
                if user_claim.is_empty() {
                    let text = "empty: name the claim that holds the user id, such as sub";
                    self.found(key("user_claim"), text);
                }
                self.duration(&key("leeway"), leeway, true);
            }
            AuthScheme::Http { url, timeout, cache_ttl } => {
                let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
                if auth.url.is_none() {
                    self.found(key("url"), "missing: kind \"http\" needs the address to ask");
                } else if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#', ':'])) {
                    let text = format!("{url:?} does not begin with http:// or https:// and a host");
                    self.found(key("url"), text);
                }
                self.duration(&key("timeout"), timeout, false);
                self.duration(&key("cache_ttl"), cache_ttl, true);
            }
        }
    }

    /// The key of an `HS` algorithm.
    fn shared_key(&mut self, table: &str, auth: &Auth, algorithm: &str, min: usize, secret: Option<&Secret>) {
        for (name, set) in public_keys(auth) {
            if set {
                let text = format!("{algorithm} uses {table}.secret, not a public key");
                self.found(format!("{table}.{name}"), text);
            }
        }
        let key = format!("{table}.secret");
        let Some(secret) = secret else {
            return self.found(key, format!("missing: {algorithm} needs the shared key"));
        };
        let bytes = secret.expose().len();
        if self.secret(&key, secret) && bytes < min {
            let text = format!(
                "{bytes} bytes, and {algorithm} needs at least {min} (RFC 7518 section 3.2): \
                 `openssl rand -hex {min}` makes one"
            );
            self.found(key, text);
        }
    }

    /// The key of any other algorithm, or the set of them.
    fn public_key(
        &mut self,
        table: &str,
        auth: &Auth,
        algorithm: &str,
        pem: Option<&Path>,
        set: Option<&Path>,
    ) {
        let key = |name: &str| format!("{table}.{name}");
        if auth.secret.is_some() {
            self.found(key("secret"), format!("{algorithm} uses {table}.public_key, not a shared key"));
        }
        let empty = |path: Option<&Path>| path.is_some_and(|path| path.as_os_str().is_empty());
        match (pem, set) {
            (None, None) => {
                let text = format!(
                    "missing: {algorithm} needs the path of a PEM file with the public key, or {table}.jwks"
                );
                self.found(key("public_key"), text);
            }
            (Some(_), Some(_)) => {
                self.found(key("jwks"), format!("stands beside {table}.public_key: name one of the two"))
            }
            (pem, _) if empty(pem) => self.found(key("public_key"), "empty: name a PEM file"),
            (_, set) if empty(set) => self.found(key("jwks"), "empty: name a file with a set of keys"),
            _ => {}
        }
    }

    /// The users of a table, whose clients present the tokens beside them or not.
    fn users(&mut self, table: &str, users: &[StaticUser], with_tokens: bool) {
        // Where each id and token was first seen.
        let (mut ids, mut tokens) = (BTreeMap::new(), BTreeMap::new());
        self.logins(table, users);
        for (i, user) in users.iter().enumerate() {
            let key = |name: &str| format!("{table}.users[{i}].{name}");
            match UserId::new(user.id.as_str()) {
                Err(error) => self.found(key("id"), error.to_string()),
                Ok(id) => {
                    if let Some(first) = ids.get(&id) {
                        self.found(key("id"), format!("{id:?} is also the id of {table}.users[{first}]"));
                    } else {
                        ids.insert(id, i);
                    }
                }
            }
            if user.name.is_empty() {
                self.found(key("name"), "empty or missing");
            }
            if !with_tokens {
                if !user.token.expose().is_empty() {
                    let text =
                        format!("applies to {table}.kind = \"static\" only: tokens of this kind are signed");
                    self.found(key("token"), text);
                }
            } else if self.secret(&key("token"), &user.token) {
                if let Some(first) = tokens.get(user.token.expose()) {
                    self.found(key("token"), format!("also the token of {table}.users[{first}]"));
                } else {
                    tokens.insert(user.token.expose(), i);
                }
            }
        }
    }

    /// By which names and passwords they log in.
    fn logins(&mut self, table: &str, users: &[StaticUser]) {
        let mut names = BTreeMap::new();
        for (i, user) in users.iter().enumerate() {
            let key = |name: &str| format!("{table}.users[{i}].{name}");
            let name = user.username.as_deref().unwrap_or(&user.id);
            if name.is_empty() && user.username.is_some() {
                self.found(key("username"), "empty: leave it out, and the user logs in by its id");
            }
            let first = *names.entry(name).or_insert(i);
            // Two of the same id are found where ids are.
            let by_name = |i: usize| users[i].username.is_some();
            if first != i && !name.is_empty() && (by_name(first) || by_name(i)) {
                self.found(key("username"), format!("{name:?} is also the name of {table}.users[{first}]"));
            }
            let Some(password) = &user.password else { continue };
            let is_secret = self.secret(&key("password"), password);
            if is_secret && password.expose().starts_with('$') && !is_hash(password.expose()) {
                let text = "begins with $ and is no Argon2 hash such as `argon2 <salt> -id -e` writes";
                self.found(key("password"), text);
            }
        }
    }

    /// Anyone is anyone there: not where others reach it.
    fn development(&mut self, table: &str) {
        let listen = &self.settings.listen;
        for address in listen.iter().filter(|address| !address.ip().to_canonical().is_loopback()) {
            let text = format!(
                "\"development\" lets anyone in as any user, and other machines reach {address}: \
                 set {table}.kind to \"static\", \"jwt\" or \"http\", or listen on 127.0.0.1 only"
            );
            self.found(format!("{table}.kind"), text);
        }
    }
}

/// The names of the keys that name public keys, and whether they are set.
fn public_keys(auth: &Auth) -> [(&'static str, bool); 2] {
    [("public_key", auth.public_key.is_some()), ("jwks", auth.jwks.is_some())]
}

/// The names of the keys that are set and do not belong to the chosen kind, each with the kind it belongs to.
fn misplaced(auth: &Auth) -> impl Iterator<Item = (&'static str, &'static str)> {
    let set = [
        ("users", !auth.users.is_empty() && auth.kind != AuthKind::Jwt, AuthKind::Static),
        ("algorithm", auth.algorithm.is_some(), AuthKind::Jwt),
        ("secret", auth.secret.is_some(), AuthKind::Jwt),
        ("public_key", auth.public_key.is_some(), AuthKind::Jwt),
        ("jwks", auth.jwks.is_some(), AuthKind::Jwt),
        ("user_claim", auth.user_claim.is_some(), AuthKind::Jwt),
        ("audience", auth.audience.is_some(), AuthKind::Jwt),
        ("leeway", auth.leeway.is_some(), AuthKind::Jwt),
        ("url", auth.url.is_some(), AuthKind::Http),
        ("timeout", auth.timeout.is_some(), AuthKind::Http),
        ("cache_ttl", auth.cache_ttl.is_some(), AuthKind::Http),
    ];
    let kind = auth.kind;
    set.into_iter()
        .filter(move |(_, set, belongs)| *set && *belongs != kind)
        .map(|(key, _, of)| (key, of.name()))
}
