//! From what is known to what is drawn.

use std::collections::BTreeSet;
use std::sync::Arc;

use chat_protocol::{ClientMsgId, Seq};

use super::pages::Target;
use super::record::Record;
use super::{Answered, EchoState, Gap, GapState, Item, Line, MessageItem, Preview, Reacted};

impl Line {
    /// Makes the items anew where something changed.
    pub(super) fn refresh(&mut self) {
        self.end_echoes();
        for seq in self.stale() {
            let Some(shown) = self.records.get(&seq).map(|record| self.draw(record)) else { continue };
            if let Some(record) = self.records.get_mut(&seq) {
                record.shown = Some(Arc::new(Item::Message(shown)));
            }
        }
        let items = self.draw_all();
        let same = items.len() == self.items.len()
            && items.iter().zip(&self.items).all(|(new, old)| Arc::ptr_eq(new, old));
        if !same {
            self.items = items;
            self.revision += 1;
        }
    }

    fn stale(&self) -> Vec<Seq> {
        self.records.iter().filter(|(_, record)| record.shown.is_none()).map(|(seq, _)| *seq).collect()
    }

    fn draw_all(&self) -> Vec<Arc<Item>> {
        let mut items = Vec::with_capacity(self.records.len() + self.echoes.all().len() + 2);
        let mut gaps = self.gaps().into_iter().map(|gap| self.draw_gap(gap)).peekable();
        for (seq, record) in &self.records {
            while let Some(gap) = gaps.next_if(|gap| gap.before <= *seq) {
                items.push(self.kept(Item::Gap(gap)));
            }
            items.extend(record.shown.clone());
        }
        items.extend(gaps.map(|gap| self.kept(Item::Gap(gap))));
        let echoes = self.echoes.all().iter().filter(|echo| echo.thread == self.root);
        items.extend(echoes.map(|echo| self.kept(Item::Echo(echo.clone()))));
        items
    }

    /// The same item as before, if it was shown before.
    fn kept(&self, item: Item) -> Arc<Item> {
        let message = |old: &&Arc<Item>| !matches!(***old, Item::Message(_));
        let old = self.items.iter().filter(message).find(|old| ***old == item);
        old.cloned().unwrap_or_else(|| Arc::new(item))
    }

    /// Where messages are missing, as the numbers around it.
    pub(super) fn gaps(&self) -> Vec<(Seq, Seq)> {
        let floor = self.root.map_or(self.oldest, |root| self.oldest.max(root.next()));
        self.spans.gaps(floor, self.head)
    }

    fn draw_gap(&self, (after, before): (Seq, Seq)) -> Gap {
        let at_end = before > self.head;
        let of_gap = |target: &Target| match target {
            Target::Newest => at_end,
            Target::Before(seq, _) => *seq == before,
            Target::After(seq, _) => *seq == after,
            _ => false,
        };
        let state = if self.questions.open().any(of_gap) {
            GapState::Loading
        } else if self.questions.failed().any(of_gap) {
            GapState::Failed
        } else {
            GapState::Idle
        };
        Gap { after, before, state }
    }

    fn draw(&self, record: &Record) -> MessageItem {
        let message = &record.message;
        let own = message.from == self.me;
        let preview = |seq: &Seq| {
            let answered = &self.records.get(seq)?.message;
            let content = answered.deleted_at.is_none().then(|| answered.content.clone());
            Some(Preview { from: answered.from.clone(), content })
        };
        let reacted = |(emoji, count): (&chat_protocol::Emoji, &u64)| Reacted {
            emoji: emoji.clone(),
            count: *count,
            mine: record.mine.contains(emoji),
        };
        MessageItem {
            answers: message.reply_to.map(|seq| Answered { seq, preview: preview(&seq) }),
            replies: record.replies,
            reactions: record.reactions.iter().map(reacted).collect(),
            mentions_me: !own && message.mentions.as_ref().is_some_and(|mentions| mentions.calls(&self.me)),
            blocked: self.blocked.contains(&message.from),
            delivery: (own && message.thread == self.root).then(|| self.pointers.delivery(message.seq)),
            own,
            message: message.clone(),
        }
    }

    /// The answers to messages `from..=to` show them otherwise now.
    pub(super) fn redraw_answers(&mut self, from: Seq, to: Seq) {
        for record in self.records.values_mut() {
            if record.message.reply_to.is_some_and(|seq| (from..=to).contains(&seq)) {
                record.shown = None;
            }
        }
    }

    /// One's own messages may have come further.
    pub(super) fn redraw_own(&mut self) {
        let (me, pointers, root) = (&self.me, &self.pointers, self.root);
        for record in self.records.values_mut() {
            let own = record.message.from == *me && record.message.thread == root;
            let Some(Item::Message(shown)) = record.shown.as_deref().filter(|_| own) else { continue };
            if shown.delivery != Some(pointers.delivery(record.message.seq)) {
                record.shown = None;
            }
        }
    }

    /// An echo is over when the line has its message. One that is stored is also over when the line has passed by it: then its message
    /// was deleted for oneself, or is in a gap.
    fn end_echoes(&mut self) {
        if self.echoes.all().is_empty() {
            return;
        }
        let own = self.records.values().filter(|record| record.message.from == self.me);
        let there: BTreeSet<ClientMsgId> =
            own.filter_map(|record| record.message.client_msg_id.clone()).collect();
        let end = self.spans.last().unwrap_or_default();
        self.echoes.keep(|echo| match echo.state {
            _ if there.contains(&echo.client_msg_id) => false,
            EchoState::Acked(seq) => seq > end,
            _ => true,
        });
    }
}
