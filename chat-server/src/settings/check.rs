//! The rules that one value alone cannot break: ranges, and settings that depend on each other.
//!
//! Every rule is looked at, so that one start reports all that is wrong. A rule about a value that could not be read
//! is left out: it would be about the default that stands in for it.

mod auth;

use std::time::Duration;

use chat_auth_http::{HttpAuth, HttpConfig};
use chat_protocol::limits;
use tracing_subscriber::EnvFilter;

use super::load::Problem;
use super::uploads::is_type;
use super::{Helpdesk, PushForm, Secret, Settings};
use crate::compose::push::service;

/// What a `message` packet holds beside the content: at most five ids of 128 bytes, which JSON may make six times as
/// long, rounded up.
const ENVELOPE: usize = 4096;

/// Frames that a command may bring about for its connection at once: its answer, the entry that it makes, and as many of others. A
/// connection that is cut off by the answers to what it repeats would never get on.
const QUEUED_PER_COMMAND: usize = 4;

/// Frames that a resume may bring about for one room at once: its answer, and an event behind it.
const QUEUED_PER_ROOM: usize = 2;

/// Longer deadlines are taken for a slip (`10m` for `10ms`, `s` for `ms`), and clock arithmetic stays far from its end.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Whoever has a token can be its user for that long.
const LONGEST_TOKEN: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Files go later than this: a message that names one follows at once, but not in the same moment.
const MIN_EXPIRY: Duration = Duration::from_secs(60);

/// Adds what breaks a rule to `problems`, which holds what could not be read.
pub(super) fn check(settings: &Settings, problems: &mut Vec<Problem>) {
    let broken = problems.iter().map(|problem| problem.key.clone()).collect();
    let mut rules = Rules { settings, broken, found: Vec::new() };
    rules.listen();
    rules.auths();
    rules.operator();
    rules.debug_panel();
    rules.limits();
    rules.uploads();
    rules.timeouts();
    rules.origins();
    rules.log();
    rules.outward();
    rules.dialects();
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
        let auths = std::iter::once(("auth", &self.settings.auth)).chain(self.settings.dialects.auths());
        for (table, auth) in auths {
            if let Some(i) = auth.users.iter().position(|user| user.token.expose() == token.expose()) {
                self.found("operator.token", format!("also the token of {table}.users[{i}]"));
            }
        }
    }

    fn debug_panel(&mut self) {
        if self.settings.debug_panel.enabled && self.settings.operator.token.is_none() {
            self.found("debug_panel.enabled", "needs operator.token, which the page asks for");
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
            ("limits.max_queue_frames", bounds.max_queue_frames as u64, None),
            ("limits.max_commit_queue", bounds.max_commit_queue as u64, None),
            ("limits.max_schedule_days", bounds.max_schedule_days.into(), None),
            ("limits.replay_page", bounds.replay_page as u64, None),
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
        let commands = bounds.max_in_flight.saturating_mul(QUEUED_PER_COMMAND);
        let at_once = commands.saturating_add(bounds.max_rooms_followed.saturating_mul(QUEUED_PER_ROOM));
        if self.intact("limits.max_queue_frames") && bounds.max_queue_frames < at_once {
            let text = format!(
                "{} does not hold what {} commands (limits.max_in_flight) and {} rooms (limits.max_rooms_followed) bring about at once: \
                 at least {at_once}",
                bounds.max_queue_frames, bounds.max_in_flight, bounds.max_rooms_followed
            );
            self.found("limits.max_queue_frames", text);
        }
        if bounds.max_members < 2 {
            self.found("limits.max_members", "a direct room has 2 members: at least 2");
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
        for (key, quota) in
            [("uploads.quota_per_user", uploads.quota_per_user), ("uploads.quota", uploads.quota)]
        {
            if quota < uploads.max_size {
                self.found(key, format!("{quota} bytes: less than one file of uploads.max_size may have"));
            }
        }
        if uploads.expiry < MIN_EXPIRY {
            self.found("uploads.expiry", "files would go before they can be named: at least 1m");
        }
        self.duration("uploads.timeout", uploads.timeout, false);
        self.duration("uploads.unfinished_expiry", uploads.unfinished_expiry, false);
    }

    fn timeouts(&mut self) {
        if self.settings.storage.retention.is_some_and(|kept| kept.is_zero()) {
            self.found("storage.retention", "0s would forget everything at once: it must be longer");
        }
        let times = &self.settings.timeouts;
        self.duration("timeouts.handshake", times.handshake, false);
        self.duration("timeouts.auth", times.auth, false);
        self.duration("timeouts.recheck", times.recheck, true);
        self.duration("timeouts.ping_interval", times.ping_interval, false);
        self.duration("timeouts.pong", times.pong, false);
        self.duration("timeouts.write", times.write, false);
        self.duration("timeouts.shutdown", times.shutdown, false);
        self.duration("timeouts.pointers", times.pointers, true);
        self.duration("timeouts.presence_grace", times.presence_grace, true);
        self.duration("timeouts.presence_interval", times.presence_interval, false);
        if !(Duration::from_secs(1)..=Duration::from_secs(60)).contains(&times.typing) {
            self.found("timeouts.typing", "others show it for 1s to 60s");
        }
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
        self.duration("push.timeout", push.timeout, false);
        self.duration("webhook.timeout", webhook.timeout, false);
        for (key, value) in [
            ("push.max_batch", push.max_batch as u64),
            ("push.max_posts", push.max_posts as u64),
            ("push.max_attempts", push.max_attempts.into()),
            ("webhook.max_attempts", webhook.max_attempts.into()),
        ] {
            if value == 0 {
                self.found(key, "0 would let nothing through: at least 1");
            }
        }
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

    fn dialects(&mut self) {
        let most = self.settings.dialects.unpaged_max;
        if !(1..=10_000).contains(&most) {
            self.found("dialects.unpaged_max", format!("{most} is out of bounds: 1 to 10000"));
        }
        self.hipochat();
        self.haraj();
        let Some(helpdesk) = &self.settings.dialects.helpdesk else { return };
        self.duration("dialects.helpdesk.sent_delay", helpdesk.sent_delay, true);
        if helpdesk.utc_offset_minutes().is_none() {
            let text =
                format!("{:?} does not read as hours and minutes, such as \"-03:00\"", helpdesk.utc_offset);
            self.found("dialects.helpdesk.utc_offset", text);
        }
        let (most, own) = (self.settings.uploads.max_size, helpdesk.max_upload);
        if own == 0 {
            self.found("dialects.helpdesk.max_upload", "0 would let no file through: at least 1");
        } else if own > most && own != Helpdesk::default().max_upload {
            let text = format!("{own} is more than uploads.max_size = {most}, which holds for all files");
            self.found("dialects.helpdesk.max_upload", text);
        }
    }

    fn hipochat(&mut self) {
        let Some(hipochat) = &self.settings.dialects.hipochat else { return };
        self.duration("dialects.hipochat.profile_ttl", hipochat.profile_ttl, true);
        let asked = hipochat.profile_url.as_deref().map(|url| HttpAuth::new(HttpConfig::new(url)));
        if let Some(Err(error)) = asked {
            self.found("dialects.hipochat.profile_url", error.to_string());
        }
        if hipochat.profile_url.is_some() && hipochat.auth.is_some() {
            let text = "says who a token is, and so does dialects.hipochat.auth: leave one of them out";
            self.found("dialects.hipochat.profile_url", text);
        }
        match &hipochat.push_url {
            Some(url) => {
                if let Err(error) = chat_push_http::check_url(url) {
                    self.found("dialects.hipochat.push_url", error.to_string());
                }
            }
            None if hipochat.push_token.is_some() || hipochat.push_form => {
                self.found("dialects.hipochat.push_url", "missing: the other keys say how it is posted to");
            }
            None => {}
        }
        if let Some(token) = &hipochat.push_token {
            self.secret("dialects.hipochat.push_token", token);
        }
    }

    fn haraj(&mut self) {
        let Some(haraj) = &self.settings.dialects.haraj else { return };
        let key = |name: &str| format!("dialects.haraj.{name}");
        let ttl = haraj.token_ttl;
        if !(Duration::from_secs(60)..=LONGEST_TOKEN).contains(&ttl) {
            self.found(key("token_ttl"), "a token lasts from 1m to 365days, and nobody takes it back before");
        }
        if let Some(token) = &haraj.push_token {
            self.secret(&key("push_token"), token);
            if haraj.push_token_file.is_some() {
                self.found(key("push_token_file"), "stands beside push_token: name one of the two");
            }
        }
        let apple = haraj.push == PushForm::Apns;
        if haraj.push_topic.is_some() && !apple {
            self.found(key("push_topic"), "applies to push = \"apns\" only");
        }
        let Some(service) = service(haraj) else {
            for (name, set) in [
                ("push_token", haraj.push_token.is_some()),
                ("push_token_file", haraj.push_token_file.is_some()),
                ("push_topic", haraj.push_topic.is_some() && apple),
            ] {
                if set {
                    self.found(key(name), "applies with push_url only: without it pushes go to push.url");
                }
            }
            return;
        };
        if let Err(error) = service.check() {
            self.found(key("push_url"), error.to_string());
        }
    }

    fn log(&mut self) {
        if let Err(error) = EnvFilter::try_new(&self.settings.log.filter) {
            let text = format!("{:?} is not a log filter: {error}", self.settings.log.filter);
            self.found("log.filter", text);
        }
    }
}

/// RFC 6454 section 6.2, with the schemes of packaged apps (`capacitor://localhost`) too.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    !scheme.is_empty()
        && scheme.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c))
        && !host.is_empty()
        && !host.contains(|c: char| c.is_ascii_uppercase() || c.is_whitespace() || "/?#@*".contains(c))
}
