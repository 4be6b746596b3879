//! A running edge, and what a raw client says to it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use chat_protocol::Reply;
use chat_server_core::{ChatServer, Providers, ServerConfig};
use chat_transport_ws::{ServeError, WsConfig, bind, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::raw::{self, soon};

/// The example of RFC 6455 section 1.3.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A server on a free port, with users `dev-<user>` in memory.
pub(crate) struct Edge {
    pub(crate) address: SocketAddr,
    pub(crate) server: ChatServer,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Edge {
    pub(crate) async fn start(config: WsConfig) -> Self {
        Self::start_with(config, Providers::default(), ServerConfig::default()).await
    }

    pub(crate) async fn start_with(config: WsConfig, providers: Providers, core: ServerConfig) -> Self {
        let server = ChatServer::start(providers, core);
        let listeners = bind(&["127.0.0.1:0"]).await.unwrap();
        let address = listeners[0].local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve(listeners, server.clone(), config, shutdown.clone()));
        Self { address, server, shutdown, task }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        soon(TcpStream::connect(self.address)).await.unwrap()
    }

    /// Starts the shutdown.
    pub(crate) fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Waits for the end of the shutdown.
    pub(crate) async fn stopped(self) {
        soon(self.task).await.unwrap().unwrap();
    }

    /// Sends bytes on a new socket, reads until the server closes it.
    pub(crate) async fn raw(&self, bytes: impl AsRef<[u8]>) -> Vec<u8> {
        let mut socket = self.connect().await;
        let (mut reader, mut writer) = socket.split();
        let mut answer = Vec::new();
        // A server that refuses early closes while we still write; what it said before is what counts.
        let _ =
            soon(async { tokio::join!(writer.write_all(bytes.as_ref()), reader.read_to_end(&mut answer)) })
                .await;
        answer
    }

    /// One request whose socket is closed after it; `head` is everything but the last two headers.
    pub(crate) async fn ask(&self, head: &str) -> Answer {
        let host = self.address;
        Answer::parse(&self.raw(format!("{head}\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1")).await
    }

    /// A GET with a bearer token.
    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}")).await
    }

    /// Asks for a WebSocket with additional headers, each ending with a line break.
    pub(crate) async fn upgrade(&self, path: &str, headers: &str) -> (TcpStream, Answer) {
        let mut socket = self.connect().await;
        let host = self.address;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{headers}\r\n"
        );
        soon(socket.write_all(request.as_bytes())).await.unwrap();
        let answer = soon(Answer::read(&mut socket)).await;
        (socket, answer)
    }

    /// Sends a whole request, reads one answer, whatever becomes of the socket.
    pub(crate) async fn one_answer(&self, request: &str) -> Answer {
        let mut socket = self.connect().await;
        soon(socket.write_all(request.as_bytes())).await.unwrap();
        soon(Answer::read(&mut socket)).await
    }

    /// A WebSocket that says nothing yet.
    pub(crate) async fn socket(&self) -> TcpStream {
        let (socket, answer) = self.upgrade("/v1/ws", "").await;
        assert_eq!(answer.status, 101, "{answer:?}");
        socket
    }

    /// A WebSocket of the user.
    pub(crate) async fn login(&self, user: &str) -> TcpStream {
        let mut socket = self.socket().await;
        let auth = format!(r#"{{"auth":{{"id":"auth","token":"dev-{user}","follow":false}}}}"#);
        assert_eq!(command(&mut socket, &auth).await.status, 200);
        socket
    }

    /// Fails unless the server still answers others.
    pub(crate) async fn assert_serving(&self) {
        let answer = self.get("/healthz").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"serving"}"#));
    }
}

/// Sends a command, reads until its reply.
pub(crate) async fn command(socket: &mut TcpStream, json: &str) -> Reply {
    soon(async {
        socket.write_all(&raw::frame(raw::TEXT, json)).await.unwrap();
        loop {
            let (first, payload) = raw::read_frame(socket).await.expect("the connection stays open");
            assert_eq!(first, raw::TEXT, "{}", String::from_utf8_lossy(&payload));
            let mut packet: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&payload).unwrap();
            if let Some(reply) = packet.remove("reply") {
                return serde_json::from_value(reply).unwrap();
            }
        }
    })
    .await
}

/// An HTTP answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|it| it.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Self { status: status.unwrap_or_default(), headers, body: body.to_owned() }
    }

    /// Reads one answer and leaves the socket open.
    async fn read(socket: &mut TcpStream) -> Self {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = socket.read_u8().await else { break };
            head.push(byte);
        }
        let mut answer = Self::parse(&head);
        if let Some(length) = answer.header("content-length").and_then(|it| it.parse().ok()) {
            let mut body = vec![0; length];
            socket.read_exact(&mut body).await.unwrap();
            answer.body = String::from_utf8(body).unwrap();
        }
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The error code, after checking that the refusal is one of ours through and through.
    pub(crate) fn refusal(&self) -> String {
        let reply: Reply = serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no reply: {self:?}"));
        let error = reply.error().unwrap_or_else(|| panic!("no refusal: {self:?}"));
        let code = error.code.known().unwrap_or_else(|| panic!("unknown code: {self:?}"));
        assert_eq!((reply.status, code.status(), error.action), (self.status, self.status, code.action()));
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(self.header("www-authenticate"), (self.status == 401).then_some("Bearer"));
        code.text().to_owned()
    }
}
