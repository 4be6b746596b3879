//! The suite of transports: the in-memory one passes it, and each case fails on a transport that breaks its guarantee.

mod broken;

use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::{Frame, Text};
use chat_server_core::ChatServer;
use chat_server_core::conformance::transport::{ClientEnd, Dial, Heard, SUITE, Sent, Wrong, subject};
use chat_server_core::transport::PeerInfo;
use chat_server_core::transport::memory::{MemoryConnection, pair};
use futures::{SinkExt, StreamExt};

use self::broken::Broken;
use crate::suites::each_fault_fails_its_case;

/// Frames that wait in each direction.
const CAPACITY: usize = 64;

mod memory {
    chat_server_core::transport_conformance!(async |server| super::InMemory::new(server, ""));
}

/// The memory transport, or with a fault named like the case that must find it.
struct InMemory {
    server: ChatServer,
    fault: &'static str,
    /// Held by who has connected and said nothing, for the fault about such.
    door: Arc<tokio::sync::Mutex<()>>,
}

impl InMemory {
    fn new(server: ChatServer, fault: &'static str) -> Self {
        Self { server, fault, door: Arc::default() }
    }
}

#[async_trait]
impl Dial for InMemory {
    async fn dial(&self, _: &str) -> Box<dyn ClientEnd> {
        let (ours, theirs) = pair(CAPACITY);
        if self.fault.is_empty() {
            tokio::spawn(self.server.serve_connection(theirs, PeerInfo::default()));
            return Box::new(End(ours));
        }
        let (server, door) = (self.server.clone(), self.door.clone());
        let mut theirs = Broken::new(theirs, self.fault);
        tokio::spawn(async move {
            if theirs.has("a_silent_peer_holds_up_nobody") {
                let _first = door.lock().await;
                theirs.read_ahead().await;
            }
            server.serve_connection(theirs, PeerInfo::default()).await;
        });
        Box::new(End(ours))
    }

    fn writes_directly(&self) -> bool {
        self.fault == "direct_writes_keep_their_order"
    }
}

struct End(MemoryConnection);

#[async_trait]
impl ClientEnd for End {
    async fn send(&mut self, text: Text) {
        // A server that has gone is found when nothing is heard of it.
        let _ = self.0.send(Frame::Text(text)).await;
    }

    async fn receive(&mut self) -> Option<Heard> {
        loop {
            match self.0.next().await?.ok()? {
                Frame::Text(text) => return Some(Heard::Text(text)),
                Frame::Close(close) => return Some(Heard::Close(close)),
                _ => {}
            }
        }
    }

    async fn send_wrong(&mut self, wrong: Wrong) -> Sent {
        let frame = match wrong {
            Wrong::Binary => Frame::Binary(vec![0; 4].into()),
            Wrong::TooLarge => {
                let frame = |pad: &str| format!(r#"{{"ping":{{"id":"1"}},"_":"{pad}"}}"#);
                Frame::Text(Text::from(frame(&"x".repeat(64 * 1024 + 1 - frame("").len()))))
            }
            // A text is UTF-8 by its type.
            Wrong::InvalidUtf8 => return Sent::Impossible,
        };
        let _ = self.0.send(frame).await;
        Sent::Whole
    }
}

#[test]
fn every_case_fails_on_the_transport_that_breaks_it_and_no_other() {
    each_fault_fails_its_case(&SUITE, &[], |fault| {
        subject(move |server| async move { InMemory::new(server, fault) })
    });
}
