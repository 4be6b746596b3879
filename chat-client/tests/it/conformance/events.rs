//! Server-sent events: the connector against a server that carries any frame, so that more is seen than a chat says.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use chat_client::conformance::{Acceptor, Capabilities};
use chat_client::protocol::{Frame, Text};
use chat_client::transport::BoxConnection;
use chat_client::transport::sse::SseConnector;
use futures::channel::mpsc;
use futures::future::BoxFuture;
use futures::{FutureExt, SinkExt, StreamExt};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame as BodyFrame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Halves;

chat_client::connector_conformance!(
    async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/events", listener.local_addr().unwrap());
        (SseConnector::new(&url).unwrap(), Server::start(listener))
    },
    capabilities()
);

/// What requests and events cannot carry.
fn capabilities() -> Capabilities {
    let mut capabilities = Capabilities::default();
    capabilities.opening = Some(Text::from(r#"{"auth":{"id":"1","token":"t"}}"#));
    (capabilities.binary, capabilities.pong) = (false, false);
    (capabilities.ping, capabilities.close) = (false, false);
    capabilities
}

/// Listens until it is dropped, and not a moment longer: its task may take that to end.
struct Server {
    streams: mpsc::Receiver<BoxConnection>,
    listener: Arc<Mutex<Option<TcpListener>>>,
    _tasks: JoinSet<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.listener.lock().unwrap() = None;
    }
}

impl Acceptor for Server {
    fn accept(&mut self) -> BoxFuture<'_, BoxConnection> {
        async { self.streams.next().await.expect("the server runs") }.boxed()
    }
}

/// Where the commands of one stream go; `None` when nobody reads it any more.
type Place = Arc<Mutex<Option<mpsc::Sender<Frame>>>>;

/// That of the last stream.
type Commands = Arc<Mutex<Place>>;

/// Ends the commands of a stream with its body.
struct Reader(Place);

impl Drop for Reader {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = None;
    }
}

type Body = BoxBody<Bytes, Infallible>;

impl Server {
    fn start(listener: TcpListener) -> Self {
        let (opened, streams) = mpsc::channel(4);
        let listener = Arc::new(Mutex::new(Some(listener)));
        let (mut tasks, listening) = (JoinSet::new(), listener.clone());
        tasks.spawn(async move {
            let (mut sockets, commands) = (JoinSet::new(), Commands::default());
            loop {
                let accept = poll_fn(|cx| match &*listening.lock().unwrap() {
                    Some(listener) => listener.poll_accept(cx).map(|accepted| Some(accepted.unwrap().0)),
                    None => Poll::Ready(None),
                });
                let Some(socket) = accept.await else { return };
                let (opened, commands) = (opened.clone(), commands.clone());
                let service = service_fn(move |request| answer(request, opened.clone(), commands.clone()));
                let connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
                sockets.spawn(connection.map(drop));
            }
        });
        Self { streams, listener, _tasks: tasks }
    }
}

async fn answer(
    request: Request<Incoming>,
    mut opened: mpsc::Sender<BoxConnection>,
    commands: Commands,
) -> Result<Response<Body>, Infallible> {
    assert_eq!(request.headers()["authorization"], "Bearer t");
    if request.method() == Method::GET {
        assert_eq!(request.uri(), "/v1/events?follow=true");
        let (stream, body) = open(&commands).await;
        opened.send(stream).await.unwrap();
        let response = Response::builder().header("content-type", "text/event-stream; charset=utf-8");
        return Ok(response.body(body).unwrap());
    }
    assert_eq!(request.uri(), "/v1/commands?session_id=s");
    let place = commands.lock().unwrap().clone();
    let lines = request.into_body().collect().await.unwrap().to_bytes();
    assert!(lines.len() <= 64 * 1024 + 1, "{} bytes in one request", lines.len());
    for line in std::str::from_utf8(&lines).unwrap().lines() {
        let to_peer = place.lock().unwrap().clone();
        let Some(mut to_peer) = to_peer else {
            return Ok(Response::builder().status(404).body(Full::default().boxed()).unwrap());
        };
        // The server's end may have gone.
        let _ = to_peer.send(Frame::Text(Text::from(line.to_owned()))).await;
    }
    Ok(Response::new(Full::from("{}\n").boxed()))
}

/// A stream: the server's end of it as frames, and the body that the client reads.
async fn open(commands: &Commands) -> (BoxConnection, Body) {
    let (to_peer, from_client) = mpsc::channel(4);
    let place = Arc::new(Mutex::new(Some(to_peer)));
    *commands.lock().unwrap() = place.clone();
    let reader = Reader(place);
    let (mut events, body) = mpsc::channel::<Bytes>(4);
    let limits = json!({"max_frame": 65536, "max_content": 16384, "max_history_page": 100,
        "max_rooms_followed": 1000, "max_in_flight": 64, "typing_ttl_ms": 6000});
    let data = json!({"user_id": "u", "session_id": "s", "epoch": "e", "user_offset": 1, "limits": limits});
    let reply =
        json!({"reply": {"id": "events", "status": 200, "data": data, "ts": "2026-11-20T08:30:39.789Z"}});
    events.send(Bytes::from(format!("data: {reply}\n\n"))).await.unwrap();
    let sink = events
        .sink_map_err(io::Error::other)
        .with(|frame| async { Ok::<_, io::Error>(event(frame)) }.boxed());
    let body = body.map(move |bytes| {
        let _ = &reader;
        Ok::<_, Infallible>(BodyFrame::data(bytes))
    });
    (Box::pin(Halves(from_client, sink)), BodyExt::boxed(StreamBody::new(body)))
}

/// A frame as the stream says it.
fn event(frame: Frame) -> Bytes {
    match frame {
        Frame::Text(text) => format!("data: {}\n\n", text.as_str()).into(),
        Frame::Close(close) => {
            let close = json!({"close": {"code": close.code, "reason": close.reason}});
            format!("event: close\ndata: {close}\n\n").into()
        }
        Frame::Ping => Bytes::from_static(b":\n\n"),
        Frame::Binary(_) | Frame::Pong => Bytes::new(),
    }
}
