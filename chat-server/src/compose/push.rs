//! Who carries pushes: an address for all, and a service for devices that came by haraj.

use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::dialect::haraj;
use chat_push_http::{Credential, HttpPush, ServiceConfig, ServicePush, SetupError};
use chat_server_core::push::{Push, PushGateway, PushOutcome};

use crate::settings::{Haraj, PushForm};

/// The device that a client of haraj registers, one per user.
const HARAJ: &str = "haraj";

/// Gives each push to who carries it.
pub(super) struct Carriers {
    /// For devices of haraj.
    pub(super) haraj: ServicePush,
    /// For all others.
    pub(super) others: Option<HttpPush>,
}

#[async_trait]
impl PushGateway for Carriers {
    /// The smaller of both: who is told by one of them waits for the other, too, when they are in one batch.
    fn max_batch(&self) -> usize {
        let theirs = self.haraj.max_batch();
        self.others.as_ref().map_or(theirs, |others| others.max_batch().min(theirs))
    }

    async fn push(&self, batch: &[Push]) -> Vec<PushOutcome> {
        let is_haraj = |push: &Push| push.device.as_str() == HARAJ;
        let (theirs, rest): (Vec<_>, Vec<_>) = batch.iter().cloned().partition(is_haraj);
        let others = async {
            match &self.others {
                Some(others) => others.push(&rest).await,
                None => vec![PushOutcome::Refused; rest.len()],
            }
        };
        let (theirs, rest) = tokio::join!(self.haraj.push(&theirs), others);
        let (mut theirs, mut rest) = (theirs.into_iter(), rest.into_iter());
        let outcome = |push| if is_haraj(push) { theirs.next() } else { rest.next() };
        // Each gives one outcome per push.
        batch.iter().map(outcome).map(|outcome| outcome.unwrap_or(PushOutcome::Retry(None))).collect()
    }
}

/// Where pushes for devices of haraj go; `None`: where all others go.
pub(crate) fn service(table: &Haraj) -> Option<ServiceConfig> {
    let form = match table.push {
        PushForm::Apns => haraj::PushForm::Apns,
        PushForm::FcmLegacy => haraj::PushForm::FcmLegacy,
        PushForm::FcmV1 => haraj::PushForm::FcmV1,
    };
    let credential = match (&table.push_token, &table.push_token_file) {
        (Some(token), _) => Credential::Fixed(token.expose().to_owned()),
        (None, Some(path)) => Credential::File(path.clone()),
        (None, None) => Credential::None,
    };
    let url = table.push_url.as_deref()?;
    Some(ServiceConfig { topic: table.push_topic.clone(), ..ServiceConfig::new(form, url, credential) })
}

/// Who carries pushes; `None`: nobody is pushed.
pub(super) fn carriers(
    table: Option<&Haraj>,
    others: Option<HttpPush>,
) -> Result<Option<Arc<dyn PushGateway>>, SetupError> {
    match table.and_then(service) {
        Some(service) => Ok(Some(Arc::new(Carriers { haraj: ServicePush::new(service)?, others }))),
        None => Ok(others.map(|others| Arc::new(others) as Arc<_>)),
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::DeviceId;
    use chat_push_http::{EndpointConfig, PushConfig, Secret};
    use chat_server_core::conformance::push::sample;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers every request with this status; its address.
    async fn server(status: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                // All of it comes at once.
                let _ = socket.read(&mut [0; 64 * 1024]).await;
                let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                let _ = socket.write_all(answer.as_bytes()).await;
            }
        });
        url
    }

    fn push(device: &str) -> Push {
        Push { device: DeviceId::new(device).unwrap(), ..sample() }
    }

    #[tokio::test]
    async fn each_push_goes_to_who_carries_it_and_outcomes_keep_their_order() {
        let table = Haraj { push_url: Some(server("400 Bad Request").await), ..Haraj::default() };
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let others = PushConfig::new(EndpointConfig::new(server("200 OK").await, secret));
        let others = || HttpPush::new(others.clone()).unwrap();
        let batch = ["d1", "haraj", "d2", "haraj"].map(push);
        let (taken, refused) = (PushOutcome::Delivered, PushOutcome::Refused);
        let carriers = carriers(Some(&table), Some(others())).unwrap().unwrap();
        assert_eq!(carriers.push(&batch).await, [taken, refused, taken, refused]);
        assert_eq!(carriers.max_batch(), 16, "as many as the service is posted at once");
        let alone = super::carriers(Some(&table), None).unwrap().unwrap();
        assert_eq!(alone.push(&batch[..1]).await, [refused], "nobody carries it");
        let all = super::carriers(Some(&Haraj::default()), Some(others())).unwrap().unwrap();
        assert_eq!(all.push(&batch[1..2]).await, [taken], "without an address it goes like all others");
        assert!(super::carriers(Some(&Haraj::default()), None).unwrap().is_none());
    }
}
