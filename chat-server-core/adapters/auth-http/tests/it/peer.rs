//! The other server.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chat_auth_http::{HttpAuth, HttpConfig, LookupError};
use chat_protocol::Timestamp;
use chat_server_core::auth::{AuthError, Authenticator, Principal};
use chat_server_core::clock::Clock;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server that runs until it is dropped, and counts.
pub(crate) struct Peer {
    pub(crate) url: String,
    asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Peer {
    /// Answers every request with what `answer` makes of it and of its number, from 1.
    pub(crate) async fn new<F, T, R>(answer: F) -> Self
    where
        F: Fn(usize, Request) -> T + Clone + Send + Sync + 'static,
        T: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let router = Router::new().fallback(move |request: Request| {
            let answer = answer(count.fetch_add(1, Ordering::SeqCst) + 1, request);
            async move { answer.await.into_response() }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/who", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, asked, task }
    }

    /// Answers always the same.
    pub(crate) async fn fixed(status: u16, body: impl Into<String>) -> Self {
        let body = body.into();
        Self::new(move |_, _| std::future::ready(response(status, body.clone()))).await
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Asks it with generous times.
    pub(crate) fn auth(&self) -> HttpAuth {
        HttpAuth::new(self.config()).unwrap()
    }

    pub(crate) fn config(&self) -> HttpConfig {
        let hour = Duration::from_secs(3600);
        HttpConfig { timeout: Duration::from_secs(30), cache_ttl: hour, ..HttpConfig::new(&*self.url) }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn response(status: u16, body: impl Into<String>) -> Response {
    (StatusCode::from_u16(status).unwrap(), body.into()).into_response()
}

/// A clock that is set by hand, in seconds.
#[derive(Default)]
pub(crate) struct Wall(pub(crate) AtomicI64);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst) * 1_000_000)
    }

    fn random(&self) -> u128 {
        0
    }
}

/// What became of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    User(String),
    Invalid,
    Failed(LookupError),
}

pub(crate) fn user(id: &str) -> Outcome {
    Outcome::User(id.to_owned())
}

pub(crate) async fn ask(auth: &HttpAuth, token: &str) -> Outcome {
    outcome(auth.authenticate(token).await)
}

pub(crate) fn outcome(result: Result<Principal, AuthError>) -> Outcome {
    match result {
        Ok(principal) => Outcome::User(principal.user.to_string()),
        Err(AuthError::Invalid) => Outcome::Invalid,
        Err(AuthError::Unavailable(source)) => Outcome::Failed(*source.downcast().unwrap()),
        Err(other) => panic!("{other}"),
    }
}
