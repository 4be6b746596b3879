//! Faults of names.

use async_trait::async_trait;
use chat_protocol::dialect::RoomName;
use chat_protocol::{RoomId, Seq, Timestamp};
use chat_server_core::storage::{
    AliasStore, Append, Change, DesksQuery, MessageAlias, RoomRecord, StorageError, StoredMessage,
    key_of_name,
};

use super::Broken;

impl Broken {
    /// A creation whose alias, if another room has it, is forgotten.
    pub(super) async fn broken_alias(&self, append: &mut Append) {
        let Change::Create(new) = &mut append.change else { return };
        let Some(alias) = new.alias.clone().filter(|_| self.has("an_alias_is_given_once")) else { return };
        if self.inner.room_named(&RoomName::Alias(alias)).await.unwrap().is_some() {
            new.alias = None;
        }
    }
}

#[async_trait]
impl AliasStore for Broken {
    async fn room_named(&self, name: &RoomName) -> Result<Option<RoomId>, StorageError> {
        match name {
            // A key is no name.
            RoomName::Alias(alias)
                if self.has("every_name_finds_its_room") && key_of_name(alias).is_some() =>
            {
                Ok(None)
            }
            name => self.inner.room_named(name).await,
        }
    }

    async fn records(&self, rooms: &[RoomId]) -> Result<Vec<Option<RoomRecord>>, StorageError> {
        let mut records = self.inner.records(rooms).await?;
        if self.has("records_follow_changes") {
            records.iter_mut().flatten().for_each(|record| record.updated_at = record.created_at);
        }
        Ok(records)
    }

    async fn message_named(&self, name: MessageAlias) -> Result<Option<StoredMessage>, StorageError> {
        let found = self.inner.message_named(name).await?;
        let forgets = self.has("every_name_finds_its_message");
        Ok(found.filter(|found| !forgets || found.message.deleted_at.is_none()))
    }

    async fn seq_at(&self, room: &RoomId, ts: Timestamp) -> Result<Option<Seq>, StorageError> {
        let found = self.inner.seq_at(room, ts).await?;
        // The last of those of one time.
        Ok(match found {
            Some(seq) if self.has("times_find_their_message") => {
                let later = Timestamp::from_micros(ts.as_micros() + 1);
                self.inner
                    .seq_at(room, later)
                    .await?
                    .map(|next| Seq::new(next.get() - 1))
                    .unwrap_or(Some(seq))
            }
            found => found,
        })
    }

    async fn desks(
        &self,
        organization: &str,
        query: &DesksQuery,
        limit: usize,
    ) -> Result<Vec<RoomId>, StorageError> {
        let mut desks = self.inner.desks(organization, query, limit).await?;
        if self.has("desks_come_newest_first") {
            desks.reverse();
        }
        Ok(desks)
    }
}
