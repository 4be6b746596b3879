//! A chat server of parts of one's own, each as small as it can be and still honest.
//!
//! `cargo run` in this folder starts it. Then each terminal is a client, `nc 127.0.0.1 7000`, that says what it wants:
//!
//! ```json
//! {"auth":{"id":"1","token":"alice:1234"}}
//! {"create":{"id":"2","kind":"group","room":"r","members":["bob"]}}
//! {"send":{"id":"3","room":"r","client_msg_id":"1","content":{"type":"text/plain","payload":{"text":"hello"}}}}
//! ```
//!
//! `cargo test` proves the parts. To build your own, read in this order:
//!
//! | file | part | what it shows |
//! | --- | --- | --- |
//! | `auth.rs` | [`PinAuth`] is an `Authenticator` | a token becomes a user |
//! | `policy.rs` | [`GuestsRead`] is a `Policy` | rules on top of the built-in ones |
//! | `store.rs` | [`AuditedStore`] is a `Storage` | a store around another one: begin so, and replace the inner one later |
//! | `transport.rs` | [`LineTransport`] is a `Transport` | frames over whatever carries bytes |
//! | below | [`start`] | the parts become a server; what is not named is in memory |
//! | `tests/it.rs` | | the suites of `chat-server-core` prove store and transport with one line each |
//!
//! The dependencies are the published crates alone; a crate of yours names their versions instead of paths.

mod auth;
mod policy;
mod store;
mod transport;

use std::io::Write;
use std::sync::Arc;

use chat_protocol::UserId;
use chat_server_core::{ChatServer, Providers, ServerConfig};

pub use auth::PinAuth;
pub use policy::GuestsRead;
pub use store::AuditedStore;
pub use transport::{LineCodec, LineTransport};

/// Starts a server of these parts for people with their PINs. A transport lets them in.
pub fn start(audit: impl Write + Send + 'static, people: &[(&str, &str)]) -> ChatServer {
    let pins = people.iter().map(|(user, pin)| (UserId::new(*user).expect("an id"), (*pin).to_owned()));
    let providers = Providers {
        storage: Arc::new(AuditedStore::new(audit)),
        auth: Arc::new(PinAuth(pins.collect())),
        policy: Arc::new(GuestsRead),
        ..Providers::default()
    };
    ChatServer::start(providers, ServerConfig::default())
}
