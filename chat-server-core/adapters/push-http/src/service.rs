//! Pushes, posted to a service one by one, as the service itself takes them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::dialect::haraj::PushForm;
use chat_server_core::push::{Push, PushGateway, PushOutcome};
use futures::StreamExt;
use futures::stream;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;

use crate::body::told;
use crate::endpoint::{MAX_POSTS, address, answer, causes, client};
use crate::{SetupError, check_url};

/// Stands for the token of the device in an address.
const TOKEN: &str = "{token}";

/// Longest credential that is read from a file: access tokens of Google's have some 1,000 bytes, and may grow.
const MAX_CREDENTIAL: usize = 16 * 1024;

/// What opens the service.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nothing: whoever listens there knows us.
    None,
    /// A key that does not change.
    Fixed(String),
    /// A file with it, read before each push: access tokens last an hour, and another program gets new ones.
    File(PathBuf),
}

/// Never shows the key.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Fixed(_) => f.write_str("Fixed(..)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// Settings of a [`ServicePush`].
///
/// ```
/// use chat_protocol::dialect::haraj::PushForm;
/// use chat_push_http::{Credential, ServiceConfig};
/// let url = "https://fcm.googleapis.com/v1/projects/example/messages:send";
/// let config = ServiceConfig::new(PushForm::FcmV1, url, Credential::File("/run/fcm-token".into()));
/// assert_eq!(config.timeout.as_secs(), 10);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceConfig {
    /// What the service is, and so what it is told.
    pub form: PushForm,
    /// The address: `https://`, or `http://` on this machine. For Apple's service `{token}` stands in it for the token of the
    /// device, which its bodies do not hold.
    pub url: String,
    /// Sent as `Authorization: Bearer`, and for Google's former service as `Authorization: key=`.
    pub credential: Credential,
    /// Apple's service: which application, its bundle id.
    pub topic: Option<String>,
    /// How long one post may take, from the connection to the end of the answer; default 10 seconds, not zero.
    pub timeout: Duration,
}

impl ServiceConfig {
    /// The defaults for a service.
    pub fn new(form: PushForm, url: impl Into<String>, credential: Credential) -> Self {
        Self { form, url: url.into(), credential, topic: None, timeout: Duration::from_secs(10) }
    }

    /// Whether it can be posted there.
    ///
    /// # Errors
    /// [`SetupError::Url`] with the reason why not.
    pub fn check(&self) -> Result<(), SetupError> {
        let reason = match (self.form, self.url.contains(TOKEN)) {
            (PushForm::Apns, false) => {
                "has no {token}, and Apple's service takes the token of the device in it"
            }
            (PushForm::FcmLegacy | PushForm::FcmV1, true) => {
                "has a {token}, and Google's service takes the token of the device in the body"
            }
            _ => return check_url(&self.url.replace(TOKEN, "0")),
        };
        Err(SetupError::Url { reason })
    }
}

/// Carries pushes to one service, or to whatever takes its bodies, in the words of the haraj document: nothing is counted in
/// them, and each is one post. What the service answers is understood as its documents say.
///
/// A push is tried once; whoever gave it tries it again, at a time of its own.
///
/// | form | gone | again later | never |
/// | --- | --- | --- | --- |
/// | Apple's | 410, or 400 `BadDeviceToken` or `DeviceTokenNotForTopic` | any other | 400, 413; a device that is not Apple's |
/// | Google's former | 200 with `NotRegistered` or `InvalidRegistration` | any other status; 200 with `Unavailable` or `InternalServerError` | 400, 413; 200 with another error |
/// | Google's | 404 with `UNREGISTERED` | any other | 400, 413 |
pub struct ServicePush {
    config: ServiceConfig,
    client: Client,
}

impl ServicePush {
    /// Checks the settings. Nobody is asked yet.
    ///
    /// # Errors
    /// [`SetupError`] when they cannot work.
    pub fn new(config: ServiceConfig) -> Result<Self, SetupError> {
        config.check()?;
        if config.timeout.is_zero() {
            return Err(SetupError::Zero { name: "the timeout of posts" });
        }
        let client = client(&address(&config.url.replace(TOKEN, "0"))?)?;
        Ok(Self { config, client })
    }

    async fn give(&self, push: &Push) -> PushOutcome {
        let Some(body) = told(push, self.config.form) else {
            tracing::warn!(user = %push.user, "a device of another kind than the service's is not pushed");
            return PushOutcome::Refused;
        };
        let posted = tokio::time::timeout(self.config.timeout, self.post(push, &body)).await;
        posted.unwrap_or_else(|_| Err(format!("no answer within {:?}", self.config.timeout))).unwrap_or_else(
            |why| {
                tracing::warn!(why, "a push was not taken");
                PushOutcome::Retry(None)
            },
        )
    }

    async fn post(&self, push: &Push, body: &Value) -> Result<PushOutcome, String> {
        let Some(url) = self.url(push) else { return Ok(PushOutcome::Refused) };
        let request = self.client.post(url).header(CONTENT_TYPE, "application/json");
        let request = match self.authorization().await? {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        };
        let request = match self.config.form {
            PushForm::Apns => self.apple(request, push),
            PushForm::FcmLegacy | PushForm::FcmV1 => request,
        };
        let response = request.body(body.to_string()).send().await.map_err(causes)?;
        let (status, after) = (response.status(), after(&response));
        let said = answer(response).await.map_err(|_| "the answer broke off".to_owned())?;
        let outcome = outcome(self.config.form, status, &said);
        if let PushOutcome::Retry(_) = outcome {
            tracing::warn!(status = status.as_u16(), "a push was not taken");
            return Ok(PushOutcome::Retry(after));
        }
        Ok(outcome)
    }

    /// `None`: the token cannot stand in an address. Apple's are digits, and what is none must not become another path.
    fn url(&self, push: &Push) -> Option<Url> {
        let token = &push.target.token;
        let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if self.config.form == PushForm::Apns && (!plain || token.is_empty()) {
            return None;
        }
        Url::parse(&self.config.url.replace(TOKEN, token)).ok()
    }

    async fn authorization(&self) -> Result<Option<HeaderValue>, String> {
        let key = match &self.config.credential {
            Credential::None => return Ok(None),
            Credential::Fixed(key) => key.clone(),
            Credential::File(path) => {
                let text = tokio::fs::read_to_string(path).await;
                text.map_err(|error| format!("the credential cannot be read: {error}"))?
            }
        };
        let (key, unfit) = (key.trim(), || "the credential is none".to_owned());
        if key.is_empty() || key.len() > MAX_CREDENTIAL {
            return Err(unfit());
        }
        let scheme = if self.config.form == PushForm::FcmLegacy { "key=" } else { "Bearer " };
        let mut value = HeaderValue::from_str(&format!("{scheme}{key}")).map_err(|_| unfit())?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    fn apple(&self, request: RequestBuilder, push: &Push) -> RequestBuilder {
        let (kind, priority) = if push.silent { ("background", "5") } else { ("alert", "10") };
        let request = request
            .header("apns-push-type", kind)
            .header("apns-priority", priority)
            .header("apns-collapse-id", push.collapse_key());
        match &self.config.topic {
            Some(topic) => request.header("apns-topic", topic),
            None => request,
        }
    }
}

fn after(response: &Response) -> Option<Duration> {
    let after = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    after.trim().parse().ok().map(Duration::from_secs)
}

/// What a service's answer means.
fn outcome(form: PushForm, status: StatusCode, said: &[u8]) -> PushOutcome {
    let said: Value = serde_json::from_slice(said).unwrap_or_default();
    let error = |pointer: &str| said.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let gone = match form {
        PushForm::Apns => {
            status == StatusCode::GONE
                || matches!(error("/reason"), "BadDeviceToken" | "DeviceTokenNotForTopic" | "Unregistered")
        }
        PushForm::FcmLegacy => matches!(error("/results/0/error"), "NotRegistered" | "InvalidRegistration"),
        PushForm::FcmV1 => error("/error/details/0/errorCode") == "UNREGISTERED",
    };
    if gone {
        return PushOutcome::Gone;
    }
    match (status, error("/results/0/error")) {
        (StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE, _) => PushOutcome::Refused,
        (status, _) if !status.is_success() => PushOutcome::Retry(None),
        (_, "Unavailable" | "InternalServerError" | "DeviceMessageRateExceeded") => PushOutcome::Retry(None),
        (_, "") => PushOutcome::Delivered,
        (_, _) => PushOutcome::Refused,
    }
}

#[async_trait]
impl PushGateway for ServicePush {
    /// As many as are posted at once: a service that hangs keeps a batch for the time of one post.
    fn max_batch(&self) -> usize {
        MAX_POSTS
    }

    async fn push(&self, batch: &[Push]) -> Vec<PushOutcome> {
        // Futures that are not begun yet, and none is before there is a place for it.
        let all: Vec<_> = batch.iter().map(|push| self.give(push)).collect();
        stream::iter(all).buffered(MAX_POSTS).collect().await
    }
}

/// Shows the service alone: the address may be a secret.
impl fmt::Debug for ServicePush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServicePush").field("form", &self.config.form).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_the_services_say() {
        use PushForm::{Apns, FcmLegacy, FcmV1};
        use PushOutcome::{Delivered, Gone, Refused, Retry};
        let unregistered = r#"{"error":{"status":"NOT_FOUND","details":[{"errorCode":"UNREGISTERED"}]}}"#;
        for (form, status, said, expected) in [
            (Apns, 200, "", Delivered),
            (Apns, 410, r#"{"reason":"Unregistered"}"#, Gone),
            (Apns, 400, r#"{"reason":"BadDeviceToken"}"#, Gone),
            (Apns, 400, r#"{"reason":"PayloadEmpty"}"#, Refused),
            (Apns, 403, r#"{"reason":"ExpiredProviderToken"}"#, Retry(None)),
            (FcmLegacy, 200, r#"{"success":1,"results":[{"message_id":"1"}]}"#, Delivered),
            (FcmLegacy, 200, r#"{"failure":1,"results":[{"error":"NotRegistered"}]}"#, Gone),
            (FcmLegacy, 200, r#"{"failure":1,"results":[{"error":"Unavailable"}]}"#, Retry(None)),
            (FcmLegacy, 200, r#"{"failure":1,"results":[{"error":"MismatchSenderId"}]}"#, Refused),
            (FcmLegacy, 401, "", Retry(None)),
            (FcmV1, 200, r#"{"name":"projects/x/messages/1"}"#, Delivered),
            (FcmV1, 404, unregistered, Gone),
            (FcmV1, 404, "no such path", Retry(None)),
            (FcmV1, 400, r#"{"error":{"status":"INVALID_ARGUMENT"}}"#, Refused),
            (FcmV1, 503, "", Retry(None)),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(outcome(form, status, said.as_bytes()), expected, "{form:?} {status} {said}");
        }
    }

    #[test]
    fn an_address_has_a_place_for_the_token_where_the_service_needs_one() {
        let check = |form, url: &str| ServiceConfig::new(form, url, Credential::None).check().is_ok();
        assert!(check(PushForm::Apns, "https://push.example.org/3/device/{token}"));
        assert!(!check(PushForm::Apns, "https://push.example.org/3/device/"));
        assert!(check(PushForm::FcmV1, "https://push.example.org/send"));
        assert!(!check(PushForm::FcmV1, "https://push.example.org/{token}"));
        assert!(!check(PushForm::FcmLegacy, "http://push.example.org/send"));
    }
}
