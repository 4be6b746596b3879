//! The documents that are published now, and who sends what they describe.

use chat_protocol::schema;

use super::{Document, Documents, Sender};

/// How the name of a document ends that describes the packets of a socket.
const PACKETS: &[&str] = &["/event.json", "/server_frame.json"];

fn sender(path: &str) -> Option<Sender> {
    Some(match schema::sender(path)? {
        schema::Sender::Client => Sender::Client,
        schema::Sender::Server if PACKETS.iter().any(|name| path.ends_with(name)) => Sender::ServerPackets,
        schema::Sender::Server => Sender::Server,
    })
}

/// Every published document.
///
/// # Panics
/// When a document has no sender, which the crate that publishes it does not allow.
pub fn published() -> Documents {
    let documents = schema::documents().into_iter().map(|(path, schema)| {
        let sender = sender(path).unwrap_or_else(|| panic!("nobody sends {path}"));
        (path.to_owned(), Document { sender, schema })
    });
    documents.collect()
}
