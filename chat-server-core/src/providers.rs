//! The parts a server is made of.

use std::sync::Arc;

use crate::auth::{Authenticator, DevelopmentAuth, Directory, OpenDirectory};
use crate::blob::BlobStore;
use crate::blob::memory::MemoryBlobs;
use crate::bus::Bus;
use crate::bus::memory::MemoryBus;
use crate::clock::{Clock, SystemClock};
use crate::dialects::Port;
use crate::policy::{BuiltInPolicy, Policy};
use crate::push::{AbsenceSink, PushGateway, WebhookSink};
use crate::search::SharedIndex;
use crate::storage::SharedStorage;
use crate::storage::memory::MemoryStore;

/// The parts a server is made of: in-memory by default, override one by struct update.
///
/// ```
/// use std::sync::Arc;
/// use chat_server_core::{Providers, auth::StaticAuth};
/// let providers = Providers { auth: Arc::new(StaticAuth::default()), ..Providers::default() };
/// ```
#[derive(Clone)]
pub struct Providers {
    /// Rooms, messages, logs, pointers.
    pub storage: SharedStorage,
    /// Uploaded files; `None`: there are no uploads.
    pub blobs: Option<Arc<dyn BlobStore>>,
    /// Finds messages by their words; `None`, the default: `search` is refused. It is fed in the background.
    pub search: Option<SharedIndex>,
    /// Other nodes.
    pub bus: Arc<dyn Bus>,
    /// Tokens.
    pub auth: Arc<dyn Authenticator>,
    /// Users.
    pub directory: Arc<dyn Directory>,
    /// The operator's own rules.
    pub policy: Arc<dyn Policy>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// Who carries pushes to devices; `None`: nobody is pushed.
    pub push: Option<Arc<dyn PushGateway>>,
    /// Who is told what happens in rooms; `None`: nobody.
    pub webhook: Option<Arc<dyn WebhookSink>>,
    /// Who is told which members do not receive a message; `None`: nobody.
    pub absence: Option<Arc<dyn AbsenceSink>>,
    /// Formats of existing systems that are spoken besides the native one.
    pub dialects: Vec<Port>,
}

impl Default for Providers {
    fn default() -> Self {
        Self {
            storage: Arc::new(MemoryStore::default()),
            blobs: Some(Arc::new(MemoryBlobs::default())),
            search: None,
            bus: Arc::new(MemoryBus::default()),
            auth: Arc::new(DevelopmentAuth),
            directory: Arc::new(OpenDirectory),
            policy: Arc::new(BuiltInPolicy),
            clock: Arc::new(SystemClock),
            push: None,
            webhook: None,
            absence: None,
            dialects: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Providers").finish_non_exhaustive()
    }
}
