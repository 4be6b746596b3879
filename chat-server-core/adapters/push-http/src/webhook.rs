//! What happens in rooms, posted.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::hooks::WebhookBody;
use chat_server_core::clock::{Clock, SystemClock};
use chat_server_core::push::{WebhookOutcome, WebhookSink};

use crate::endpoint::{Endpoint, Failure, Post};
use crate::{EndpointConfig, SetupError};

/// Posts what happens in rooms to an address. The [front page](crate) tells how it is signed.
pub struct HttpWebhook {
    endpoint: Endpoint,
}

impl HttpWebhook {
    /// Checks the settings. Nobody is asked yet.
    ///
    /// # Errors
    /// [`SetupError`] when they cannot work.
    pub fn new(config: EndpointConfig) -> Result<Self, SetupError> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// Like [`new`](Self::new), with another clock to sign with.
    ///
    /// # Errors
    /// The same.
    pub fn with_clock(config: EndpointConfig, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Ok(Self { endpoint: Endpoint::new(config, clock)? })
    }
}

#[async_trait]
impl WebhookSink for HttpWebhook {
    async fn post(&self, id: &str, body: &WebhookBody) -> WebhookOutcome {
        let body = serde_json::to_vec(body).expect("all of it is JSON with texts for keys");
        match self.endpoint.post(&Post::json(id, &body)).await {
            Ok(_) => WebhookOutcome::Delivered,
            Err(Failure::Later { after, .. }) => WebhookOutcome::Retry(after),
            Err(Failure::Refused { .. }) => WebhookOutcome::Refused,
        }
    }
}

/// Shows the host alone: path and query may be secrets.
impl fmt::Debug for HttpWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpWebhook").field("host", &self.endpoint.host()).finish_non_exhaustive()
    }
}
