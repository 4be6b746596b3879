//! The floor programs: what the machine, the runtime and the disk allow a chat server at best.
//!
//! Each does the least that its level allows and still shows a load generator the same protocol, so that the
//! server's price over the floor is the price of what the server does more. Nothing here authenticates,
//! bounds its queues or survives a restart: whatever a floor leaves out on purpose is said where it would be.

mod outbox;
mod raw;
mod rooms;
mod store;
mod tasks;
#[cfg(test)]
mod tests;
mod wire;

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use clap::Parser;
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::store::Store;

/// What is measured beside the server.
#[derive(Debug, Parser)]
enum Floor {
    /// tokio-tungstenite with its default buffers: broadcast unchanged, store nothing
    L0,
    /// The same with an 8 KiB read and a 4 KiB write buffer
    L0s,
    /// One thread over epoll, each frame encoded once, one write per connection and round
    L1,
    /// L0s that stores each message in SQLite and acknowledges and delivers only after the commit
    L2 {
        /// Where the database is created
        #[arg(long)]
        data: PathBuf,
    },
}

fn main() -> io::Result<()> {
    let floor = Floor::parse();
    // As far as is allowed: one file per connection.
    rlimit::increase_nofile_limit(u64::MAX)?;
    let listener = listen()?;
    announce(&listener)?;
    serve(floor, listener)
}

/// Listens on a port of the system's choosing, without blocking. The standard library would let no more than
/// 128 connections wait, and a storm of them would measure how the kernel retries.
fn listen() -> io::Result<TcpListener> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _context = runtime.enter();
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(4096)?.into_std()
}

/// Serves until the process is killed.
fn serve(floor: Floor, listener: TcpListener) -> io::Result<()> {
    match floor {
        Floor::L0 => tasks::serve(listener, WebSocketConfig::default(), None),
        Floor::L0s => tasks::serve(listener, small_buffers(), None),
        Floor::L1 => raw::serve(listener),
        Floor::L2 { data } => {
            let store = Store::start(&data)?;
            tasks::serve(listener, small_buffers(), Some(store))
        }
    }
}

fn small_buffers() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(8 << 10).write_buffer_size(4 << 10)
}

/// The one line that whoever started us waits for.
fn announce(listener: &TcpListener) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on http://{}", listener.local_addr()?)?;
    out.flush()
}
