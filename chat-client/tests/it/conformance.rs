//! The connectors of the crate pass the suite that others are proved with, and connectors that are broken on purpose do not.

mod broken;
mod events;
mod sockets;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use chat_client::conformance::Acceptor;
use chat_client::protocol::Frame;
use chat_client::transport::{BoxConnection, memory};
use futures::future::BoxFuture;
use futures::{FutureExt, Sink, SinkExt, Stream, StreamExt};

/// Two halves without any of the rules that a connection keeps: for the server's end, and for a client's that is broken.
pub(crate) struct Halves<R, W>(pub(crate) R, pub(crate) W);

impl<R: Stream<Item = Frame> + Unpin, W: Unpin> Stream for Halves<R, W> {
    type Item = io::Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx).map(|frame| frame.map(Ok))
    }
}

impl<R: Unpin, W: Sink<Frame, Error: std::fmt::Display> + Unpin> Sink<Frame> for Halves<R, W> {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.1.poll_ready_unpin(cx).map_err(broken_pipe)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> io::Result<()> {
        self.1.start_send_unpin(frame).map_err(broken_pipe)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.1.poll_flush_unpin(cx).map_err(broken_pipe)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.1.poll_close_unpin(cx).map_err(broken_pipe)
    }
}

fn broken_pipe(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, error.to_string())
}

/// The server's side of connections in memory.
pub(crate) struct InMemory(pub(crate) memory::MemoryAcceptor);

impl Acceptor for InMemory {
    fn accept(&mut self) -> BoxFuture<'_, BoxConnection> {
        async { Box::pin(self.0.accept().await.expect("a connector")) as BoxConnection }.boxed()
    }
}

mod in_memory {
    use super::InMemory;
    use chat_client::transport::memory;

    chat_client::connector_conformance!(async || {
        let (connector, acceptor) = memory::pair();
        (connector, InMemory(acceptor))
    });
}

/// Halves of the application's own: each direction a channel, handed to the server by another.
mod halves {
    use chat_client::conformance::{Acceptor, Capabilities};
    use chat_client::protocol::Frame;
    use chat_client::transport::channel::{from_fn, join};
    use chat_client::transport::{BoxConnection, DialError};
    use futures::future::BoxFuture;
    use futures::{FutureExt, SinkExt, StreamExt, channel::mpsc};

    use super::Halves;

    pub(super) struct Server(pub(super) mpsc::Receiver<BoxConnection>);

    impl Acceptor for Server {
        fn accept(&mut self) -> BoxFuture<'_, BoxConnection> {
            async { self.0.next().await.expect("a connector") }.boxed()
        }
    }

    /// The server's half of this one only carries frames.
    fn capabilities() -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.ping = false;
        capabilities
    }

    chat_client::connector_conformance!(
        async || {
            let (given, connections) = mpsc::channel(4);
            let connector = from_fn(move || {
                let mut given = given.clone();
                async move {
                    let (to_server, from_client) = mpsc::channel::<Frame>(4);
                    let (to_client, from_server) = mpsc::channel::<Frame>(4);
                    let theirs = Box::pin(Halves(from_client, to_client)) as BoxConnection;
                    let gone = |_| DialError::Unreachable("the server is gone".to_owned());
                    given.send(theirs).await.map_err(gone)?;
                    Ok(Box::pin(join(from_server.map(Ok), to_server)) as BoxConnection)
                }
            });
            (connector, Server(connections))
        },
        capabilities()
    );
}
