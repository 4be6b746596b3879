//! The suite of transports: the in-memory one passes it, and each case fails on a transport that breaks its guarantee.

mod broken;

use std::sync::Arc;

use async_trait::async_trait;
use chat_server_core::ChatServer;
use chat_server_core::conformance::transport::{ClientEnd, Dial, Frames, SUITE, subject};
use chat_server_core::transport::PeerInfo;
use chat_server_core::transport::memory::pair;

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
            return Box::new(Frames(ours));
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
        Box::new(Frames(ours))
    }

    fn writes_directly(&self) -> bool {
        self.fault == "direct_writes_keep_their_order"
    }
}

#[test]
fn every_case_fails_on_the_transport_that_breaks_it_and_no_other() {
    each_fault_fails_its_case(&SUITE, &[], |fault| {
        subject(move |server| async move { InMemory::new(server, fault) })
    });
}
