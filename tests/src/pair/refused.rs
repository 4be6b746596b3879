//! Messages that the server refused for good, whether or not their sender ever heard of it: they have no place in the order of
//! their room. One whose refusal was lost goes again, and is stored late if the user has become a member meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use chat_protocol::{ClientMsgId, Frame};
use serde_json::Value;

/// The names of all such messages of a run.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<BTreeSet<ClientMsgId>>);

impl Refused {
    fn insert(&self, name: ClientMsgId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
    }

    pub(super) fn has(&self, name: &ClientMsgId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }
}

/// What the server was asked to store over one link, by the ids of the requests.
#[derive(Debug, Default)]
pub(super) struct Asked(BTreeMap<String, ClientMsgId>);

impl Asked {
    /// The server read a frame.
    pub(super) fn read(&mut self, frame: &Frame) {
        let Some(send) = packet(frame, "send") else { return };
        if let (Some(id), Some(name)) = (send["id"].as_str(), send["client_msg_id"].as_str()) {
            self.0.extend(ClientMsgId::new(name).ok().map(|name| (id.to_owned(), name)));
        }
    }

    /// The server wrote a frame, which may never arrive.
    pub(super) fn wrote(&mut self, frame: &Frame, refused: &Refused) {
        let Some(reply) = packet(frame, "reply") else { return };
        let name = reply["id"].as_str().and_then(|id| self.0.remove(id));
        if let Some(name) = name.filter(|_| reply["action"] == "stop") {
            refused.insert(name);
        }
    }
}

/// The content of a frame, if it is this packet.
fn packet(frame: &Frame, kind: &str) -> Option<Value> {
    let Frame::Text(text) = frame else { return None };
    let rest = text.as_str().strip_prefix("{\"")?.strip_prefix(kind)?;
    rest.starts_with('"')
        .then(|| serde_json::from_str::<Value>(text.as_str()).ok())?
        .map(|mut packet| packet[kind].take())
}
