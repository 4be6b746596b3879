//! The other server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chat_protocol::Message;
use chat_protocol::command::{PushService, PushTarget};
use chat_protocol::dialect::haraj;
use chat_protocol::hooks::{PushBody, PushEntry};
use chat_push_http::{EndpointConfig, HttpPush, PushConfig, Secret};
use chat_server_core::conformance::push::{Behaviour, Received, Rig};
use chat_server_core::push::PushGateway;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Posted {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).expect("the header is there").to_str().expect("it is text")
    }
}

/// A server that runs until it is dropped, and keeps what it is posted.
pub(crate) struct Peer {
    pub(crate) url: String,
    posted: Arc<Mutex<Vec<Posted>>>,
    task: JoinHandle<()>,
}

impl Peer {
    /// Answers every request with what `answer` makes of it and of its number, from 1.
    pub(crate) fn new<R: IntoResponse>(
        answer: impl Fn(usize, &Posted) -> R + Clone + Send + Sync + 'static,
    ) -> Self {
        let posted = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&posted);
        let router = Router::new().fallback(move |request: Request| {
            let (answer, kept) = (answer.clone(), Arc::clone(&kept));
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
                let path = parts.uri.path().to_owned();
                let posted = Posted { path, headers: parts.headers, body };
                let number = {
                    let mut kept = kept.lock().unwrap();
                    kept.push(posted.clone());
                    kept.len()
                };
                answer(number, &posted).into_response()
            }
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/push", listener.local_addr().unwrap());
        let listener = TcpListener::from_std(listener).unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, posted, task }
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    /// Quick between attempts.
    pub(crate) fn config(&self) -> EndpointConfig {
        config(&self.url)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn config(url: &str) -> EndpointConfig {
    let backoff = Duration::from_millis(1);
    let timeout = Duration::from_secs(30);
    EndpointConfig { timeout, backoff, ..EndpointConfig::new(url, Secret::parse(SECRET).unwrap()) }
}

pub(crate) fn response(status: u16, body: impl Into<String>) -> Response {
    (StatusCode::from_u16(status).unwrap(), body.into()).into_response()
}

/// A gateway and an operator's server that stands for the push services.
pub(crate) struct Service {
    peer: Peer,
    gateway: HttpPush,
    behaviours: Arc<Mutex<BTreeMap<String, Behaviour>>>,
    cut: Arc<Mutex<bool>>,
}

impl Service {
    pub(crate) fn start() -> Self {
        let behaviours = Arc::new(Mutex::new(BTreeMap::new()));
        let cut = Arc::new(Mutex::new(false));
        let (told, is_cut) = (Arc::clone(&behaviours), Arc::clone(&cut));
        let peer = Peer::new(move |_, posted| match *is_cut.lock().unwrap() {
            true => response(502, ""),
            false => response(200, answer(&told.lock().unwrap(), &posted.body)),
        });
        let gateway = HttpPush::new(PushConfig::new(peer.config())).unwrap();
        Self { peer, gateway, behaviours, cut }
    }
}

/// What the services say of each push.
fn answer(behaviours: &BTreeMap<String, Behaviour>, body: &[u8]) -> String {
    let body: PushBody = serde_json::from_slice(body).unwrap();
    let results = body.pushes.iter().filter_map(|push| {
        Some(match behaviours.get(&push.token)? {
            Behaviour::Takes => json!({"id": push.id, "status": "delivered"}),
            Behaviour::Gone => json!({"id": push.id, "status": "gone"}),
            Behaviour::Refuses => json!({"id": push.id, "status": "refused"}),
            Behaviour::Busy(seconds) => json!({"id": push.id, "status": "retry", "retry_after_s": seconds}),
        })
    });
    // In another order than they came in.
    json!({"results": results.rev().collect::<Vec<_>>()}).to_string()
}

impl Rig for Service {
    fn gateway(&self) -> &dyn PushGateway {
        &self.gateway
    }

    fn behave(&self, token: &str, behaviour: Behaviour) {
        self.behaviours.lock().unwrap().insert(token.to_owned(), behaviour);
    }

    fn cut(&self) {
        *self.cut.lock().unwrap() = true;
    }

    fn received(&self) -> Vec<Received> {
        let bodies = self.peer.posted();
        let pushes = bodies.iter().flat_map(|posted| {
            serde_json::from_slice::<PushBody>(&posted.body).expect("a body of pushes").pushes
        });
        pushes.map(|push| received(&push)).collect()
    }
}

/// A push as a service's payload tells it.
fn received(push: &PushEntry) -> Received {
    let message = match push.service {
        PushService::Apns | PushService::Fcm => {
            let payload: haraj::Push =
                serde_json::from_value(push.payload.clone()).expect("the service's form");
            assert_eq!(payload.to, [push.user.clone().into()]);
            assert_eq!((payload.badge, payload.silent), (Some(push.badge), push.silent));
            (payload.message.seq_id, payload.message.content)
        }
        PushService::WebPush | PushService::Webhook => {
            let message: Message =
                serde_json::from_value(push.payload["message"].clone()).expect("the packet");
            (message.seq, message.content)
        }
    };
    Received {
        id: push.id.clone(),
        user: push.user.clone(),
        device: push.device.clone(),
        target: PushTarget { service: push.service, token: push.token.clone(), app: push.app.clone() },
        message: (message.0, message.1.text().unwrap().into_owned()),
        badge: push.badge,
        collapse_key: push.collapse_key.clone(),
        silent: push.silent,
    }
}
