//! The rules that one value alone cannot break: ranges, and settings that depend on each other.
//!
//! Every rule is looked at, so that one start reports all that is wrong. A rule about a value that could not be read
//! is left out: it would be about the default that stands in for it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use chat_protocol::{UserId, limits};
use tracing_subscriber::EnvFilter;

use super::load::Problem;
use super::uploads::is_type;
use super::{Auth, AuthKind, AuthScheme, Secret, Settings, StaticUser};

/// What a `message` packet holds beside the content: at most five ids of 128 bytes, which JSON may make six times as
/// long, rounded up.
const ENVELOPE: usize = 4096;

/// Longer deadlines are taken for a slip (`10m` for `10ms`, `s` for `ms`), and clock arithmetic stays far from its end.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Adds what breaks a rule to `problems`, which holds what could not be read.
pub(super) fn check(settings: &Settings, problems: &mut Vec<Problem>) {
    let broken = problems.iter().map(|problem| problem.key.clone()).collect();
    let mut rules = Rules { settings, broken, found: Vec::new() };
    rules.listen();
    rules.auth();
    rules.operator();
    rules.limits();
    rules.uploads();
    rules.timeouts();
    rules.origins();
    rules.log();
    rules.outward();
    problems.append(&mut rules.found);
}

struct Rules<'a> {
    settings: &'a Settings,
    broken: Vec<String>,
    found: Vec<Problem>,
}

impl Rules<'_> {
    /// Whether the value of `key` is the one that was written, or rightly the default.
    fn intact(&self, key: &str) -> bool {
        let holds = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        !self.broken.iter().any(|broken| holds(broken, key) || holds(key, broken))
    }

    fn found(&mut self, key: impl Into<String>, text: impl Into<String>) {
        let key = key.into();
        if self.intact(&key) {
            self.found.push(Problem::new(key, text));
        }
    }

    fn listen(&mut self) {
        let listen = &self.settings.listen;
        if listen.is_empty() {
            self.found("listen", "empty: name at least one address, such as 127.0.0.1:8080");
        }
        for (i, address) in listen.iter().enumerate() {
            // Port 0 is a different port each time.
            if address.port() != 0 && listen[..i].contains(address) {
                self.found("listen", format!("{address} is named twice"));
            }
        }
        if self.settings.data.as_os_str().is_empty() {
            self.found("data", "empty: name a directory, such as ./data");
        }
        if self.settings.auth.kind == AuthKind::Development {
            for address in listen.iter().filter(|address| !address.ip().to_canonical().is_loopback()) {
                self.found(
                    "auth.kind",
                    format!(
                        "\"development\" lets anyone in as any user, and other machines reach {address}: \
                         set auth.kind to \"static\", \"jwt\" or \"http\", or listen on 127.0.0.1 only"
                    ),
                );
            }
        }
    }

    fn auth(&mut self) {
        let auth = &self.settings.auth;
        if self.intact("auth.kind") {
            for (key, kind) in misplaced(auth) {
                let text =
                    format!("applies to auth.kind = {kind:?} only, and auth.kind is {:?}", auth.kind.name());
                self.found(key, text);
            }
        }
        match auth.scheme() {
            AuthScheme::Development => {}
            AuthScheme::Static { users } => self.users(&users),
            AuthScheme::Jwt { algorithm, secret, public_key, jwks, user_claim, leeway, .. } => {
                if self.intact("auth.algorithm") {
                    match algorithm.min_secret() {
                        Some(min) => self.shared_key(algorithm.name(), min, secret.as_ref()),
                        None => self.public_key(algorithm.name(), public_key.as_deref(), jwks.as_deref()),
                    }
                }
                if user_claim.is_empty() {
                    self.found(
                        "auth.user_claim",
                        "empty: name the claim that holds the user id, such as sub",
                    );
                }
                self.duration("auth.leeway", leeway, true);
            }
            AuthScheme::Http { url, timeout, cache_ttl } => {
                let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
                if auth.url.is_none() {
                    self.found("auth.url", "missing: kind \"http\" needs the address to ask");
                } else if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#', ':'])) {
                    self.found(
                        "auth.url",
                        format!("{url:?} does not begin with http:// or https:// and a host"),
                    );
                }
                self.duration("auth.timeout", timeout, false);
                self.duration("auth.cache_ttl", cache_ttl, true);
            }
        }
    }

    /// The key of an `HS` algorithm.
    fn shared_key(&mut self, algorithm: &str, min: usize, secret: Option<&Secret>) {
        for (key, set) in public_keys(&self.settings.auth) {
            if set {
                self.found(key, format!("{algorithm} uses auth.secret, not a public key"));
            }
        }
        let Some(secret) = secret else {
            return self.found("auth.secret", format!("missing: {algorithm} needs the shared key"));
        };
        let bytes = secret.expose().len();
        if self.secret("auth.secret", secret) && bytes < min {
            let text = format!(
                "{bytes} bytes, and {algorithm} needs at least {min} (RFC 7518 section 3.2): \
                 `openssl rand -hex {min}` makes one"
            );
            self.found("auth.secret", text);
        }
    }

    /// The key of any other algorithm, or the set of them.
    fn public_key(&mut self, algorithm: &str, pem: Option<&Path>, set: Option<&Path>) {
        if self.settings.auth.secret.is_some() {
            self.found("auth.secret", format!("{algorithm} uses auth.public_key, not a shared key"));
        }
        let empty = |path: Option<&Path>| path.is_some_and(|path| path.as_os_str().is_empty());
        match (pem, set) {
            (None, None) => {
                let text = format!(
                    "missing: {algorithm} needs the path of a PEM file with the public key, or auth.jwks"
                );
                self.found("auth.public_key", text);
            }
            (Some(_), Some(_)) => {
                self.found("auth.jwks", "stands beside auth.public_key: name one of the two")
            }
            (pem, _) if empty(pem) => self.found("auth.public_key", "empty: name a PEM file"),
            (_, set) if empty(set) => self.found("auth.jwks", "empty: name a file with a set of keys"),
            _ => {}
        }
    }

    fn users(&mut self, users: &[StaticUser]) {
        if users.is_empty() {
            self.found("auth.users", "missing: kind \"static\" needs at least one user");
        }
        // Where each id and token was first seen.
        let (mut ids, mut tokens) = (BTreeMap::new(), BTreeMap::new());
        for (i, user) in users.iter().enumerate() {
            let key = |name: &str| format!("auth.users[{i}].{name}");
            match UserId::new(user.id.as_str()) {
                Err(error) => self.found(key("id"), error.to_string()),
                Ok(id) => {
                    if let Some(first) = ids.get(&id) {
                        self.found(key("id"), format!("{id:?} is also the id of auth.users[{first}]"));
                    } else {
                        ids.insert(id, i);
                    }
                }
            }
            if user.name.is_empty() {
                self.found(key("name"), "empty or missing");
            }
            if self.secret(&key("token"), &user.token) {
                if let Some(first) = tokens.get(user.token.expose()) {
                    self.found(key("token"), format!("also the token of auth.users[{first}]"));
                } else {
                    tokens.insert(user.token.expose(), i);
                }
            }
        }
    }

    /// Whether the secret can be one at all.
    fn secret(&mut self, key: &str, secret: &Secret) -> bool {
        let text = match secret.expose() {
            "" => "empty or missing".to_owned(),
            Secret::REDACTED => {
                "stands for a secret in --print-config and is none: put the secret here".to_owned()
            }
            // It could never arrive: header values are trimmed.
            text if text.trim() != text => "begins or ends with white space".to_owned(),
            _ => return true,
        };
        self.found(key, text);
        false
    }

    fn operator(&mut self) {
        let Some(token) = &self.settings.operator.token else { return };
        if !self.secret("operator.token", token) {
            return;
        }
        let users = &self.settings.auth.users;
        if let Some(i) = users.iter().position(|user| user.token.expose() == token.expose()) {
            self.found("operator.token", format!("also the token of auth.users[{i}]"));
        }
    }

    fn limits(&mut self) {
        let bounds = &self.settings.limits;
        let wire = |limit: usize| Some(limit as u64);
        let table = [
            ("limits.max_frame", bounds.max_frame as u64, wire(limits::MAX_FRAME)),
            ("limits.max_content", bounds.max_content as u64, wire(limits::MAX_CONTENT)),
            (
                "limits.max_history_page",
                bounds.max_history_page.into(),
                Some(limits::MAX_HISTORY_PAGE.into()),
            ),
            ("limits.max_rooms_followed", bounds.max_rooms_followed as u64, wire(limits::MAX_ROOMS_FOLLOWED)),
            ("limits.max_in_flight", bounds.max_in_flight as u64, None),
            ("limits.max_queue_bytes", bounds.max_queue_bytes as u64, None),
            ("limits.max_connections", bounds.max_connections as u64, None),
            ("limits.max_sessions", bounds.max_sessions as u64, None),
            ("limits.max_listened", bounds.max_listened as u64, wire(limits::MAX_LISTENED)),
            ("limits.max_refused_frames", bounds.max_refused_frames.into(), None),
            ("limits.connection_burst", bounds.connection_burst.into(), None),
            ("limits.user_burst", bounds.user_burst.into(), None),
            ("limits.max_ephemeral_rate", bounds.max_ephemeral_rate.into(), None),
        ];
        for (key, value, most) in table {
            if value == 0 {
                self.found(key, "0 would let nothing through: at least 1");
            }
            if let Some(most) = most.filter(|most| value > *most) {
                self.found(key, format!("{value} is more than the wire format allows: at most {most}"));
            }
        }
        if self.intact("limits.max_frame") && bounds.max_content.saturating_add(ENVELOPE) > bounds.max_frame {
            let text = format!(
                "{} does not fit into limits.max_frame = {}: keep it {ENVELOPE} below, for the packet around it",
                bounds.max_content, bounds.max_frame
            );
            self.found("limits.max_content", text);
        }
        if self.intact("limits.max_frame") && bounds.max_queue_bytes < bounds.max_frame {
            let text = format!(
                "{} holds not even one frame of limits.max_frame = {}",
                bounds.max_queue_bytes, bounds.max_frame
            );
            self.found("limits.max_queue_bytes", text);
        }
    }

    fn uploads(&mut self) {
        let uploads = &self.settings.uploads;
        if uploads.directory.as_ref().is_some_and(|directory| directory.as_os_str().is_empty()) {
            self.found(
                "uploads.directory",
                "empty: name a directory, or leave it out for `uploads` in `data`",
            );
        }
        if uploads.max_per_user == 0 {
            self.found(
                "uploads.max_per_user",
                "0 would let nothing through: at least 1, or uploads.max_size = 0",
            );
        }
        if uploads.types.is_empty() {
            self.found("uploads.types", "empty: name at least one type, or set uploads.max_size = 0");
        }
        for (i, kind) in uploads.types.iter().enumerate().filter(|(_, kind)| !is_type(kind)) {
            let text = format!("{kind:?} is not a media type such as \"image/png\", \"image/*\" or \"*/*\"");
            self.found(format!("uploads.types[{i}]"), text);
        }
        self.duration("uploads.timeout", uploads.timeout, false);
    }

    fn timeouts(&mut self) {
        if self.settings.storage.retention.is_some_and(|kept| kept.is_zero()) {
            self.found("storage.retention", "0s would forget everything at once: it must be longer");
        }
        let times = &self.settings.timeouts;
        self.duration("timeouts.handshake", times.handshake, false);
        self.duration("timeouts.auth", times.auth, false);
        self.duration("timeouts.ping_interval", times.ping_interval, false);
        self.duration("timeouts.pong", times.pong, false);
        self.duration("timeouts.write", times.write, false);
        self.duration("timeouts.shutdown", times.shutdown, false);
        self.duration("timeouts.presence_grace", times.presence_grace, true);
        self.duration("timeouts.presence_interval", times.presence_interval, false);
    }

    fn duration(&mut self, key: &str, value: Duration, zero: bool) {
        if value.is_zero() && !zero {
            self.found(key, "0s would expire at once: it must be longer");
        }
        if value > LONGEST {
            let shown = humantime_serde::re::humantime::format_duration(value);
            self.found(key, format!("{shown} is too long: at most 1day"));
        }
    }

    fn origins(&mut self) {
        for (i, origin) in self.settings.origins.allow.iter().enumerate() {
            if !is_origin(origin) {
                let text = format!(
                    "{origin:?} is not an origin as browsers send it, such as \"https://app.example.org\": scheme and \
                     host in lower case, a port if it is not the usual one, no path, no wildcard"
                );
                self.found(format!("origins.allow[{i}]"), text);
            }
        }
    }

    fn outward(&mut self) {
        let (push, webhook) = (&self.settings.push, &self.settings.webhook);
        self.post("push", push.url.as_deref(), push.secret.as_ref());
        self.post("webhook", webhook.url.as_deref(), webhook.secret.as_ref());
        self.duration("push.hold", push.hold, true);
        self.duration("push.max_age", push.max_age, false);
    }

    /// An address and the secret under which is posted there: both or none.
    fn post(&mut self, table: &str, url: Option<&str>, secret: Option<&Secret>) {
        let (url_key, secret_key) = (format!("{table}.url"), format!("{table}.secret"));
        match (url, secret) {
            (None, None) => {}
            (None, Some(_)) => self.found(url_key, "missing: the secret signs what is posted there"),
            (Some(_), None) => {
                let text = "missing: posts are signed with it. `openssl rand -hex 24` makes one";
                self.found(secret_key, text);
            }
            (Some(url), Some(secret)) => {
                if let Err(error) = chat_push_http::check_url(url) {
                    self.found(url_key, error.to_string());
                }
                let is_secret = self.secret(&secret_key, secret);
                if is_secret && let Err(error) = chat_push_http::Secret::parse(secret.expose()) {
                    self.found(secret_key, error.to_string());
                }
            }
        }
    }

    fn log(&mut self) {
        if let Err(error) = EnvFilter::try_new(&self.settings.log.filter) {
            let text = format!("{:?} is not a log filter: {error}", self.settings.log.filter);
            self.found("log.filter", text);
        }
    }
}

/// The keys that name public keys, and whether they are set.
fn public_keys(auth: &Auth) -> [(&'static str, bool); 2] {
    [("auth.public_key", auth.public_key.is_some()), ("auth.jwks", auth.jwks.is_some())]
}

/// The keys that are set and do not belong to the chosen kind, each with the kind it belongs to.
fn misplaced(auth: &Auth) -> impl Iterator<Item = (&'static str, &'static str)> {
    let set = [
        ("auth.users", !auth.users.is_empty(), AuthKind::Static),
        ("auth.algorithm", auth.algorithm.is_some(), AuthKind::Jwt),
        ("auth.secret", auth.secret.is_some(), AuthKind::Jwt),
        ("auth.public_key", auth.public_key.is_some(), AuthKind::Jwt),
        ("auth.jwks", auth.jwks.is_some(), AuthKind::Jwt),
        ("auth.user_claim", auth.user_claim.is_some(), AuthKind::Jwt),
        ("auth.audience", auth.audience.is_some(), AuthKind::Jwt),
        ("auth.leeway", auth.leeway.is_some(), AuthKind::Jwt),
        ("auth.url", auth.url.is_some(), AuthKind::Http),
        ("auth.timeout", auth.timeout.is_some(), AuthKind::Http),
        ("auth.cache_ttl", auth.cache_ttl.is_some(), AuthKind::Http),
    ];
    let kind = auth.kind;
    set.into_iter()
        .filter(move |(_, set, belongs)| *set && *belongs != kind)
        .map(|(key, _, of)| (key, of.name()))
}

/// RFC 6454 section 6.2, with the schemes of packaged apps (`capacitor://localhost`) too.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    !scheme.is_empty()
        && scheme.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c))
        && !host.is_empty()
        && !host.contains(|c: char| c.is_ascii_uppercase() || c.is_whitespace() || "/?#@*".contains(c))
}
