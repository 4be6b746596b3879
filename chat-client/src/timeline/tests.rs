//! Lines against a server that is a list of what happened, told and answered in any order that a network allows.

mod server;
mod sim;

use std::collections::BTreeMap;

use chat_protocol::event::UserChange;
use chat_protocol::{ClientMsgId, Seq};

use super::*;
use crate::{ClientEvent, Recovery, SendState};
use server::{Op, Server, id, me};
use sim::{Sim, acked, queued, update};

fn run(seed: u64, root: Option<Seq>) {
    let mut sim = Sim::new(seed, root);
    for _ in 0..150 {
        sim.step();
    }
    sim.cancel();
    sim.settle();
    let shown: Vec<MessageItem> =
        sim.line.items().iter().map(|item| item.message().expect("all is stored").clone()).collect();
    let expected = sim.server.shown(root);
    assert_eq!(
        shown.iter().map(server::Seen::of).collect::<Vec<_>>(),
        expected,
        "seed {seed}, thread {root:?}"
    );
}

#[test]
fn any_order_of_pages_and_events_ends_at_the_servers_state() {
    for seed in 0..200 {
        run(seed, None);
    }
}

#[test]
fn any_order_of_pages_and_events_ends_at_the_servers_thread() {
    for seed in 0..200 {
        run(seed, Some(id(1)));
    }
}

/// The line of a room with so many messages, of which nothing is loaded.
fn fresh(messages: u64, options: TimelineOptions) -> (Server, Line) {
    let mut server = Server::default();
    for n in 0..messages {
        server.act(Op::Send { from: 1 + n as usize % 2, thread: None, reply_to: None, name: None });
    }
    (server, Line::new(me(), server::room(), None, options))
}

/// Answers what is asked, until nothing is.
fn load(server: &Server, line: &mut Line) {
    while let Some(request) = line.next_request() {
        let now = server.now();
        let answer = match request.ask() {
            Ask::State => Answer::State(Some(Box::new(server.state(now)))),
            Ask::Outbox => Answer::Outbox(Vec::new()),
            Ask::Members(_) => Answer::Members(server.members()),
            Ask::Blocks(_) => Answer::Blocks(server.blocks(now)),
            Ask::History(query) => Answer::Page(server.page(now, None, *query)),
            Ask::Thread(query) => Answer::Page(server.page(now, line.root, *query)),
        };
        line.answer(&request, answer);
    }
}

/// Tells the line the newest thing that happened.
fn tell(server: &Server, line: &mut Line) {
    line.apply(&server.event(server.now(), server.now()));
}

fn keys(line: &Line) -> Vec<Key> {
    line.items().iter().map(|item| item.key()).collect()
}

#[test]
fn what_is_not_loaded_is_a_gap_until_it_is_filled_and_history_has_a_beginning() {
    let (server, mut line) = fresh(7, TimelineOptions::default().page(3));
    load(&server, &mut line);
    let gap = line.items()[0].gap().expect("a gap");
    assert_eq!((gap.after, gap.before, gap.state), (id(0), id(5), GapState::Idle));
    assert_eq!(keys(&line)[1..], [5, 6, 7].map(|seq| Key::Seq(id(seq))));
    line.fill(&gap);
    assert_eq!(line.items()[0].gap().unwrap().state, GapState::Loading);
    load(&server, &mut line);
    let gap = line.items()[0].gap().expect("a gap");
    assert_eq!((gap.after, gap.before), (id(0), id(2)));
    line.fill_after(&gap);
    load(&server, &mut line);
    assert_eq!(keys(&line), (1..=7).map(|seq| Key::Seq(id(seq))).collect::<Vec<_>>());
}

#[test]
fn a_snapshot_shows_nothing_that_may_be_deleted_and_keeps_echoes() {
    let (mut server, mut line) = fresh(3, TimelineOptions::default());
    load(&server, &mut line);
    let name = ClientMsgId::new("m1").unwrap();
    line.apply(&update(name.clone(), SendState::Queued));
    let request = line.next_request().expect("the outbox is asked");
    line.answer(&request, Answer::Outbox(vec![queued(&name, "on its way", None, SendState::Queued)]));
    assert_eq!(keys(&line).len(), 4);
    server.act(Op::Delete { seq: id(2) });
    let state = Some(Box::new(server.state(server.now())));
    let recovery = Recovery::Snapshot { missed: Some(1), state };
    let (pointers, delivered) = (BTreeMap::new(), BTreeMap::new());
    line.apply(&ClientEvent::Resumed { room: Some(server::room()), recovery, pointers, delivered });
    assert_eq!(keys(&line), [Key::Gap(id(0)), Key::Own(name.clone())]);
    load_but_outbox(&server, &mut line);
    assert!(line.items()[1].message().unwrap().deleted_at().is_some());
    assert_eq!(keys(&line).last(), Some(&Key::Own(name)));
}

fn load_but_outbox(server: &Server, line: &mut Line) {
    line.questions.forget(|target| *target == super::pages::Target::Outbox);
    load(server, line);
}

#[test]
fn an_echo_becomes_its_message_under_the_same_key() {
    let (mut server, mut line) = fresh(1, TimelineOptions::default());
    load(&server, &mut line);
    let name = ClientMsgId::new("m1").unwrap();
    let key = Key::Own(name.clone());
    line.apply(&update(name.clone(), SendState::Queued));
    let request = line.next_request().expect("the outbox is asked");
    line.answer(&request, Answer::Outbox(vec![queued(&name, "on its way", None, SendState::Queued)]));
    for state in [
        SendState::InFlight,
        SendState::Wedged(crate::Error::Closed),
        SendState::Acked(acked(id(2))),
        SendState::Settled(acked(id(2))),
    ] {
        line.apply(&update(name.clone(), state));
        assert_eq!(keys(&line), [Key::Seq(id(1)), key.clone()]);
        assert!(line.items()[1].echo().is_some());
    }
    server.act(Op::Send { from: 0, thread: None, reply_to: None, name: Some(name) });
    tell(&server, &mut line);
    assert_eq!(keys(&line), [Key::Seq(id(1)), key]);
    assert!(line.items()[1].message().is_some_and(MessageItem::is_own));
}

#[test]
fn beyond_the_bound_the_end_goes_that_is_farther_from_where_the_user_looks() {
    let options = TimelineOptions { page: 100, max_items: 100 };
    let (mut server, mut line) = fresh(250, options);
    load(&server, &mut line);
    assert_eq!(line.items().len(), 101);
    server.act(Op::Send { from: 1, thread: None, reply_to: None, name: None });
    tell(&server, &mut line);
    assert_eq!((keys(&line)[0].clone(), keys(&line)[1].clone()), (Key::Gap(id(0)), Key::Seq(id(152))));
    let gap = line.items()[0].gap().unwrap();
    line.fill(&gap);
    load(&server, &mut line);
    assert_eq!(line.records.len(), 100);
    let gaps: Vec<_> = line.items().iter().filter_map(|item| item.gap()).collect();
    assert_eq!(gaps.len(), 2, "older and newer ones are missing: {gaps:?}");
    assert_eq!(gaps[1].before, id(252));
    server.act(Op::Send { from: 1, thread: None, reply_to: None, name: None });
    tell(&server, &mut line);
    assert_eq!(line.records.len(), 100);
    line.look_at(None);
}

#[test]
fn an_item_that_did_not_change_is_the_same_one() {
    let (mut server, mut line) = fresh(3, TimelineOptions::default());
    load(&server, &mut line);
    let before = line.items().to_vec();
    let revision = line.revision();
    server.act(Op::Edit { seq: id(2) });
    tell(&server, &mut line);
    let same: Vec<bool> =
        line.items().iter().zip(&before).map(|(new, old)| std::sync::Arc::ptr_eq(new, old)).collect();
    assert_eq!(same, [true, false, true]);
    assert!(line.revision() > revision);
    let revision = line.revision();
    tell(&server, &mut line);
    let elsewhere = UserChange::Blocked { user: chat_protocol::UserId::new("nobody here").unwrap() };
    line.apply(&server::user_changed(elsewhere));
    line.refresh();
    assert_eq!(line.items().len(), 3);
    assert!(line.revision() <= revision + 1);
}

#[test]
fn a_room_that_is_left_ends_its_line() {
    let (server, mut line) = fresh(2, TimelineOptions::default());
    load(&server, &mut line);
    line.apply(&ClientEvent::RoomLeft(server::room()));
    assert_eq!((line.end(), line.items().len()), (Some(&End::RoomLeft), 2));
    assert_eq!(line.next_request(), None);
}

#[test]
fn what_is_sent_to_a_room_that_is_not_followed_is_shown() {
    let (mut server, mut line) = fresh(2, TimelineOptions::default());
    load(&server, &mut line);
    let name = ClientMsgId::new("m1").unwrap();
    server.act(Op::Send { from: 0, thread: None, reply_to: None, name: Some(name.clone()) });
    // All before the outbox can be asked what it says, and no event of the room.
    for state in [SendState::Queued, SendState::InFlight, SendState::Settled(acked(id(3)))] {
        line.apply(&update(name.clone(), state));
    }
    load_but_outbox(&server, &mut line);
    assert_eq!(keys(&line), [Key::Seq(id(1)), Key::Seq(id(2)), Key::Own(name)]);
    assert!(line.items()[2].message().is_some_and(MessageItem::is_own));
}
