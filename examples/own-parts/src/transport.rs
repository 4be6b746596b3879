//! Packets as lines of text over TCP, for which any terminal is a client: `nc 127.0.0.1 7000`.
//!
//! A packet is one line. A probe is the line `PING`, which the client answers with `PONG`. The last line is
//! `CLOSE <code> <reason>`.

use std::time::Duration;

use async_trait::async_trait;
use bytes::{BufMut, BytesMut};
use chat_protocol::{Close, ErrorCode, Frame, Text};
use chat_server_core::transport::{Connection, ConnectionError, PeerInfo, Transport, link};
use futures::SinkExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::{Decoder, Encoder, Framed};

/// How long a client may take to read what was said to it before its connection ended.
const GOODBYE: Duration = Duration::from_secs(5);

/// Accepts connections on a TCP port.
#[derive(Debug)]
pub struct LineTransport {
    /// Where it listens.
    pub listener: TcpListener,
    /// Longest line in bytes, as in the server's configuration.
    pub max_frame: usize,
}

#[async_trait]
impl Transport for LineTransport {
    async fn accept(&self) -> Option<(Box<dyn Connection>, PeerInfo)> {
        loop {
            // A client that left before it was accepted is nobody else's trouble.
            let Ok((socket, address)) = self.listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let mut lines = Framed::new(socket, LineCodec { max_frame: self.max_frame });
            // The last line must get in behind what a slow reader did not take; the server bounds what it feeds.
            lines.set_backpressure_boundary(usize::MAX);
            let peer = PeerInfo { address: Some(address.to_string()), token: None };
            return Some((Box::new(link(lines, see_out)), peer));
        }
    }
}

/// What becomes of a connection when the server has let go of it.
fn see_out(mut lines: Framed<TcpStream, LineCodec>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(tokio::time::timeout(GOODBYE, async move {
        // A socket that is closed with bytes unread is reset, and a reset overtakes the last line.
        if lines.close().await.is_ok() {
            let _ = tokio::io::copy(lines.get_mut(), &mut tokio::io::sink()).await;
        }
    }));
}

/// Lines and frames, for servers and clients.
#[derive(Debug, Clone, Copy)]
pub struct LineCodec {
    /// Longest line in bytes.
    pub max_frame: usize,
}

impl Decoder for LineCodec {
    type Item = Frame;
    type Error = ConnectionError;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Frame>, ConnectionError> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        if end.unwrap_or(bytes.len()) > self.max_frame {
            return Err(ConnectionError::Peer(ErrorCode::TooLarge));
        }
        let Some(end) = end else { return Ok(None) };
        let line = bytes.split_to(end + 1).freeze().slice(..end);
        let text = Text::try_from(line).map_err(|_| ConnectionError::Peer(ErrorCode::InvalidUtf8))?;
        Ok(Some(match text.as_str().split_once(' ').unwrap_or((text.as_str(), "")) {
            ("PING", "") => Frame::Ping,
            ("PONG", "") => Frame::Pong,
            ("CLOSE", why) => {
                let (code, reason) = why.split_once(' ').unwrap_or((why, ""));
                Frame::Close(Close { code: code.parse().unwrap_or(1000), reason: reason.to_owned() })
            }
            _ => Frame::Text(text),
        }))
    }
}

impl Encoder<Frame> for LineCodec {
    type Error = ConnectionError;

    fn encode(&mut self, frame: Frame, bytes: &mut BytesMut) -> Result<(), ConnectionError> {
        match frame {
            // Line breaks in JSON are white space.
            Frame::Text(text) => {
                bytes.extend(text.as_bytes().iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }))
            }
            Frame::Ping => bytes.put_slice(b"PING"),
            Frame::Pong => bytes.put_slice(b"PONG"),
            Frame::Close(Close { code, reason }) => {
                bytes.put_slice(format!("CLOSE {code} {reason}").as_bytes())
            }
            // No packet is binary.
            Frame::Binary(_) => return Err(std::io::Error::other("a line is text").into()),
        }
        bytes.put_u8(b'\n');
        Ok(())
    }
}
