//! What of a request's body nobody read. A connection that is closed with unread bytes is reset, and the answer is lost to a
//! client that writes all of its request before it reads: so they are taken and dropped before the answer goes out.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use futures::StreamExt;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, timeout, timeout_at};

/// What is taken at most: twice the largest file of the default settings. Who sends more learns nothing.
const MOST: usize = 50 * 1024 * 1024;

/// How long a client may pause until it is taken to wait for the answer.
const PAUSE: Duration = Duration::from_secs(1);

/// A body that its reader may drop before its end.
pub(super) struct Rest {
    shared: Arc<Mutex<Shared>>,
    /// Whether the client sends the body only once it is asked for it.
    waits: bool,
}

struct Shared {
    body: Body,
    /// Whether the body was asked for.
    begun: bool,
}

impl Rest {
    /// Takes the body of a request with these headers; the one that is given is read in its place.
    pub(super) fn of(headers: &HeaderMap, body: Body) -> (Self, Body) {
        let shared = Arc::new(Mutex::new(Shared { body, begun: false }));
        let reader = Body::new(Reader(shared.clone()));
        (Self { shared, waits: headers.contains_key(header::EXPECT) }, reader)
    }

    /// Takes and drops what is left, for at most so long.
    pub(super) async fn linger(self, patience: Duration) {
        let Shared { body, begun } = {
            let mut shared = lock(&self.shared);
            Shared { body: std::mem::take(&mut shared.body), begun: shared.begun }
        };
        // Who waits to be asked for a body has sent none of it.
        if body.is_end_stream() || (self.waits && !begun) {
            return;
        }
        let (mut body, deadline, mut left) = (body.into_data_stream(), Instant::now() + patience, MOST);
        while let Ok(Ok(Some(Ok(piece)))) = timeout_at(deadline, timeout(PAUSE, body.next())).await {
            let Some(rest) = left.checked_sub(piece.len()) else { return };
            left = rest;
        }
    }
}

/// The body of [`Rest`], as its reader has it.
struct Reader(Arc<Mutex<Shared>>);

/// Never held for longer than one look at what came.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HttpBody for Reader {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut shared = lock(&self.0);
        shared.begun = true;
        Pin::new(&mut shared.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        lock(&self.0).body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        lock(&self.0).body.size_hint()
    }
}
