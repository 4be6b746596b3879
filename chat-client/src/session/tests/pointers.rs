//! Pointers: gathered, told together, told until they are stored.

use super::*;

const GATHER: Duration = Duration::from_millis(250);

fn read(room: &str, to: u64) -> Command {
    Command::Read { room: id(room), seq: seq(to), thread: None, private: false }
}

/// The pointers that went out since the last call: room, where, and which.
fn told(bench: &mut Bench) -> Vec<(String, u64, &'static str)> {
    let pointer = |command: Wire| match command {
        Wire::Read(read) => Some((read.room, read.seq, reading(read.thread, read.private))),
        Wire::Delivered(delivered) => Some((delivered.room, delivered.seq, "delivered")),
        Wire::MarkUnread(mark) => Some((mark.room, mark.seq, "unread")),
        _ => None,
    };
    let sent = bench.sent().into_iter().filter_map(pointer);
    sent.map(|(room, seq, which)| (room.to_string(), seq.get(), which)).collect()
}

fn reading(thread: Option<Seq>, private: bool) -> &'static str {
    match (thread, private) {
        (None, false) => "read",
        (None, true) => "private",
        (Some(_), _) => "thread",
    }
}

/// As `told`, for the read pointers alone, with their ids.
fn reads(bench: &mut Bench) -> Vec<wire::MarkRead> {
    let sent = bench.sent().into_iter();
    sent.filter_map(|command| match command {
        Wire::Read(read) => Some(read),
        _ => None,
    })
    .collect()
}

fn store(bench: &mut Bench, read: &wire::MarkRead) {
    bench.say(json!({"reply": {"id": read.id, "status": 200, "ts": TS, "data": {"read": read.seq}}}));
}

#[test]
fn a_read_pointer_is_coalesced_and_told_until_it_is_stored() {
    let mut bench = Bench::ready(&[("r", 9)]);
    for to in [3, 5, 4] {
        bench.order(read("r", to));
    }
    assert!(reads(&mut bench).is_empty(), "more may come");
    bench.pass(GATHER);
    let first = reads(&mut bench);
    assert_eq!(first.iter().map(|read| read.seq.get()).collect::<Vec<_>>(), [5]);
    for to in [7, 6] {
        bench.order(read("r", to));
    }
    bench.pass(GATHER);
    assert!(reads(&mut bench).is_empty(), "one at a time");
    store(&mut bench, &first[0]);
    assert_eq!(reads(&mut bench)[0].seq, seq(7), "of those meanwhile only the greatest");
    bench.order(read("r", 8));
    bench.cut();
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    bench.pass(GATHER);
    let again = reads(&mut bench);
    assert_eq!(again[0].seq, seq(7), "what was under way goes again");
    store(&mut bench, &again[0]);
    let last = reads(&mut bench);
    assert_eq!(last[0].seq, seq(8));
    store(&mut bench, &last[0]);
    assert!(reads(&mut bench).is_empty());
    let closed = bench.order(Command::Close);
    assert!(matches!(bench.answer(closed), Some(Ok(Answer::Done))), "nothing waits any more");
}

#[test]
fn pointers_that_move_within_a_moment_leave_together() {
    let mut bench = Bench::ready(&[("q", 9), ("r", 9)]);
    bench.order(read("r", 3));
    bench.order(Command::Read { room: id("r"), seq: seq(4), thread: Some(seq(2)), private: false });
    bench.order(Command::Delivered { room: id("r"), seq: seq(9) });
    bench.pass(Duration::from_millis(200));
    bench.order(Command::Read { room: id("q"), seq: seq(6), thread: None, private: true });
    assert!(told(&mut bench).is_empty());
    bench.pass(Duration::from_millis(50));
    let expected = [("q", 6, "private"), ("r", 9, "delivered"), ("r", 3, "read"), ("r", 4, "thread")];
    assert_eq!(told(&mut bench), expected.map(|(room, seq, which)| (room.to_owned(), seq, which)));
    assert_eq!(bench.room("q").unread, 3, "counted at once");
}

#[test]
fn a_close_takes_the_pointers_along() {
    let mut bench = Bench::ready(&[("r", 9)]);
    bench.order(read("r", 3));
    let closed = bench.order(Command::Close);
    let last = reads(&mut bench);
    assert!(bench.answer(closed).is_none(), "it waits for the answer");
    store(&mut bench, &last[0]);
    assert!(matches!(bench.answer(closed), Some(Ok(Answer::Done))));
}

/// A server that does as it is told ends where the user is.
#[test]
fn reading_and_marking_unread_are_told_in_their_order() {
    let mut bench = Bench::ready(&[("r", 9)]);
    let unread = || ask(wire::MarkUnread { id: unnumbered(), room: id("r"), seq: seq(4) });
    bench.order(read("r", 5));
    bench.pass(GATHER);
    bench.order(read("r", 7));
    bench.pass(GATHER);
    bench.order(unread());
    bench.order(read("r", 8));
    bench.pass(GATHER);
    let expected = [(5, "read"), (7, "read"), (4, "unread"), (8, "read")];
    let got: Vec<_> = told(&mut bench).into_iter().map(|(_, seq, which)| (seq, which)).collect();
    assert_eq!(got, expected);
}

#[test]
fn without_a_connection_reading_is_not_told_before_the_mark_that_came_first() {
    let mut bench = Bench::ready(&[("r", 9)]);
    bench.cut();
    bench.order(read("r", 5));
    bench.order(ask(wire::MarkUnread { id: unnumbered(), room: id("r"), seq: seq(4) }));
    bench.order(read("r", 8));
    bench.pass(GATHER);
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    let got: Vec<_> = told(&mut bench).into_iter().map(|(_, seq, which)| (seq, which)).collect();
    assert_eq!(got, [(5, "read"), (4, "unread"), (8, "read")]);
}

#[test]
fn too_many_waiting_pointers_are_refused() {
    let mut bench = Bench::ready(&[("r", 9)]);
    bench.cut();
    let thread = |root| Command::Read { room: id("r"), seq: seq(9), thread: Some(seq(root)), private: false };
    for root in 1..=4_096 {
        let ticket = bench.order(thread(root));
        assert!(matches!(bench.answer(ticket), Some(Ok(Answer::Done))));
    }
    let ticket = bench.order(thread(4_097));
    assert_eq!(bench.error(ticket), Error::Busy { max: 4_096 });
    let ticket = bench.order(thread(7));
    assert!(matches!(bench.answer(ticket), Some(Ok(Answer::Done))), "what waits already may move");
}

fn receipts(members: u64) -> Bench {
    let mut bench = Bench::with(|config| config.delivered_receipts = true);
    bench.open();
    let auth = bench.auth();
    bench.accept_auth(&auth);
    let mut state = state("r", 5);
    state["members"] = members.into();
    bench.say(
        json!({"resumed": {"room": "r", "outcome": "snapshot", "epoch": "e1", "offset": 5, "state": state}}),
    );
    bench.say(json!({"resumed": {"outcome": "snapshot", "epoch": "e1", "user_offset": 1}}));
    bench
}

#[test]
fn what_arrives_is_told_once_a_second_to_small_rooms() {
    let mut bench = receipts(100);
    bench.message("r", 6, "you");
    bench.pass(Duration::from_millis(900));
    bench.message("r", 7, "you");
    bench.message("r", 8, "me");
    assert!(told(&mut bench).is_empty());
    bench.pass(Duration::from_millis(100));
    assert_eq!(told(&mut bench), [("r".to_owned(), 7, "delivered")]);
    let mut large = receipts(101);
    large.message("r", 6, "you");
    large.pass(Duration::from_secs(2));
    assert!(told(&mut large).is_empty());
}

#[test]
fn what_is_read_has_arrived_without_saying() {
    let mut bench = receipts(2);
    bench.message("r", 6, "you");
    bench.order(read("r", 6));
    bench.pass(Duration::from_secs(2));
    assert_eq!(told(&mut bench), [("r".to_owned(), 6, "read")]);
}

#[test]
fn the_newest_page_brings_what_a_snapshot_passed_over() {
    let mut bench = receipts(2);
    let query = chat_protocol::HistoryQuery::default();
    bench.order(ask(wire::History { id: unnumbered(), room: id("r"), query }));
    let sent = bench.sent();
    let [Wire::History(history)] = sent.as_slice() else { panic!("{sent:?}") };
    let page = json!({"room": "r", "more": true, "messages": [message("r", 5, "you", None)["message"]]});
    bench.say(json!({"reply": {"id": history.id, "status": 200, "ts": TS, "data": page}}));
    bench.pass(Duration::from_secs(1));
    assert_eq!(told(&mut bench), [("r".to_owned(), 5, "delivered")]);
}
