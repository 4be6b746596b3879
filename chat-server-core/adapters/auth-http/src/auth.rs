//! From a token to a user: a header, a question, a cache in front of it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chat_protocol::UserId;
use chat_server_core::auth::{AuthError, Authenticator, Directory, Principal, Profile};
use chat_server_core::clock::{Clock, SystemClock};
use moka::Expiry;
use moka::future::Cache;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::error::causes;
use crate::{Form, HttpConfig, LookupError, SetupError, answer};

/// Length of a token in bytes beyond which nobody is asked: HTTP servers refuse longer headers (8 KiB in nginx and
/// Apache), with a status that would look like a failure and be tried again.
const MAX_TOKEN: usize = 8 * 1024;

/// Length of a body in bytes. The two fields take less than 300; the rest is room for what we ignore.
const MAX_BODY: usize = 16 * 1024;

/// Number of answers that are remembered, some 200 bytes each.
const MAX_ANSWERS: u64 = 10_000;

/// Number of users whose profiles are remembered: those who came last.
const MAX_PROFILES: u64 = 10_000;

/// Number of questions in flight. After a restart every client comes back at once, and the other server should see
/// a queue of connections and not all of them. With answers in 50 ms this is some 1,000 tokens per second.
const MAX_QUESTIONS: usize = 64;

/// Authenticates by asking another server. The [front page](crate) tells what it is asked and what it answers.
pub struct HttpAuth {
    client: Client,
    url: Url,
    timeout: Duration,
    /// Zero: nothing is remembered, and every caller asks for itself.
    cache_ttl: Duration,
    /// By the SHA-256 of the token. Written by whoever asks first, read by all; the cache makes them wait for one
    /// another per token, and when the one who asks goes away the next takes over.
    answers: Cache<[u8; 32], Answer>,
    form: Form,
    /// What the last answer about each user said of it. Written by whoever asks, read by the directory.
    profiles: Cache<UserId, Profile>,
    /// Held while asking; waiting for it counts into the timeout.
    questions: Semaphore,
    clock: Arc<dyn Clock>,
}

/// One remembered answer.
#[derive(Clone)]
struct Answer {
    principal: Principal,
    lifetime: Duration,
}

/// Lets every answer live for its own lifetime. There are no updates: nobody asks while an answer lives.
struct Lifetime;

impl Expiry<[u8; 32], Answer> for Lifetime {
    fn expire_after_create(&self, _: &[u8; 32], answer: &Answer, _: Instant) -> Option<Duration> {
        Some(answer.lifetime)
    }
}

/// [`AuthError`] as it can be given to everybody who waits.
#[derive(Clone)]
enum Refusal {
    Invalid,
    Unavailable(LookupError),
}

impl From<LookupError> for Refusal {
    fn from(error: LookupError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<Refusal> for AuthError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid => Self::Invalid,
            Refusal::Unavailable(error) => Self::Unavailable(error.into()),
        }
    }
}

impl HttpAuth {
    /// Checks the settings. Nobody is asked yet.
    ///
    /// ```
    /// use chat_auth_http::{HttpAuth, HttpConfig, SetupError};
    /// let error = HttpAuth::new(HttpConfig::new("ftp://example.org")).unwrap_err();
    /// assert_eq!(error.to_string(), "the address to ask about tokens does not begin with http:// or https://");
    /// ```
    ///
    /// # Errors
    /// [`SetupError`] when the address or the timeout cannot work, or TLS is missing for `https://`.
    pub fn new(config: HttpConfig) -> Result<Self, SetupError> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// Like [`new`](Self::new), with another clock to compare `expires_at` with.
    ///
    /// # Errors
    /// The same.
    pub fn with_clock(config: HttpConfig, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let url = address(&config.url)?;
        if config.timeout.is_zero() {
            return Err(SetupError::Timeout);
        }
        let answers = Cache::builder().max_capacity(MAX_ANSWERS).expire_after(Lifetime).build();
        Ok(Self {
            client: client(&url)?,
            url,
            timeout: config.timeout,
            cache_ttl: config.cache_ttl,
            answers,
            form: config.form,
            profiles: Cache::new(MAX_PROFILES),
            questions: Semaphore::new(MAX_QUESTIONS),
            clock,
        })
    }

    async fn ask(&self, token: &str, header: HeaderValue) -> Result<Answer, Refusal> {
        let principal = tokio::time::timeout(self.timeout, self.question(token, header))
            .await
            .map_err(|_| LookupError::Timeout { timeout: self.timeout })??;
        let left = principal.expires_at.map_or(Duration::MAX, |expires_at| {
            let left = expires_at.as_micros().saturating_sub(self.clock.now().as_micros());
            Duration::from_micros(u64::try_from(left).unwrap_or(0))
        });
        Ok(Answer { principal, lifetime: left.min(self.cache_ttl) })
    }

    async fn question(&self, token: &str, header: HeaderValue) -> Result<Principal, Refusal> {
        // An error would mean that it is closed, which nobody does.
        let _permit = self.questions.acquire().await;
        let request = self.client.get(self.url.clone());
        let request = request.header(AUTHORIZATION, header).header(ACCEPT, "application/json");
        let response = request.send().await.map_err(LookupError::from)?;
        match response.status() {
            StatusCode::OK => self.answered(token, &body(response).await?).await,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Refusal::Invalid),
            status => Err(LookupError::Status { status: status.as_u16() }.into()),
        }
    }

    async fn answered(&self, token: &str, body: &[u8]) -> Result<Principal, Refusal> {
        let Form::Profile(key) = &self.form else { return Ok(answer::principal(body)?) };
        let (principal, profile) = answer::profile(body, token, key)?;
        self.profiles.insert(principal.user.clone(), profile).await;
        Ok(principal)
    }

    /// The header that asks; `None` for what cannot be a token: anything but visible ASCII (RFC 6750 section 2.1 allows even
    /// less).
    fn header(&self, token: &str) -> Option<HeaderValue> {
        if token.is_empty() || token.len() > MAX_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let scheme = match self.form {
            Form::User => "Bearer",
            Form::Profile(_) => "Token",
        };
        let mut value = HeaderValue::from_str(&format!("{scheme} {token}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[async_trait]
impl Authenticator for HttpAuth {
    // Cancel-safe: whoever waits for the same token then asks instead.
    async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        let header = self.header(token).ok_or(AuthError::Invalid)?;
        let answer = if self.cache_ttl.is_zero() {
            self.ask(token, header).await?
        } else {
            let key = Sha256::digest(token.as_bytes()).into();
            self.answers
                .try_get_with(key, self.ask(token, header))
                .await
                .map_err(|refusal| (*refusal).clone())?
        };
        // Also an answer that came expired, or one that the wall clock has jumped past.
        if answer.principal.expires_at.is_some_and(|expires_at| expires_at <= self.clock.now()) {
            return Err(AuthError::Invalid);
        }
        Ok(answer.principal)
    }
}

/// What the last answers said of their users; `None` of those who were not asked about since the start, and always with
/// [`Form::User`].
#[async_trait]
impl Directory for HttpAuth {
    async fn profile(&self, user: &UserId) -> Result<Option<Profile>, AuthError> {
        Ok(self.profiles.get(user).await)
    }
}

/// Shows the host alone: path and query may be secrets.
impl fmt::Debug for HttpAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpAuth").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

fn address(text: &str) -> Result<Url, SetupError> {
    let error = |reason| SetupError::Url { reason };
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return Err(error("does not begin with http:// or https://"));
    }
    let url = Url::parse(text).map_err(|_| error("cannot be read"))?;
    if !url.username().is_empty() || url.password().is_some() {
        // They would become a second `Authorization` header.
        return Err(error("has a user name or password"));
    }
    Ok(url)
}

fn client(url: &Url) -> Result<Client, SetupError> {
    let mut client = Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(MAX_QUESTIONS)
        .user_agent(concat!("chat-auth-http/", env!("CARGO_PKG_VERSION")));
    if url.scheme() == "http" {
        // Otherwise the certificates of the system are loaded at once, and a container that has none cannot even
        // ask its neighbour.
        client = client.tls_certs_only([]);
    }
    client.build().map_err(|error| SetupError::Tls { reason: causes(error) })
}

async fn body(mut response: Response) -> Result<Vec<u8>, LookupError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(LookupError::Oversized { max: MAX_BODY });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
