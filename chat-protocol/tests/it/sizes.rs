//! Everything that travels fits into a frame, whatever the ids and texts: the largest packets, each built to its bounds.

use std::collections::BTreeMap;

use chat_protocol::event::{Edited, MemberAction, MemberChanged, Outcome, Resumed, RoomAction, RoomChanged};
use chat_protocol::{
    Access, Content, Cursor, Desk, DeskStatus, Emoji, Epoch, Event, HistoryPage, HistoryVisibility, MAX_SAFE,
    Mentions, Message, MyReactions, Offset, ReactionCount, Replies, Reply, RequestId, Role, RoomId, RoomInfo,
    RoomKind, RoomNumber, RoomSettings, RoomState, Seq, ThreadState, Timestamp, UserId, encode, limits,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Nothing is longer once it is written: an id of quotes doubles, a text of control characters is six times as long.
const QUOTE: &str = "\"";
const BELL: &str = "\u{7}";

fn user(n: usize) -> UserId {
    UserId::new(format!("{}{n:03}", QUOTE.repeat(UserId::MAX_BYTES - 3))).unwrap()
}

fn room() -> RoomId {
    RoomId::new(QUOTE.repeat(RoomId::MAX_BYTES)).unwrap()
}

fn request() -> RequestId {
    RequestId::new(QUOTE.repeat(RequestId::MAX_BYTES)).unwrap()
}

fn emoji(n: usize) -> Emoji {
    Emoji::new(format!("{}{n:02}", QUOTE.repeat(Emoji::MAX_BYTES - 2))).unwrap()
}

fn seq() -> Seq {
    Seq::new(MAX_SAFE).unwrap()
}

fn offset() -> Offset {
    Offset::new(MAX_SAFE).unwrap()
}

fn ts() -> Timestamp {
    Timestamp::from_micros(0)
}

/// Content of the greatest size, with a type that is longer once it is written.
fn content() -> Content {
    let kind = format!("a/{}", QUOTE.repeat(limits::MAX_CONTENT_TYPE - 2));
    let text = "x".repeat(limits::MAX_CONTENT - kind.len() - r#"{"text":""}"#.len());
    let content = Content::new(kind, &json!({ "text": text }));
    assert_eq!(content.size(), limits::MAX_CONTENT);
    content.check(limits::MAX_CONTENT).unwrap();
    content
}

fn mentions() -> Mentions {
    Mentions { users: (0..limits::MAX_MENTIONS).map(user).collect(), room: true }
}

fn reaction(n: usize) -> ReactionCount {
    let users = (0..limits::MAX_REACTION_USERS).map(user).collect();
    ReactionCount { emoji: emoji(n), count: MAX_SAFE, users }
}

fn message() -> Message {
    let mut message = Message::new(room(), offset(), seq(), user(0), content(), ts());
    message.client_msg_id = Some(chat_protocol::ClientMsgId::new(QUOTE.repeat(128)).unwrap());
    (message.reply_to, message.thread) = (Some(seq()), Some(seq()));
    message.mentions = Some(mentions());
    message.injected = true;
    (message.edited_at, message.deleted_at) = (Some(ts()), Some(ts()));
    message.reactions = (0..limits::MAX_REACTIONS).map(reaction).collect();
    message.replies = Some(Replies { count: MAX_SAFE, last_seq: seq() });
    message
}

fn info() -> RoomInfo {
    let custom = json!({ "a": "x".repeat(limits::MAX_CUSTOM - r#"{"a":""}"#.len()) });
    let Value::Object(custom) = custom else { panic!("an object") };
    RoomInfo {
        name: Some(BELL.repeat(limits::MAX_ROOM_NAME)),
        avatar: Some(BELL.repeat(limits::MAX_URL)),
        topic: Some(BELL.repeat(limits::MAX_TOPIC)),
        custom: Some(custom),
        message_ttl_s: Some(MAX_SAFE),
    }
}

fn desk() -> Desk {
    Desk { organization: "x".repeat(128), client: user(0), status: DeskStatus::Pending.into() }
}

fn state() -> RoomState {
    let mut state = RoomState::new(room(), &user(0), RoomKind::Channel, Access::Invite, Role::Member);
    state.info = info();
    state.history = HistoryVisibility::Joined.into();
    (state.seq, state.offset, state.oldest_seq, state.read) = (seq(), offset(), seq(), seq());
    (state.members, state.unread, state.mentions) = (MAX_SAFE, MAX_SAFE, MAX_SAFE);
    (state.read_private, state.unread_from) = (Some(seq()), Some(seq()));
    state.settings = RoomSettings { mute_until: Some(ts()), pinned: true, archived: true };
    (state.peer, state.desk) = (Some(user(0)), Some(desk()));
    state.number = RoomNumber::new(MAX_SAFE);
    state
}

/// As many pointers as the bound in bytes lets through.
fn pointers() -> BTreeMap<UserId, Seq> {
    let mut pointers = BTreeMap::new();
    for n in 0..limits::MAX_POINTERS {
        pointers.insert(user(n), seq());
        if encode(&pointers).len() > limits::MAX_POINTERS_BYTES {
            pointers.remove(&user(n));
            return pointers;
        }
    }
    panic!("the longest ids reach the bound in bytes first");
}

fn reply(data: &impl serde::Serialize) -> Reply {
    Reply::ok(Some(request()), data, ts())
}

#[track_caller]
fn fits(event: impl Into<Event>) {
    let event = event.into();
    let bytes = encode(&event).len();
    assert!(bytes <= limits::MAX_FRAME, "{}: {bytes} bytes", event.kind());
}

#[test]
fn a_message_with_all_that_it_may_hold_fits_into_a_frame() {
    fits(message());
}

#[test]
fn a_page_of_history_with_one_such_message_fits_into_a_frame() {
    let mut page = HistoryPage::new(room(), vec![message()], true);
    page.my_reactions =
        vec![MyReactions { seq: seq(), emoji: (0..limits::MAX_REACTIONS).map(emoji).collect() }];
    // Pointers give way to the message.
    let pointers = BTreeMap::new();
    page.thread = Some(ThreadState { root: seq(), count: MAX_SAFE, read: seq(), unread: MAX_SAFE, pointers });
    fits(reply(&page));
}

#[test]
fn an_edit_of_the_longest_message_fits_into_a_frame() {
    let content = Some(content());
    let (room, offset, seq, thread) = (room(), offset(), seq(), Some(seq()));
    fits(Edited { room, offset, seq, from: user(0), content, thread, ts: ts() });
}

#[test]
fn a_resumed_with_state_and_pointers_fits_into_a_frame() {
    fits(Resumed {
        id: Some(request()),
        room: Some(room()),
        outcome: Outcome::Snapshot.into(),
        epoch: Epoch::new(QUOTE.repeat(Epoch::MAX_BYTES)).unwrap(),
        offset: Some(offset()),
        user_offset: None,
        oldest: Some(offset()),
        state: Some(Box::new(state())),
        pointers: pointers(),
        delivered: pointers(),
    });
}

#[test]
fn changes_of_a_room_and_its_members_fit_into_a_frame() {
    fits(RoomChanged {
        room: room(),
        offset: offset(),
        action: RoomAction::Changed.into(),
        kind: RoomKind::Channel.into(),
        access: Some(Access::Invite.into()),
        history: Some(HistoryVisibility::Joined.into()),
        info: info(),
        desk: Some(desk()),
        oldest_seq: Some(seq()),
        by: user(0),
        ts: ts(),
    });
    let mut banned = MemberChanged::new(room(), offset(), user(0), MemberAction::Banned, ts());
    (banned.role, banned.by, banned.until) = (Some(Role::Member.into()), Some(user(1)), Some(ts()));
    banned.reason = Some(BELL.repeat(limits::MAX_REASON));
    fits(banned);
}

#[test]
fn an_inbox_of_one_room_fits_into_a_frame() {
    // A direct room has no name and no picture, so what its other side is called takes their place.
    let last = Message { reactions: Vec::new(), ..message() };
    let entry = json!({ "state": state(), "last": last });
    let next = Cursor::new(QUOTE.repeat(Cursor::MAX_BYTES)).unwrap();
    let totals = json!({ "unread": MAX_SAFE, "mentions": MAX_SAFE, "rooms": MAX_SAFE });
    let page = json!({ "rooms": [entry], "totals": totals, "next": next });
    fits(reply(&RawValue::from_string(page.to_string()).unwrap()));
}
