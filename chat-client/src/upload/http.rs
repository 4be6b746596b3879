//! One HTTP/1.1 connection, requests over it, and bodies that are read while they are sent.

use std::io;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use chat_protocol::limits;
use futures::future::{Either, select};
use http::{Request, Response, header, request};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::failed::{Failed, broken, silent};
use super::source::Source;
use crate::runtime::timeout;
use crate::transport::dial::{Dialer, Shaken};

/// Bytes read from a source at once: with two of them waiting, an upload holds some 256 KiB of memory at most, the connection's
/// buffer included, and greater ones are not faster.
pub(super) const PIECE: usize = 64 * 1024;

/// Pieces that were read and wait for the connection.
const WAITING_PIECES: usize = 1;

/// Bytes that the connection holds in each direction, more or less.
const BUFFER: usize = 64 * 1024;

/// One connection. When it is dropped, it is closed.
pub(super) struct Http {
    sender: SendRequest<Body>,
    /// What moves the bytes; ends when this is dropped.
    _connection: JoinSet<()>,
}

impl Http {
    pub(super) async fn open(dialer: &Dialer) -> Result<Self, Failed> {
        let shake = async |link| {
            let (sender, connection) = Builder::new()
                .max_buf_size(BUFFER)
                .handshake(TokioIo::new(link))
                .await
                .map_err(|error| Shaken::Failed(error.to_string()))?;
            let mut task = JoinSet::new();
            task.spawn(async move {
                // Whoever waits for an answer is told.
                let _ = connection.await;
            });
            Ok(Self { sender, _connection: task })
        };
        Ok(dialer.reach(shake).await?)
    }

    /// Makes a request without a body.
    pub(super) async fn ask(
        &mut self,
        head: request::Builder,
        silence: Duration,
    ) -> Result<Response<Incoming>, Failed> {
        let request = head.body(Body::Empty).map_err(|error| broken(error.to_string()))?;
        timeout(silence, self.send(request)).await.map_err(|_| silent(silence))?
    }

    /// Makes a request whose body is a part of a source.
    pub(super) async fn bring(
        &mut self,
        head: request::Builder,
        source: &mut Source,
        part: Range<u64>,
        silence: Duration,
    ) -> Result<Response<Incoming>, Failed> {
        let left = part.end - part.start;
        let (sender, pieces) = mpsc::channel(WAITING_PIECES);
        let request = head.header(header::CONTENT_LENGTH, left).body(Body::Pieces { pieces, left });
        let answer = pin!(self.send(request.map_err(|error| broken(error.to_string()))?));
        match select(answer, pin!(feed(source, part, sender, silence))).await {
            // A refusal comes without waiting for the rest.
            Either::Left((answer, _)) => answer,
            Either::Right((Err(failed), _)) => Err(failed),
            Either::Right((Ok(()), answer)) => timeout(silence, answer).await.map_err(|_| silent(silence))?,
        }
    }

    async fn send(&mut self, request: Request<Body>) -> Result<Response<Incoming>, Failed> {
        // A connection that still takes an answer's rest in waits here.
        self.sender.ready().await.map_err(|error| lost(&error))?;
        self.sender.send_request(request).await.map_err(|error| lost(&error))
    }
}

/// What the library says, with its cause.
pub(super) fn lost(error: &hyper::Error) -> Failed {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    broken(format!("{error}{}", cause.unwrap_or_default()))
}

/// The body of an answer, which is JSON of ours or none of ours.
pub(super) async fn whole(body: Incoming, silence: Duration) -> Result<Bytes, Failed> {
    let body = timeout(silence, Limited::new(body, limits::MAX_FRAME).collect()).await;
    let body = body.map_err(|_| silent(silence))?.map_err(|error| broken(error.to_string()))?;
    Ok(body.to_bytes())
}

/// Reads a part of a source, piece by piece, as they are taken.
async fn feed(
    source: &mut Source,
    part: Range<u64>,
    pieces: mpsc::Sender<Bytes>,
    silence: Duration,
) -> Result<(), Failed> {
    let mut at = part.start;
    while at < part.end {
        let most = usize::try_from(part.end - at).unwrap_or(PIECE).min(PIECE);
        let piece = source.read_at(at, most).await?;
        at += piece.len() as u64;
        match timeout(silence, pieces.send(piece)).await {
            Ok(Ok(())) => {}
            // The request is over: its answer says why.
            Ok(Err(_)) => return Ok(()),
            Err(_) => return Err(silent(silence)),
        }
    }
    Ok(())
}

/// The body of a request.
pub(super) enum Body {
    Empty,
    Pieces {
        pieces: mpsc::Receiver<Bytes>,
        /// Bytes that have not come yet.
        left: u64,
    },
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Body::Pieces { pieces, left } = &mut *self else { return Poll::Ready(None) };
        if *left == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(match std::task::ready!(pieces.poll_recv(cx)) {
            Some(piece) => {
                *left = left.saturating_sub(piece.len() as u64);
                Some(Ok(Frame::data(piece)))
            }
            // A body that ends early would be taken for one that waits.
            None => Some(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the source has ended"))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.size_hint().exact() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Empty => SizeHint::with_exact(0),
            Body::Pieces { left, .. } => SizeHint::with_exact(*left),
        }
    }
}
