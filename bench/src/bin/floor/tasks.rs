//! The floors on tokio and tokio-tungstenite: one task per connection.

use std::future::poll_fn;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::task::Poll;

use futures::{SinkExt, StreamExt, poll};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};

use crate::outbox::Outbox;
use crate::rooms::{Room, Rooms};
use crate::store::Store;
use crate::wire::{self, Request, reply};

/// Serves on tokio's multi-thread runtime as it comes. With a `store` a message is kept before anyone hears
/// of it, without one it is passed on as it is.
pub(crate) fn serve(listener: TcpListener, config: WebSocketConfig, store: Option<Store>) -> io::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_io().build()?.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let shared = Arc::new(Shared { config, rooms: Rooms::default(), store });
        // On a worker, so that a new connection's task starts on the queue it is pushed to.
        tokio::spawn(accept(listener, shared)).await?
    })
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    config: WebSocketConfig,
    rooms: Rooms,
    store: Option<Store>,
}

async fn accept(listener: tokio::net::TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    for number in 1.. {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(stream, number, Arc::clone(&shared)));
    }
    Ok(())
}

/// One connection from its handshake to its end. How it ended is nobody's business here.
async fn connection(stream: TcpStream, number: u64, shared: Arc<Shared>) {
    let Ok(socket) = accept_async_with_config(stream, Some(shared.config)).await else { return };
    let mut member = Member { number, outbox: Arc::default(), room: None, shared };
    let _ = pump(socket, &mut member).await;
    member.leave();
}

/// Reads and writes in one task: two would share the socket through a lock and cost a second wake.
///
/// Reading comes first, for a burst that was read at once should be passed on before any of it is written.
/// The library is asked only when the socket has something: it clears its whole read buffer before it looks,
/// which with the default of 128 KiB doubles what a delivery costs a task that was woken to write.
async fn pump(mut socket: WebSocketStream<TcpStream>, member: &mut Member) -> tungstenite::Result<()> {
    let outbox = Arc::clone(&member.outbox);
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            biased;
            ready = poll_fn(|cx| socket.get_ref().poll_read_ready(cx)) => {
                ready?;
                while let Poll::Ready(incoming) = poll!(socket.next()) {
                    match incoming {
                        Some(Ok(Message::Text(text))) => member.handle(text),
                        // Pings and the close are answered by the library when it is polled again.
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return Err(error),
                        None => return Ok(()),
                    }
                }
            }
            () = outbox.drain(&mut batch) => {
                for frame in batch.drain(..) {
                    socket.feed(Message::Text(frame)).await?;
                }
                socket.flush().await?;
            }
        }
    }
}

/// What a connection is to the others.
struct Member {
    number: u64,
    outbox: Arc<Outbox>,
    room: Option<Arc<Room>>,
    shared: Arc<Shared>,
}

impl Member {
    fn handle(&mut self, text: Utf8Bytes) {
        match wire::recognise(text.as_bytes()) {
            Request::Auth => self.reply(reply::AUTH),
            Request::Create => self.reply(reply::CREATE),
            Request::Join { room } => {
                self.join(room);
                self.reply(reply::JOIN);
            }
            Request::Message => self.say(&text),
        }
    }

    fn say(&self, text: &Utf8Bytes) {
        let Some(room) = &self.room else { return };
        match &self.shared.store {
            None => room.broadcast(text),
            Some(store) => {
                if store.submit(text, self.number, room, &self.outbox).is_err() {
                    self.reply(reply::MALFORMED);
                }
            }
        }
    }

    fn join(&mut self, room: &str) {
        self.leave();
        let room = self.shared.rooms.open(room);
        room.join(&self.outbox);
        self.room = Some(room);
    }

    fn leave(&mut self) {
        if let Some(room) = self.room.take() {
            room.leave(&self.outbox);
        }
    }

    fn reply(&self, text: &'static str) {
        self.outbox.push(Utf8Bytes::from_static(text));
    }
}
