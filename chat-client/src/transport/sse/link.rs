//! The task of one connection: opens the stream with the first command, then reads it while requests are made.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use chat_protocol::command::Auth;
use chat_protocol::reply::AuthData;
use chat_protocol::{
    Action, Close, Command, ErrorCode, Event, Frame, Open, Reply, ReplyError, RequestId, Text, Timestamp,
    decode, encode,
};
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde::Deserialize;

use super::super::DialError;
use super::Site;
use super::events::{Heard, Parser};
use super::http::{Http, broken, refusal};
use super::post::Post;

/// What a connection yields.
pub(super) type Frames = mpsc::Sender<io::Result<Frame>>;

/// How a connection ends.
pub(super) enum End {
    /// With nothing more to say.
    Silent,
    /// With this as its last frame.
    Told(Frame),
    /// By an error.
    Broken(io::Error),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        End::Broken(error)
    }
}

/// Carries one connection until either side ends it.
pub(super) async fn run(site: Arc<Site>, http: Http, commands: mpsc::Receiver<Frame>, mut frames: Frames) {
    let last = match carry(&site, http, commands, frames.clone()).await {
        End::Silent => return,
        End::Told(frame) => Ok(frame),
        End::Broken(error) => Err(error),
    };
    // Who does not read any more does not want to know.
    let _ = frames.send(last).await;
}

async fn carry(site: &Site, http: Http, mut commands: mpsc::Receiver<Frame>, mut frames: Frames) -> End {
    let opened = match first(&mut commands).await {
        Ok(auth) => open(site, http, auth).await,
        Err(end) => return end,
    };
    let (mut stream, post) = match opened {
        Ok(opened) => opened,
        Err(end) => return end,
    };
    if frames.send(Ok(Frame::Text(stream.first.clone()))).await.is_err() {
        return End::Silent;
    }
    tokio::select! {
        // What the server says last explains what becomes of requests.
        biased;
        end = stream.read(frames.clone()) => end,
        end = post.run(site, commands, frames) => end,
    }
}

/// The command that a session begins with.
async fn first(commands: &mut mpsc::Receiver<Frame>) -> Result<Auth, End> {
    loop {
        match commands.next().await {
            Some(Frame::Text(text)) => {
                let Ok(Command::Auth(auth)) = decode(text.as_bytes()) else {
                    let what = "a stream of events begins with auth";
                    return Err(End::Broken(io::Error::new(io::ErrorKind::InvalidInput, what)));
                };
                return Ok(auth);
            }
            Some(Frame::Close(_)) | None => return Err(End::Silent),
            Some(Frame::Ping | Frame::Pong | Frame::Binary(_)) => {}
        }
    }
}

/// Opens the stream, up to its first packet.
async fn open(site: &Site, mut http: Http, auth: Auth) -> Result<(Stream, Post), End> {
    let Some(bearer) = bearer(auth.token.as_deref()) else {
        return Err(End::Told(refused(auth.id, ErrorCode::InvalidToken)));
    };
    let request = site.events(&auth, &bearer).body(Full::default()).map_err(io::Error::other)?;
    let response = http.ask(request).await.map_err(|(error, _)| error)?;
    if response.status() != StatusCode::OK {
        let again = site.welcomed.load(Ordering::Relaxed);
        return Err(End::Told(reply(auth.id, verdict(refusal(response).await, again))));
    }
    if !is_stream(&response) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is no stream of events").into());
    }
    let mut stream = Stream::new(http, response.into_body());
    let (first, session) = stream.greeting(auth.id).await?;
    site.welcomed.store(true, Ordering::Relaxed);
    stream.first = first;
    Ok((stream, Post::new(session, bearer)))
}

/// The header for a token; `None` when it cannot be one, and so no server gave it.
pub(super) fn bearer(token: Option<&str>) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.unwrap_or_default())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Something on the way may answer in the server's place, with a page to log in for instance.
fn is_stream(response: &Response<Incoming>) -> bool {
    let media = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.unwrap_or_default().split(';').next().unwrap_or_default();
    media.trim().eq_ignore_ascii_case("text/event-stream")
}

/// What a refused stream is for a session: as a socket's status would be. `again`: the address was right before.
fn verdict(error: DialError, again: bool) -> ReplyError {
    let (status, retry_after) = match error {
        DialError::Refused(error) => return error,
        DialError::Status { status, retry_after } => (status, retry_after),
        DialError::Unusable(_) | DialError::Unreachable(_) => (0, None),
    };
    let action = match status {
        401 if !again => Action::Refresh,
        408 | 425 | 429 => Action::Retry,
        300..500 if !again => Action::Stop,
        _ => Action::Retry,
    };
    let code = match status {
        401 => ErrorCode::NotAuthenticated.into(),
        _ => Open::Other(format!("HTTP status {status}").into()),
    };
    ReplyError {
        code,
        action,
        detail: None,
        retry_after_ms: retry_after.and_then(|wait| u64::try_from(wait.as_millis()).ok()),
    }
}

/// An answer in the server's place. Nobody reads when a refusal was said.
pub(super) fn reply(id: RequestId, error: ReplyError) -> Frame {
    let reply = Reply {
        id: Some(id),
        status: error.code.known().map_or(500, ErrorCode::status),
        data: None,
        err: Some(error.code),
        action: Some(Open::Known(error.action)),
        detail: error.detail,
        retry_after_ms: error.retry_after_ms,
        ts: Timestamp::from_micros(0),
    };
    Frame::Text(encode(&Event::Reply(reply)))
}

/// The refusal of a command with one of our codes.
pub(super) fn refused(id: RequestId, code: ErrorCode) -> Frame {
    reply(id, ReplyError { code: code.into(), action: code.action(), detail: None, retry_after_ms: None })
}

/// What the last event says.
#[derive(Deserialize)]
struct LastWord {
    close: Goodbye,
}

#[derive(Deserialize)]
struct Goodbye {
    code: u16,
    #[serde(default)]
    reason: String,
}

/// An open stream.
struct Stream {
    _http: Http,
    body: Incoming,
    /// What has come and was not looked at.
    bytes: Bytes,
    parser: Parser,
    /// The reply to `auth`.
    first: Text,
}

impl Stream {
    fn new(http: Http, body: Incoming) -> Self {
        Self { _http: http, body, bytes: Bytes::new(), parser: Parser::default(), first: Text::default() }
    }

    /// The first packet, as the reply to `auth`, and the session it names.
    async fn greeting(&mut self, id: RequestId) -> Result<(Text, String), End> {
        let text = loop {
            match self.next().await? {
                Frame::Text(text) => break text,
                Frame::Close(close) => return Err(End::Told(Frame::Close(close))),
                _ => {}
            }
        };
        let nonsense =
            || io::Error::new(io::ErrorKind::InvalidData, "the stream does not begin with a reply");
        let Ok(Event::Reply(mut reply)) = decode(text.as_bytes()) else { return Err(nonsense().into()) };
        reply.id = Some(id);
        let data: AuthData = match reply.error() {
            None => reply.parse().map_err(|_| nonsense())?,
            Some(_) => return Err(End::Told(Frame::Text(encode(&Event::Reply(reply))))),
        };
        Ok((encode(&Event::Reply(reply)), data.session_id.as_str().to_owned()))
    }

    /// Yields all that comes.
    async fn read(&mut self, mut frames: Frames) -> End {
        loop {
            let frame = match self.next().await {
                Ok(Frame::Close(close)) => return End::Told(Frame::Close(close)),
                Ok(frame) => frame,
                Err(end) => return end,
            };
            if frames.send(Ok(frame)).await.is_err() {
                return End::Silent;
            }
        }
    }

    async fn next(&mut self) -> Result<Frame, End> {
        loop {
            let mut rest = &self.bytes[..];
            let heard = self.parser.take(&mut rest)?;
            let taken = self.bytes.len() - rest.len();
            self.bytes = self.bytes.split_off(taken);
            match heard {
                Some(Heard::Comment) => return Ok(Frame::Ping),
                Some(Heard::Event { name, data }) => {
                    if let Some(frame) = frame(&name, data)? {
                        return Ok(frame);
                    }
                }
                None => self.bytes = self.more().await?,
            }
        }
    }

    async fn more(&mut self) -> Result<Bytes, End> {
        loop {
            let frame = self.body.frame().await.ok_or(End::Silent)?;
            let frame = frame.map_err(|error| broken(&error))?;
            if let Ok(data) = frame.into_data() {
                return Ok(data);
            }
        }
    }
}

/// The frame that an event is; `None` for one of another name, which is not for us.
fn frame(name: &[u8], data: Vec<u8>) -> io::Result<Option<Frame>> {
    let wrong = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    match name {
        b"" | b"message" => {
            let text = Text::try_from(Bytes::from(data));
            Ok(Some(Frame::Text(text.map_err(|error| wrong(error.to_string()))?)))
        }
        b"close" => {
            let LastWord { close } = decode(&data).map_err(|error| wrong(error.to_string()))?;
            Ok(Some(Frame::Close(Close { code: close.code, reason: close.reason })))
        }
        _ => Ok(None),
    }
}
