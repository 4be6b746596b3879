//! Room logic of a chat server over traits: storage, transport, bus, auth. In-memory parts beside every trait.
//!
//! Nothing here names WebSocket, HTTP or a database. A program picks its parts, starts a [`ChatServer`] and hands
//! it connections:
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use chat_server_core::{ChatServer, Providers, ServerConfig};
//! let server = ChatServer::start(Providers::default(), ServerConfig::default());
//! assert_eq!(server.connections(), 0);
//! # });
//! ```

mod config;
mod error;
mod hub;
mod policy;
mod providers;
mod room;
mod server;

pub mod auth;
pub mod blob;
pub mod bus;
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod limits;
pub mod push;
pub mod search;
pub mod session;
pub mod storage;
pub mod transport;

pub use config::{Rate, ServerConfig};
pub use error::Error;
#[cfg(feature = "bench-internals")]
#[doc(hidden)]
pub use hub::bench_access;
pub use hub::{Download, NewUpload, Upload};
pub use policy::{BuiltInPolicy, Policy};
pub use providers::Providers;
pub use server::{Caller, ChatServer, Health};
