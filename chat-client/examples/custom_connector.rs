//! A connector of one's own: the chat travels over the standard input and output of another program, as `ssh` or a serial line
//! would carry it, in frames with their length before them. At the other end of the pipe a bridge speaks WebSocket to the server.
//!
//! ```text
//! cargo run -p chat-client --example custom_connector -- --user alice --room lobby hello
//! ```
//!
//! The program that is started is this one, as the bridge. With `ssh` to a machine that has it:
//! `--through "ssh host custom_connector --bridge ws://127.0.0.1:8080/v1/ws"`. `custom_connector/frames.rs` turns bytes into frames,
//! and has `connector_conformance!`, which proves it: `cargo test -p chat-client --all-features --example custom_connector`.

#[path = "custom_connector/frames.rs"]
mod frames;

use std::process::Stdio;

use chat_client::protocol::{Close, Frame, RoomId};
use chat_client::transport::{BoxConnection, Connector, DialError, channel, ws::WsConnector};
use chat_client::{ClientBuilder, Error};
use clap::Parser;
use frames::frames;
use futures::{SinkExt, StreamExt, TryStreamExt, future};
use tokio::process::Command;

/// Sends a message through a pipe.
#[derive(Parser)]
struct Args {
    /// Be the bridge between the standard input and output and this server.
    #[arg(long)]
    bridge: Option<String>,
    /// The command that carries the chat; by default this program as the bridge to `--url`.
    #[arg(long)]
    through: Option<String>,
    #[arg(long, default_value = "ws://127.0.0.1:8080/v1/ws")]
    url: String,
    #[arg(long, default_value = "alice")]
    user: String,
    #[arg(long, default_value = "lobby")]
    room: RoomId,
    /// What to say.
    text: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args = Args::parse();
    let done = match &args.bridge {
        Some(url) => bridge(url).await.map_err(|error| error.to_string()),
        None => say(args).await.map_err(|error| error.to_string()),
    };
    if let Err(error) = &done {
        eprintln!("custom_connector: {error}");
    }
    // Not by returning: the runtime would wait for whoever reads the standard input.
    std::process::exit(i32::from(done.is_err()))
}

async fn say(args: Args) -> Result<(), Error> {
    let own = std::env::current_exe().unwrap_or_else(|_| "custom_connector".into()).display().to_string();
    let through: Vec<String> = match &args.through {
        Some(command) => command.split_whitespace().map(str::to_owned).collect(),
        None => vec![own, "--bridge".to_owned(), args.url],
    };
    let connector = channel::from_fn(move || dial(through.clone()));
    let client = ClientBuilder::new(connector).token(format!("dev-{}", args.user)).connect().await?;
    client.join(args.room.clone()).await?;
    let sent = client.room(args.room).send_text(args.text.join(" ")).await?;
    println!("stored as #{}", sent.seq);
    client.close().await;
    Ok(())
}

/// Starts the program, and waits until its bridge is through to the server. It is killed when the connection is dropped.
async fn dial(command: Vec<String>) -> Result<BoxConnection, DialError> {
    let unusable = || DialError::Unusable("no command".to_owned());
    let (program, arguments) = command.split_first().ok_or_else(unusable)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| DialError::Unusable(format!("{program}: {error}")))?;
    let (Some(output), Some(input)) = (child.stdout.take(), child.stdin.take()) else {
        return Err(unusable());
    };
    let (sink, stream) = frames(output, input).split();
    // The child lives as long as the stream that holds it.
    let stream = stream.inspect(move |_| _ = &child);
    let mut connection: BoxConnection = Box::pin(channel::join(stream, sink));
    match connection.next().await {
        Some(Ok(Frame::Pong)) => Ok(connection),
        Some(Ok(Frame::Close(close))) => Err(DialError::Unreachable(close.reason)),
        _ => Err(DialError::Unreachable("the bridge ended".to_owned())),
    }
}

/// Carries frames between the pipe and the server; each side answers its own probes.
async fn bridge(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut pipe = frames(tokio::io::stdin(), tokio::io::stdout());
    let server = match WsConnector::new(url)?.dial().await {
        Ok(server) => server,
        Err(error) => {
            pipe.send(Frame::Close(Close { code: 1001, reason: error.to_string() })).await?;
            return Err(error.into());
        }
    };
    pipe.send(Frame::Pong).await?;
    let ((to_client, from_client), (to_server, from_server)) = (pipe.split(), server.split());
    let passed = |frame: &Frame| future::ready(!matches!(frame, Frame::Ping | Frame::Pong));
    let out = from_client.try_filter(passed).forward(to_server);
    let back = from_server.try_filter(passed).forward(to_client);
    // The end of either side is the end of both.
    tokio::select! {
        ended = out => Ok(ended?),
        ended = back => Ok(ended?),
    }
}
