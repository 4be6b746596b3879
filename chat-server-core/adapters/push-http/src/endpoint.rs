//! One address, and how something is posted to it: signed, bounded, tried again.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use chat_server_core::clock::Clock;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url, redirect};

use crate::{EndpointConfig, SetupError, signature};

/// Longest time between two attempts of one post. Whoever asks for more in `Retry-After` gets it from whoever gave the post,
/// not from here: what waits behind it must not wait that long.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Greatest length of an answer in bytes: the outcomes of a hundred pushes take less than 10 KiB.
const MAX_ANSWER: usize = 256 * 1024;

/// How many connections are kept open for the next post. How many posts are under way is bounded by who gives them.
const MAX_IDLE: usize = 32;
/// Number of posts in flight.
pub(crate) const MAX_POSTS: usize = 16;

/// An address, and what it takes to post there.
pub(crate) struct Endpoint {
    client: Client,
    url: Url,
    config: EndpointConfig,
    clock: Arc<dyn Clock>,
}

/// What is posted.
#[derive(Debug, Clone)]
pub(crate) struct Post<'a> {
    /// Its name, the same whenever it is repeated.
    pub(crate) id: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) content_type: &'static str,
    /// What proves who asks for it.
    pub(crate) authorization: Option<Authorization>,
}

/// What stands in the header of that name.
#[derive(Debug, Clone)]
pub(crate) enum Authorization {
    /// The operator's.
    Ours(HeaderValue),
    /// Of somebody else: where it is not good any more, nobody will mend it.
    Theirs(HeaderValue),
}

impl<'a> Post<'a> {
    pub(crate) fn json(id: &'a str, body: &'a [u8]) -> Self {
        Self { id, body, content_type: "application/json", authorization: None }
    }
}

/// Why a post was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Later it may be taken, not before that time if one was named.
    Later { after: Option<Duration>, why: String },
    /// It never will: the body is at fault.
    Refused { status: u16 },
}

impl Endpoint {
    pub(crate) fn new(config: EndpointConfig, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let url = address(&config.url)?;
        for (name, is_zero) in [
            ("the timeout of posts", config.timeout.is_zero()),
            ("the number of attempts", config.attempts == 0),
            ("the size of a batch", config.max_batch == 0),
        ] {
            if is_zero {
                return Err(SetupError::Zero { name });
            }
        }
        Ok(Self { client: client(&url)?, url, config, clock })
    }

    pub(crate) fn config(&self) -> &EndpointConfig {
        &self.config
    }

    /// A name for a post that has none of its own.
    pub(crate) fn new_id(&self) -> String {
        format!("{:032x}", self.clock.random())
    }

    /// The host alone: path and query may be secrets.
    pub(crate) fn host(&self) -> Option<&str> {
        self.url.host_str()
    }

    /// Posts something until it is taken, refused, or was tried often enough; gives the answer's body.
    pub(crate) async fn post(&self, post: &Post<'_>) -> Result<Vec<u8>, Failure> {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(self.config.backoff)
            .with_max_delay(MAX_WAIT)
            .with_max_times(self.config.attempts - 1)
            .with_jitter();
        let posted = (|| self.attempt(post))
            .retry(backoff)
            .when(|failure| matches!(failure, Failure::Later { .. }))
            .adjust(wait_for);
        posted.await.inspect_err(|failure| {
            tracing::warn!(host = self.host(), ?failure, "a post was not taken");
        })
    }

    async fn attempt(&self, post: &Post<'_>) -> Result<Vec<u8>, Failure> {
        let later = |why: String| Failure::Later { after: None, why };
        match tokio::time::timeout(self.config.timeout, self.request(post)).await {
            Ok(answer) => answer,
            Err(_) => Err(later(format!("no answer within {:?}", self.config.timeout))),
        }
    }

    async fn request(&self, post: &Post<'_>) -> Result<Vec<u8>, Failure> {
        // The time is that of the attempt: receivers refuse old ones.
        let timestamp = self.clock.now().as_micros() / 1_000_000;
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, post.content_type)
            .header("webhook-id", post.id)
            .header("webhook-timestamp", timestamp)
            .body(post.body.to_vec());
        if let Some(secret) = &self.config.secret {
            let signature = signature(secret, post.id, timestamp, post.body);
            request = request.header("webhook-signature", signature);
        }
        if let Some(Authorization::Ours(value) | Authorization::Theirs(value)) = &post.authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let response = request.send().await.map_err(connection)?;
        let status = response.status();
        if status.is_success() {
            return answer(response).await;
        }
        // Whatever else is said, such as 401 or 404, is about the address or the secret: somebody will mend it. A token of
        // somebody else nobody will mend.
        let is_refused = match status {
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
                true
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                matches!(post.authorization, Some(Authorization::Theirs(_)))
            }
            _ => false,
        };
        if is_refused {
            return Err(Failure::Refused { status: status.as_u16() });
        }
        let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        // The other form, a date, would need the two clocks to agree.
        let after = after.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
        Err(Failure::Later { after, why: format!("status {}", status.as_u16()) })
    }
}

/// How long is waited before the next attempt; `None`: there is no next one here.
fn wait_for(failure: &Failure, wait: Option<Duration>) -> Option<Duration> {
    match failure {
        Failure::Later { after: Some(after), .. } if *after > MAX_WAIT => None,
        Failure::Later { after: Some(after), .. } => wait.map(|wait| wait.max(*after)),
        _ => wait,
    }
}

fn connection(error: reqwest::Error) -> Failure {
    Failure::Later { after: None, why: causes(error) }
}

/// The whole chain of causes, without the address: its query may be a secret.
pub(crate) fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

pub(crate) async fn answer(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(connection)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            // It was taken, and repeating it would not make the answer shorter.
            return Ok(Vec::new());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Whether it can be posted to an address.
///
/// ```
/// assert!(chat_push_http::check_url("https://example.org/push").is_ok());
/// assert!(chat_push_http::check_url("http://example.org/push").is_err());
/// ```
///
/// # Errors
/// [`SetupError::Url`] with the reason why not.
pub fn check_url(text: &str) -> Result<(), SetupError> {
    address(text).map(drop)
}

pub(crate) fn address(text: &str) -> Result<Url, SetupError> {
    let error = |reason| Err(SetupError::Url { reason });
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return error("does not begin with http:// or https://");
    }
    let Ok(url) = Url::parse(text) else { return error("cannot be read") };
    if !url.username().is_empty() || url.password().is_some() {
        return error("has a user name or password");
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return error("has to be https:// beyond this machine");
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

pub(crate) fn client(url: &Url) -> Result<Client, SetupError> {
    let mut client = Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(MAX_IDLE)
        .user_agent(concat!("chat-push-http/", env!("CARGO_PKG_VERSION")));
    if url.scheme() == "http" {
        // Otherwise the certificates of the system are loaded at once, and a container may have none.
        client = client.tls_certs_only([]);
    }
    client.build().map_err(|error| SetupError::Tls { reason: causes(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_this_machine_alone() {
        for url in
            ["http://127.0.0.1:1/p", "http://[::1]/", "http://localhost/p?x=1", "https://example.org/p"]
        {
            assert!(address(url).is_ok(), "{url}");
        }
        for url in ["http://example.org/", "http://10.0.0.1/", "http://localhost.example.org/"] {
            let reason = "has to be https:// beyond this machine";
            assert_eq!(address(url), Err(SetupError::Url { reason }), "{url}");
        }
        for url in ["", "ftp://127.0.0.1/", "https://u@example.org/", "https://:p@example.org/", "http://"] {
            assert!(address(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_service_that_asks_for_long_is_not_waited_for() {
        let later =
            |after: u64| Failure::Later { after: Some(Duration::from_secs(after)), why: String::new() };
        let wait = Some(Duration::from_secs(2));
        assert_eq!(wait_for(&later(5), wait), Some(Duration::from_secs(5)));
        assert_eq!(wait_for(&later(1), wait), wait);
        assert_eq!(wait_for(&later(31), wait), None);
        assert_eq!(wait_for(&later(5), None), None, "it was tried often enough");
        assert_eq!(wait_for(&Failure::Later { after: None, why: String::new() }, wait), wait);
    }
}
