//! Many raw WebSockets on one thread: the load, at the least cost that it can have.
//!
//! Whatever the load generator uses up is missing to the measured program on the same machine. So it polls readiness
//! itself, looks at the first bytes of a frame and no further, and never allocates per frame.

mod conn;
pub(crate) mod frames;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::Failure;
use conn::{Conn, Phase};
pub(crate) use frames::Template;

/// Bytes taken from a socket at once.
const READ: usize = 256 * 1024;

/// How many connections are opened at the same time.
const OPENING: usize = 64;

/// How long any wait for progress may be; a measured program that says nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one connection heard in one turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    pub(crate) conn: usize,
    pub(crate) messages: u32,
    /// Other texts: packets of ours, and all that is not ours.
    pub(crate) others: u32,
    pub(crate) replies: u32,
    pub(crate) bytes: usize,
}

/// Where a connection goes and what it says first.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    /// Packets that are each answered by a reply of success; then the connection is ready.
    pub(crate) words: Vec<String>,
}

/// Many raw WebSockets.
pub(crate) struct Swarm {
    poll: Poll,
    events: Events,
    conns: Vec<Conn>,
    buffer: Vec<u8>,
    heard: Vec<Heard>,
    /// Connections with bytes to be written at the end of the turn.
    dirty: Vec<usize>,
    progress: Instant,
    messages: u64,
}

impl Swarm {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(4_096),
            conns: Vec::new(),
            buffer: vec![0; READ],
            heard: Vec::new(),
            dirty: Vec::new(),
            progress: Instant::now(),
            messages: 0,
        })
    }

    /// Opens connections, a few at a time, until all are ready; when each was ready is told.
    pub(crate) fn open(&mut self, openings: &[Opening]) -> Result<Vec<Instant>, Failure> {
        self.open_at_once(openings, OPENING)
    }

    /// The same with so many at a time.
    pub(crate) fn open_at_once(
        &mut self,
        openings: &[Opening],
        at_once: usize,
    ) -> Result<Vec<Instant>, Failure> {
        let first = self.conns.len();
        let mut ready = vec![None; openings.len()];
        let (mut begun, mut done) = (0, 0);
        self.progress = Instant::now();
        while done < openings.len() {
            while begun < openings.len() && begun - done < at_once {
                self.begin(&openings[begun])?;
                begun += 1;
            }
            self.turn(Duration::from_millis(100))?;
            let conns = &self.conns[first..];
            let now = Instant::now();
            for heard in &self.heard {
                if heard.conn >= first
                    && conns[heard.conn - first].is_ready()
                    && ready[heard.conn - first].is_none()
                {
                    ready[heard.conn - first] = Some(now);
                    done += 1;
                }
            }
        }
        Ok(ready.into_iter().flatten().collect())
    }

    fn begin(&mut self, opening: &Opening) -> Result<(), Failure> {
        let mut conn = Conn::connect(opening)?;
        let token = Token(self.conns.len());
        self.poll.registry().register(&mut conn.stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.conns.push(conn);
        Ok(())
    }

    /// Puts a frame into a connection's buffer; it leaves with the next turn.
    pub(crate) fn send(&mut self, conn: usize, frame: &[u8]) {
        let out = &mut self.conns[conn].out;
        if out.is_empty() {
            self.dirty.push(conn);
        }
        out.extend_from_slice(frame);
    }

    /// Writes what waits, then waits for something to be read. What was heard is in [`heard`](Self::heard).
    pub(crate) fn turn(&mut self, wait: Duration) -> Result<(), Failure> {
        self.write()?;
        self.heard.clear();
        self.poll.poll(&mut self.events, Some(wait)).or_else(|error| match error.kind() {
            std::io::ErrorKind::Interrupted => Ok(()),
            _ => Err(error),
        })?;
        for event in &self.events {
            let index = event.token().0;
            let conn = &mut self.conns[index];
            if event.is_writable() && !conn.out.is_empty() {
                conn.write()?;
            }
            if event.is_readable() && conn.phase != Phase::Stalled {
                let mut heard = Heard { conn: index, messages: 0, others: 0, replies: 0, bytes: 0 };
                conn.read(&mut self.buffer, &mut heard)?;
                self.messages += u64::from(heard.messages);
                self.heard.push(heard);
            }
        }
        if !self.heard.is_empty() {
            self.progress = Instant::now();
        } else if self.progress.elapsed() > PATIENCE {
            return Err(format!("nothing was heard for {PATIENCE:?}").into());
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Failure> {
        for index in self.dirty.drain(..) {
            self.conns[index].write()?;
        }
        Ok(())
    }

    /// What the last turn heard, at most one entry per connection.
    pub(crate) fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// Messages heard by all connections so far.
    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }

    /// Begins to wait anew: silence so far was meant.
    pub(crate) fn rested(&mut self) {
        self.progress = Instant::now();
    }

    /// The connection reads nothing from now on, and its end is no failure.
    pub(crate) fn stall(&mut self, conn: usize) {
        self.conns[conn].phase = Phase::Stalled;
    }

    /// Takes what still comes until nothing came for a while.
    pub(crate) fn quiet(&mut self) -> Result<(), Failure> {
        loop {
            self.turn(Duration::from_millis(300))?;
            if self.heard.is_empty() {
                self.rested();
                return Ok(());
            }
        }
    }

    /// Ends all connections.
    pub(crate) fn clear(&mut self) {
        self.conns.clear();
        self.dirty.clear();
        self.heard.clear();
    }
}
