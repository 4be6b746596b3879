//! Messages whose readers are away, posted as hipochat does.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::UserId;
use chat_protocol::dialect::hipochat::{Hipochat, Profile, Push, PushForm, ServerFrame};
use chat_server_core::auth::{AuthError, Authenticator, Principal};
use chat_server_core::clock::SystemClock;
use chat_server_core::dialects::ShownMessage;
use chat_server_core::push::{AbsenceSink, WebhookOutcome};
use moka::future::Cache;
use reqwest::header::HeaderValue;

use crate::endpoint::{Authorization, Endpoint, Failure, Post};
use crate::{EndpointConfig, SetupError};

/// Number of senders whose tokens are remembered: those who came last.
const MAX_SENDERS: u64 = 10_000;

/// How long the token of a sender is remembered who neither comes again nor writes.
const SENDER_IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// Settings of a [`HipochatPush`].
#[derive(Clone)]
pub struct HipochatPushConfig {
    /// Where to. Nothing is signed; one attempt takes 5 seconds by default, as the format has it.
    pub endpoint: EndpointConfig,
    /// The options of the format.
    pub dialect: Hipochat,
    /// JSON, the default, or the form of the first version.
    pub form: PushForm,
    /// The token that is sent where none of the sender's is known, or that one is not good any more. Default: none is sent
    /// then.
    pub token: Option<String>,
}

impl HipochatPushConfig {
    /// The defaults for an address.
    pub fn new(url: impl Into<String>) -> Self {
        let endpoint = EndpointConfig { timeout: Duration::from_secs(5), ..EndpointConfig::unsigned(url) };
        Self { endpoint, dialect: Hipochat::default(), form: PushForm::default(), token: None }
    }
}

/// Shows neither the address nor the token.
impl fmt::Debug for HipochatPushConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HipochatPushConfig").field("form", &self.form).finish_non_exhaustive()
    }
}

/// Posts to the `PushNotificationURL` of hipochat which members do not receive a message, with the token of its sender:
///
/// ```text
/// POST /push HTTP/1.1
/// Authorization: Token <the sender's>
/// Content-Type: application/json
///
/// {"chat_token":"r1","type":"message","receivers":["2"],"body":{"message":"hi"},"author":{"user_id":1,"name":"Ann"}}
/// ```
///
/// The sender's token is the one with which it came last to whoever asks the authenticator of
/// [`remembering`](Self::remembering). Tokens are kept in memory alone: after a restart, or for who comes by another format,
/// [`HipochatPushConfig::token`] is sent. A sender's token that is answered with 401 or 403 is forgotten, and that one is sent
/// at once instead; without one such an answer is final like 400, because nobody will mend another's token. To the operator's own
/// token, or to a post without any, it is not: somebody will mend that, and the post comes again like all that is not taken.
pub struct HipochatPush {
    endpoint: Endpoint,
    dialect: Hipochat,
    form: PushForm,
    token: Option<HeaderValue>,
    /// What proves that a sender is itself. Written when it comes, read when it has written.
    senders: Cache<UserId, HeaderValue>,
}

impl HipochatPush {
    /// Checks the settings. Nobody is asked yet.
    ///
    /// # Errors
    /// [`SetupError`] when they cannot work.
    pub fn new(config: HipochatPushConfig) -> Result<Self, SetupError> {
        let HipochatPushConfig { endpoint, dialect, form, token } = config;
        Ok(Self {
            endpoint: Endpoint::new(endpoint, Arc::new(SystemClock))?,
            dialect,
            form,
            token: token.as_deref().and_then(header),
            senders: Cache::builder().max_capacity(MAX_SENDERS).time_to_idle(SENDER_IDLE).build(),
        })
    }

    /// The same authenticator; whom it knows is remembered as a sender.
    pub fn remembering(self: &Arc<Self>, auth: Arc<dyn Authenticator>) -> Arc<dyn Authenticator> {
        Arc::new(Remembering { auth, push: self.clone() })
    }

    /// Posts with the token of the sender; with ours where none is known, or it is not good any more.
    async fn post(&self, sender: &UserId, post: Post<'_>) -> Result<Vec<u8>, Failure> {
        let ours = self.token.clone().map(Authorization::Ours);
        let Some(token) = self.senders.get(sender).await else {
            return self.endpoint.post(&Post { authorization: ours, ..post }).await;
        };
        let theirs = Post { authorization: Some(Authorization::Theirs(token.clone())), ..post.clone() };
        let posted = self.endpoint.post(&theirs).await;
        let is_stale = matches!(posted, Err(Failure::Refused { status: 401 | 403 }));
        if !is_stale || ours.is_none() {
            return posted;
        }
        // Unless it came with another one meanwhile.
        if self.senders.get(sender).await.is_some_and(|known| known == token) {
            self.senders.invalidate(sender).await;
        }
        self.endpoint.post(&Post { authorization: ours, ..post }).await
    }

    /// What is posted of a message; `None`: the format has no words for it.
    fn body(&self, shown: &ShownMessage, absent: &[UserId]) -> Option<Push> {
        let frame = shown.news(Some(&shown.room.alias()), |news| self.dialect.message(news))?;
        let (author, receivers) = (Profile::of(&shown.author), absent.to_vec());
        match frame {
            ServerFrame::Message(message) => Some(Push::message(&message, author, receivers)),
            ServerFrame::Item(item) => Some(Push::item(&item, author, receivers)),
            ServerFrame::Error(_) => None,
        }
    }
}

#[async_trait]
impl AbsenceSink for HipochatPush {
    async fn tell(&self, id: &str, message: &ShownMessage, absent: &[UserId]) -> WebhookOutcome {
        let Some(push) = self.body(message, absent) else { return WebhookOutcome::Delivered };
        let written = push.written(self.form);
        let post = Post { content_type: written.content_type, ..Post::json(id, written.body.as_bytes()) };
        match self.post(&message.author.user, post).await {
            Ok(_) => WebhookOutcome::Delivered,
            Err(Failure::Later { after, .. }) => WebhookOutcome::Retry(after),
            Err(Failure::Refused { .. }) => WebhookOutcome::Refused,
        }
    }
}

/// Shows the host alone: path and query may be secrets.
impl fmt::Debug for HipochatPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HipochatPush").field("host", &self.endpoint.host()).finish_non_exhaustive()
    }
}

struct Remembering {
    auth: Arc<dyn Authenticator>,
    push: Arc<HipochatPush>,
}

#[async_trait]
impl Authenticator for Remembering {
    async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        let principal = self.auth.authenticate(token).await?;
        if let Some(header) = header(token) {
            self.push.senders.insert(principal.user.clone(), header).await;
        }
        Ok(principal)
    }
}

/// `None` for what no header can hold.
fn header(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Token {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
