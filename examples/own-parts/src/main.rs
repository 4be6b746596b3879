//! The server of these parts: see the library.

use own_parts::{LineTransport, start};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    // What happens is seen here; a real audit log is a file.
    let server = start(std::io::stdout(), &[("alice", "1234"), ("bob", "5678"), ("guest-7", "0000")]);
    let listener = TcpListener::bind("127.0.0.1:7000").await?;
    println!("listening on {}", listener.local_addr()?);
    let transport = LineTransport { listener, max_frame: server.config().max_frame };
    tokio::select! {
        () = server.serve_transport(transport) => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    server.shutdown(std::time::Duration::from_secs(5)).await;
    Ok(())
}
