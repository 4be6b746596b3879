//! A chat server as a library: room logic over traits, with an in-memory part beside every trait.
//!
//! Nothing here names WebSocket, HTTP or a database. A program picks its parts, starts a [`ChatServer`] and hands it
//! connections. This one has an authenticator of its own, all else is in memory, and its client is in the same process:
//!
//! ```
//! use std::sync::Arc;
//!
//! use chat_protocol::{Frame, Text, UserId};
//! use chat_server_core::auth::{AuthError, Authenticator, Principal};
//! use chat_server_core::transport::{PeerInfo, memory};
//! use chat_server_core::{ChatServer, Providers, ServerConfig};
//! use futures::{SinkExt, StreamExt};
//!
//! /// Whoever knows the word is who it says it is.
//! struct Password(&'static str);
//!
//! #[async_trait::async_trait]
//! impl Authenticator for Password {
//!     async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
//!         let user = token.strip_suffix(self.0).ok_or(AuthError::Invalid)?;
//!         let user = UserId::new(user).map_err(|_| AuthError::Invalid)?;
//!         Ok(Principal { user, expires_at: None })
//!     }
//! }
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let parts = Providers { auth: Arc::new(Password("@sesame")), ..Providers::default() };
//! let server = ChatServer::start(parts, ServerConfig::default());
//!
//! let (mut client, connection) = memory::pair(16);
//! tokio::spawn(server.serve_connection(connection, PeerInfo::default()));
//! let auth = r#"{"auth":{"id":"1","token":"alice@sesame"}}"#;
//! client.send(Frame::Text(Text::from(auth.to_owned()))).await.unwrap();
//! let Some(Ok(Frame::Text(reply))) = client.next().await else { panic!("a reply") };
//! assert!(reply.as_str().contains(r#""user_id":"alice""#), "{}", reply.as_str());
//! # });
//! ```
//!
//! # Parts
//!
//! [`Providers`] holds them; replace one at a time, each works with all others. The docs of a trait list what it guarantees.
//!
//! | part | trait | begin with | in memory | ready made | proved by |
//! | --- | --- | --- | --- | --- | --- |
//! | rooms, messages, logs | [`storage::Storage`] | [`storage::StorageLayer`] around the in-memory one | [`storage::memory`] | `chat-store-sqlite` | `storage_conformance!` |
//! | who is there | [`auth::Authenticator`] | its one method | [`auth::StaticAuth`] | `chat-auth-jwt`, `chat-auth-http` | |
//! | who users are | [`auth::Directory`] | its one method | [`auth::StaticDirectory`] | | |
//! | rules of one's own | [`Policy`] | `may` | [`BuiltInPolicy`] | | |
//! | how bytes travel | [`transport::Transport`] | [`transport::link`] over a codec | [`transport::memory`] | `chat-transport-ws` | `transport_conformance!` |
//! | other nodes | [`bus::Bus`] | `publish` and `subscribe`, with `has_peers` always true | [`bus::memory`] | | `bus_conformance!` |
//! | pushes to devices | [`push::PushGateway`] | `push` | [`push::memory`] | `chat-push-http` | `push_conformance!` |
//! | webhooks | [`push::WebhookSink`] | its one method | | `chat-push-http` | |
//! | uploaded files | [`blob::BlobStore`] | `create`, `read` and `meta` | [`blob::memory`] | `chat-blob-fs` | `blob_conformance!` |
//! | finding messages | [`search::SearchIndex`] | `index` and `search` | [`search::memory`] | `chat-store-sqlite` | `search_conformance!` |
//! | time and chance | [`clock::Clock`] | | [`clock::SystemClock`] | | |
//!
//! The suites in the last column (module `conformance`, feature `conformance`) are one line in the tests of a part:
//!
//! ```ignore
//! chat_server_core::storage_conformance!(MyStore::new());
//! ```
//!
//! `examples/own-parts` in the repository is a whole server of own parts, made to be read.
//!
//! # What calls what
//!
//! A [`transport::Connection`] carries frames, a [`session::Session`] makes commands of them, [`ChatServer`] decides by room,
//! role and [`Policy`], stores, and only then tells everyone who follows the room. [`ServerConfig`] has every bound with its
//! unit, default and reason; [`limits`] what commands cost. Over HTTP and from programs commands come by
//! [`ChatServer::command`], which needs no connection.

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
pub mod dialects;
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
pub use hub::{DesksAsked, Download, Export, NewFile, NewUpload, Resumed, Upload, UploadTurn};
pub use policy::{BuiltInPolicy, Policy};
pub use providers::Providers;
pub use server::{Caller, ChatServer, Health};
