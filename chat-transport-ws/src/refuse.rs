//! Sockets beyond the limit: told so, then closed.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::{ErrorCode, Reply, WireError};
use chat_server_core::clock::{Clock, SystemClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How many sockets may be in the middle of being refused. Beyond it they are closed without a word: telling people
/// that we are full must not cost what letting them in would.
const AT_ONCE: usize = 64;

/// How long one of them may take to read the answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much of the request is read and thrown away, so that closing does not reset the answer.
const MAX_DISCARDED: u64 = 64 * 1024;

/// When to come back, in milliseconds: long enough that a crowd thins out, short enough for a person who waits.
const RETRY_AFTER_MS: u64 = 5_000;

/// Turns sockets away.
#[derive(Debug)]
pub(crate) struct Bouncer {
    places: Arc<Semaphore>,
}

impl Default for Bouncer {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Bouncer {
    pub(crate) fn turn_away(&self, mut stream: TcpStream) {
        metrics::counter!("chat_connections_refused_total").increment(1);
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return };
        tokio::spawn(async move {
            let goodbye = async {
                stream.write_all(answer().as_bytes()).await?;
                stream.shutdown().await?;
                tokio::io::copy(&mut (&mut stream).take(MAX_DISCARDED), &mut tokio::io::sink()).await
            };
            // A failure means that the peer is gone, which is what was wanted.
            let _ = timeout(PATIENCE, goodbye).await;
            drop(place);
        });
    }
}

/// Written by hand, because it is sent before a request was read and may not cost one.
fn answer() -> String {
    let error = WireError::new(ErrorCode::RateLimited, "the server holds as many connections as it may")
        .retry_after_ms(RETRY_AFTER_MS);
    let reply = Reply { status: 503, ..Reply::refused(None, &error, SystemClock.now()) };
    let body = chat_protocol::encode(&reply);
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         retry-after: {}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n{}",
        body.len(),
        RETRY_AFTER_MS / 1_000,
        body.as_str(),
    )
}
