//! Following logs: after `auth`, by `resume`, by `follow`, and for rooms gained while connected.
//!
//! One way for all of them, and for rooms and users' own logs: mark, read, replay page by page as the connection
//! drains, release (see `feed`). Each log is answered by one `resumed` packet.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat_protocol::command::{Follow, Resume};
use chat_protocol::event::{Outcome, Resumed, System, SystemKind};
use chat_protocol::{
    ErrorCode, Event, Offset, RequestId, RoomId, RoomKind, Seq, UserId, UserOffset, WireError, encode, limits,
};

use super::Hub;
use super::feed::Released;
use super::link::{Grant, Link};
use super::replay::{Followed, Log};
use crate::storage::{RoomView, RoomsQuery};

/// How many rooms are marked and read together: one query for all of them.
const ROOMS_AT_ONCE: usize = 64;

/// How often a state is read again because more came than could be kept aside while it was read.
const MAX_SNAPSHOTS: usize = 16;

/// Greatest number of rooms of a user that are looked at after `auth`: those beyond are neither followed nor named.
const MAX_ROOMS_NAMED: usize = 10_000;

/// Greatest number of room ids in one `system` packet: 320 bytes each at most, twice that when all is escaped.
const IDS_PER_FRAME: usize = 64;

impl Hub {
    /// After `auth`: all rooms of the user, then the user's own log.
    ///
    /// Whoever calls it ends the session when it fails: it would look whole and be deaf.
    pub(super) async fn follow_all(&self, link: &Arc<Link>) -> Result<(), WireError> {
        let _turn = link.resuming.lock().await;
        let user = self.begin(link)?;
        self.mark(link, &Log::User(user.clone()))?;
        self.follow_unnamed(link, None, &user, &BTreeMap::new()).await?;
        self.resume_user_log(link, None, &user, None).await
    }

    /// `resume`: the named rooms after their positions, the others as after `auth`, then the user's own log.
    pub(super) async fn resume(&self, link: &Arc<Link>, resume: Resume) -> Result<(), WireError> {
        let _turn = link.resuming.lock().await;
        settle(link, self.resume_all(link, resume).await)
    }

    async fn resume_all(&self, link: &Arc<Link>, resume: Resume) -> Result<(), WireError> {
        let user = self.begin(link)?;
        if !resume.more {
            self.mark(link, &Log::User(user.clone()))?;
        }
        let known = resume.epoch == self.epoch;
        let named: Vec<(RoomId, Option<Offset>)> =
            resume.rooms.iter().map(|(room, offset)| (room.clone(), known.then_some(*offset))).collect();
        for rooms in named.chunks(ROOMS_AT_ONCE) {
            self.follow_rooms(link, Some(&resume.id), &user, rooms).await?;
        }
        // All parts of one resume say the same of the user's log: told for each, it would be told again and again.
        if resume.more {
            return Ok(());
        }
        self.follow_unnamed(link, Some(&resume.id), &user, &resume.rooms).await?;
        self.resume_user_log(link, Some(&resume.id), &user, known.then_some(resume.user_offset)).await
    }

    /// `follow`: one room.
    pub(super) async fn follow(&self, link: &Arc<Link>, follow: Follow) -> Result<(), WireError> {
        let full = {
            let ties = link.ties();
            ties.rooms.len() >= self.config.max_rooms_followed && !ties.rooms.contains_key(&follow.room)
        };
        if full {
            let detail = format!("a session follows at most {} rooms", self.config.max_rooms_followed);
            return Err(WireError::new(ErrorCode::LimitReached, detail));
        }
        let known = follow.epoch.is_none_or(|epoch| epoch == self.epoch);
        // A position of another life of the logs says nothing: as if none was given.
        let from = follow.offset.filter(|_| known);
        self.follow_one(link, Some(&follow.id), follow.room.clone(), from).await?;
        match link.ties().rooms.contains_key(&follow.room) {
            true => Ok(()),
            false => Err(ErrorCode::Forbidden.into()),
        }
    }

    /// One room, which the connection may follow already.
    pub(super) async fn follow_one(
        &self,
        link: &Arc<Link>,
        id: Option<&RequestId>,
        room: RoomId,
        from: Option<Offset>,
    ) -> Result<(), WireError> {
        let _turn = link.resuming.lock().await;
        let user = link.user().cloned().ok_or(ErrorCode::NotAuthenticated)?;
        settle(link, self.follow_rooms(link, id, &user, &[(room, from)]).await)
    }

    /// A room that the user has just gained, unless the connection follows it already.
    pub(super) async fn follow_new(&self, link: &Arc<Link>, room: RoomId) -> Result<(), WireError> {
        let _turn = link.resuming.lock().await;
        if link.ties().rooms.contains_key(&room) {
            return Ok(());
        }
        let user = link.user().cloned().ok_or(ErrorCode::NotAuthenticated)?;
        settle(link, self.follow_rooms(link, None, &user, &[(room, None)]).await)
    }

    fn begin(&self, link: &Arc<Link>) -> Result<UserId, WireError> {
        link.ties().follows_new_rooms = true;
        Ok(link.user().cloned().ok_or(ErrorCode::NotAuthenticated)?)
    }

    /// Rooms of the user that were not named and are not followed yet, newest activity first, as many as a session
    /// may follow; the others are named.
    async fn follow_unnamed(
        &self,
        link: &Arc<Link>,
        id: Option<&RequestId>,
        user: &UserId,
        named: &BTreeMap<RoomId, Offset>,
    ) -> Result<(), WireError> {
        let rooms = self.providers.storage.rooms_of(user, RoomsQuery::default(), MAX_ROOMS_NAMED).await;
        let rooms = rooms.map_err(|error| self.storage_failed(error))?;
        let (mut chosen, mut left_out) = (Vec::new(), Vec::new());
        {
            let ties = link.ties();
            let free = self.config.max_rooms_followed.saturating_sub(ties.rooms.len());
            for (room, _) in rooms {
                if named.contains_key(&room) || ties.rooms.contains_key(&room) {
                    continue;
                }
                if chosen.len() < free { chosen.push((room, None)) } else { left_out.push(room) }
            }
        }
        for rooms in chosen.chunks(ROOMS_AT_ONCE) {
            self.follow_rooms(link, id, user, rooms).await?;
        }
        self.say_left_out(link, &left_out).await;
        Ok(())
    }

    /// Follows some rooms: marks all, reads them with one query, then brings each up to date.
    async fn follow_rooms(
        &self,
        link: &Arc<Link>,
        id: Option<&RequestId>,
        user: &UserId,
        rooms: &[(RoomId, Option<Offset>)],
    ) -> Result<(), WireError> {
        let (mut marked, mut left_out) = (Vec::with_capacity(rooms.len()), Vec::new());
        for (room, from) in rooms {
            match self.mark(link, &Log::Room(room.clone())) {
                Ok(()) => marked.push((room.clone(), *from)),
                Err(error) if error.code == ErrorCode::LimitReached => left_out.push(room.clone()),
                Err(error) => return Err(error),
            }
        }
        self.say_left_out(link, &left_out).await;
        let ids: Vec<RoomId> = marked.iter().map(|(room, _)| room.clone()).collect();
        let views = self.providers.storage.views(user, &ids).await;
        let views = views.map_err(|error| self.storage_failed(error))?;
        for ((room, from), view) in marked.iter().zip(views) {
            match view {
                Some(view) => self.bring_up(link, id, room, *from, view).await?,
                None => {
                    self.unfollow(link, room);
                    self.say_gone(link, id, room);
                }
            }
        }
        Ok(())
    }

    /// Names rooms of the user that the connection does not follow, because it follows as many as it may.
    async fn say_left_out(&self, link: &Link, rooms: &[RoomId]) {
        for rooms in rooms.chunks(IDS_PER_FRAME) {
            let word = System::new(SystemKind::LeftOut, self.providers.clock.now());
            link.outbox.push(encode(&Event::System(System { rooms: rooms.to_vec(), ..word })));
            link.outbox.wait_for_room().await;
        }
    }

    /// Brings one marked room up to date and releases it.
    async fn bring_up(
        &self,
        link: &Arc<Link>,
        id: Option<&RequestId>,
        room: &RoomId,
        from: Option<Offset>,
        view: RoomView,
    ) -> Result<(), WireError> {
        // Many rooms are brought up one after another: never faster than the connection takes it.
        if !link.outbox.wait_for_room().await {
            return Err(link.outbox.closed().unwrap_or(ErrorCode::SlowReader).into());
        }
        let role = view.state.role.known().ok_or(ErrorCode::Internal)?;
        let access_version = (view.state.kind != RoomKind::Direct).then_some(view.access_version);
        let grant = Grant { role, access_version };
        let mut word = self.word(id, Some(room));
        if view.state.members <= self.config.max_receipt_members {
            let pointers = self.providers.storage.pointers(room, None, limits::MAX_POINTERS).await;
            let pointers = pointers.map_err(|error| self.storage_failed(error))?;
            (word.pointers, word.delivered) = (fitting(pointers.read), fitting(pointers.delivered));
        }
        let log = Log::Room(room.clone());
        self.begins_at(link, room, view.state.oldest_seq);
        let (from, oldest) = (from.map(Offset::get), view.oldest_offset.get());
        let head = view.state.offset.get();
        let mut view = Some(view);
        let followed = match self.replayable(&log, from, head) {
            // The log as this member may read it: what was before its time is not told entry by entry either.
            _ if from.is_some_and(|from| from + 1 < oldest) => Followed::Trimmed { oldest },
            Some(from) => {
                // Older than what is told now.
                view = None;
                self.replay(link, &log, from, &word).await?
            }
            None => Followed::Unread,
        };
        let followed = match followed {
            Followed::Unread => {
                word.outcome = Outcome::Snapshot.into();
                self.snapshot(link, room, view, word).await?
            }
            Followed::Trimmed { oldest } => {
                (word.outcome, word.oldest) = (Outcome::Trimmed.into(), Offset::new(oldest));
                self.snapshot(link, room, view, word).await?
            }
            done => done,
        };
        match followed {
            Followed::Live => link.set_grant(room, grant),
            Followed::Stopped => {}
            _ => {
                self.unfollow(link, room);
                self.say_gone(link, id, room);
            }
        }
        Ok(())
    }

    /// Releases a marked room with its state, which is read if it is not there. When too much came meanwhile, with a newer
    /// one.
    async fn snapshot(
        &self,
        link: &Arc<Link>,
        room: &RoomId,
        mut view: Option<RoomView>,
        mut word: Resumed,
    ) -> Result<Followed, WireError> {
        let user = link.user().cloned().ok_or(ErrorCode::NotAuthenticated)?;
        for _ in 0..MAX_SNAPSHOTS {
            if view.is_none() {
                view = self.view(&user, room).await?;
            }
            let Some(RoomView { state, .. }) = view.take() else { return Ok(Followed::Ended) };
            let at = state.offset.get();
            self.begins_at(link, room, state.oldest_seq);
            word.state = Some(Box::new(state));
            match self.release(link, &Log::Room(room.clone()), at, &word) {
                Released::Live => return Ok(Followed::Live),
                Released::Ended => return Ok(Followed::Ended),
                Released::Gone => return Ok(Followed::Stopped),
                Released::Behind => {}
            }
        }
        Err(ErrorCode::SlowReader.into())
    }

    /// Notes from where on a follower reads.
    pub(super) fn begins_at(&self, link: &Link, room: &RoomId, oldest: Seq) {
        if let Some(feed) = self.rooms.lock(room).get_mut(room) {
            feed.begins_at(link.number, oldest);
        }
    }

    /// Brings the marked user log up to date and releases it.
    async fn resume_user_log(
        &self,
        link: &Arc<Link>,
        id: Option<&RequestId>,
        user: &UserId,
        from: Option<UserOffset>,
    ) -> Result<(), WireError> {
        let log = Log::User(user.clone());
        let mut word = self.word(id, None);
        let mut from = from.map(UserOffset::get);
        for _ in 0..MAX_SNAPSHOTS {
            let head = self.user_head(user).await?;
            match self.replayable(&log, from, head) {
                Some(position) => match self.replay(link, &log, position, &word).await? {
                    Followed::Trimmed { oldest } => {
                        (word.outcome, word.oldest) = (Outcome::Trimmed.into(), Offset::new(oldest));
                        from = None;
                    }
                    _ => return Ok(()),
                },
                None => {
                    if word.outcome != Outcome::Trimmed {
                        word.outcome = Outcome::Snapshot.into();
                    }
                    if self.release(link, &log, head, &word) != Released::Behind {
                        return Ok(());
                    }
                    from = None;
                }
            }
        }
        Err(ErrorCode::SlowReader.into())
    }

    /// Ties a connection to a log and begins to keep events aside for it.
    fn mark(&self, link: &Arc<Link>, log: &Log) -> Result<(), WireError> {
        let mut ties = link.ties();
        if ties.ended {
            return Err(ErrorCode::ShuttingDown.into());
        }
        match log {
            Log::Room(room) => {
                if ties.rooms.len() >= self.config.max_rooms_followed && !ties.rooms.contains_key(room) {
                    return Err(ErrorCode::LimitReached.into());
                }
                ties.rooms.entry(room.clone()).or_default();
                let mut shard = self.rooms.lock(room);
                let feed = shard.entry(room.clone()).or_default();
                feed.mark(link);
                if self.is_crowd(feed) {
                    self.crowds.note(room);
                }
            }
            Log::User(user) => {
                if let Some(entry) = self.users.lock(user).get_mut(user) {
                    entry.feed.mark(link);
                }
            }
        }
        Ok(())
    }

    /// Unties a connection from a room.
    pub(super) fn unfollow(&self, link: &Link, room: &RoomId) {
        link.ties().rooms.remove(room);
        self.forget_follower(link.number, room);
    }

    /// Unties a connection from a room whose feed let it go, unless it follows again by now.
    pub(super) fn untie(&self, link: &Link, room: &RoomId) {
        let mut ties = link.ties();
        let follows = self.rooms.lock(room).get(room).is_some_and(|feed| feed.follows(link.number));
        if !follows {
            ties.rooms.remove(room);
        }
    }

    /// Takes a connection out of a room's feed.
    pub(super) fn forget_follower(&self, number: u64, room: &RoomId) {
        let mut shard = self.rooms.lock(room);
        if let Some(feed) = shard.get_mut(room) {
            feed.remove(number);
            if feed.is_empty() {
                shard.remove(room);
            }
        }
    }
}

/// As many pointers as one packet may carry. With long ids that is fewer than were asked for.
pub(super) fn fitting(pointers: BTreeMap<UserId, Seq>) -> BTreeMap<UserId, Seq> {
    let mut bytes = "{}".len();
    let fits = |(user, seq): &(UserId, Seq)| {
        // Both as they are written, a colon and a comma.
        bytes += encode(user).len() + encode(seq).len() + 2;
        bytes <= limits::MAX_POINTERS_BYTES
    };
    pointers.into_iter().take(limits::MAX_POINTERS).take_while(fits).collect()
}

/// Closes a connection whose following failed half-way: some of its logs are marked and would never be released, so
/// that it would look whole and be deaf.
fn settle(link: &Link, followed: Result<(), WireError>) -> Result<(), WireError> {
    if let Err(error) = &followed {
        link.outbox.close(error.code);
    }
    followed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_of_one_packet_keep_both_bounds() {
        let pointers = |count: usize, id: &dyn Fn(usize) -> String| -> BTreeMap<UserId, Seq> {
            (0..count).map(|n| (UserId::new(id(n)).unwrap(), Seq::new(n as u64).unwrap())).collect()
        };
        assert_eq!(fitting(pointers(300, &|n| n.to_string())).len(), limits::MAX_POINTERS);
        let long = fitting(pointers(200, &|n| format!("{}{n:03}", "\"".repeat(125))));
        let bytes = encode(&long).len();
        assert!(bytes <= limits::MAX_POINTERS_BYTES && bytes > limits::MAX_POINTERS_BYTES - 300, "{bytes}");
    }
}
