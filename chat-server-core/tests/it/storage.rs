//! The memory store passes the suite that it is the model of.

use chat_server_core::storage::memory::MemoryStore;

chat_server_core::storage_conformance!(MemoryStore::default());
