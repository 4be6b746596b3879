//! A server that is a list of what happened: it tells any of it, and answers as of any time.

use std::collections::{BTreeMap, BTreeSet};

use chat_protocol::event::{Deleted, Edited, Reaction, ReactionAction, UserChange, UserChanged};
use chat_protocol::reply::{BlockedUser, BlocksPage, MembersPage};
use chat_protocol::{
    Access, ClientMsgId, Content, Emoji, HistoryPage, HistoryQuery, Member, Message, MyReactions, Offset,
    ReactionCount, Replies, Role, RoomId, RoomKind, RoomState, Seq, ThreadState, Timestamp, UserId,
    UserOffset,
};

use crate::ClientEvent;
use crate::timeline::MessageItem;

pub(super) const USERS: [&str; 3] = ["me", "ann", "bob"];
const EMOJI: [&str; 2] = ["👍", "🎉"];

pub(super) fn id(seq: u64) -> Seq {
    Seq::new(seq).unwrap()
}

pub(super) fn room() -> RoomId {
    RoomId::new("r").unwrap()
}

pub(super) fn user(n: usize) -> UserId {
    UserId::new(USERS[n]).unwrap()
}

pub(super) fn me() -> UserId {
    user(0)
}

fn emoji(n: usize) -> Emoji {
    Emoji::new(EMOJI[n]).unwrap()
}

/// Several things happen in one millisecond.
fn ts(time: usize) -> Timestamp {
    Timestamp::from_micros(time as i64 / 3 * 1_000)
}

/// Numbers that are the same for the same seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Send { from: usize, thread: Option<Seq>, reply_to: Option<Seq>, name: Option<ClientMsgId> },
    Edit { seq: Seq },
    Delete { seq: Seq },
    React { from: usize, seq: Seq, emoji: usize, add: bool },
    Hide { seq: Seq },
    Block { user: usize, blocked: bool },
}

impl Op {
    pub(super) fn is_of_room(&self) -> bool {
        !matches!(self, Op::Hide { .. } | Op::Block { .. })
    }
}

/// A message as the server has it.
#[derive(Debug, Clone)]
struct Kept {
    message: Message,
    reactions: BTreeSet<(usize, usize)>,
}

/// Everything as of some time.
#[derive(Debug, Clone, Default)]
struct State {
    messages: BTreeMap<Seq, Kept>,
    hidden: BTreeSet<Seq>,
    blocked: BTreeSet<usize>,
    offset: u64,
}

#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) ops: Vec<Op>,
    /// After each of them.
    states: Vec<State>,
}

/// What a message shows, to be compared.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    seq: Seq,
    from: UserId,
    text: Option<String>,
    edited: Option<Timestamp>,
    reactions: Vec<(String, u64, bool)>,
    replies: Option<Replies>,
    answers: Option<(Seq, Option<Option<String>>)>,
    blocked: bool,
}

impl Seen {
    pub(super) fn of(item: &MessageItem) -> Self {
        let text = |content: &Content| content.text().unwrap().into_owned();
        Self {
            seq: item.seq(),
            from: item.message.from.clone(),
            text: item.content().map(text),
            edited: item.message.edited_at,
            reactions: item
                .reactions
                .iter()
                .map(|one| (one.emoji.to_string(), one.count, one.mine))
                .collect(),
            replies: item.replies,
            answers: item.answers.as_ref().map(|answered| {
                (answered.seq, answered.preview.as_ref().map(|preview| preview.content.as_ref().map(text)))
            }),
            blocked: item.blocked,
        }
    }
}

pub(super) fn user_changed(change: UserChange) -> ClientEvent {
    ClientEvent::User(UserChanged { user_offset: UserOffset::ZERO, change, ts: ts(0) })
}

impl Server {
    pub(super) fn now(&self) -> usize {
        self.ops.len()
    }

    fn at(&self, time: usize) -> State {
        time.checked_sub(1).map(|place| self.states[place].clone()).unwrap_or_default()
    }

    pub(super) fn head(&self, time: usize) -> Seq {
        self.at(time).messages.keys().last().copied().unwrap_or_default()
    }

    /// Something happens, if it can.
    pub(super) fn act(&mut self, op: Op) {
        let mut state = self.at(self.now());
        if state.act(&op, self.now() + 1) {
            self.ops.push(op);
            self.states.push(state);
        }
    }

    pub(super) fn random(&mut self, dice: &mut Dice) {
        let head = self.head(self.now()).get() as usize;
        let seq = id(1 + dice.below(head.max(1)) as u64);
        let from = dice.below(3);
        let op = match dice.below(12) {
            0..=4 => {
                let thread = match dice.below(3) {
                    0 => Some(id(1)),
                    1 if dice.below(2) == 0 => Some(seq),
                    _ => None,
                };
                let reply_to = (dice.below(3) == 0).then_some(seq);
                Op::Send { from: 1 + dice.below(2), thread, reply_to, name: None }
            }
            5..=6 => Op::Edit { seq },
            7 if seq != id(1) => Op::Delete { seq },
            8..=9 => Op::React { from, seq, emoji: dice.below(2), add: dice.below(3) > 0 },
            10 if seq != id(1) => Op::Hide { seq },
            _ => Op::Block { user: 1 + dice.below(2), blocked: dice.below(2) == 0 },
        };
        self.act(op);
    }

    /// What is told of the thing that happened last at `time`, when it is told at `now`.
    pub(super) fn event(&self, time: usize, now: usize) -> ClientEvent {
        let (state, later) = (self.at(time), self.at(now));
        let (room, offset, at) = (room(), Offset::new(state.offset).unwrap(), ts(time));
        let kept = |seq: &Seq| &state.messages[seq];
        match &self.ops[time - 1] {
            Op::Send { .. } => ClientEvent::Message(state.messages.values().last().unwrap().message.clone()),
            Op::Edit { seq } => {
                let from = kept(seq).message.from.clone();
                // What was deleted since is not told again.
                let gone = later.messages[seq].message.deleted_at.is_some();
                let content = (!gone).then(|| kept(seq).message.content.clone());
                let thread = kept(seq).message.thread;
                ClientEvent::Edited(Edited { room, offset, seq: *seq, from, content, thread, ts: at })
            }
            Op::Delete { seq } => {
                let Message { from, thread, mentions, .. } = kept(seq).message.clone();
                let by = None;
                ClientEvent::Deleted(Deleted { room, offset, seq: *seq, from, by, thread, mentions, ts: at })
            }
            Op::React { from, seq, emoji: n, add } => {
                let count = kept(seq).reactions.iter().filter(|(_, other)| other == n).count() as u64;
                let action = if *add { ReactionAction::Added } else { ReactionAction::Removed }.into();
                let (from, emoji) = (user(*from), emoji(*n));
                ClientEvent::Reaction(Reaction {
                    room,
                    offset,
                    seq: *seq,
                    from,
                    emoji,
                    action,
                    count,
                    ts: at,
                })
            }
            Op::Hide { seq } => {
                let Message { from, thread, mentions, .. } = kept(seq).message.clone();
                user_changed(UserChange::Hidden { room, seq: *seq, from, thread, mentions })
            }
            Op::Block { user: n, blocked: true } => user_changed(UserChange::Blocked { user: user(*n) }),
            Op::Block { user: n, blocked: false } => user_changed(UserChange::Unblocked { user: user(*n) }),
        }
    }

    pub(super) fn state(&self, time: usize) -> RoomState {
        let state = self.at(time);
        RoomState {
            seq: self.head(time),
            offset: Offset::new(state.offset).unwrap(),
            members: 3,
            ..RoomState::new(room(), &me(), RoomKind::Group, Access::Open, Role::Member)
        }
    }

    pub(super) fn members(&self) -> MembersPage {
        let member = |n| Member {
            user: user(n),
            role: Role::Member.into(),
            name: None,
            avatar: None,
            joined_at: ts(0),
            delivered: None,
            read: None,
        };
        MembersPage { room: room(), members: (0..3).map(member).collect(), banned: Vec::new(), next: None }
    }

    pub(super) fn blocks(&self, time: usize) -> BlocksPage {
        let users = self.at(time).blocked.into_iter();
        BlocksPage { users: users.map(|n| BlockedUser { user: user(n), ts: ts(0) }).collect(), next: None }
    }

    pub(super) fn page(&self, time: usize, thread: Option<Seq>, query: HistoryQuery) -> HistoryPage {
        let state = self.at(time);
        let limit = query.limit.unwrap() as usize;
        let fits = |message: &Message| {
            (thread.is_none() || message.thread == thread)
                && query.before.is_none_or(|before| message.seq < before)
                && query.after.is_none_or(|after| message.seq > after)
        };
        let mut messages: Vec<Message> =
            state.messages.keys().map(|seq| state.read(*seq)).filter(fits).collect();
        let more = messages.len() > limit;
        match query.after {
            Some(_) => messages.truncate(limit),
            None => _ = messages.drain(..messages.len().saturating_sub(limit)),
        }
        let mine = |message: &Message| {
            let reactions = &state.messages[&message.seq].reactions;
            let emoji: Vec<Emoji> =
                reactions.iter().filter(|(from, _)| *from == 0).map(|(_, n)| emoji(*n)).collect();
            (!emoji.is_empty()).then_some(MyReactions { seq: message.seq, emoji })
        };
        let shown: Vec<Seq> = messages.iter().map(|message| message.seq).collect();
        HistoryPage {
            my_reactions: messages.iter().filter_map(mine).collect(),
            hidden: shown.into_iter().filter(|seq| state.hidden.contains(seq)).collect(),
            thread: thread.map(|root| ThreadState {
                root,
                count: 0,
                read: Seq::ZERO,
                unread: 0,
                pointers: BTreeMap::new(),
            }),
            ..HistoryPage::new(room(), messages, more)
        }
    }

    /// The messages of a line that are not deleted for oneself.
    pub(super) fn alive(&self, root: Option<Seq>) -> Vec<Seq> {
        let state = self.at(self.now());
        let messages = state.messages.values().map(|kept| &kept.message);
        let in_line = messages.filter(|message| message.thread == root).map(|message| message.seq);
        in_line.filter(|seq| !state.hidden.contains(seq)).collect()
    }

    /// What is to be shown of a line in the end.
    pub(super) fn shown(&self, root: Option<Seq>) -> Vec<Seen> {
        let state = self.at(self.now());
        let in_line = |message: &Message| {
            (message.thread == root || root == Some(message.seq)) && !state.hidden.contains(&message.seq)
        };
        let text = |message: &Message| {
            message.deleted_at.is_none().then(|| message.content.text().unwrap().into_owned())
        };
        let seen = |message: Message| Seen {
            seq: message.seq,
            text: text(&message),
            edited: message.edited_at.filter(|_| message.deleted_at.is_none()),
            reactions: (0..EMOJI.len())
                .filter_map(|n| {
                    let reactions = &state.messages[&message.seq].reactions;
                    let count = reactions.iter().filter(|(_, other)| *other == n).count() as u64;
                    (count > 0).then(|| (EMOJI[n].to_owned(), count, reactions.contains(&(0, n))))
                })
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            replies: message.replies,
            answers: message.reply_to.map(|seq| {
                let answered = state.messages.get(&seq).map(|kept| &kept.message);
                (seq, answered.filter(|message| in_line(message)).map(text))
            }),
            blocked: state.blocked.iter().any(|n| user(*n) == message.from),
            from: message.from,
        };
        state.messages.keys().map(|seq| state.read(*seq)).filter(in_line).map(seen).collect()
    }
}

impl State {
    fn act(&mut self, op: &Op, time: usize) -> bool {
        let seq = id(self.messages.len() as u64 + 1);
        let live = |kept: &&mut Kept| kept.message.deleted_at.is_none();
        match op {
            Op::Send { from, thread, reply_to, name } => {
                let root = thread.and_then(|root| self.messages.get(&root));
                if thread.is_some() && root.is_none_or(|root| root.message.thread.is_some()) {
                    return false;
                }
                let content = Content::plain(format!("text {time}"));
                let offset = Offset::new(self.offset + 1).unwrap();
                let mut message = Message::new(room(), offset, seq, user(*from), content, ts(time));
                (message.thread, message.reply_to) = (*thread, *reply_to);
                message.client_msg_id.clone_from(name);
                self.messages.insert(seq, Kept { message, reactions: BTreeSet::new() });
            }
            Op::Edit { seq } => {
                let Some(kept) = self.messages.get_mut(seq).filter(live) else { return false };
                kept.message.content = Content::plain(format!("edit {time}"));
                kept.message.edited_at = Some(ts(time));
            }
            Op::Delete { seq } => {
                let Some(kept) = self.messages.get_mut(seq).filter(live) else { return false };
                kept.reactions.clear();
                (kept.message.content, kept.message.deleted_at) = (Content::plain(""), Some(ts(time)));
            }
            Op::React { from, seq, emoji, add } => {
                let Some(kept) = self.messages.get_mut(seq).filter(live) else { return false };
                let changed = match add {
                    true => kept.reactions.insert((*from, *emoji)),
                    false => kept.reactions.remove(&(*from, *emoji)),
                };
                if !changed {
                    return false;
                }
            }
            Op::Hide { seq } => return self.messages.contains_key(seq) && self.hidden.insert(*seq),
            Op::Block { user, blocked: true } => return self.blocked.insert(*user),
            Op::Block { user, blocked: false } => return self.blocked.remove(user),
        }
        self.offset += 1;
        true
    }

    /// A message as a page tells it.
    fn read(&self, seq: Seq) -> Message {
        let Kept { message, reactions } = &self.messages[&seq];
        let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
        for (_, n) in reactions {
            *counts.entry(*n).or_default() += 1;
        }
        let replies = self.messages.values().map(|kept| &kept.message);
        let live: Vec<Seq> = replies
            .filter(|reply| reply.thread == Some(seq) && reply.deleted_at.is_none())
            .map(|reply| reply.seq)
            .collect();
        let reacted = |(n, count)| ReactionCount { emoji: emoji(n), count, users: Vec::new() };
        Message {
            reactions: counts.into_iter().map(reacted).collect(),
            replies: live.last().map(|last| Replies { count: live.len() as u64, last_seq: *last }),
            ..message.clone()
        }
    }
}
