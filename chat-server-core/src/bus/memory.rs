//! A bus between servers of one process.

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::broadcast;

use super::{Bus, Hint};

/// A bus between servers of one process; clones share it. It holds 1,024 hints: who lags behind loses the oldest,
/// as the trait allows.
#[derive(Debug, Clone)]
pub struct MemoryBus {
    sender: broadcast::Sender<Hint>,
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(1_024) }
    }
}

impl Bus for MemoryBus {
    fn has_peers(&self) -> bool {
        // One receiver is the asking server itself.
        self.sender.receiver_count() > 1
    }

    fn publish(&self, hint: Hint) {
        // Nobody listening is no error.
        let _ = self.sender.send(hint);
    }

    fn subscribe(&self) -> BoxStream<'static, Hint> {
        let receiver = self.sender.subscribe();
        futures::stream::unfold(receiver, async |mut receiver| {
            loop {
                match receiver.recv().await {
                    Ok(hint) => return Some((hint, receiver)),
                    Err(broadcast::error::RecvError::Lagged(lost)) => {
                        tracing::warn!(lost, "bus hints were lost; logs will be compared");
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        })
        .boxed()
    }
}
