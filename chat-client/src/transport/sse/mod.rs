//! The fallback where WebSockets are blocked: packets come as server-sent events (`GET /v1/events`), commands go by
//! requests (`POST /v1/commands`).
//!
//! A session sees no difference. What it says first, `auth`, becomes the address and the `Authorization` of the stream, and
//! the stream's first packet is the reply to it. Each later `auth` is a request of its own, under the token in it, which all
//! that follow use. Requests are made one after the other, so that commands keep their order; what gathers meanwhile goes
//! together. Their answers come on the stream too, and are read there.
//!
//! Two things differ from a socket. A close goes to the server as the end of the stream, without its code. And a probe that a
//! client sends is not carried; those of the server are comments in the stream, and are yielded as
//! [`Frame::Ping`](chat_protocol::Frame::Ping).
//!
//! Source: the section "Server-sent events" of the HTML standard. The parser is our own, because the crates for it
//! (`eventsource-stream` 0.2, `sse-stream` 0.3) bound neither line nor event, and drop the comments, which here are signs of
//! life.

mod events;
mod http;
mod link;
mod post;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::http::uri::Authority;
use ::http::{HeaderValue, Request, Uri, header, request};
use chat_protocol::command::Auth;
use futures::StreamExt;
use futures::channel::mpsc;
use futures::future::{BoxFuture, FutureExt};

use self::http::{Http, Task};
use super::channel::join;
use super::dial::Dialer;
use super::{BoxConnection, Connector, DialError};
use crate::Error;

/// Frames that wait in each direction before the stream is not read on, or `poll_ready` waits: usually a few KiB, at most
/// 1 MiB of frames of the greatest size.
const WAITING_FRAMES: usize = 16;

/// Where our servers have the stream.
const USUAL_PATH: &str = "/v1/events";

/// Opens streams at one `http://` or `https://` address.
#[derive(Clone)]
pub struct SseConnector(Arc<Site>);

impl SseConnector {
    /// A connector to the stream at `url`, such as `https://chat.example.org/v1/events`; without a path, it is that one.
    /// Commands go to `commands` beside `events`. A query is kept, and sent with each request.
    ///
    /// The way there is settled here, as for a WebSocket: the proxy that the environment names (see [`transport`](super)), and for
    /// `https://` the certificates to trust.
    ///
    /// # Errors
    /// [`Error::Address`] when it is no such URL, its path does not end in `/events`, the environment names a proxy that
    /// cannot be one, or there is no TLS for `https://`.
    pub fn new(url: &str) -> Result<Self, Error> {
        let uri: Uri = url.parse().map_err(|error| Error::Address(format!("{error}")))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(Error::Address("neither http:// nor https://".to_owned()));
        }
        let dialer = Dialer::new(&uri)?;
        let path = if matches!(uri.path(), "" | "/") { USUAL_PATH } else { uri.path() };
        let folder = path.strip_suffix("events").filter(|folder| folder.ends_with('/'));
        let folder = folder.ok_or_else(|| Error::Address("the path does not end in /events".to_owned()))?;
        let host = uri.authority().map(Authority::as_str).and_then(|authority| authority.rsplit('@').next());
        let host = HeaderValue::from_str(host.unwrap_or_default());
        let host = host.map_err(|_| Error::Address("the host is no name".to_owned()))?;
        let (folder, query) = (folder.to_owned(), uri.query().map(str::to_owned));
        Ok(Self(Arc::new(Site { dialer, host, folder, query, welcomed: AtomicBool::new(false) })))
    }

    /// How long one dial may take, up to the request. Default 9 s: a second less than
    /// [`open_timeout`](crate::ClientBuilder::open_timeout), so that the error says which step took so long.
    #[must_use]
    pub fn dial_timeout(self, limit: Duration) -> Self {
        let mut dialer = self.0.dialer.clone();
        dialer.limit(limit);
        let Site { host, folder, query, welcomed, .. } = &*self.0;
        let welcomed = AtomicBool::new(welcomed.load(Ordering::Relaxed));
        let (host, folder, query) = (host.clone(), folder.clone(), query.clone());
        Self(Arc::new(Site { dialer, host, folder, query, welcomed }))
    }
}

// An address may hold a token in its query, so only its host is shown.
impl std::fmt::Debug for SseConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SseConnector").field("host", &self.0.dialer.host()).finish_non_exhaustive()
    }
}

impl Connector for SseConnector {
    fn dial(&self) -> BoxFuture<'static, Result<BoxConnection, DialError>> {
        let site = self.0.clone();
        async move {
            let http = Http::open(&site.dialer).await?;
            let (outgoing, commands) = mpsc::channel(WAITING_FRAMES);
            let (frames, incoming) = mpsc::channel(WAITING_FRAMES);
            let task = Task::spawn(link::run(site, http, commands, frames));
            // The task lives as long as somebody reads.
            let incoming = incoming.inspect(move |_| {
                let _ = &task;
            });
            Ok(Box::pin(join(incoming, outgoing)) as BoxConnection)
        }
        .boxed()
    }
}

/// Where stream and commands are.
struct Site {
    dialer: Dialer,
    host: HeaderValue,
    /// The path of both, up to the last slash.
    folder: String,
    query: Option<String>,
    /// Whether a stream was ever opened: then the address is right, and a refusal without a reason is somebody's bad
    /// moment. Written by the task of a connection, read by that of the next.
    welcomed: AtomicBool,
}

impl Site {
    /// The request that opens the stream for whoever says `auth`.
    fn events(&self, auth: &Auth, bearer: &HeaderValue) -> request::Builder {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(session) = &auth.session_id {
            query.append_pair("session_id", session.as_str());
        }
        if let Some(device) = &auth.device_id {
            query.append_pair("device_id", device.as_str());
        }
        query.append_pair("follow", if auth.follow { "true" } else { "false" });
        self.request("events", &query.finish(), bearer)
            .method("GET")
            .header(header::ACCEPT, "text/event-stream")
            .header(header::CACHE_CONTROL, "no-store")
    }

    /// A request that brings commands to the stream of a session.
    fn commands(&self, session: &str, bearer: &HeaderValue) -> request::Builder {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("session_id", session);
        self.request("commands", &query.finish(), bearer)
            .method("POST")
            .header(header::CONTENT_TYPE, "application/x-ndjson")
    }

    fn request(&self, name: &str, query: &str, bearer: &HeaderValue) -> request::Builder {
        let own = self.query.as_deref().map(|query| format!("{query}&")).unwrap_or_default();
        Request::builder()
            .uri(format!("{}{name}?{own}{query}", self.folder))
            .header(header::HOST, &self.host)
            .header(header::AUTHORIZATION, bearer)
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{DeviceId, RequestId, SessionId};

    use super::*;

    #[test]
    fn an_address_is_that_of_the_stream_or_of_the_server() {
        for (good, folder) in [
            ("http://127.0.0.1:8080", "/v1/"),
            ("http://127.0.0.1:8080/", "/v1/"),
            ("http://127.0.0.1:8080/chat/v1/events", "/chat/v1/"),
        ] {
            assert_eq!(SseConnector::new(good).unwrap().0.folder, folder, "{good}");
        }
        for bad in
            ["", "ws://127.0.0.1/v1/events", "http://127.0.0.1/v1/ws", "http://127.0.0.1/myevents", "http://"]
        {
            assert!(matches!(SseConnector::new(bad), Err(Error::Address(_))), "{bad}");
        }
    }

    #[test]
    fn auth_becomes_the_address_of_the_stream() {
        let connector = SseConnector::new("http://u:p@chat.example.org:81/v1/events?node=3").unwrap();
        let auth = Auth {
            id: RequestId::new("1").unwrap(),
            token: Some("t".to_owned()),
            device_id: Some(DeviceId::new("my phone&1").unwrap()),
            session_id: Some(SessionId::new("s").unwrap()),
            follow: false,
        };
        let bearer = HeaderValue::from_static("Bearer t");
        let request = connector.0.events(&auth, &bearer).body(()).unwrap();
        let address = "/v1/events?node=3&session_id=s&device_id=my+phone%261&follow=false";
        assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("GET", address));
        assert_eq!(request.headers()[header::HOST], "chat.example.org:81");
        assert_eq!(request.headers()[header::AUTHORIZATION], bearer);
        let request = connector.0.commands("s", &bearer).body(()).unwrap();
        assert_eq!(request.uri(), "/v1/commands?node=3&session_id=s");
    }

    #[test]
    fn a_token_in_the_address_is_not_shown() {
        let connector = SseConnector::new("http://127.0.0.1/v1/events?token=secret").unwrap();
        assert!(!format!("{connector:?}").contains("secret"));
    }
}
