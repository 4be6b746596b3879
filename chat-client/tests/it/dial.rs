//! The connection layer, as a person without chat uses it: the example `echo_client` as a process of its own, against a real
//! echo server; and what a dial says when it fails.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use chat_client::transport::ws::WsConnector;
use chat_client::transport::{Connector, DialError};
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::server::patient;

/// What the example said, and whether it was content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) lines: String,
    pub(crate) error: String,
    pub(crate) success: bool,
}

/// Runs the example with these lines as its input and this environment.
pub(crate) async fn echo_client(url: &str, env: &[(&str, &str)], input: &str) -> Said {
    let mut command = Command::new(binary());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    command.arg(url).envs(env.iter().copied()).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may have ended with an error before it read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
    let output = patient(child.wait_with_output()).await.unwrap();
    Said {
        lines: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
        success: output.status.success(),
    }
}

/// The example's binary, built once per test process from the present sources.
fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = std::process::Command::new(cargo);
        build.args(["build", "--quiet", "--package", "chat-client", "--example", "echo_client"]);
        build.args(["--message-format", "json"]);
        let output = build.stderr(Stdio::inherit()).output().expect("cargo runs");
        assert!(output.status.success(), "the example does not build");
        let messages = String::from_utf8_lossy(&output.stdout);
        let executable = messages.lines().find_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            (message["target"]["name"] == "echo_client").then_some(())?;
            message["executable"].as_str().map(PathBuf::from)
        });
        executable.expect("cargo names the executable")
    })
}

/// An echo server on a free port.
pub(crate) async fn echo_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(echo(socket));
        }
    });
    port
}

/// Sends everything back.
pub(crate) async fn echo(socket: impl AsyncRead + AsyncWrite + Unpin) {
    let Ok(mut socket) = accept_async(socket).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).await.unwrap(),
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_example_echoes_lines_over_a_plain_websocket() {
    let port = echo_server().await;
    let said = echo_client(&format!("ws://127.0.0.1:{port}/"), &[], "one\ntwo é😀\n\n{\"three\":3}\n").await;
    let lines = "one\ntwo é😀\n\n{\"three\":3}\n".to_owned();
    assert_eq!(said, Said { lines, error: String::new(), success: true });
}

#[tokio::test]
async fn all_addresses_of_a_name_are_tried() {
    // The name has an address of either kind, and the server listens at one of them.
    let port = echo_server().await;
    let connection = WsConnector::new(&format!("ws://localhost:{port}/")).unwrap().without_subprotocol();
    patient(connection.dial()).await.map(drop).unwrap();
}

#[tokio::test]
async fn another_subprotocol_is_agreed_on_or_refused() {
    let server = crate::server::Server::start().await;
    let connector = WsConnector::new(&server.url()).unwrap().subprotocol("mqtt").unwrap();
    let (dialed, _peer) = tokio::join!(patient(connector.dial()), server.accept_as("mqtt"));
    assert!(dialed.is_ok());
    let (dialed, _peer) = tokio::join!(patient(connector.dial()), server.accept_as("chat.v1"));
    assert!(matches!(dialed.map(drop), Err(DialError::Refused(_))));
    assert!(connector.subprotocol("a\nb").is_err());
}

/// What a failed dial says. The address holds secrets, which it must not.
async fn failure(scheme: &str, host: &str) -> String {
    let url = format!("{scheme}://user:secret@{host}/secret?token=secret");
    let connector = WsConnector::new(&url).unwrap().dial_timeout(Duration::from_millis(500));
    match patient(connector.dial()).await.map(drop) {
        Err(DialError::Unreachable(text)) => {
            assert!(!text.contains("secret"), "{text}");
            text
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_failed_dial_names_the_step_and_the_host() {
    // No name is that long, so that no server is asked for it.
    let nowhere = format!("{}.invalid", "x".repeat(64));
    let text = failure("ws", &nowhere).await;
    assert!(text.starts_with(&format!("name lookup of {nowhere}: ")), "{text}");

    // Bound and dropped: a port on which nobody listens.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let text = failure("ws", &closed.to_string()).await;
    assert!(text.starts_with(&format!("connect to {closed}: Connection refused")), "{text}");

    // Listened to by the system alone: nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let text = failure("ws", &address.to_string()).await;
    assert_eq!(text, "handshake with 127.0.0.1: no answer within 500ms");
    #[cfg(all(feature = "ring", feature = "rustls-tls-webpki-roots"))]
    assert_eq!(failure("wss", &address.to_string()).await, "TLS with 127.0.0.1: no answer within 500ms");

    let nonsense = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nonsense.local_addr().unwrap();
    let answer = async {
        let mut socket: TcpStream = nonsense.accept().await.unwrap().0;
        socket.write_all(b"220 mail.example.org ESMTP\r\n").await.unwrap();
        socket
    };
    let host = address.to_string();
    let (text, _socket) = tokio::join!(failure("ws", &host), answer);
    assert!(text.starts_with("handshake with 127.0.0.1: "), "{text}");
}

#[tokio::test]
async fn a_wrong_address_is_told_before_anything_is_dialed() {
    for (url, expected) in
        [("gopher://x/", "neither ws:// nor wss://"), ("ws://127.0.0.1:0/", "port 0 is none")]
    {
        let said = echo_client(url, &[], "").await;
        assert_eq!(said.error, format!("echo_client: unusable server address: {expected}\n"));
        assert!(!said.success);
    }
}
