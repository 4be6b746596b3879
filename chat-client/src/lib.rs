//! Client SDK of a chat: durable sends, resume without gaps, one typed stream of events.
//!
//! ```no_run
//! use chat_client::protocol::{Access, RoomId};
//! use chat_client::{Client, ClientEvent, NewRoom};
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = Client::builder("ws://127.0.0.1:8080/v1/ws").token("dev-alice").connect().await?;
//!     let mut events = client.events();
//!
//!     let lobby = RoomId::new("lobby")?;
//!     if client.join(lobby.clone()).await.is_err() {
//!         client.create(NewRoom::group().id(lobby.clone()).access(Access::Open)).await?;
//!     }
//!     let sent = client.room(lobby).send_text("hello").await?;
//!     println!("stored as number {}", sent.seq);
//!
//!     while let Some(event) = events.next().await {
//!         if let ClientEvent::Message(message) = event {
//!             println!("{}: {}", message.from, message.content.text().unwrap_or_default());
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! The [`guide`] tells where to begin with what, how a client lives, and what an application sees when something goes wrong.
//!
//! # What it promises
//!
//! - [`RoomHandle::send`] resolves when the message is durable. Between call and ack the connection may come and go:
//!   the message is sent again under the same name and stored once.
//! - Events of a room arrive once, in order and without gaps. Where that is impossible, an event says so:
//!   [`ClientEvent::Resumed`] with a [`Recovery`], or [`ClientEvent::Lagged`].
//! - A client keeps itself connected: it waits with full jitter between attempts, resumes every log where it
//!   stood, and ends only when a new connection would not help ([`ClientEvent::Closed`] tells why).
//! - With a token source ([`ClientBuilder::token_source`]) it outlives its tokens: a new one takes the place of the old one
//!   on the open connection, and where the old one was refused.
//! - Every queue has a bound: the `guide` lists them, with the setters of those that are an application's to choose.
//!
//! # Layers
//!
//! [`session`] is a state machine without I/O that holds all rules. One task drives it over a [`transport`], which
//! is a WebSocket unless another [`transport::Connector`] is given. [`Client`] and [`RoomHandle`] talk to that task.
//! [`timeline`] and [`inbox`] make of its events what an application draws.
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `driver` | yes | [`Client`] and all that belongs to it, on tokio or on the event loop of a browser |
//! | `ws` | yes | `transport::ws` and `Client::builder`: dials `ws://`, and `wss://` with one of the next two |
//! | `browser` | no | `transport::browser` and `Client::builder` on `wasm32-unknown-unknown`: the WebSocket of the browser |
//! | `rustls-tls-native-roots` | yes | TLS that trusts what the system trusts |
//! | `rustls-tls-webpki-roots` | no | TLS that trusts what Mozilla trusts: for containers without certificates of their own |
//! | `ring` | yes | cryptography for TLS where the application installs no rustls `CryptoProvider` |
//! | `uploads` | no | `upload`: files, sent with progress and resumed after a lost connection, and fetched |
//! | `sse` | no | `transport::sse`: dials `http://` and `https://` where WebSockets are blocked |
//! | `conformance` | no | `connector_conformance!`: proves a connector of one's own |
//! | `testing` | no | `testing`: a server within a test, for applications |
//! | `sqlite` | no | [`store`]`::sqlite`: messages that are not sent yet, in a file |
//!
//! Without any of them there are [`session`] and the traits of [`transport`], for a driver of one's own: no runtime, no clock.
//! A page uses `default-features = false, features = ["browser"]`, because a browser has no sockets for `ws`.
//!
//! A library must not choose the cryptography of the process: a provider that the application installs is used, and *ring*
//! serves the connections of this crate alone. How proxies and certificates are found is told in [`transport`].

#[cfg(feature = "driver")]
mod builder;
#[cfg(feature = "driver")]
mod calls;
#[cfg(feature = "driver")]
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "driver")]
mod driver;
mod error;
mod event;
#[cfg(feature = "driver")]
pub mod guide;
mod questions;
#[cfg(feature = "driver")]
mod room;
#[cfg(feature = "driver")]
mod runtime;
#[cfg(feature = "driver")]
mod sending;
#[cfg(feature = "driver")]
mod stream;
#[cfg(feature = "testing")]
pub mod testing;

pub mod inbox;
pub mod outbox;
pub mod session;
pub mod store;
pub mod timeline;
pub mod transport;
#[cfg(feature = "uploads")]
pub mod upload;

#[cfg(feature = "driver")]
pub use builder::ClientBuilder;
#[cfg(feature = "driver")]
pub use calls::{
    DeviceChanges, HistoryMessage, Messages, NewRoom, Pages, PresenceWatch, RoomChanges, Scheduled,
    SearchQuery, UserPresence,
};
/// The wire types, of the version that this crate speaks.
pub use chat_protocol as protocol;
#[cfg(feature = "driver")]
pub use client::Client;
pub use error::{Error, FileError, TokenError};
pub use event::{ClientEvent, ConnectionState, Recovery, Unread};
pub use outbox::{QueuedSend, SendState, SendUpdate};
#[cfg(feature = "driver")]
pub use room::{Draft, RoomHandle};
#[cfg(feature = "driver")]
pub use sending::Sending;
#[cfg(feature = "driver")]
pub use stream::EventStream;
