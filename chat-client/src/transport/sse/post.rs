//! Commands on their way: one request at a time, with all that has gathered.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use chat_protocol::command::Auth;
use chat_protocol::{Action, Close, Command, ErrorCode, Frame, RequestId, Text, decode, limits};
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::super::DialError;
use super::Site;
use super::http::{Http, broken, refusal};
use super::link::{End, Frames, bearer, refused, reply};

/// Bytes of commands in one request, unless a single one is greater: what a server takes whose frames have a quarter of the
/// usual bound.
const BATCH_BYTES: usize = limits::MAX_FRAME;

/// How long the connection for requests is kept without one. Our servers close it after 10 s, and a request that meets the close
/// on its way would be lost.
const KEEP: Duration = Duration::from_secs(5);

/// How long the answer to a request may take. A server answers within its own bound of 30 s, unless it or the way to it
/// is gone, which the stream does not show: it is another connection.
const ANSWER: Duration = Duration::from_secs(40);

/// The requests of one stream.
pub(super) struct Post {
    session: String,
    bearer: HeaderValue,
    http: Option<Http>,
    /// A frame that was taken and is for the next request.
    next: Option<Frame>,
}

/// What one request brings.
struct Batch {
    body: Vec<u8>,
    /// The new token, if that is what it brings, and the command it came with.
    auth: Option<(RequestId, HeaderValue)>,
}

impl Post {
    pub(super) fn new(session: String, bearer: HeaderValue) -> Self {
        Self { session, bearer, http: None, next: None }
    }

    /// Brings all commands to the server, until there are no more.
    pub(super) async fn run(
        mut self,
        site: &Site,
        mut commands: mpsc::Receiver<Frame>,
        mut frames: Frames,
    ) -> End {
        loop {
            let text = match self.command(&mut commands).await {
                Some(Frame::Text(text)) => text,
                // The end of the stream is all that can be said of it.
                Some(Frame::Close(_)) | None => return End::Silent,
                // No native packet is binary, and probes are the stream's affair.
                Some(Frame::Binary(_) | Frame::Ping | Frame::Pong) => continue,
            };
            let refused = match self.gather(text, &mut commands) {
                Ok(batch) => match timeout(ANSWER, self.bring(site, batch)).await {
                    Ok(Ok(refused)) => refused,
                    Ok(Err(end)) => return end,
                    Err(_) => return End::Broken(silent()),
                },
                Err(refused) => Some(refused),
            };
            if let Some(frame) = refused {
                if frames.send(Ok(frame)).await.is_err() {
                    return End::Silent;
                }
            }
        }
    }

    /// The next frame. A connection that nobody uses is closed meanwhile.
    async fn command(&mut self, commands: &mut mpsc::Receiver<Frame>) -> Option<Frame> {
        if let Some(frame) = self.next.take() {
            return Some(frame);
        }
        if self.http.is_some() {
            match timeout(KEEP, commands.next()).await {
                Ok(frame) => return frame,
                Err(_) => self.http = None,
            }
        }
        commands.next().await
    }

    /// `first` and the commands that wait behind it; or the refusal of a token that cannot be one.
    fn gather(&mut self, first: Text, commands: &mut mpsc::Receiver<Frame>) -> Result<Batch, Frame> {
        let mut body = Vec::with_capacity(first.len() + 1);
        line(&first, &mut body);
        if let Some(auth) = auth(&first) {
            let Some(bearer) = bearer(auth.token.as_deref()) else {
                return Err(refused(auth.id, ErrorCode::InvalidToken));
            };
            return Ok(Batch { body, auth: Some((auth.id, bearer)) });
        }
        while let Ok(frame) = commands.try_recv() {
            match frame {
                Frame::Text(text) if auth(&text).is_none() && body.len() + text.len() < BATCH_BYTES => {
                    line(&text, &mut body);
                }
                Frame::Binary(_) | Frame::Ping | Frame::Pong => {}
                other => {
                    self.next = Some(other);
                    break;
                }
            }
        }
        Ok(Batch { body, auth: None })
    }

    /// Makes one request; the frame that tells of its refusal, when the connection can go on.
    async fn bring(&mut self, site: &Site, batch: Batch) -> Result<Option<Frame>, End> {
        let bearer = batch.auth.as_ref().map_or(&self.bearer, |(_, bearer)| bearer);
        let body = Full::new(Bytes::from(batch.body));
        let request = site.commands(&self.session, bearer).body(body).map_err(io::Error::other)?;
        let response = self.ask(site, request).await?;
        if response.status() != StatusCode::OK {
            return denied(refusal(response).await, batch.auth);
        }
        // The answers were heard on the stream; the body is read for the sake of the connection.
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            frame.map_err(|error| broken(&error))?;
        }
        if let Some((_, bearer)) = batch.auth {
            self.bearer = bearer;
        }
        Ok(None)
    }

    /// Makes a request over the connection that is kept, or over a new one when the server has closed that.
    async fn ask(&mut self, site: &Site, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, End> {
        let request = match self.http.as_mut() {
            None => request,
            Some(http) => match http.ask(request).await {
                Ok(response) => return Ok(response),
                Err((_, Some(unsent))) => unsent,
                Err((error, None)) => return Err(error.into()),
            },
        };
        let http = Http::open(&site.dialer).await.map_err(io::Error::other)?;
        self.http.insert(http).ask(request).await.map_err(|(error, _)| error.into())
    }
}

/// What a refused request means.
fn denied(error: DialError, auth: Option<(RequestId, HeaderValue)>) -> Result<Option<Frame>, End> {
    let error = match error {
        DialError::Refused(error) => error,
        other => return Err(io::Error::other(other).into()),
    };
    match (error.code.known(), auth) {
        // The stream is gone: it is opened again, and nothing is wrong with the session.
        (Some(ErrorCode::NotFound), _) => {
            Err(io::Error::new(io::ErrorKind::ConnectionReset, "the stream is gone").into())
        }
        (_, Some((id, _))) => Ok(Some(reply(id, error))),
        // As a socket would be closed.
        (Some(code), None) if matches!(error.action, Action::Refresh | Action::Stop) => {
            Err(End::Told(Frame::Close(Close { code: code.close_code(), reason: code.text().to_owned() })))
        }
        _ => Err(io::Error::other(format!("commands were refused: {}", error.code.text())).into()),
    }
}

fn silent() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("no answer to commands within {ANSWER:?}"))
}

/// The `auth` that a frame is. Most are not, and are not read.
fn auth(text: &Text) -> Option<Auth> {
    if !text.as_bytes().starts_with(b"{\"auth\"") {
        return None;
    }
    match decode(text.as_bytes()) {
        Ok(Command::Auth(auth)) => Some(auth),
        _ => None,
    }
}

/// Appends a command as one line. Line breaks in JSON stand between its parts and never in them.
fn line(text: &Text, body: &mut Vec<u8>) {
    body.extend(text.as_bytes().iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    body.push(b'\n');
}
