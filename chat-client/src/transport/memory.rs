//! A connection within one program: for tests of an application, which plays the server itself.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use chat_client::protocol::Frame;
//! use chat_client::transport::{Connector, memory};
//! use futures::{SinkExt, StreamExt};
//!
//! let (connector, mut acceptor) = memory::pair();
//! let mut client = connector.dial().await?;
//! let mut server = acceptor.accept().await.expect("the connector lives");
//! client.send(Frame::Text("hello".into())).await?;
//! assert_eq!(server.next().await.unwrap()?, Frame::Text("hello".into()));
//! # Ok(())
//! # }
//! ```

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use chat_protocol::Frame;
use futures::channel::mpsc;
use futures::future::{BoxFuture, FutureExt};
use futures::{Sink, SinkExt, Stream, StreamExt};

use super::channel::{Joined, join};
use super::{BoxConnection, Connector, DialError};

/// Frames that wait in each direction before `poll_ready` does: a few more than a burst of a client, and at most 4 MiB
/// of frames of the greatest size.
const WAITING_FRAMES: usize = 64;

/// Connections that wait to be accepted before a dial does. A client dials one at a time.
const WAITING_CONNECTIONS: usize = 16;

/// A connector, and where its connections come out. Clones of the connector share the acceptor, so that many clients can
/// talk to one server.
pub fn pair() -> (MemoryConnector, MemoryAcceptor) {
    let (sender, connections) = mpsc::channel(WAITING_CONNECTIONS);
    (MemoryConnector(sender), MemoryAcceptor(connections))
}

/// Dials the acceptor that it was made with. A dial fails when that is gone, and waits when it does not accept.
#[derive(Debug, Clone)]
pub struct MemoryConnector(mpsc::Sender<MemoryConnection>);

impl Connector for MemoryConnector {
    fn dial(&self) -> BoxFuture<'static, Result<BoxConnection, DialError>> {
        let mut acceptor = self.0.clone();
        async move {
            let (ours, theirs) = ends();
            let given = acceptor.send(theirs).await;
            given.map_err(|_| DialError::Unreachable("nobody accepts connections any more".to_owned()))?;
            Ok(Box::pin(ours) as BoxConnection)
        }
        .boxed()
    }
}

/// Where the connections come out that its connector dials.
#[derive(Debug)]
pub struct MemoryAcceptor(mpsc::Receiver<MemoryConnection>);

impl MemoryAcceptor {
    /// The server's end of the next connection; `None` when no connector is left.
    ///
    /// Cancel-safe.
    pub async fn accept(&mut self) -> Option<MemoryConnection> {
        self.0.next().await
    }
}

/// One end of a connection. When it is dropped, the other end reads what was sent and then the end of the stream.
#[derive(Debug)]
pub struct MemoryConnection(Joined<Incoming, mpsc::Sender<Frame>>);

type Incoming = futures::stream::Map<mpsc::Receiver<Frame>, fn(Frame) -> io::Result<Frame>>;

/// Two ends of one connection.
fn ends() -> (MemoryConnection, MemoryConnection) {
    let (to_server, from_client) = mpsc::channel(WAITING_FRAMES);
    let (to_client, from_server) = mpsc::channel(WAITING_FRAMES);
    let end = |receiver: mpsc::Receiver<Frame>, sender| {
        MemoryConnection(join(receiver.map(Ok as fn(Frame) -> io::Result<Frame>), sender))
    };
    (end(from_server, to_server), end(from_client, to_client))
}

impl Stream for MemoryConnection {
    type Item = io::Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl Sink<Frame> for MemoryConnection {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready_unpin(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> io::Result<()> {
        self.0.start_send_unpin(frame)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush_unpin(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_close_unpin(cx)
    }
}
