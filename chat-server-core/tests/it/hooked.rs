//! The memory store with something done before and after its calls.

use async_trait::async_trait;
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    Answers, Append, Appended, MessageStore, OwnAppend, OwnAppended, StorageError, StorageLayer, UserLog,
};

type Result<T> = std::result::Result<T, StorageError>;

/// What to do around the calls of a store.
#[async_trait]
pub(crate) trait Hooks: Send + Sync {
    async fn before_append(&self, _: &[Append]) -> Result<()> {
        Ok(())
    }
    async fn after_append(&self, _: &[Append]) {}
    async fn before_own(&self, _: &[OwnAppend]) -> Result<()> {
        Ok(())
    }
    async fn before_history(&self) {}
    async fn before_log(&self) {}
    async fn before_user_log(&self) -> Result<()> {
        Ok(())
    }
    async fn before_rooms(&self) -> Result<()> {
        Ok(())
    }
    async fn before_relation(&self, _: &MemoryStore) {}
    async fn before_traces(&self) {}
    async fn before_done(&self) -> Result<()> {
        Ok(())
    }
}

/// A memory store with hooks.
#[derive(Default)]
pub(crate) struct Hooked<H> {
    inner: MemoryStore,
    pub(crate) hooks: H,
}

#[async_trait]
impl<H: Hooks> StorageLayer for Hooked<H> {
    type Inner = MemoryStore;

    fn inner(&self) -> &MemoryStore {
        &self.inner
    }

    async fn before(&self, call: &'static str) -> Result<()> {
        match call {
            "history" => self.hooks.before_history().await,
            "log" => self.hooks.before_log().await,
            "relation" => self.hooks.before_relation(&self.inner).await,
            "traces_of" => self.hooks.before_traces().await,
            "user_log" => return self.hooks.before_user_log().await,
            "rooms_of" => return self.hooks.before_rooms().await,
            "done" => return self.hooks.before_done().await,
            _ => {}
        }
        Ok(())
    }

    async fn store(&self, batch: &[Append]) -> Result<Answers<Appended>> {
        self.hooks.before_append(batch).await?;
        let answers = self.inner.append(batch).await;
        self.hooks.after_append(batch).await;
        answers
    }

    async fn store_own(&self, batch: &[OwnAppend]) -> Result<Answers<OwnAppended>> {
        self.hooks.before_own(batch).await?;
        self.inner.append_own(batch).await
    }
}
