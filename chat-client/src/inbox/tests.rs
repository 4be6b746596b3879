//! Inboxes, told and answered in any order.

use chat_protocol::event::{Deleted, Edited, UserChange, UserChanged};
use chat_protocol::reply::{InboxEntry, InboxPage, InboxTotals};
use chat_protocol::unread::{Counts, ReadState};
use chat_protocol::{
    Access, Content, Cursor, HistoryPage, Message, Offset, Role, RoomId, RoomKind, RoomSettings, RoomState,
    Seq, Timestamp, UserId, UserOffset,
};

use super::*;
use crate::{ClientEvent, Recovery, Unread};

fn me() -> UserId {
    UserId::new("me").unwrap()
}

fn room(name: &str) -> RoomId {
    RoomId::new(name).unwrap()
}

fn at(seq: u64) -> Seq {
    Seq::new(seq).unwrap()
}

fn ts(time: i64) -> Timestamp {
    Timestamp::from_micros(time * 1_000)
}

/// A room whose log has `seq` messages and nothing else.
fn state(name: &str, seq: u64, time: i64) -> RoomState {
    RoomState {
        seq: at(seq),
        offset: Offset::new(seq).unwrap(),
        ts: ts(time),
        ..RoomState::new(room(name), &me(), RoomKind::Group, Access::Open, Role::Member)
    }
}

fn message(name: &str, seq: u64, time: i64) -> Message {
    let (offset, from) = (Offset::new(seq).unwrap(), UserId::new("ann").unwrap());
    Message::new(room(name), offset, at(seq), from, Content::plain(format!("{name} {seq}")), ts(time))
}

fn entry(state: RoomState, last: Option<Message>) -> InboxEntry {
    InboxEntry { state, last, peer_online: None, peer_last_seen: None, peer_name: None, peer_avatar: None }
}

fn page(rooms: Vec<InboxEntry>) -> InboxPage {
    InboxPage { rooms, totals: InboxTotals { unread: 0, mentions: 0, rooms: 0 }, next: None }
}

fn user(change: UserChange) -> ClientEvent {
    ClientEvent::User(UserChanged { user_offset: UserOffset::ZERO, change, ts: ts(0) })
}

fn edited(name: &str, seq: u64, time: i64) -> ClientEvent {
    let (offset, from) = (Offset::new(100 + time as u64).unwrap(), UserId::new("ann").unwrap());
    let (room, content) = (room(name), Some(Content::plain(format!("edit {time}"))));
    ClientEvent::Edited(Edited { room, offset, seq: at(seq), from, content, thread: None, ts: ts(time) })
}

fn deleted(name: &str, seq: u64, time: i64) -> ClientEvent {
    let (offset, from) = (Offset::new(100 + time as u64).unwrap(), UserId::new("ann").unwrap());
    ClientEvent::Deleted(Deleted {
        room: room(name),
        offset,
        seq: at(seq),
        from,
        by: None,
        thread: None,
        mentions: None,
        ts: ts(time),
    })
}

/// A list that knows these rooms from the client, and the request for its first page.
fn list(states: Vec<RoomState>) -> (InboxList, Request) {
    let mut list = InboxList::new(me(), InboxOptions::default());
    let request = list.next_request().unwrap();
    assert_eq!(request.ask(), &Ask::Rooms);
    list.answer(&request, Answer::Rooms(states));
    let request = list.next_request().unwrap();
    assert!(matches!(request.ask(), Ask::Inbox { archived: false, cursor: None, .. }));
    (list, request)
}

fn names(list: &InboxList, shelf: Shelf) -> Vec<&str> {
    list.rooms(shelf).iter().map(|room| room.state.room.as_str()).collect()
}

fn last(list: &InboxList, place: usize) -> String {
    match &list.rooms(Shelf::Main)[place].last {
        Last::Unknown => "unknown".to_owned(),
        Last::None => "none".to_owned(),
        Last::Message(last) if last.deleted_at.is_some() => format!("{} is gone", last.seq),
        Last::Message(last) => last.content.text().unwrap().into_owned(),
    }
}

#[test]
fn what_the_client_follows_is_there_before_any_page_and_moves_with_events() {
    let (mut list, _) = list(vec![state("a", 1, 10), state("b", 1, 20), state("c", 1, 30)]);
    assert_eq!(names(&list, Shelf::Main), ["c", "b", "a"]);
    list.apply(&ClientEvent::Message(message("a", 2, 40)));
    assert_eq!((names(&list, Shelf::Main), last(&list, 0)), (vec!["a", "c", "b"], "a 2".to_owned()));
    let settings = RoomSettings { pinned: true, ..RoomSettings::default() };
    list.apply(&user(UserChange::Settings { room: room("b"), settings }));
    assert_eq!(names(&list, Shelf::Main), ["b", "a", "c"]);
    // In one millisecond: as they were told.
    list.apply(&ClientEvent::Message(message("c", 2, 40)));
    assert_eq!(names(&list, Shelf::Main), ["b", "c", "a"]);
}

#[test]
fn an_archived_room_comes_back_with_its_next_message() {
    let (mut list, _) = list(vec![state("a", 1, 10), state("b", 1, 20)]);
    let settings = RoomSettings { archived: true, ..RoomSettings::default() };
    list.apply(&user(UserChange::Settings { room: room("b"), settings }));
    assert_eq!((names(&list, Shelf::Main), names(&list, Shelf::Archive)), (vec!["a"], vec!["b"]));
    list.apply(&ClientEvent::Message(message("b", 2, 30)));
    assert_eq!((names(&list, Shelf::Main), names(&list, Shelf::Archive)), (vec!["b", "a"], vec![]));
}

#[test]
fn a_page_that_knows_less_than_was_told_takes_nothing_back() {
    let (mut list, request) = list(vec![state("a", 1, 10)]);
    list.apply(&ClientEvent::Message(message("a", 2, 20)));
    list.apply(&edited("a", 2, 30));
    let settings = RoomSettings { pinned: true, ..RoomSettings::default() };
    list.apply(&user(UserChange::Settings { room: room("a"), settings }));
    list.answer(&request, Answer::Inbox(page(vec![entry(state("a", 1, 10), Some(message("a", 1, 10)))])));
    assert_eq!(last(&list, 0), "edit 30");
    let state = &list.rooms(Shelf::Main)[0].state;
    assert_eq!((state.seq, state.settings.pinned), (at(2), true));
    list.apply(&deleted("a", 2, 40));
    assert_eq!(last(&list, 0), "2 is gone");
}

#[test]
fn a_page_that_knows_more_than_was_told_is_not_taken_back_by_events() {
    let (mut list, request) = list(vec![state("a", 1, 10)]);
    let gone = Message { deleted_at: Some(ts(40)), content: Content::plain(""), ..message("a", 2, 20) };
    list.answer(&request, Answer::Inbox(page(vec![entry(state("a", 2, 40), Some(gone))])));
    list.apply(&ClientEvent::Message(message("a", 2, 20)));
    list.apply(&edited("a", 2, 30));
    assert_eq!(last(&list, 0), "2 is gone");
    list.apply(&deleted("a", 2, 40));
    assert_eq!(last(&list, 0), "2 is gone");
}

#[test]
fn when_the_newest_message_is_deleted_for_oneself_the_one_before_is_looked_for() {
    let (mut list, request) = list(vec![state("a", 3, 10)]);
    list.answer(&request, Answer::Inbox(page(vec![entry(state("a", 3, 10), Some(message("a", 3, 10)))])));
    let from = UserId::new("ann").unwrap();
    let hidden = UserChange::Hidden { room: room("a"), seq: at(3), from, thread: None, mentions: None };
    list.apply(&user(hidden));
    assert_eq!(last(&list, 0), "unknown");
    let request = list.next_request().unwrap();
    let messages = (1..=3).map(|seq| message("a", seq, 10)).collect();
    let history = HistoryPage { hidden: vec![at(3)], ..HistoryPage::new(room("a"), messages, false) };
    list.answer(&request, Answer::Page(history));
    assert_eq!(last(&list, 0), "a 2");
}

#[test]
fn totals_leave_out_what_is_muted_but_for_mentions_and_all_that_is_archived() {
    let muted = RoomSettings { mute_until: Some(ts(100)), ..RoomSettings::default() };
    let archived = RoomSettings { archived: true, ..RoomSettings::default() };
    let (mut list, _) = list(vec![
        RoomState { settings: muted, ..state("muted", 1, 10) },
        RoomState { settings: archived, ..state("archived", 1, 10) },
        state("plain", 1, 10),
    ]);
    for (n, name) in ["muted", "archived", "plain"].into_iter().enumerate() {
        let counts = Counts { unread: 1 << n, mentions: 1 };
        list.apply(&ClientEvent::Unread(Unread { room: room(name), read: ReadState::default(), counts }));
    }
    assert_eq!(list.totals(ts(99)), InboxTotals { unread: 4, mentions: 2, rooms: 1 });
    assert_eq!(list.totals(ts(100)), InboxTotals { unread: 5, mentions: 2, rooms: 2 });
}

#[test]
fn a_snapshot_shows_no_message_that_may_be_deleted_and_a_room_that_is_left_is_gone() {
    let (mut list, request) = list(vec![state("a", 1, 10), state("b", 1, 20)]);
    let rows = vec![entry(state("a", 1, 10), Some(message("a", 1, 10)))];
    list.apply(&ClientEvent::RoomLeft(room("b")));
    list.answer(&request, Answer::Inbox(page(rows)));
    assert_eq!((names(&list, Shelf::Main), last(&list, 0)), (vec!["a"], "a 1".to_owned()));
    let recovery = Recovery::Snapshot { missed: None, state: Some(Box::new(state("a", 9, 50))) };
    list.apply(&ClientEvent::Resumed {
        room: Some(room("a")),
        recovery,
        pointers: Default::default(),
        delivered: Default::default(),
    });
    assert_eq!((last(&list, 0), list.rooms(Shelf::Main)[0].state.seq), ("unknown".to_owned(), at(9)));
    let asks: Vec<Ask> =
        std::iter::from_fn(|| list.next_request()).map(|request| request.ask().clone()).collect();
    assert!(
        asks.iter().any(|ask| matches!(ask, Ask::Inbox { archived: false, cursor: None, .. })),
        "{asks:?}"
    );
}

/// The client was given a room, and says how it stands.
fn joined(list: &mut InboxList, state: RoomState) {
    list.apply(&ClientEvent::RoomJoined(state.room.clone()));
    list.apply(&ClientEvent::Resumed {
        room: Some(state.room.clone()),
        recovery: Recovery::Snapshot { missed: None, state: Some(Box::new(state)) },
        pointers: Default::default(),
        delivered: Default::default(),
    });
}

/// Answers everything that is asked as a server would that has these rooms on each shelf, two to a page.
fn serve(list: &mut InboxList, main: &[RoomState], archive: &[RoomState]) {
    for _ in 0..20 {
        let Some(request) = list.next_request() else { return };
        let answer = match request.ask() {
            Ask::Rooms => Answer::Rooms([main, archive].concat()),
            Ask::Inbox { archived, cursor, .. } => {
                let shelf = if *archived { archive } else { main };
                let from = cursor.as_ref().map_or(0, |cursor| cursor.as_str().parse().unwrap());
                let rows = shelf.iter().skip(from).take(2).map(|state| entry(state.clone(), None)).collect();
                let next = (from + 2 < shelf.len()).then(|| Cursor::new((from + 2).to_string()).unwrap());
                Answer::Inbox(InboxPage { next, ..page(rows) })
            }
            Ask::History { room, .. } => Answer::Page(HistoryPage::new(room.clone(), vec![], false)),
        };
        list.answer(&request, answer);
    }
    panic!("it asks on and on");
}

#[test]
fn a_room_that_changes_its_shelf_before_any_page_told_of_it_is_found_there() {
    let (mut list, request) = list(vec![state("a", 1, 10)]);
    list.answer(&request, Answer::Inbox(page(vec![entry(state("a", 1, 10), None)])));
    serve(&mut list, &[state("a", 1, 10)], &[]);
    joined(&mut list, state("b", 0, 20));
    let settings = RoomSettings { archived: true, ..RoomSettings::default() };
    list.apply(&user(UserChange::Settings { room: room("b"), settings: settings.clone() }));
    serve(&mut list, &[state("a", 1, 10)], &[RoomState { settings, ..state("b", 0, 20) }]);
    let last = &list.rooms(Shelf::Archive)[0].last;
    assert_eq!((names(&list, Shelf::Archive), last), (vec!["b"], &Last::None));
}

#[test]
fn a_room_that_moves_while_pages_are_read_is_not_passed_by() {
    let pinned = RoomSettings { pinned: true, ..RoomSettings::default() };
    let pinned = |name, time| RoomState { settings: pinned.clone(), ..state(name, 1, time) };
    let rooms = [pinned("a", 20), pinned("b", 10), state("c", 1, 20), state("d", 1, 10)];
    let moved = RoomState { peer: Some(UserId::new("ann").unwrap()), ..state("d", 2, 30) };
    let (mut list, request) = list(rooms.to_vec());
    let next = Some(Cursor::new("2").unwrap());
    let rows = rooms[..2].iter().map(|state| entry(state.clone(), None)).collect();
    list.answer(&request, Answer::Inbox(InboxPage { next, ..page(rows) }));
    let second = list.next_request().unwrap();
    // While the second page is on its way, a room goes up: the page has it no more.
    list.apply(&ClientEvent::Message(message("d", 2, 30)));
    list.answer(&second, Answer::Inbox(page(vec![entry(rooms[2].clone(), None)])));
    serve(&mut list, &[rooms[0].clone(), rooms[1].clone(), moved, rooms[2].clone()], &[]);
    assert_eq!(names(&list, Shelf::Main), ["a", "b", "d", "c"]);
    assert!(list.rooms(Shelf::Main)[2].peer.is_some(), "only a page tells of the peer");
}
