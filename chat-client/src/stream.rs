//! How an application hears the events of a client.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream::{BoxStream, StreamExt, unfold};
use tokio::sync::broadcast;

use crate::{ClientEvent, Error};

/// The events of a client, for one subscriber.
///
/// A `Stream`; [`next`](Self::next) is there for those who do not import one.
#[must_use = "events are lost when their subscriber is dropped"]
pub struct EventStream {
    inner: BoxStream<'static, ClientEvent>,
}

impl EventStream {
    pub(crate) fn new(receiver: broadcast::Receiver<Arc<ClientEvent>>) -> Self {
        let inner = unfold(Some(receiver), |receiver| async {
            let mut receiver = receiver?;
            match receiver.recv().await {
                Ok(event) => {
                    let over = matches!(*event, ClientEvent::Closed { .. });
                    Some((Arc::unwrap_or_clone(event), (!over).then_some(receiver)))
                }
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    Some((ClientEvent::Lagged { missed }, Some(receiver)))
                }
                Err(broadcast::error::RecvError::Closed) => None,
            }
        });
        Self { inner: inner.boxed() }
    }

    /// The stream of a client that is closed already.
    pub(crate) fn over(reason: Option<Error>) -> Self {
        Self { inner: futures::stream::iter([ClientEvent::Closed { reason }]).boxed() }
    }

    /// The next event; `None` after [`ClientEvent::Closed`]. Cancel-safe.
    pub async fn next(&mut self) -> Option<ClientEvent> {
        self.inner.next().await
    }
}

impl Stream for EventStream {
    type Item = ClientEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        self.inner.poll_next_unpin(cx)
    }
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventStream")
    }
}
