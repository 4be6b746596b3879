//! A chat server in memory: `cargo run -p chat-transport-ws --example minimal`, then talk to
//! `ws://127.0.0.1:8080/v1/ws` with `{"auth":{"id":"1","token":"dev-alice"}}`. Ctrl-C ends it.

use std::error::Error;

use chat_server_core::{ChatServer, Providers, ServerConfig};
use chat_transport_ws::{WsConfig, bind, serve};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = ChatServer::start(Providers::default(), ServerConfig::default());
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listeners = bind(&[address]).await?;
    println!("listening on {}", listeners[0].local_addr()?);

    let shutdown = CancellationToken::new();
    let on_ctrl_c = shutdown.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            on_ctrl_c.cancel();
        }
    });
    serve(listeners, server, WsConfig::default(), shutdown).await?;
    Ok(())
}
