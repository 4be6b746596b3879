//! Client SDK of a chat: durable sends, resume without gaps, one typed stream of events.
//!
//! [`session`] is a state machine without I/O that holds all rules; [`transport`] opens the connections it asks for.

mod error;
mod event;

pub mod session;
pub mod transport;

/// The wire types, of the version that this crate speaks.
pub use chat_protocol as protocol;
pub use error::Error;
pub use event::{ClientEvent, ConnectionState, Recovery};
