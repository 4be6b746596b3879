//! One socket of the single-threaded floor.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;

use mio::net::TcpStream;

/// A socket and what could not be done with it at once. Idle, it holds no buffer.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// Whether the handshake is over.
    pub(super) open: bool,
    /// The beginning of a frame, or of the handshake, whose end is still to come.
    pub(super) unread: Vec<u8>,
    /// Frames of its own, and what the socket did not take. Unbounded, which a server's must not be.
    pub(super) unsent: Vec<u8>,
    /// Whether the socket takes nothing until it is reported writable.
    blocked: bool,
    pub(super) seat: Option<Seat>,
}

/// Where a connection sits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    pub(super) room: usize,
    /// Its place among the room's members.
    pub(super) place: usize,
    /// How much of the room's round had been said when it came.
    pub(super) since: usize,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, open: false, unread: Vec::new(), unsent: Vec::new(), blocked: false, seat: None }
    }

    /// Reads once; `None` when there is nothing.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.stream.read(into) {
                Ok(read) => return Ok(Some(read)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends `bytes` behind what waits already, in one write if the socket allows.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.blocked || !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return self.flush();
        }
        let written = self.write(bytes)?;
        self.unsent.extend_from_slice(&bytes[written..]);
        Ok(())
    }

    /// Sends what waits, unless the socket is known to take nothing.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.blocked || self.unsent.is_empty() {
            return Ok(());
        }
        let mut unsent = mem::take(&mut self.unsent);
        let written = self.write(&unsent)?;
        if written < unsent.len() {
            unsent.drain(..written);
            self.unsent = unsent;
        }
        Ok(())
    }

    /// The socket was reported writable.
    pub(super) fn unblock(&mut self) -> io::Result<()> {
        self.blocked = false;
        self.flush()
    }

    /// Writes until the socket takes no more; only then does epoll tell when it does again.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < bytes.len() {
            match self.stream.write(&bytes[written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(some) => written += some,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.blocked = true;
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }
}
