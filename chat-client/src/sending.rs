//! A message that was given to be sent, as something to wait for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use chat_protocol::ClientMsgId;
use chat_protocol::reply::SendData;
use futures::FutureExt;

use crate::Error;
use crate::client::{Answered, Shared, misplaced};
use crate::session::{Answer, Command};

/// A message on its way: it is in the outbox already, and waiting for this tells when it is stored.
///
/// ```no_run
/// # async fn run(room: chat_client::RoomHandle) -> Result<(), chat_client::Error> {
/// let first = room.send_text("one");
/// let second = room.send_text("two");
/// // Both are on their way, in this order, whether or not anyone waits.
/// println!("stored as {} and {}", first.await?.seq, second.await?.seq);
/// # Ok(())
/// # }
/// ```
///
/// Dropping it does not take the message back.
///
/// # Errors
/// - [`Error::OutboxFull`], [`Error::Content`], [`Error::Random`]: nothing was sent.
/// - [`Error::Refused`]: the server does not take this message, or has answered with "later" too often; other messages go on. It
///   stays in the outbox, wedged, until it is retried or cancelled. With `ERR_CLIENT_ID_CONFLICT` its name was used before for
///   another body, and only another name helps.
/// - [`Error::Cancelled`], [`Error::Expired`]: it was taken back, or its time was over. Nothing was stored.
/// - [`Error::Unauthenticated`], [`Error::Ended`], [`Error::Closed`]: the client ended first. The message may
///   be stored; sending it again under the same name tells. With a store, the next client of it does that by itself.
pub struct Sending {
    shared: Arc<Shared>,
    client_msg_id: Option<ClientMsgId>,
    outcome: Outcome,
}

enum Outcome {
    Given(Answered),
    Refused(Option<Error>),
}

impl Sending {
    pub(crate) fn give(shared: Arc<Shared>, client_msg_id: ClientMsgId, command: Command) -> Self {
        let outcome = match shared.give(command) {
            Ok(answered) => Outcome::Given(answered),
            Err(error) => Outcome::Refused(Some(error)),
        };
        Self { shared, client_msg_id: Some(client_msg_id), outcome }
    }

    pub(crate) fn refused(shared: Arc<Shared>, error: Error) -> Self {
        Self { shared, client_msg_id: None, outcome: Outcome::Refused(Some(error)) }
    }

    /// The sender's name for the message, by which it is found in the outbox and recognised when it comes back. `None` only if it
    /// could not be given one, for want of random numbers.
    pub fn client_msg_id(&self) -> Option<&ClientMsgId> {
        self.client_msg_id.as_ref()
    }
}

impl Future for Sending {
    type Output = Result<SendData, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match &mut self.outcome {
            Outcome::Refused(error) => return Poll::Ready(Err(error.take().unwrap_or(Error::Closed))),
            Outcome::Given(answered) => std::task::ready!(answered.poll_unpin(cx)),
        };
        Poll::Ready(match answer {
            Ok(Ok(Answer::Sent(data))) => Ok(data),
            Ok(Ok(_)) => Err(misplaced()),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(self.shared.end()),
        })
    }
}

impl std::fmt::Debug for Sending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").field("client_msg_id", &self.client_msg_id).finish_non_exhaustive()
    }
}
