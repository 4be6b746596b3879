//! The floor without a runtime: one thread, epoll, and nothing between it and the sockets.
//!
//! All that one poll returns is a round. While it is read, replies gather at their connection and messages at
//! their room; at its end each connection is written to once.

mod connection;
mod frame;
mod handshake;
mod rooms;

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::TcpListener;

use mio::event::Event;
use mio::{Events, Interest, Poll, Token};

use self::connection::{Connection, Seat};
use self::frame::Malformed;
use self::rooms::Rooms;
use crate::wire::{self, Request, reply};

/// The listener's token; connections have their place in the table.
const LISTENER: Token = Token(usize::MAX);
/// Events of one poll at most. The larger, the more a round gathers.
const EVENTS: usize = 1024;
/// The one buffer that all connections read into, in bytes: enough for a burst of 100 messages.
const READ_BUFFER: usize = 64 << 10;

/// Serves on the calling thread.
pub(crate) fn serve(listener: TcpListener) -> io::Result<()> {
    let mut server = Server::new(listener)?;
    let mut events = Events::with_capacity(EVENTS);
    loop {
        if let Err(error) = server.poll.poll(&mut events, None)
            && error.kind() != ErrorKind::Interrupted
        {
            return Err(error);
        }
        for event in &events {
            match event.token() {
                LISTENER => server.accept()?,
                Token(at) => server.ready(at, event),
            }
        }
        server.end_round();
    }
}

struct Server {
    poll: Poll,
    listener: mio::net::TcpListener,
    connections: Vec<Option<Connection>>,
    /// Places in the table that are free. The oldest is taken first, so that an event of this round for one
    /// that is gone meets an empty place rather than a stranger; it would only be a read for nothing.
    free: VecDeque<usize>,
    rooms: Rooms,
    /// Connections with frames of their own to send at the end of the round.
    replied: Vec<usize>,
    buffer: Vec<u8>,
}

impl Server {
    fn new(listener: TcpListener) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = mio::net::TcpListener::from_std(listener);
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            connections: Vec::new(),
            free: VecDeque::new(),
            rooms: Rooms::default(),
            replied: Vec::new(),
            buffer: vec![0; READ_BUFFER],
        })
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            let at = self.free.pop_front().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            // Both for good: events are edges, so a socket that never fills up is reported writable once.
            self.poll.registry().register(&mut stream, Token(at), Interest::READABLE | Interest::WRITABLE)?;
            self.connections[at] = Some(Connection::new(stream));
        }
    }

    fn ready(&mut self, at: usize, event: &Event) {
        let Some(connection) = &mut self.connections[at] else { return };
        let written = if event.is_writable() { connection.unblock() } else { Ok(()) };
        if written.is_err() || (event.is_readable() && !self.read(at)) {
            self.close(at);
        }
    }

    /// Reads what there is and handles it; `false` when the connection is over.
    fn read(&mut self, at: usize) -> bool {
        // Taken out while handlers borrow the rest of the server.
        let mut buffer = mem::take(&mut self.buffer);
        let alive = self.read_into(at, &mut buffer);
        self.buffer = buffer;
        alive
    }

    fn read_into(&mut self, at: usize, buffer: &mut [u8]) -> bool {
        loop {
            let Some(connection) = &mut self.connections[at] else { return false };
            let read = match connection.read(buffer) {
                Ok(Some(0)) | Err(_) => return false,
                Ok(Some(read)) => read,
                Ok(None) => return true,
            };
            let bytes = &mut buffer[..read];
            let handled = if connection.unread.is_empty() {
                self.consume(at, bytes).map(|used| bytes[used..].to_vec())
            } else {
                let mut unread = mem::take(&mut connection.unread);
                unread.extend_from_slice(bytes);
                self.consume(at, &mut unread).map(|used| {
                    // Not drained in place: an idle connection would keep the capacity.
                    unread.split_off(used)
                })
            };
            match (handled, &mut self.connections[at]) {
                (Ok(unread), Some(connection)) => connection.unread = unread,
                _ => return false,
            }
            // A short read emptied the socket, and what comes later is an edge of its own.
            if read < buffer.len() {
                return true;
            }
        }
    }

    /// Handles all whole frames in `bytes` and tells how many bytes they took.
    fn consume(&mut self, at: usize, bytes: &mut [u8]) -> Result<usize, Malformed> {
        let mut used = 0;
        if let Some(connection) = &mut self.connections[at]
            && !connection.open
        {
            let Some(request) = handshake::accept(bytes, &mut connection.unsent)? else { return Ok(0) };
            used = request;
            connection.open = true;
            self.replied.push(at);
        }
        while let Some(frame) = frame::parse(&mut bytes[used..])? {
            used += frame.length;
            match frame.opcode {
                frame::TEXT => self.handle(at, frame.payload),
                frame::PING => self.reply(at, frame::PONG, frame.payload),
                frame::CLOSE => return Err(self.farewell(at, frame.payload)),
                _ => {}
            }
        }
        Ok(used)
    }

    fn handle(&mut self, at: usize, text: &[u8]) {
        match wire::recognise(text) {
            Request::Auth => self.reply(at, frame::TEXT, reply::AUTH.as_bytes()),
            Request::Create => self.reply(at, frame::TEXT, reply::CREATE.as_bytes()),
            Request::Join { room } => {
                self.join(at, room);
                self.reply(at, frame::TEXT, reply::JOIN.as_bytes());
            }
            Request::Message => {
                if let Some(seat) = self.connections[at].as_ref().and_then(|connection| connection.seat) {
                    frame::encode(self.rooms.speak(seat.room), frame::TEXT, text);
                }
            }
        }
    }

    fn reply(&mut self, at: usize, opcode: u8, payload: &[u8]) {
        if let Some(connection) = &mut self.connections[at] {
            frame::encode(&mut connection.unsent, opcode, payload);
            self.replied.push(at);
        }
    }

    /// Answers a close at once: the connection is not there any more when the round ends.
    fn farewell(&mut self, at: usize, payload: &[u8]) -> Malformed {
        if let Some(connection) = &mut self.connections[at] {
            frame::encode(&mut connection.unsent, frame::CLOSE, payload);
            let _ = connection.flush();
        }
        Malformed
    }

    fn join(&mut self, at: usize, name: &str) {
        self.leave(at);
        let number = self.rooms.open(name);
        let room = self.rooms.room(number);
        let seat = Seat { room: number, place: room.members.len(), since: room.round.len() };
        room.members.push(at);
        if let Some(connection) = &mut self.connections[at] {
            connection.seat = Some(seat);
        }
    }

    /// Takes the connection out of its room; it keeps what was said there until now.
    fn leave(&mut self, at: usize) {
        let Some(connection) = &mut self.connections[at] else { return };
        let Some(seat) = connection.seat.take() else { return };
        let room = self.rooms.room(seat.room);
        connection.unsent.extend_from_slice(&room.round[seat.since..]);
        room.members.swap_remove(seat.place);
        if let Some(&moved) = room.members.get(seat.place)
            && let Some(Connection { seat: Some(moved), .. }) = &mut self.connections[moved]
        {
            moved.place = seat.place;
        }
    }

    fn close(&mut self, at: usize) {
        self.leave(at);
        // Closing the socket takes it out of epoll too.
        self.connections[at] = None;
        self.free.push_back(at);
    }

    /// Writes what the round has gathered. Rooms come first: their frames go out with the replies.
    fn end_round(&mut self) {
        let mut broken = Vec::new();
        while let Some(number) = self.rooms.next_spoken() {
            let room = self.rooms.room(number);
            for &at in &room.members {
                if let Some(connection) = &mut self.connections[at]
                    && let Some(seat) = &mut connection.seat
                {
                    let since = mem::take(&mut seat.since);
                    if connection.send(&room.round[since..]).is_err() {
                        broken.push(at);
                    }
                }
            }
            room.round.clear();
        }
        while let Some(at) = self.replied.pop() {
            if let Some(connection) = &mut self.connections[at]
                && connection.flush().is_err()
            {
                broken.push(at);
            }
        }
        for at in broken {
            if self.connections[at].is_some() {
                self.close(at);
            }
        }
    }
}
