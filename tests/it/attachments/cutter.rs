//! A relay before a server that is told, connection by connection, what goes wrong.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What becomes of a connection.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    /// It lives.
    Pass,
    /// It ends when so many bytes have come from the client and were handed on.
    CutUp(u64),
    /// It ends when so many bytes have come from the server; those before are handed on.
    CutDown(u64),
    /// From so many bytes of the client on, nothing is taken any more.
    Stall(u64),
    /// From so many bytes of the client on, everything is taken, and nothing comes of it.
    Swallow(u64),
    /// The first request is answered with this, by nobody else.
    Answer(String),
    /// The first request goes on to the server, and instead of its answer this one comes.
    Instead(String),
}

/// A relay. It ends when it is dropped.
pub(super) struct Cutter {
    pub(super) address: SocketAddr,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct State {
    fates: Mutex<VecDeque<Fate>>,
    /// The heads of requests that were answered here.
    heads: Mutex<Vec<String>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    up: AtomicU64,
}

impl Cutter {
    pub(super) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let mut tasks = JoinSet::new();
        let shared = state.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let fate = shared.fates.lock().unwrap().pop_front().unwrap_or(Fate::Pass);
                shared.connections.fetch_add(1, Ordering::SeqCst);
                shared.open.fetch_add(1, Ordering::SeqCst);
                let state = shared.clone();
                connections.spawn(async move {
                    relay(client, server, fate, &state).await;
                    state.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, state, _tasks: tasks }
    }

    /// What becomes of the next connections; of those after them nothing bad.
    pub(super) fn next(&self, fates: impl IntoIterator<Item = Fate>) {
        self.state.fates.lock().unwrap().extend(fates);
    }

    /// How many fates have not met a connection yet; they are forgotten.
    pub(super) fn unmet(&self) -> usize {
        std::mem::take(&mut *self.state.fates.lock().unwrap()).len()
    }

    pub(super) fn files_url(&self) -> String {
        format!("http://{}/v1/uploads", self.address)
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// How many connections there are.
    pub(super) fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// How many bytes clients have sent.
    pub(super) fn up(&self) -> u64 {
        self.state.up.load(Ordering::SeqCst)
    }

    /// The heads of requests that were answered here.
    pub(super) fn heads(&self) -> Vec<String> {
        self.state.heads.lock().unwrap().clone()
    }
}

async fn relay(mut client: TcpStream, server: SocketAddr, fate: Fate, state: &State) {
    match fate {
        Fate::Answer(answer) => {
            let head = head(&mut client).await;
            state.heads.lock().unwrap().push(head);
            let _ = client.write_all(answer.as_bytes()).await;
            // Until the client goes away: a reset would take the answer with it.
            let _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
        }
        Fate::Instead(answer) => {
            let Ok(mut server) = TcpStream::connect(server).await else { return };
            let head = head(&mut client).await;
            let _ = server.write_all(head.as_bytes()).await;
            // The server has done it when it answers.
            let _ = server.read(&mut [0; 1]).await;
            let _ = client.write_all(answer.as_bytes()).await;
            let _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
        }
        fate => pass(client, server, fate, state).await,
    }
}

async fn head(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match client.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

async fn pass(mut client: TcpStream, server: SocketAddr, fate: Fate, state: &State) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let (mut up_left, mut down_left) = match fate {
        Fate::CutUp(bytes) | Fate::Stall(bytes) | Fate::Swallow(bytes) => (bytes, u64::MAX),
        Fate::CutDown(bytes) => (u64::MAX, bytes),
        _ => (u64::MAX, u64::MAX),
    };
    let (mut up, mut down) = ([0; 4096], [0; 4096]);
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    loop {
        let moved = tokio::select! {
            read = from_client.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                let count = count.min(usize::try_from(up_left).unwrap_or(usize::MAX));
                up_left -= count as u64;
                state.up.fetch_add(count as u64, Ordering::SeqCst);
                to_server.write_all(&up[..count]).await
            }
            read = from_server.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                let count = count.min(usize::try_from(down_left).unwrap_or(usize::MAX));
                down_left -= count as u64;
                to_client.write_all(&down[..count]).await
            }
        };
        if moved.is_err() {
            return;
        }
        if up_left == 0 && matches!(fate, Fate::Stall(_)) {
            return std::future::pending().await;
        }
        if up_left == 0 && matches!(fate, Fate::Swallow(_)) {
            // Until one of them goes away.
            let (mut nowhere, mut neither) = (tokio::io::sink(), tokio::io::sink());
            tokio::select! {
                _ = tokio::io::copy(&mut from_client, &mut nowhere) => {}
                _ = tokio::io::copy(&mut from_server, &mut neither) => {}
            }
            return;
        }
        if up_left == 0 || down_left == 0 {
            return;
        }
    }
}
