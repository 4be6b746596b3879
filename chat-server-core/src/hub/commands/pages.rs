//! Lists, page by page.

use chat_protocol::command::{Blocks, History, Inbox, Members, Thread};
use chat_protocol::reply::{BannedUser, BlockedUser, BlocksPage, InboxEntry, InboxPage, MembersPage};
use chat_protocol::{
    Cursor, ErrorCode, HistoryQuery, Member, Message, Role, RoomId, RoomState, Seq, UserId, WireError, limits,
};
use serde::Serialize;

use super::{Asking, Done, data};
use crate::auth::Profile;
use crate::hub::{Hub, unavailable};
use crate::storage::{self, MemberEntry, Place, RoomsQuery, StoredMessage};

/// Room in a frame for what stands around the entries of a page.
const ENVELOPE: usize = 2_048;

/// How many messages are looked at for the last one that a user did not delete for itself; beyond them a list shows none.
const LOOK_BACK: usize = 50;

impl Hub {
    pub(super) async fn tell_history(&self, asking: &Asking, history: History) -> Done {
        let reader = (!asking.operator).then_some(&asking.user);
        let page = self.history(reader, &history.room, None, history.query).await?;
        Ok(Some((*page).to_owned()))
    }

    pub(super) async fn tell_thread(&self, asking: &Asking, thread: Thread) -> Done {
        let reader = (!asking.operator).then_some(&asking.user);
        let page = self.history(reader, &thread.room, Some(thread.root), thread.query).await?;
        Ok(Some((*page).to_owned()))
    }

    pub(super) async fn tell_members(&self, asking: &Asking, query: Members) -> Done {
        let members = match asking.operator {
            true => u64::MAX,
            false => self.membership(&query.room, &asking.user).await?.members,
        };
        if query.banned {
            return self.tell_bans(asking, query).await;
        }
        let limit = page_limit(query.limit);
        let after = query.cursor.as_ref().map(parse_member_cursor).transpose()?;
        let after = after.as_ref().map(|(role, user)| (*role, user));
        let found = self.providers.storage.members(&query.room, after, limit + 1).await;
        let found = found.map_err(|error| self.storage_failed(error))?;
        let told = members <= self.config.max_receipt_members;
        let mut entries = Vec::with_capacity(found.len());
        for entry in &found {
            entries.push(member(entry, self.profile(&entry.user).await?, told));
        }
        let kept = self.fit(&entries, limit);
        let next = (kept < found.len()).then(|| member_cursor(&found[kept - 1]));
        entries.truncate(kept);
        data(&MembersPage { room: query.room, members: entries, banned: Vec::new(), next })
    }

    /// Who is banned, for those who may lift a ban.
    async fn tell_bans(&self, asking: &Asking, query: Members) -> Done {
        if !asking.operator {
            let role = self.membership(&query.room, &asking.user).await?.role;
            if role.is_none_or(|role| role.rank() < Role::Admin.rank()) {
                let why = "only an owner or admin of the room sees who is banned";
                return Err(WireError::new(ErrorCode::Forbidden, why));
            }
        }
        let limit = page_limit(query.limit);
        let after = query.cursor.as_ref().map(parse_user_cursor).transpose()?;
        let found = self.providers.storage.bans(&query.room, after.as_ref(), limit + 1).await;
        let found = found.map_err(|error| self.storage_failed(error))?;
        let now = self.providers.clock.now();
        let holds = |ban: &storage::BanEntry| ban.until.is_none_or(|until| until > now);
        let kept = self.fit(&found.iter().cloned().map(ban).collect::<Vec<_>>(), limit);
        let next = (kept < found.len()).then(|| user_cursor(&found[kept - 1].user));
        let banned = found.into_iter().take(kept).filter(holds).map(ban).collect();
        data(&MembersPage { room: query.room, members: Vec::new(), banned, next })
    }

    pub(super) async fn tell_blocks(&self, asking: &Asking, query: Blocks) -> Done {
        let limit = page_limit(query.limit);
        let after = query.cursor.as_ref().map(parse_user_cursor).transpose()?;
        let found = self.providers.storage.blocked(&asking.user, after.as_ref(), limit + 1).await;
        let found = found.map_err(|error| self.storage_failed(error))?;
        let mut users: Vec<BlockedUser> =
            found.into_iter().map(|blocked| BlockedUser { user: blocked.user, ts: blocked.ts }).collect();
        let kept = self.fit(&users, limit);
        let next = (kept < users.len()).then(|| user_cursor(&users[kept - 1].user));
        users.truncate(kept);
        data(&BlocksPage { users, next })
    }

    pub(super) async fn tell_inbox(&self, asking: &Asking, query: Inbox) -> Done {
        let limit = page_limit(query.limit);
        let after = query.cursor.as_ref().map(parse_place).transpose()?;
        let wanted = RoomsQuery { archived: Some(query.archived), pinned_first: true, after };
        let storage = &self.providers.storage;
        let placed = storage.rooms_of(&asking.user, wanted, limit + 1).await;
        let placed = placed.map_err(|error| self.storage_failed(error))?;
        let ids: Vec<RoomId> = placed.iter().take(limit).map(|(room, _)| room.clone()).collect();
        let views = storage.views(&asking.user, &ids).await.map_err(|error| self.storage_failed(error))?;
        let newest = storage.newest(&ids).await.map_err(|error| self.storage_failed(error))?;
        let mut entries = Vec::with_capacity(ids.len());
        // A room that was left between the two reads has no view; its place still counts for the next page.
        for ((view, last), (_, place)) in views.into_iter().zip(newest).zip(&placed) {
            if let Some(view) = view {
                entries.push((self.inbox_entry(&asking.user, view.state, last).await?, *place));
            }
        }
        let kept = self.fit(entries.iter().map(|(entry, _)| entry), limit);
        let next = match (entries.get(kept), placed.get(limit)) {
            (Some(_), _) => kept.checked_sub(1).map(|last| place_cursor(entries[last].1)),
            (None, Some(_)) => placed.get(limit - 1).map(|(_, place)| place_cursor(*place)),
            (None, None) => None,
        };
        entries.truncate(kept);
        let totals = storage.totals(&asking.user, self.providers.clock.now()).await;
        let totals = totals.map_err(|error| self.storage_failed(error))?;
        data(&InboxPage { rooms: entries.into_iter().map(|(entry, _)| entry).collect(), totals, next })
    }

    async fn inbox_entry(
        &self,
        me: &UserId,
        state: RoomState,
        last: Option<StoredMessage>,
    ) -> Result<InboxEntry, WireError> {
        let last = last.map(|stored| stored.message).filter(|message| message.seq >= state.oldest_seq);
        let last = match last {
            Some(last) if self.has_hidden(me, &last).await? => {
                self.last_shown(me, &last, state.oldest_seq).await?
            }
            last => last,
        };
        let last = last.map(|last| Message { reactions: Vec::new(), ..last });
        let mut entry = InboxEntry {
            last,
            peer_online: None,
            peer_last_seen: None,
            peer_name: None,
            peer_avatar: None,
            state,
        };
        let Some(peer) = entry.state.peer.clone() else { return Ok(entry) };
        let profile = self.profile(&peer).await?;
        (entry.peer_name, entry.peer_avatar) = (profile.name, profile.avatar);
        if self.may_watch(me, &peer).await? {
            let online = self.is_online(&peer);
            entry.peer_last_seen = self.last_seen(&peer, online).await?;
            entry.peer_online = Some(online);
        }
        Ok(entry)
    }

    /// Whether a user deleted a message for itself.
    async fn has_hidden(&self, me: &UserId, message: &Message) -> Result<bool, WireError> {
        let marks = self.providers.storage.marks(&message.room, me, message.seq, message.seq).await;
        Ok(!marks.map_err(|error| self.storage_failed(error))?.hidden.is_empty())
    }

    /// The newest message of the main line before one that the user deleted for itself, which is none of those either.
    async fn last_shown(
        &self,
        me: &UserId,
        hidden: &Message,
        oldest: Seq,
    ) -> Result<Option<Message>, WireError> {
        let (storage, room) = (&self.providers.storage, &hidden.room);
        let query = HistoryQuery { before: Some(hidden.seq), ..HistoryQuery::default() };
        let page = storage.history(room, None, query, LOOK_BACK).await;
        let page = page.map_err(|error| self.storage_failed(error))?.unwrap_or_default();
        let Some(first) = page.first().map(|stored| stored.message.seq) else { return Ok(None) };
        let marks = storage.marks(room, me, first, hidden.seq).await;
        let marks = marks.map_err(|error| self.storage_failed(error))?;
        let shown = |message: &Message| {
            message.thread.is_none() && message.seq >= oldest && !marks.hidden.contains(&message.seq)
        };
        Ok(page.into_iter().rev().map(|stored| stored.message).find(shown))
    }

    /// What the directory knows of a user; nothing of one that it does not know any more.
    pub(in crate::hub) async fn profile(&self, user: &UserId) -> Result<Profile, WireError> {
        let profile = self.providers.directory.profile(user).await.map_err(|error| {
            tracing::error!(%error, "the directory cannot be asked");
            unavailable()
        })?;
        Ok(profile.unwrap_or_default())
    }

    /// How many of a page's entries are told: at most `limit`, and as many as fit into a frame. An entry always does.
    pub(super) fn fit<'e, T: Serialize + 'e>(
        &self,
        entries: impl IntoIterator<Item = &'e T>,
        limit: usize,
    ) -> usize {
        let mut bytes = ENVELOPE;
        let fitting = entries.into_iter().take(limit).take_while(|entry| {
            bytes += serde_json::to_string(entry).map_or(0, |text| text.len() + 1);
            bytes <= self.config.max_frame
        });
        fitting.count()
    }
}

pub(super) fn page_limit(asked: Option<u32>) -> usize {
    asked.unwrap_or(limits::DEFAULT_PAGE) as usize
}

fn member(entry: &MemberEntry, profile: Profile, told: bool) -> Member {
    let pointer = |seq: Seq| (told && seq > Seq::ZERO).then_some(seq);
    Member {
        user: entry.user.clone(),
        role: entry.role.into(),
        name: profile.name,
        avatar: profile.avatar,
        joined_at: entry.joined_at,
        delivered: pointer(entry.delivered),
        read: pointer(entry.read),
    }
}

fn ban(entry: storage::BanEntry) -> BannedUser {
    let storage::BanEntry { user, by, until, reason, ts } = entry;
    BannedUser { user, by, until, reason, ts }
}

/// Cursors are ours: what a client did not get from us is refused.
pub(super) fn bad_cursor() -> WireError {
    WireError::new(ErrorCode::BadRequest, "cursor: not one of this list")
}

pub(super) fn cursor(text: &str) -> Cursor {
    Cursor::new(text).expect("an id and a few characters fit into a cursor")
}

fn member_cursor(last: &MemberEntry) -> Cursor {
    cursor(&format!("{}{}", last.role.rank(), last.user))
}

fn parse_member_cursor(cursor: &Cursor) -> Result<(Role, UserId), WireError> {
    let (rank, user) = cursor.as_str().split_at_checked(1).ok_or_else(bad_cursor)?;
    let role = Role::ALL.into_iter().find(|role| role.rank().to_string() == rank).ok_or_else(bad_cursor)?;
    Ok((role, UserId::new(user).map_err(|_| bad_cursor())?))
}

fn user_cursor(last: &UserId) -> Cursor {
    cursor(last.as_str())
}

fn parse_user_cursor(cursor: &Cursor) -> Result<UserId, WireError> {
    UserId::new(cursor.as_str()).map_err(|_| bad_cursor())
}

fn place_cursor(place: Place) -> Cursor {
    cursor(&format!("{}.{}", u8::from(place.pinned), place.active))
}

fn parse_place(cursor: &Cursor) -> Result<Place, WireError> {
    let (pinned, active) = cursor.as_str().split_once('.').ok_or_else(bad_cursor)?;
    let pinned = match pinned {
        "0" => false,
        "1" => true,
        _ => return Err(bad_cursor()),
    };
    Ok(Place { pinned, active: active.parse().map_err(|_| bad_cursor())? })
}
