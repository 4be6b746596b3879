//! Faults of lists.

use std::ops::Range;

use async_trait::async_trait;
use chat_protocol::UserId;
use chat_server_core::storage::{ListStore, Listed, ListedPage, StorageError};

use super::Broken;

#[async_trait]
impl ListStore for Broken {
    async fn listed(
        &self,
        user: &UserId,
        list: Listed<'_>,
        page: Range<usize>,
        most: usize,
    ) -> Result<ListedPage, StorageError> {
        let mut listed = self.inner.listed(user, list, page, most).await?;
        match list {
            Listed::Written if self.has("what_a_user_wrote_comes_newest_first") => listed.messages.reverse(),
            Listed::In(_) if self.has("a_room_is_listed_as_its_member_reads_it") => listed.count += 1,
            _ => {}
        }
        Ok(listed)
    }
}
