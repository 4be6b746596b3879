//! The frames that wait for one connection's task.

use std::future::poll_fn;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures::task::AtomicWaker;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A queue that is emptied as a whole: the reader swaps its own empty vector in, so that a burst costs one
/// lock, and an idle connection holds no block of slots as it would with a channel.
///
/// Unbounded, which a server must not be: a floor has no rule for slow readers.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Pushed to by every task that speaks in the room, taken by the connection's own task. Held for a push
    /// or a swap only.
    waiting: Mutex<Vec<Utf8Bytes>>,
    /// The connection's task, woken by whoever pushes the first frame.
    task: AtomicWaker,
}

impl Outbox {
    /// Queues `frame`. Only the first frame of a burst wakes the task: it takes all that follow.
    pub(crate) fn push(&self, frame: Utf8Bytes) {
        let mut waiting = self.waiting();
        waiting.push(frame);
        let first = waiting.len() == 1;
        drop(waiting);
        if first {
            self.task.wake();
        }
    }

    /// Waits for frames and takes all of them into `taken`, which must be empty. Cancel-safe.
    pub(crate) async fn drain(&self, taken: &mut Vec<Utf8Bytes>) {
        poll_fn(|cx| {
            // Before looking: a push in between would otherwise wake nobody.
            self.task.register(cx.waker());
            let mut waiting = self.waiting();
            if waiting.is_empty() {
                return Poll::Pending;
            }
            mem::swap(&mut *waiting, taken);
            Poll::Ready(())
        })
        .await;
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Utf8Bytes>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
