//! One HTTP/1.1 connection, and requests over it.

use std::io;

use bytes::Bytes;
use chat_protocol::limits;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::AbortHandle;

use super::super::dial::{Dialer, Shaken};
use super::super::{DialError, answer};

/// Bytes read from the socket and not yet taken: a head is far smaller, and a body is taken as it comes.
const READ_BUFFER: usize = 16 * 1024;

/// A task that ends when this is dropped.
pub(super) struct Task(AbortHandle);

impl Task {
    pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task).abort_handle())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One connection. When it is dropped, it is closed.
pub(super) struct Http {
    sender: SendRequest<Full<Bytes>>,
    _connection: Task,
}

impl Http {
    /// Dials.
    pub(super) async fn open(dialer: &Dialer) -> Result<Self, DialError> {
        let shake = async |link| {
            let (sender, connection) = Builder::new()
                .max_buf_size(READ_BUFFER)
                .handshake(TokioIo::new(link))
                .await
                .map_err(|error| Shaken::Failed(error.to_string()))?;
            let connection = Task::spawn(async move {
                // Whoever waits for an answer is told.
                let _ = connection.await;
            });
            Ok(Self { sender, _connection: connection })
        };
        dialer.reach(shake).await
    }

    /// Makes a request. The request comes back when nothing of it was sent, because the server had closed the connection.
    pub(super) async fn ask(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, (io::Error, Option<Request<Full<Bytes>>>)> {
        // A connection that still takes an answer's rest in waits here.
        if let Err(error) = self.sender.ready().await {
            return Err((broken(&error), Some(request)));
        }
        self.sender.try_send_request(request).await.map_err(|mut error| {
            let request = error.take_message();
            (broken(error.error()), request)
        })
    }
}

/// What the library says, with its cause.
pub(super) fn broken(error: &hyper::Error) -> io::Error {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    io::Error::new(io::ErrorKind::BrokenPipe, format!("{error}{}", cause.unwrap_or_default()))
}

/// What an answer says that is not 200.
pub(super) async fn refusal(response: Response<Incoming>) -> DialError {
    let (head, body) = response.into_parts();
    // A longer text is none of ours.
    let body = Limited::new(body, limits::MAX_FRAME).collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    answer::refusal(head.status, &head.headers, &body)
}
