//! The connection layer alone: sends each line of the standard input to a WebSocket echo server and prints what comes
//! back. No JSON, no login.
//!
//! ```sh
//! printf 'one\ntwo\n' | cargo run -p chat-client --example echo_client -- ws://127.0.0.1:9000/
//! ```

use std::process::ExitCode;

use chat_client::protocol::{Close, Frame};
use chat_client::transport::Connector;
use chat_client::transport::ws::WsConnector;
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncBufReadExt, BufReader};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("usage: echo_client ws://host:port/path");
        return ExitCode::from(2);
    };
    match echo(&url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo_client: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn echo(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let connection = WsConnector::new(url)?.without_subprotocol().dial().await?;
    let (mut sink, mut stream) = connection.split();
    let send = async {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Some(line) = lines.next_line().await? {
            sink.send(Frame::Text(line.into())).await?;
        }
        // The server answers this after everything that came before it.
        sink.send(Frame::Close(Close::normal())).await
    };
    let print = async {
        while let Some(frame) = stream.next().await {
            match frame? {
                Frame::Text(text) => println!("{}", text.as_str()),
                Frame::Close(_) => break,
                Frame::Binary(_) | Frame::Ping | Frame::Pong => {}
            }
        }
        Ok(())
    };
    tokio::try_join!(send, print)?;
    Ok(())
}
