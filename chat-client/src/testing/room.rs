//! One room of the fake server: members, messages and the log.

use std::collections::{BTreeMap, BTreeSet};

use chat_protocol::command::SendMessage;
use chat_protocol::event::{Deleted, Edited, MemberAction, MemberChanged};
use chat_protocol::reply::SendData;
use chat_protocol::unread::{Countable, count};
use chat_protocol::{
    Access, ClientMsgId, Content, ErrorCode, Event, HistoryPage, HistoryQuery, Message, Offset, Role, RoomId,
    RoomKind, RoomState, Seq, Timestamp, UserId,
};

/// Messages in a page when the query does not say: as the real server.
const PAGE: usize = 50;

#[derive(Debug)]
pub(super) struct Room {
    pub(super) id: RoomId,
    pub(super) members: BTreeSet<UserId>,
    pub(super) messages: Vec<Message>,
    pub(super) read: BTreeMap<UserId, Seq>,
    /// The entries after `forgotten`, in order.
    log: Vec<Event>,
    forgotten: u64,
    names: BTreeMap<(UserId, ClientMsgId), ([u8; 16], SendData)>,
}

impl Room {
    pub(super) fn new(id: RoomId) -> Self {
        Self {
            id,
            members: BTreeSet::new(),
            messages: Vec::new(),
            read: BTreeMap::new(),
            log: Vec::new(),
            forgotten: 0,
            names: BTreeMap::new(),
        }
    }

    pub(super) fn offset(&self) -> Offset {
        Offset::new(self.forgotten + self.log.len() as u64).unwrap_or_default()
    }

    fn seq(&self) -> Seq {
        Seq::new(self.messages.len() as u64).unwrap_or_default()
    }

    /// The entries after a position; `None`: they are not there any more, or never were.
    pub(super) fn after(&self, offset: Offset) -> Option<&[Event]> {
        let from = offset.get().checked_sub(self.forgotten)?;
        self.log.get(usize::try_from(from).ok()?..)
    }

    pub(super) fn forget_log(&mut self) {
        self.forgotten = self.offset().get();
        self.log.clear();
    }

    /// As a log that nobody has a position in.
    pub(super) fn begin_anew(&mut self) {
        (self.forgotten, self.log) = (0, Vec::new());
    }

    pub(super) fn state(&self, me: &UserId, ts: Timestamp) -> RoomState {
        let read = self.read.get(me).copied().unwrap_or_default();
        let countable = self.messages.iter().map(|message| Countable {
            seq: message.seq,
            from: &message.from,
            thread: message.thread,
            mentions: message.mentions.as_ref(),
            gone: message.deleted_at.is_some(),
        });
        let counts = count(me, None, read, countable);
        RoomState {
            seq: self.seq(),
            offset: self.offset(),
            members: self.members.len() as u64,
            read,
            unread: counts.unread,
            mentions: counts.mentions,
            ts,
            ..RoomState::new(self.id.clone(), me, RoomKind::Group, Access::Open, Role::Member)
        }
    }

    /// Adds an entry, and gives it to be told.
    fn enter(&mut self, entry: Event) -> Event {
        self.log.push(entry.clone());
        entry
    }

    pub(super) fn join(&mut self, user: UserId, ts: Timestamp) -> Option<Event> {
        if !self.members.insert(user.clone()) {
            return None;
        }
        self.read.insert(user.clone(), self.seq());
        let offset = self.offset().next();
        Some(self.enter(MemberChanged::new(self.id.clone(), offset, user, MemberAction::Joined, ts).into()))
    }

    pub(super) fn leave(&mut self, user: &UserId, ts: Timestamp) -> Option<Event> {
        if !self.members.remove(user) {
            return None;
        }
        let offset = self.offset().next();
        let change = MemberChanged::new(self.id.clone(), offset, user.clone(), MemberAction::Left, ts);
        Some(self.enter(change.into()))
    }

    /// Stores a message once: its ack, and the entry if there is a new one.
    pub(super) fn store(
        &mut self,
        from: UserId,
        send: SendMessage,
        ts: Timestamp,
    ) -> Result<(SendData, Option<Event>), ErrorCode> {
        let digest = send.digest();
        let name = send.client_msg_id.clone().map(|name| (from.clone(), name));
        if let Some((stored, data)) = name.as_ref().and_then(|name| self.names.get(name)) {
            let same = *stored == digest;
            return if same {
                Ok((SendData { duplicate: true, ..*data }, None))
            } else {
                Err(ErrorCode::Conflict)
            };
        }
        let (seq, offset) = (self.seq().next(), self.offset().next());
        let message = Message {
            client_msg_id: send.client_msg_id,
            reply_to: send.reply_to,
            thread: send.thread,
            mentions: send.mentions,
            ..Message::new(self.id.clone(), offset, seq, from, send.content, ts)
        };
        let data = SendData { seq, offset, duplicate: false, ts };
        self.names.extend(name.map(|name| (name, (digest, data))));
        self.messages.push(message.clone());
        Ok((data, Some(self.enter(message.into()))))
    }

    fn message(&mut self, seq: Seq) -> Result<&mut Message, ErrorCode> {
        let found = self.messages.iter_mut().find(|message| message.seq == seq);
        found.filter(|message| message.deleted_at.is_none()).ok_or(ErrorCode::MessageNotFound)
    }

    pub(super) fn edit(&mut self, seq: Seq, content: Content, ts: Timestamp) -> Result<Event, ErrorCode> {
        let (room, offset) = (self.id.clone(), self.offset().next());
        let message = self.message(seq)?;
        (message.content, message.edited_at) = (content.clone(), Some(ts));
        let (from, thread) = (message.from.clone(), message.thread);
        Ok(self.enter(Edited { room, offset, seq, from, content: Some(content), thread, ts }.into()))
    }

    pub(super) fn delete(&mut self, seq: Seq, by: &UserId, ts: Timestamp) -> Result<Event, ErrorCode> {
        let (room, offset) = (self.id.clone(), self.offset().next());
        let message = self.message(seq)?;
        (message.content, message.deleted_at) = (Content::plain(""), Some(ts));
        let by = (message.from != *by).then(|| by.clone());
        let (from, thread, mentions) = (message.from.clone(), message.thread, message.mentions.clone());
        // A replay never revives what was deleted.
        let deleted = message.clone();
        for entry in &mut self.log {
            if let Event::Message(told) = entry
                && told.seq == seq
            {
                told.clone_from(&deleted);
            }
        }
        Ok(self.enter(Deleted { room, offset, seq, from, by, thread, mentions, ts }.into()))
    }

    pub(super) fn history(&self, query: HistoryQuery) -> HistoryPage {
        let limit = query.limit.map_or(PAGE, |limit| limit.clamp(1, 100) as usize);
        let within = |message: &&Message| {
            query.before.is_none_or(|before| message.seq < before)
                && query.after.is_none_or(|after| message.seq > after)
        };
        let all: Vec<&Message> = self.messages.iter().filter(within).collect();
        let from = if query.after.is_some() { 0 } else { all.len().saturating_sub(limit) };
        let page: Vec<Message> =
            all.iter().skip(from).take(limit).map(|message| (*message).clone()).collect();
        let more = page.len() < all.len();
        HistoryPage::new(self.id.clone(), page, more)
    }
}
