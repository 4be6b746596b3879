//! How far others have read and received, for as many members as the server tells.

use std::collections::BTreeMap;

use chat_protocol::event::Reads;
use chat_protocol::{Member, Seq, UserId, limits};

use super::Delivery;

/// Pointers of others. They only move forward.
#[derive(Debug, Clone, Default)]
pub(super) struct Pointers {
    read: BTreeMap<UserId, Seq>,
    delivered: BTreeMap<UserId, Seq>,
}

impl Pointers {
    /// The server's word for all of them.
    pub(super) fn resumed(
        &mut self,
        me: &UserId,
        read: &BTreeMap<UserId, Seq>,
        delivered: &BTreeMap<UserId, Seq>,
    ) {
        // None are told in a large room, and then there is nothing to replace either.
        if read.is_empty() && delivered.is_empty() {
            return;
        }
        replace(&mut self.read, me, read);
        replace(&mut self.delivered, me, delivered);
    }

    pub(super) fn member(&mut self, member: &Member) {
        if let Some(read) = member.read {
            raise(&mut self.read, &member.user, read);
        }
        if let Some(delivered) = member.delivered {
            raise(&mut self.delivered, &member.user, delivered);
        }
    }

    /// A member has read so far.
    pub(super) fn raise(&mut self, user: &UserId, read: Seq) {
        raise(&mut self.read, user, read);
    }

    pub(super) fn moved(&mut self, reads: &Reads) {
        if let Some(read) = reads.read {
            raise(&mut self.read, &reads.from, read);
        }
        if let Some(delivered) = reads.delivered {
            raise(&mut self.delivered, &reads.from, delivered);
        }
    }

    /// A new member's pointers start at the head, as the server counts them.
    pub(super) fn joined(&mut self, user: &UserId, head: Seq) {
        if head > Seq::ZERO && !self.read.is_empty() {
            raise(&mut self.read, user, head);
        }
    }

    pub(super) fn left(&mut self, user: &UserId) {
        self.read.remove(user);
        self.delivered.remove(user);
    }

    /// How far a message has come.
    pub(super) fn delivery(&self, seq: Seq) -> Delivery {
        let read = self.read.values().filter(|pointer| **pointer >= seq).count();
        let unread = |user: &UserId| self.read.get(user).is_none_or(|pointer| *pointer < seq);
        let only_delivered =
            self.delivered.iter().filter(|(user, pointer)| **pointer >= seq && unread(user)).count();
        Delivery { delivered: read + only_delivered, read }
    }
}

fn raise(pointers: &mut BTreeMap<UserId, Seq>, user: &UserId, to: Seq) {
    if let Some(pointer) = pointers.get_mut(user) {
        *pointer = to.max(*pointer);
    } else if pointers.len() < limits::MAX_POINTERS {
        pointers.insert(user.clone(), to);
    }
}

fn replace(pointers: &mut BTreeMap<UserId, Seq>, me: &UserId, now: &BTreeMap<UserId, Seq>) {
    let old = std::mem::take(pointers);
    for (user, to) in now.iter().filter(|(user, _)| *user != me) {
        raise(pointers, user, old.get(user).map_or(*to, |pointer| *to.max(pointer)));
    }
}
