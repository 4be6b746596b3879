//! Faults of rooms and their members.

use async_trait::async_trait;
use chat_protocol::reply::InboxTotals;
use chat_protocol::{HistoryVisibility, Offset, Role, RoomId, Timestamp, UserId};
use chat_server_core::storage::{
    BanEntry, Bar, MemberEntry, Place, Relation, RoomStore, RoomView, RoomsQuery, Standing, StorageError,
};

use super::Broken;

impl Broken {
    async fn spoil_view(&self, user: &UserId, view: &mut RoomView) {
        let state = &mut view.state;
        if self.has("a_new_room_is_as_it_was_asked_for") {
            state.number = None;
        }
        // Whoever owns a room was there from its beginning.
        let came_later = state.history == HistoryVisibility::Joined && state.role != Role::Owner;
        if self.has("joined_history_begins_at_joining") && came_later {
            view.oldest_offset = Offset::ZERO.next();
        }
        if self.has("unread_counts_others_after_the_pointer") {
            let messages = self.messages(&state.room).await;
            let others = messages.iter().map(|stored| &stored.message);
            let of_server = others.filter(|message| message.from.is_system() && message.seq > state.read);
            state.unread -= of_server.count() as u64;
        }
        if self.has("mentions_call_users_or_the_room") {
            let messages = self.messages(&state.room).await;
            let calls = messages.iter().filter_map(|stored| stored.message.mentions.as_ref());
            state.mentions += calls.filter(|call| call.room && call.users.contains(user)).count() as u64;
        }
        if self.has("counts_agree_with_the_rule") {
            state.unread = state.unread.min(12);
        }
        if self.has("the_system_sees_every_room") && user.is_system() {
            state.read = Default::default();
        }
        if self.has("a_split_stays_until_it_is_taken_back") && state.unread == 0 {
            view.split = None;
        }
        if self.has("private_reads_are_not_told") {
            state.read_private = None;
        }
        if self.has("an_archive_ends_with_the_next_message") && state.settings.archived {
            state.settings.pinned = false;
        }
    }
}

#[async_trait]
impl RoomStore for Broken {
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>, StorageError> {
        let mut standing = self.inner.standing(room, user).await?;
        let Some(found) = &mut standing else { return Ok(standing) };
        if self.has("views_follow_appends") {
            let first = &mut self.memory.lock().unwrap().members;
            found.members = *first.entry(room.clone()).or_insert(found.members);
        }
        if self.has("a_standing_is_never_ahead_of_the_history") && room.as_str() == "busy" {
            found.offset = found.offset.next();
        }
        let unseen = match found.bar {
            Some(Bar::Banned { until }) => until.is_some() && self.has("a_ban_keeps_its_user_out"),
            Some(Bar::Blocked) => self.has("a_block_changes_the_direct_room"),
            Some(Bar::Blocks) | None => false,
        };
        found.bar = found.bar.filter(|_| !unseen);
        Ok(standing)
    }

    async fn rooms_of(
        &self,
        user: &UserId,
        query: RoomsQuery,
        limit: usize,
    ) -> Result<Vec<(RoomId, Place)>, StorageError> {
        let limit = self.more("pages_of_rooms_meet", limit);
        let mut rooms = self.inner.rooms_of(user, query, limit).await?;
        if self.has("rooms_come_by_activity") && !query.pinned_first {
            rooms.sort();
            rooms.reverse();
        }
        Ok(rooms)
    }

    async fn views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>, StorageError> {
        let mut views = self.inner.views(user, rooms).await?;
        for view in views.iter_mut().flatten() {
            self.spoil_view(user, view).await;
        }
        Ok(views)
    }

    async fn totals(&self, user: &UserId, now: Timestamp) -> Result<InboxTotals, StorageError> {
        let wrong = self.has("totals_leave_out_muted_and_archived_rooms");
        let now = if wrong { Timestamp::from_micros(now.as_micros() - 1) } else { now };
        self.inner.totals(user, now).await
    }

    async fn members(
        &self,
        room: &RoomId,
        after: Option<(Role, &UserId)>,
        limit: usize,
    ) -> Result<Vec<MemberEntry>, StorageError> {
        self.inner.members(room, after, self.more("pages_of_members_meet", limit)).await
    }

    async fn bans(
        &self,
        room: &RoomId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<BanEntry>, StorageError> {
        self.inner.bans(room, after, self.more("pages_of_bans_meet", limit)).await
    }

    async fn relation(&self, a: &UserId, b: &UserId) -> Result<Relation, StorageError> {
        let swapped = self.has("relations_have_two_sides");
        let (a, b) = if swapped { (b, a) } else { (a, b) };
        self.inner.relation(a, b).await
    }

    async fn agents(&self, organization: &str) -> Result<Vec<UserId>, StorageError> {
        let mut agents = self.inner.agents(organization).await?;
        if self.has("agents_answer_for_their_organization") {
            agents.reverse();
        }
        Ok(agents)
    }

    async fn desks_of(
        &self,
        organization: &str,
        user: &UserId,
        limit: usize,
    ) -> Result<Vec<RoomId>, StorageError> {
        self.inner.desks_of(organization, user, limit).await
    }
}
