//! What an idle, authenticated connection costs the server in memory.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use futures::{SinkExt, StreamExt, TryStreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::server::{self, Server};

/// How many connections are opened at the same time.
const AT_ONCE: usize = 64;

/// How long the whole measurement may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// How long the server may take to settle before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);

/// Descriptors beside the connections.
const SPARE_DESCRIPTORS: u64 = 256;

#[derive(Args)]
pub(crate) struct Idle {
    /// How many connections, each of another user in a room of a thousand
    #[arg(long, default_value_t = 5_000)]
    connections: usize,
}

type Socket = WebSocketStream<TcpStream>;

impl Idle {
    pub(super) async fn run(self) -> Result<(), String> {
        let needed = self.connections as u64 + SPARE_DESCRIPTORS;
        // The server raises its own limit; children inherit ours.
        let granted = rlimit::increase_nofile_limit(needed).map_err(|error| error.to_string())?;
        if granted < needed {
            return Err(format!("{needed} descriptors are needed, the system grants {granted}: ulimit -Hn"));
        }
        // However long the build takes, it is not the measurement.
        let binary = server::build()?;
        tokio::time::timeout(DEADLINE, self.measure(&binary)).await.map_err(|_| "took too long".to_owned())?
    }

    async fn measure(&self, binary: &str) -> Result<(), String> {
        let data = tempfile::tempdir().map_err(|error| error.to_string())?;
        let most = (self.connections + 1).to_string();
        let server = Server::start(binary, data.path(), &[("CHAT_LIMITS__MAX_CONNECTIONS", &most)])?;
        // One connection first, so that what is made once is not counted.
        let first = connect(server.address, 0).await?;
        tokio::time::sleep(SETTLE).await;
        let before = server.resident()?;
        let opened = futures::stream::iter(1..=self.connections).map(|user| connect(server.address, user));
        let sockets: Vec<Socket> = opened.buffer_unordered(AT_ONCE).try_collect().await?;
        tokio::time::sleep(SETTLE).await;
        let after = server.resident()?;
        let each = after.saturating_sub(before) as f64 / sockets.len() as f64 / 1024.0;
        println!("idle: {} authenticated connections, each following one room", sockets.len());
        println!("server RSS before: {:.1} MiB, after: {:.1} MiB", mib(before), mib(after));
        println!("per connection: {each:.1} KiB (target: at most 10 KiB)");
        drop((first, sockets));
        Ok(())
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// Opens a connection, authenticates it and enters a room.
async fn connect(address: SocketAddr, user: usize) -> Result<Socket, String> {
    let failed = |what: &str, error: &dyn std::fmt::Display| format!("connection {user}: {what}: {error}");
    let stream = TcpStream::connect(address).await.map_err(|error| failed("connect", &error))?;
    let config = WebSocketConfig::default().read_buffer_size(1_024).write_buffer_size(0);
    let url = format!("ws://{address}/v1/ws");
    let (mut socket, _) = client_async_with_config(url, stream, Some(config))
        .await
        .map_err(|error| failed("handshake", &error))?;
    let room = format!("room-{}", user / 1_000);
    let commands = [
        format!(r#"{{"auth":{{"id":"auth","token":"dev-user-{user}"}}}}"#),
        format!(r#"{{"create":{{"id":"create","kind":"group","room":"{room}","access":"open"}}}}"#),
        format!(r#"{{"join":{{"id":"join","room":"{room}"}}}}"#),
    ];
    for command in commands {
        socket.feed(Message::text(command)).await.map_err(|error| failed("send", &error))?;
    }
    socket.flush().await.map_err(|error| failed("send", &error))?;
    while let Some(message) = socket.next().await {
        let message = message.map_err(|error| failed("receive", &error))?;
        if message.to_text().is_ok_and(|text| text.contains(r#""id":"join","status":200"#)) {
            return Ok(socket);
        }
    }
    Err(failed("join", &"the server closed the connection"))
}
