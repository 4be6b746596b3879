//! A chat server with a store, an authenticator, a transport and a policy of one's own.
//!
//! Each is as small as it can be and still honest: `tests/it.rs` proves the store and the transport with the suites of
//! `chat-server-core`, one line each, and lets two people talk over all three.

mod auth;
mod policy;
mod store;
mod transport;

pub use auth::PinAuth;
pub use policy::GuestsRead;
pub use store::AuditedStore;
pub use transport::{LineCodec, LineConnection, LineTransport};
