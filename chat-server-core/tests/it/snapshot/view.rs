//! What a snapshot shows to one user, asked for over a fresh connection.

use std::collections::{BTreeMap, BTreeSet};

use chat_protocol::event::Resumed;
use chat_protocol::reply::{BannedUser, BlocksPage, InboxEntry, InboxPage, InboxTotals, MembersPage};
use chat_protocol::{
    Emoji, Event, HistoryPage, Member, Message, Role, RoomId, RoomState, Seq, ThreadState, UserId,
};
use chat_server_core::ChatServer;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::peer::Peer;

/// Everything that is shown to a user.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    pub(super) user: UserId,
    pub(super) rooms: BTreeMap<RoomId, RoomSeen>,
    /// Rooms in the order of the inbox: those that are not archived, then the others.
    pub(super) order: [Vec<RoomId>; 2],
    pub(super) totals: InboxTotals,
    pub(super) blocks: BTreeSet<UserId>,
}

/// One room as a user sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RoomSeen {
    pub(super) state: RoomState,
    /// Of the inbox.
    pub(super) last: Option<Message>,
    pub(super) members: BTreeMap<UserId, Member>,
    /// Of those who may see it.
    pub(super) banned: BTreeMap<UserId, BannedUser>,
    /// All that the user may read, reactions and replies summed up.
    pub(super) messages: BTreeMap<Seq, Message>,
    pub(super) mine: BTreeSet<(Seq, Emoji)>,
    pub(super) hidden: BTreeSet<Seq>,
    pub(super) threads: BTreeMap<Seq, ThreadState>,
    /// Others' pointers.
    pub(super) read: BTreeMap<UserId, Seq>,
    pub(super) delivered: BTreeMap<UserId, Seq>,
}

/// A result of a command.
async fn ask<T: DeserializeOwned>(peer: &mut Peer, command: serde_json::Value) -> T {
    serde_json::from_value(peer.ok(&command.to_string()).await).expect("as documented")
}

impl View {
    /// A fresh snapshot.
    pub(super) async fn of(server: &ChatServer, user: &UserId) -> Self {
        let mut peer = Peer::connect(server);
        peer.say(&json!({"auth": {"id": "auth", "token": format!("dev-{user}")}}).to_string()).await;
        let words =
            peer.until(|event| matches!(event, Event::Resumed(resumed) if resumed.room.is_none())).await;
        let words = words.into_iter().filter_map(|event| match event {
            Event::Resumed(word) => Some((word.room.clone()?, word)),
            _ => None,
        });
        let words: BTreeMap<RoomId, Resumed> = words.collect();
        let inbox: InboxPage = ask(&mut peer, json!({"inbox": {"id": "i"}})).await;
        let archived: InboxPage = ask(&mut peer, json!({"inbox": {"id": "i", "archived": true}})).await;
        assert_eq!(inbox.totals, archived.totals);
        let blocks: BlocksPage = ask(&mut peer, json!({"blocks": {"id": "b"}})).await;
        let order =
            [&inbox, &archived].map(|page| page.rooms.iter().map(|entry| entry.state.room.clone()).collect());
        let mut rooms = BTreeMap::new();
        for entry in inbox.rooms.into_iter().chain(archived.rooms) {
            let word = &words[&entry.state.room];
            assert_eq!(word.state.as_deref(), Some(&entry.state), "the room's own snapshot says the same");
            let room = entry.state.room.clone();
            rooms.insert(room, RoomSeen::of(&mut peer, user, entry, word).await);
        }
        assert_eq!(rooms.len(), words.len());
        let blocks = blocks.users.into_iter().map(|blocked| blocked.user).collect();
        Self { user: user.clone(), rooms, order, totals: inbox.totals, blocks }
    }
}

impl RoomSeen {
    async fn of(peer: &mut Peer, user: &UserId, entry: InboxEntry, word: &Resumed) -> Self {
        let room = entry.state.room.clone();
        let page: HistoryPage = ask(peer, json!({"history": {"id": "h", "room": room, "limit": 100}})).await;
        assert!(!page.more, "programs are short");
        let members: MembersPage =
            ask(peer, json!({"members": {"id": "m", "room": room, "limit": 100}})).await;
        let mut banned = Vec::new();
        if manages(&entry.state) {
            let page: MembersPage =
                ask(peer, json!({"members": {"id": "m", "room": room, "banned": true}})).await;
            banned = page.banned;
        }
        let mut threads = BTreeMap::new();
        let roots = page.messages.iter().filter_map(|message| message.thread).collect::<BTreeSet<_>>();
        // A thread that hangs on a message from before the reader's time cannot be asked for.
        for root in roots.into_iter().filter(|root| page.messages.iter().any(|message| message.seq == *root))
        {
            let thread: HistoryPage =
                ask(peer, json!({"thread": {"id": "t", "room": room, "root": root}})).await;
            let replies = page.messages.iter().filter(|message| message.thread == Some(root));
            assert!(thread.messages.iter().eq(replies), "a thread's page is what the room's says of it");
            threads.insert(root, thread.thread.expect("a thread's page has its state"));
        }
        let messages = page.messages.into_iter().map(|message| (message.seq, in_order(message))).collect();
        forget_early(&mut threads, &messages);
        let mine = page
            .my_reactions
            .into_iter()
            .flat_map(|mine| mine.emoji.into_iter().map(move |emoji| (mine.seq, emoji)));
        let others = |pointers: &BTreeMap<UserId, Seq>| {
            pointers
                .iter()
                .filter(|(other, _)| *other != user)
                .map(|(other, seq)| (other.clone(), *seq))
                .collect()
        };
        Self {
            last: entry.last,
            members: members.members.into_iter().map(|member| (member.user.clone(), plain(member))).collect(),
            banned: banned.into_iter().map(|banned| (banned.user.clone(), banned)).collect(),
            mine: mine.collect(),
            messages,
            hidden: page.hidden.into_iter().collect(),
            threads,
            read: others(&word.pointers),
            delivered: others(&word.delivered),
            state: entry.state,
        }
    }
}

/// Forgets how far threads were read before they had a reply. That is in no snapshot, and says nothing of what came later.
pub(super) fn forget_early(threads: &mut BTreeMap<Seq, ThreadState>, messages: &BTreeMap<Seq, Message>) {
    for thread in threads.values_mut() {
        let first = messages.values().find(|message| message.thread == Some(thread.root));
        let first = first.map_or(Seq::ZERO, |message| message.seq);
        if thread.read < first {
            thread.read = Seq::ZERO;
        }
        thread.pointers.retain(|_, read| *read >= first);
    }
}

/// Whether the room's managers' lists are shown to the member.
pub(super) fn manages(state: &RoomState) -> bool {
    state.role.known().is_some_and(|role| role.rank() >= Role::Admin.rank())
}

/// Without what is told by pointers, and of oneself to nobody.
fn plain(member: Member) -> Member {
    Member { read: None, delivered: None, ..member }
}

/// Which reaction stands first depends on ones that are gone, of which a reader need not know.
fn in_order(mut message: Message) -> Message {
    message.reactions.sort_by(|a, b| a.emoji.cmp(&b.emoji));
    for reaction in &mut message.reactions {
        reaction.users.sort();
    }
    message
}
