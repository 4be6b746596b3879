//! One raw connection: WebSocket or plain HTTP.

use std::io::{ErrorKind, Read, Write};

use mio::net::TcpStream;

use super::frames::{self, Kind, Scanner};
use super::{Heard, Opening};
use crate::Failure;

/// Greatest head of an answer to the handshake.
const MAX_HEAD: usize = 16 * 1024;

/// Where a connection is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The handshake is under way.
    Shaking,
    /// Its first words are being answered.
    Greeting {
        /// Replies that are still to come.
        left: usize,
    },
    Ready,
    /// It reads no more.
    Stalled,
}

#[derive(Debug)]
pub(super) struct Conn {
    pub(super) stream: TcpStream,
    pub(super) phase: Phase,
    pub(super) out: Vec<u8>,
    head: Vec<u8>,
    words: Vec<String>,
    scanner: Scanner,
}

impl Conn {
    pub(super) fn connect(opening: &Opening) -> Result<Self, Failure> {
        let Opening { address, path, words } = opening;
        let stream = TcpStream::connect(*address)?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        Ok(Self {
            stream,
            phase: Phase::Shaking,
            out: request.into_bytes(),
            head: Vec::new(),
            words: words.clone(),
            scanner: Scanner::default(),
        })
    }

    pub(super) fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// Writes what waits, as far as the socket takes it; the rest goes when it is writable again.
    pub(super) fn write(&mut self) -> Result<(), Failure> {
        let mut written = 0;
        while written < self.out.len() {
            match self.stream.write(&self.out[written..]) {
                Ok(bytes) => written += bytes,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) if self.phase == Phase::Stalled => {
                    self.out.clear();
                    return Ok(());
                }
                Err(error) => return Err(format!("write: {error}").into()),
            }
        }
        self.out.drain(..written);
        Ok(())
    }

    /// Takes all that the socket has.
    pub(super) fn read(&mut self, buffer: &mut [u8], heard: &mut Heard) -> Result<(), Failure> {
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Err("the program ended a connection".into()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("read: {error}").into()),
            };
            heard.bytes += read;
            let bytes = &buffer[..read];
            if self.phase == Phase::Shaking {
                self.shake(bytes, heard)?;
            } else {
                self.scan(bytes, heard)?;
            }
            // Less than was asked for: the socket is empty, and its next bytes are a new event.
            if read < buffer.len() {
                return Ok(());
            }
        }
    }

    fn shake(&mut self, bytes: &[u8], heard: &mut Heard) -> Result<(), Failure> {
        self.head.extend_from_slice(bytes);
        let Some(end) = self.head.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            return if self.head.len() > MAX_HEAD { Err("an endless head".into()) } else { Ok(()) };
        };
        let head = std::mem::take(&mut self.head);
        if !head.starts_with(b"HTTP/1.1 101 ") {
            return Err(format!("refused: {}", String::from_utf8_lossy(&head)).into());
        }
        let words = std::mem::take(&mut self.words);
        self.phase = if words.is_empty() { Phase::Ready } else { Phase::Greeting { left: words.len() } };
        self.out.extend(words.iter().flat_map(|word| frames::text(word)));
        self.write()?;
        self.scan(&head[end + 4..], heard)
    }

    fn scan(&mut self, bytes: &[u8], heard: &mut Heard) -> Result<(), Failure> {
        let (mut pings, mut failed) = (0, None);
        let mut replies = 0;
        self.scanner.scan(bytes, |kind, begin| match kind {
            Kind::Message => heard.messages += 1,
            Kind::Reply => replies += 1,
            Kind::Other => heard.others += 1,
            Kind::Pong => {}
            Kind::Ping => pings += 1,
            Kind::Refusal | Kind::Close => failed = Some(String::from_utf8_lossy(begin).into_owned()),
        });
        if let Some(failed) = failed {
            return Err(format!("the program refused: {failed}").into());
        }
        heard.replies += replies;
        if let Phase::Greeting { left } = self.phase {
            let left = left.saturating_sub(replies as usize);
            self.phase = if left == 0 { Phase::Ready } else { Phase::Greeting { left } };
        }
        if pings > 0 {
            (0..pings).for_each(|_| self.out.extend_from_slice(&frames::PONG));
            self.write()?;
        }
        Ok(())
    }
}
