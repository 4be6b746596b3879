//! One message as it is known: what a page or an event said of it, carried on by the changes after that.
//!
//! A page is read at a position of the room's log that it does not name. It is at least the one up to which events were applied when
//! the page was asked for, so all changes after that are applied to what the page says, those that it knows already too. That ends
//! at the server's state whatever the page knew, because a change says what is true after it and not what is different: an edit the
//! whole content, a reaction the whole count. A deletion is final. Only the count of a thread is not told by a deletion in it: it is
//! unsure then, and the message is read again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chat_protocol::event::{Deleted, Edited, Reaction, ReactionAction};
use chat_protocol::{Content, Emoji, Message, Replies, Seq, UserId};

use super::Item;

/// Something that became of a message, or of a thread that hangs on one.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Edited(Edited),
    Deleted(Deleted),
    Reaction(Reaction),
    /// A message was written into the thread of another.
    Reply {
        root: Seq,
        seq: Seq,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) message: Arc<Message>,
    pub(super) reactions: BTreeMap<Emoji, u64>,
    pub(super) mine: BTreeSet<Emoji>,
    pub(super) replies: Option<Replies>,
    /// How many replies there are is not known exactly.
    pub(super) unsure: bool,
    /// What is shown of it, unless that is to be made anew.
    pub(super) shown: Option<Arc<Item>>,
}

impl Record {
    pub(super) fn of(message: &Message) -> Self {
        let mut message = message.clone();
        let reactions = std::mem::take(&mut message.reactions);
        if message.deleted_at.is_some() {
            // Edits of what is gone are not told again, so nobody knows when the last one was.
            message.edited_at = None;
        }
        Self {
            reactions: reactions.into_iter().map(|one| (one.emoji, one.count)).collect(),
            mine: BTreeSet::new(),
            replies: message.replies.take(),
            message: Arc::new(message),
            unsure: false,
            shown: None,
        }
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.message.deleted_at.is_some()
    }

    /// Takes in a change, if it is one of this message.
    pub(super) fn apply(&mut self, change: &Change, me: &UserId) {
        let seq = self.message.seq;
        match change {
            Change::Edited(edited) if edited.seq == seq => self.edit(edited),
            Change::Deleted(deleted) if deleted.seq == seq => self.delete(deleted),
            Change::Deleted(deleted) if deleted.thread == Some(seq) => self.unsure = true,
            Change::Reaction(reaction) if reaction.seq == seq => self.react(reaction, me),
            Change::Reply { root, seq: reply } if *root == seq => self.reply(*reply),
            _ => return,
        }
        self.shown = None;
    }

    fn edit(&mut self, edited: &Edited) {
        // Without content it was deleted since, which another packet tells.
        let Some(content) = &edited.content else { return };
        // The times of a room never run backwards: what was edited later says more.
        let newer = self.message.edited_at.is_some_and(|at| at > edited.ts);
        if newer || self.is_deleted() {
            return;
        }
        let message = Arc::make_mut(&mut self.message);
        message.content.clone_from(content);
        message.edited_at = Some(edited.ts);
    }

    fn delete(&mut self, deleted: &Deleted) {
        self.reactions.clear();
        self.mine.clear();
        if !self.is_deleted() {
            let message = Arc::make_mut(&mut self.message);
            (message.content, message.deleted_at) = (Content::plain(""), Some(deleted.ts));
            message.edited_at = None;
        }
    }

    fn react(&mut self, reaction: &Reaction, me: &UserId) {
        if self.is_deleted() {
            return;
        }
        match reaction.count {
            0 => self.reactions.remove(&reaction.emoji),
            count => self.reactions.insert(reaction.emoji.clone(), count),
        };
        if reaction.from == *me {
            match reaction.action.known() {
                Some(ReactionAction::Added) => _ = self.mine.insert(reaction.emoji.clone()),
                Some(ReactionAction::Removed) => _ = self.mine.remove(&reaction.emoji),
                None => {}
            }
        }
    }

    /// The newest reply that a page counted is the newest of its time: it counted all before it, too.
    fn reply(&mut self, seq: Seq) {
        let before = self.replies.map_or((0, Seq::ZERO), |replies| (replies.count, replies.last_seq));
        if seq > before.1 {
            self.replies = Some(Replies { count: before.0 + 1, last_seq: seq });
        }
    }
}
