//! Frames over streams of bytes: four bytes of length, one of kind, the content.

use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use chat_client::protocol::{Close, Frame, Text, limits};
use chat_client::transport::{BoxConnection, channel};
use futures::{SinkExt, StreamExt, future};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

/// A connection over any two streams of bytes. [`channel::join`] adds what the trait asks for beyond carrying frames.
pub(crate) fn frames(
    read: impl AsyncRead + Send + 'static,
    write: impl AsyncWrite + Send + 'static,
) -> BoxConnection {
    let codec = || LengthDelimitedCodec::builder().max_frame_length(1 + limits::MAX_FRAME).new_codec();
    let stream = FramedRead::new(Box::pin(read), codec());
    let stream = stream.map(|frame| frame.and_then(|bytes| parse(bytes.freeze())));
    let sink = FramedWrite::new(Box::pin(write), codec());
    let sink = sink.with(|frame| future::ready(Ok::<_, io::Error>(put(frame))));
    Box::pin(channel::join(stream, sink))
}

fn put(frame: Frame) -> Bytes {
    let (kind, content) = match frame {
        Frame::Text(text) => (b't', text.into_bytes()),
        Frame::Binary(bytes) => (b'b', bytes),
        Frame::Ping => (b'?', Bytes::new()),
        Frame::Pong => (b'!', Bytes::new()),
        Frame::Close(Close { code, reason }) => {
            (b'c', [&code.to_be_bytes(), reason.as_bytes()].concat().into())
        }
    };
    let mut bytes = BytesMut::with_capacity(1 + content.len());
    bytes.put_u8(kind);
    bytes.put(content);
    bytes.freeze()
}

fn parse(bytes: Bytes) -> io::Result<Frame> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "not a frame");
    let kind = *bytes.first().ok_or_else(wrong)?;
    let content = bytes.slice(1..);
    Ok(match kind {
        b't' => Frame::Text(Text::try_from(content).map_err(|_| wrong())?),
        b'b' => Frame::Binary(content),
        b'?' => Frame::Ping,
        b'!' => Frame::Pong,
        b'c' => {
            let (code, reason) = content.split_first_chunk().ok_or_else(wrong)?;
            Frame::Close(Close {
                code: u16::from_be_bytes(*code),
                reason: String::from_utf8_lossy(reason).into(),
            })
        }
        _ => return Err(wrong()),
    })
}

/// What proves a connector: its own end and the server's, and nothing else.
#[cfg(all(test, feature = "conformance"))]
mod conformance {
    use chat_client::conformance::Acceptor;
    use chat_client::transport::DialError;
    use futures::channel::mpsc;
    use futures::future::{BoxFuture, FutureExt};

    use super::*;

    struct Server(mpsc::Receiver<BoxConnection>);

    impl Acceptor for Server {
        fn accept(&mut self) -> BoxFuture<'_, BoxConnection> {
            async { self.0.next().await.expect("a connector") }.boxed()
        }
    }

    chat_client::connector_conformance!(async || {
        let (given, connections) = mpsc::channel(4);
        let connector = channel::from_fn(move || {
            let mut given = given.clone();
            async move {
                // Room for a frame, as pipes and sockets have it.
                let (near, far) = tokio::io::duplex(2 * limits::MAX_FRAME);
                let ((near_in, near_out), (far_in, far_out)) =
                    (tokio::io::split(near), tokio::io::split(far));
                let gone = |_| DialError::Unreachable("the server is gone".to_owned());
                given.send(frames(far_in, far_out)).await.map_err(gone)?;
                Ok(frames(near_in, near_out))
            }
        });
        (connector, Server(connections))
    });
}
