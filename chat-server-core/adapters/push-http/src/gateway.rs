//! Pushes, posted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::dialect::haraj::PushForm;
use chat_protocol::hooks::{PushAnswer, PushStatus};
use chat_server_core::clock::{Clock, SystemClock};
use chat_server_core::push::{Push, PushGateway, PushOutcome};

use crate::body::entry;
use crate::endpoint::{Endpoint, Failure, Post};
use crate::{PushConfig, SetupError};

/// Greatest length of a body in bytes, unless a single push is longer: what a small server takes in one request by default.
const MAX_BODY: usize = 1024 * 1024;

/// Carries pushes to an address. The [front page](crate) tells what it is posted and what it answers.
pub struct HttpPush {
    endpoint: Endpoint,
    form: PushForm,
}

impl HttpPush {
    /// Checks the settings. Nobody is asked yet.
    ///
    /// # Errors
    /// [`SetupError`] when they cannot work.
    pub fn new(config: PushConfig) -> Result<Self, SetupError> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// Like [`new`](Self::new), with another clock to sign with.
    ///
    /// # Errors
    /// The same.
    pub fn with_clock(config: PushConfig, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Ok(Self { endpoint: Endpoint::new(config.endpoint, clock)?, form: config.form })
    }

    /// Posts some pushes; one outcome for each. A body that is refused is posted again in halves, so that one push costs no
    /// other.
    async fn post(&self, entries: &[(String, String)]) -> Vec<PushOutcome> {
        let (mut all, mut parts) = (Vec::with_capacity(entries.len()), vec![entries]);
        while let Some(part) = parts.pop() {
            let written: Vec<&str> = part.iter().map(|(_, json)| json.as_str()).collect();
            let body = format!(r#"{{"pushes":[{}]}}"#, written.join(","));
            match self.endpoint.post(&Post::json(&self.endpoint.new_id(), body.as_bytes())).await {
                Ok(answer) => all.extend(outcomes(part, &answer)),
                Err(Failure::Later { after, .. }) => all.extend(vec![PushOutcome::Retry(after); part.len()]),
                Err(Failure::Refused { .. }) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(Failure::Refused { .. }) => all.push(PushOutcome::Refused),
            }
        }
        all
    }
}

/// What an answer says of each push.
fn outcomes(entries: &[(String, String)], answer: &[u8]) -> Vec<PushOutcome> {
    // Something that is no answer of ours, such as the word "ok": the pushes were taken.
    let answer: PushAnswer = serde_json::from_slice(answer).unwrap_or_default();
    let named: BTreeMap<&str, PushOutcome> = answer
        .results
        .iter()
        .map(|result| {
            let outcome = match result.status {
                PushStatus::Delivered => PushOutcome::Delivered,
                PushStatus::Gone => PushOutcome::Gone,
                PushStatus::Retry => PushOutcome::Retry(result.retry_after_s.map(Duration::from_secs)),
                PushStatus::Refused => PushOutcome::Refused,
            };
            (result.id.as_str(), outcome)
        })
        .collect();
    let outcome = |id: &String| named.get(id.as_str()).copied().unwrap_or(PushOutcome::Delivered);
    entries.iter().map(|(id, _)| outcome(id)).collect()
}

#[async_trait]
impl PushGateway for HttpPush {
    fn max_batch(&self) -> usize {
        self.endpoint.config().max_batch
    }

    async fn push(&self, batch: &[Push]) -> Vec<PushOutcome> {
        let (mut outcomes, mut waiting, mut bytes) = (Vec::with_capacity(batch.len()), Vec::new(), 0);
        for push in batch {
            let entry = entry(push, self.form);
            let json = serde_json::to_string(&entry).expect("all of it is JSON with texts for keys");
            let is_full = waiting.len() >= self.max_batch() || bytes + json.len() > MAX_BODY;
            if is_full && !waiting.is_empty() {
                outcomes.extend(self.post(&waiting).await);
                waiting.clear();
                bytes = 0;
            }
            bytes += json.len();
            waiting.push((entry.id, json));
        }
        if !waiting.is_empty() {
            outcomes.extend(self.post(&waiting).await);
        }
        outcomes
    }
}

/// Shows the host alone: path and query may be secrets.
impl fmt::Debug for HttpPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpPush").field("host", &self.endpoint.host()).finish_non_exhaustive()
    }
}
