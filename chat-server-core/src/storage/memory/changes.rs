//! What happens to messages, and to a room's data.

use std::collections::BTreeSet;

use chat_protocol::command::RoomPatch;
use chat_protocol::event::{Deleted, Edited, Reaction, ReactionAction, RoomAction};
use chat_protocol::{Access, Content, Emoji, HistoryVisibility, Message, RoomInfo, Seq, limits};

use super::members::room_now;
use super::room::{Entry, Sent, Stored};
use super::state::{Answer, State, Told, changed, unchanged};
use crate::storage::{Append, Appended, LogEntry, NewMessage, Refusal, StoredMessage};

impl State {
    pub(super) fn message(&mut self, append: &Append, new: &NewMessage) -> Answer {
        let room = self.room(&append.room);
        if new.reply_to.is_some_and(|seq| seq > room.seq || seq == Seq::ZERO) {
            return Err(Refusal::NoMessage);
        }
        if let Some(root) = new.thread {
            let root = room.live(root).ok_or(Refusal::NoMessage)?;
            if root.stored.message.thread.is_some() {
                return Err(Refusal::NoMessage);
            }
        }
        let room = self.touch(&append.room, append.now);
        room.seq = room.seq.next();
        let entry = Entry::Message(room.seq);
        let offset = self.log(&append.room, entry);
        let room = self.room(&append.room);
        let message = Message {
            client_msg_id: new.client_msg_id.clone(),
            reply_to: new.reply_to,
            thread: new.thread,
            mentions: new.mentions.clone(),
            injected: new.injected,
            ..Message::new(room.id.clone(), offset, room.seq, append.by.clone(), new.content.clone(), room.ts)
        };
        let stored = StoredMessage { message, num: room.active, key: rand::random() };
        let (num, key) = (stored.num, stored.key);
        room.messages.insert(room.seq, Stored { stored, reactions: Vec::new(), erased: false });
        let answer = Appended { num, key, ..changed(room, Told::default()) };
        if let Some(id) = &new.client_msg_id {
            let sent = Sent { digest: new.digest, answer: answer.clone() };
            room.sent.insert((append.by.clone(), id.clone()), sent);
        }
        Ok(answer)
    }

    pub(super) fn edit(&mut self, append: &Append, seq: Seq, content: &Content) -> Answer {
        let message = &self.room(&append.room).live(seq).ok_or(Refusal::NoMessage)?.stored.message;
        if message.from != append.by {
            return Err(Refusal::NotAllowed);
        }
        if message.content == *content {
            return Ok(unchanged(self.room(&append.room)));
        }
        let room = self.touch(&append.room, append.now);
        let (id, offset, ts) = (room.id.clone(), room.offset.next(), room.ts);
        let message = &mut room.live(seq).ok_or(Refusal::NoMessage)?.stored.message;
        (message.content, message.edited_at) = (content.clone(), Some(ts));
        let entry = Edited {
            room: id,
            offset,
            seq,
            from: append.by.clone(),
            content: Some(content.clone()),
            thread: message.thread,
            ts,
        };
        let mut told = Told::default();
        self.tell(&append.room, LogEntry::Edited(entry), &mut told);
        Ok(changed(self.room(&append.room), told))
    }

    pub(super) fn delete(&mut self, append: &Append, seq: Seq, own: bool) -> Answer {
        let room = self.room(&append.room);
        let message = &room.messages.get(&seq).ok_or(Refusal::NoMessage)?.stored.message;
        if own && message.from != append.by {
            return Err(Refusal::NotAllowed);
        }
        if message.deleted_at.is_some() {
            return Ok(unchanged(room));
        }
        let room = self.touch(&append.room, append.now);
        let (id, offset, ts) = (room.id.clone(), room.offset.next(), room.ts);
        let stored = room.live(seq).ok_or(Refusal::NoMessage)?;
        stored.reactions.clear();
        let message = &mut stored.stored.message;
        (message.content, message.deleted_at) = (Content::plain(""), Some(ts));
        let from = message.from.clone();
        let entry = Deleted {
            room: id,
            offset,
            seq,
            by: (from != append.by).then(|| append.by.clone()),
            from,
            thread: message.thread,
            mentions: message.mentions.clone(),
            ts,
        };
        let mut told = Told::default();
        self.tell(&append.room, LogEntry::Deleted(entry), &mut told);
        Ok(changed(self.room(&append.room), told))
    }

    pub(super) fn react(&mut self, append: &Append, seq: Seq, emoji: &Emoji) -> Answer {
        let reactions = &self.room(&append.room).live(seq).ok_or(Refusal::NoMessage)?.reactions;
        let mine = (emoji.clone(), append.by.clone());
        if reactions.contains(&mine) {
            return Ok(unchanged(self.room(&append.room)));
        }
        let different: BTreeSet<_> = reactions.iter().map(|(present, _)| present).collect();
        if !different.contains(emoji) && different.len() >= limits::MAX_REACTIONS {
            return Err(Refusal::Full);
        }
        let room = self.touch(&append.room, append.now);
        room.live(seq).ok_or(Refusal::NoMessage)?.reactions.push(mine);
        Ok(self.tell_reaction(append, seq, emoji, ReactionAction::Added))
    }

    pub(super) fn unreact(&mut self, append: &Append, seq: Seq, emoji: &Emoji) -> Answer {
        let mine = (emoji.clone(), append.by.clone());
        let room = self.room(&append.room);
        if !room.live(seq).ok_or(Refusal::NoMessage)?.reactions.contains(&mine) {
            return Ok(unchanged(room));
        }
        let room = self.touch(&append.room, append.now);
        room.live(seq).ok_or(Refusal::NoMessage)?.reactions.retain(|present| *present != mine);
        Ok(self.tell_reaction(append, seq, emoji, ReactionAction::Removed))
    }

    fn tell_reaction(
        &mut self,
        append: &Append,
        seq: Seq,
        emoji: &Emoji,
        action: ReactionAction,
    ) -> Appended {
        let room = self.room(&append.room);
        let entry = Reaction {
            room: room.id.clone(),
            offset: room.offset.next(),
            seq,
            from: append.by.clone(),
            emoji: emoji.clone(),
            action: action.into(),
            count: room.reacted(seq, emoji),
            ts: room.ts,
        };
        let mut told = Told::default();
        self.tell(&append.room, LogEntry::Reaction(entry), &mut told);
        changed(self.room(&append.room), told)
    }

    pub(super) fn set(&mut self, append: &Append, patch: &RoomPatch) -> Answer {
        let room = self.room(&append.room);
        let before = (room.info.clone(), room.access, room.history, room.desk.clone());
        let mut after = before.clone();
        patch_info(&mut after.0, patch);
        after.1 = patch.access.unwrap_or(after.1);
        after.2 = patch.history.unwrap_or(after.2);
        if let (Some(desk), Some(status)) = (&mut after.3, patch.status) {
            desk.status = status.into();
        }
        if before == after {
            return Ok(unchanged(room));
        }
        let narrower = (before.1 == Access::Open && after.1 == Access::Invite)
            || (before.2 == HistoryVisibility::All && after.2 == HistoryVisibility::Joined);
        let (ttl, changed_ttl) = (after.0.message_ttl_s, before.0.message_ttl_s != after.0.message_ttl_s);
        if changed_ttl {
            self.jobs.keep_for(&append.room, ttl, append.now);
        }
        let room = self.touch(&append.room, append.now);
        (room.info, room.access, room.history, room.desk) = after;
        room.updated_at = room.ts;
        room.access_version += u64::from(narrower);
        let entry = LogEntry::Room(room_now(room, RoomAction::Changed, &append.by));
        let mut told = Told::default();
        self.tell(&append.room, entry, &mut told);
        Ok(changed(self.room(&append.room), told))
    }

    pub(super) fn trim(&mut self, append: &Append, oldest: Seq) -> Answer {
        let room = self.room(&append.room);
        let oldest = oldest.min(room.seq.next());
        if oldest <= room.oldest_seq {
            return Ok(unchanged(room));
        }
        let room = self.touch(&append.room, append.now);
        room.messages = room.messages.split_off(&oldest);
        room.oldest_seq = oldest;
        for member in room.members.values_mut() {
            member.threads = member.threads.split_off(&oldest);
        }
        // Nothing is left: the log begins with the entry that says so.
        let first = room.messages.values().next().map(|stored| stored.stored.message.offset);
        room.oldest_offset = first.unwrap_or(room.offset.next());
        let kept = room.entries.split_off(&room.oldest_offset);
        let forgotten = std::mem::replace(&mut room.entries, kept);
        let trimmed = room_now(room, RoomAction::Trimmed, &append.by);
        let entry = chat_protocol::event::RoomChanged { oldest_seq: Some(oldest), ..trimmed };
        for hidden in self.users.values_mut().filter_map(|own| own.hidden.get_mut(&append.room)) {
            *hidden = hidden.split_off(&oldest);
        }
        for (num, _) in forgotten.values() {
            self.feed.remove(num);
        }
        let mut told = Told::default();
        self.tell(&append.room, LogEntry::Room(entry), &mut told);
        Ok(changed(self.room(&append.room), told))
    }
}

fn patch_info(info: &mut RoomInfo, patch: &RoomPatch) {
    let RoomPatch { name, avatar, topic, custom, message_ttl_s, .. } = patch;
    name.clone().apply(&mut info.name);
    avatar.clone().apply(&mut info.avatar);
    topic.clone().apply(&mut info.topic);
    custom.clone().apply(&mut info.custom);
    (*message_ttl_s).apply(&mut info.message_ttl_s);
}
