//! One of every kind of change, for cases that look at all of them, and all that a store can be asked.

use chat_protocol::command::{PushService, PushTarget};
use chat_protocol::command::{RoomPatch, SettingsPatch};
use chat_protocol::{Access, Epoch, HistoryQuery, Offset, Patch, Role, Seq, UserOffset};

use super::agents::agent;
use super::devices::device;
use super::scene::*;
use crate::storage::{Append, JobKind, OwnAppend, RoomsQuery};

/// The life of room `r`, in which every kind of change is stored; five messages, of which the first is trimmed.
pub(super) fn tour() -> Vec<Append> {
    let patch = RoomPatch {
        topic: Patch::Set("plans".to_owned()),
        access: Some(Access::Invite),
        ..RoomPatch::default()
    };
    vec![
        create_as("r", "a", &["a", "b", "c"], "my room", "x"),
        text_as("r", "b", "one", "id"),
        join("r", "d"),
        add("r", "a", &["e", "f"], Role::Reader),
        text("r", "a", "two"),
        reply("r", "c", 1, "three"),
        call("r", "b", &["a"], false),
        edit("r", "b", 1, "uno"),
        react("r", "a", 2, "+"),
        react("r", "c", 2, "+"),
        unreact("r", "a", 2, "+"),
        set_role("r", "a", "b", Role::Admin, Role::Owner),
        set_role("r", "a", "d", Role::Owner, Role::Owner),
        remove("r", "d", "f", Role::Owner),
        ban("r", "d", "e", Role::Owner, Some(at(99))),
        ban("r", "d", "x", Role::Owner, None),
        ban("r", "d", "y", Role::Owner, None),
        unban("r", "d", "x"),
        set("r", "d", patch),
        delete("r", "b", 4),
        delete_any("r", "d", 3),
        leave_to("r", "d", Role::Admin),
        text("r", "a", "five"),
        trim("r", 2),
    ]
}

/// Every kind of change of a user's own, after the [`tour`].
pub(super) fn own_tour() -> Vec<OwnAppend> {
    let push = PushTarget { service: PushService::Fcm, token: "token".to_owned(), app: None };
    let mute = SettingsPatch { mute_until: Patch::Set(at(50)), ..SettingsPatch::default() };
    vec![
        delivered("r", "c", 5),
        read("r", "a", 4),
        read_thread("r", "b", 2, 3),
        read_privately("r", "b", None, 5),
        mark_unread("r", "b", 3),
        settings("r", "a", mute),
        pin("r", "a", true),
        archive("r", "b", true),
        hide("r", "a", 5),
        block("a", "c"),
        block("a", "b"),
        unblock("a", "b"),
        revoke("a", "s1"),
        schedule("r", "a", "later", "six", 10),
        schedule("r", "a", "never", "seven", 10),
        unschedule("r", "a", "never", false),
        seen("a", 60),
        device("a", "phone", Patch::Set(push), Patch::Set("Ann's phone".to_owned())),
        agent("a", "acme", true),
    ]
}

/// All that a store can be asked about some rooms and users, as text, line by line.
pub(super) async fn everything(scene: &Scene, rooms: &[&str], ids: &[&str]) -> Vec<String> {
    let store = &scene.store;
    let epoch: Epoch = store.epoch();
    let mut all = vec![format!("{epoch:?}")];
    for id in rooms {
        let number = room(id);
        let log = store.log(&number, Offset::ZERO, ALL).await.expect("log works");
        let history = store.history(&number, None, HistoryQuery::default(), ALL).await;
        all.push(format!("log of {id}: {log:?}"));
        all.push(format!("history of {id}: {:?}", history.expect("history works")));
        all.push(format!("newest of {id}: {:?}", scene.newest(&[id]).await));
        all.push(format!("pointers in {id}: {:?}", scene.pointers(id, None, ALL).await));
        all.push(format!("pointers in {id} at 2: {:?}", scene.pointers(id, Some(2), ALL).await));
        all.push(format!("members of {id}: {:?}", scene.members(id).await));
        all.push(format!("bans of {id}: {:?}", scene.bans(id).await));
        for of in ids {
            all.push(format!("{id} to {of}: {:?}", scene.view(of, id).await));
            let standing = store.standing(&number, &user(of)).await.expect("standing works");
            all.push(format!("{of} in {id}: {standing:?}"));
            all.push(format!("marks of {of} in {id}: {:?}", scene.marks(of, id, 1, 9).await));
            all.push(format!("thread 2 of {id} to {of}: {:?}", scene.thread(of, id, 2).await));
        }
    }
    for of in ids {
        let log = store.user_log(&user(of), UserOffset::ZERO, ALL).await.expect("user_log works");
        all.push(format!("log of {of}: {log:?}"));
        let query = RoomsQuery { pinned_first: true, ..RoomsQuery::default() };
        all.push(format!("rooms of {of}: {:?}", scene.rooms(of, query).await));
        all.push(format!("totals of {of}: {:?}", scene.totals(of, at(0)).await));
        let last_seen = store.last_seen(&user(of)).await.expect("last_seen works");
        all.push(format!("{of} was last seen: {last_seen:?}"));
        all.push(format!("blocked by {of}: {:?}", scene.blocked(of).await));
        all.push(format!("a and {of}: {:?}", scene.relation("a", of).await));
    }
    for kind in [JobKind::Send, JobKind::Expire, JobKind::Push] {
        let (due, given_up) = (store.next_due(kind).await, store.given_up(kind).await);
        all.push(format!("jobs: {due:?}, {given_up:?}"));
    }
    all.push(format!("devices: {:?}", scene.devices(ids).await));
    all.push(format!("agents: {:?}", scene.agents("acme").await));
    let waiting = store.jobs_of(&user("a"), JobKind::Send, None, None, ALL).await;
    all.push(format!("waits for a: {waiting:?}"));
    all.push(format!("feed: {:?}", scene.feed(0, ALL).await));
    let bytes = store.upload_bytes(&user("a")).await.expect("upload_bytes works");
    all.push(format!("uploads: {bytes:?}"));
    all.push(format!("of a: {:?}", scene.uploads_of("a", None, ALL).await));
    all.push(format!("position: {:?}", scene.position("reader").await));
    all
}

/// Which of these numbers a page holds: those within the cursors, from their old end when `after` is given.
pub(super) fn chosen(numbers: &[u64], before: Option<u64>, after: Option<u64>, limit: usize) -> Vec<u64> {
    let inside = |n: &&u64| before.is_none_or(|b| **n < b) && after.is_none_or(|a| **n > a);
    let all: Vec<u64> = numbers.iter().filter(inside).copied().collect();
    let skipped = if after.is_some() { 0 } else { all.len().saturating_sub(limit) };
    all.into_iter().skip(skipped).take(limit).collect()
}

/// Whether an answer holds a text anywhere.
pub(super) fn holds(answer: &impl std::fmt::Debug, text: &str) -> bool {
    format!("{answer:?}").contains(text)
}

/// The numbers of messages.
pub(super) fn numbers(page: &[crate::storage::StoredMessage]) -> Vec<u64> {
    page.iter().map(|stored| stored.message.seq).map(Seq::get).collect()
}
