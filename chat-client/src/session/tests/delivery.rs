//! Sends: once, in order, whatever happens.

use super::*;

#[test]
fn an_ack_settles_a_send() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let ticket = bench.send("r", "a");
    let sends = bench.sends();
    assert_eq!(names(&sends), ["a"]);
    assert!(bench.answer(ticket).is_none());
    bench.ack(&sends[0], 6);
    assert_eq!(bench.seq_of(ticket), 6);
}

#[test]
fn what_was_not_acked_goes_again_under_its_name_before_newer_sends() {
    let mut bench = Bench::ready(&[("r", 5), ("q", 5)]);
    let tickets = [bench.send("r", "a"), bench.send("q", "b"), bench.send("r", "c")];
    let first = bench.sends();
    bench.ack(&first[1], 6);
    bench.cut();
    let newer = bench.send("r", "d");
    let parts = bench.reconnect();
    assert!(bench.sends().is_empty(), "nothing goes before what was missed is told");
    bench.finish_resume(&parts);
    let again = bench.sends();
    assert_eq!(names(&again), ["a", "c", "d"]);
    for (send, seq) in again.iter().zip(6..) {
        bench.ack(send, seq);
    }
    assert_eq!([tickets[0], tickets[1], tickets[2], newer].map(|ticket| bench.seq_of(ticket)), [6, 6, 7, 8]);
}

#[test]
fn the_echo_of_a_resume_settles_a_send_that_need_not_go_again() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let stored = bench.send("r", "a");
    let lost = bench.send("r", "b");
    bench.sends();
    bench.cut();
    let parts = bench.reconnect();
    bench.say(message("r", 6, "me", Some("a")));
    assert_eq!(bench.seq_of(stored), 6);
    let mut told = parts.clone();
    told[0].rooms.insert(id("r"), Offset::new(6).unwrap());
    bench.finish_resume(&told);
    assert_eq!(names(&bench.sends()), ["b"]);
    assert!(bench.answer(lost).is_none());
}

#[test]
fn an_ack_after_the_echo_changes_nothing() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let ticket = bench.send("r", "a");
    let sends = bench.sends();
    bench.say(message("r", 6, "me", Some("a")));
    assert_eq!(bench.seq_of(ticket), 6);
    bench.ack(&sends[0], 6);
    bench.ack(&sends[0], 6);
    assert!(bench.answer(ticket).is_none(), "answered once");
}

#[test]
fn somebody_elses_message_of_the_same_name_settles_nothing() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let ticket = bench.send("r", "a");
    bench.say(message("r", 6, "you", Some("a")));
    assert!(bench.answer(ticket).is_none());
}

#[test]
fn a_duplicate_ack_is_an_ack() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let ticket = bench.send("r", "a");
    let sends = bench.sends();
    bench.say(json!({"reply": {"id": sends[0].id, "status": 200, "ts": TS,
        "data": {"seq": 3, "offset": 3, "duplicate": true, "ts": TS}}}));
    match bench.answer(ticket) {
        Some(Ok(Answer::Sent(data))) => assert!(data.duplicate && data.seq == seq(3)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_delayed_send_holds_back_its_room_and_no_other() {
    let mut bench = Bench::ready(&[("r", 5), ("q", 5)]);
    let a = bench.send("r", "a");
    let sends = bench.sends();
    bench.refuse(&sends[0].id, ErrorCode::StorageUnavailable, Some(2_000));
    let b = bench.send("r", "b");
    bench.send("q", "c");
    assert_eq!(names(&bench.sends()), ["c"]);
    bench.pass(Duration::from_millis(1_900));
    assert!(bench.sends().is_empty(), "the server's hint is honoured");
    bench.pass(Duration::from_millis(400));
    let again = bench.sends();
    assert_eq!(names(&again), ["a", "b"]);
    bench.ack(&again[0], 6);
    bench.ack(&again[1], 7);
    assert_eq!((bench.seq_of(a), bench.seq_of(b)), (6, 7));
}

#[test]
fn sends_that_are_delayed_together_go_again_in_their_order() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.send("r", "a");
    bench.send("r", "b");
    let sends = bench.sends();
    // The later one may be due first.
    bench.refuse(&sends[0].id, ErrorCode::RateLimited, Some(3_000));
    bench.refuse(&sends[1].id, ErrorCode::RateLimited, Some(1_000));
    bench.pass(Duration::from_millis(2_000));
    assert!(bench.sends().is_empty(), "b waits behind a");
    bench.pass(Duration::from_millis(2_000));
    assert_eq!(names(&bench.sends()), ["a", "b"]);
}

#[test]
fn a_cut_does_not_reorder_what_was_delayed() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.send("r", "a");
    let sends = bench.sends();
    bench.refuse(&sends[0].id, ErrorCode::RateLimited, Some(20_000));
    bench.send("r", "b");
    bench.cut();
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    assert!(bench.sends().is_empty());
    bench.pass(Duration::from_secs(21));
    assert_eq!(names(&bench.sends()), ["a", "b"]);
}

#[test]
fn a_conflict_fails_only_its_own_send() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let (a, b) = (bench.send("r", "a"), bench.send("r", "b"));
    let sends = bench.sends();
    bench.refuse(&sends[0].id, ErrorCode::Conflict, None);
    bench.ack(&sends[1], 6);
    let error = bench.answer(a).unwrap().unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Conflict));
    assert_eq!(bench.seq_of(b), 6);
    assert_eq!(bench.session.state(), ConnectionState::Ready);
}

#[test]
fn a_send_that_is_always_refused_is_given_up_and_its_room_goes_on() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let poison = bench.send("r", "a");
    let mut refused = 0;
    while bench
        .answer(poison)
        .map(|answer| assert_eq!(answer.unwrap_err().code(), Some(ErrorCode::Internal)))
        .is_none()
    {
        for send in bench.sends() {
            bench.refuse(&send.id, ErrorCode::Internal, None);
            refused += 1;
        }
        bench.say(json!({"pong": {"ts": TS}}));
        bench.jump();
    }
    assert_eq!(refused, 24);
    bench.send("r", "b");
    assert_eq!(names(&bench.sends()), ["b"]);
}

#[test]
fn a_send_that_costs_every_connection_is_given_up() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let poison = bench.send("r", "a");
    for attempt in 1..=24 {
        // A delayed send may need its time on the new connection.
        let send = loop {
            if let Some(send) = bench.sends().pop() {
                break send;
            }
            bench.say(json!({"pong": {"ts": TS}}));
            bench.jump();
        };
        bench.refuse(&send.id, ErrorCode::SlowReader, None);
        assert!(matches!(bench.session.state(), ConnectionState::Waiting { .. }), "{attempt}");
        let parts = bench.reconnect();
        bench.finish_resume(&parts);
    }
    let error = bench.answer(poison).unwrap().unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::SlowReader));
}

#[test]
fn the_outbox_is_bounded() {
    let mut bench = Bench::with(|config| config.max_outbox = 3);
    for name in ["a", "b", "c"] {
        let ticket = bench.send("r", name);
        assert!(bench.answer(ticket).is_none());
    }
    let ticket = bench.send("r", "d");
    assert_eq!(bench.error(ticket), Error::OutboxFull { max: 3 });
}

#[test]
fn no_more_is_in_flight_than_the_server_takes() {
    let mut bench = Bench::new();
    bench.limits["max_in_flight"] = json!(2);
    bench.connect_first(&[("r", 5)]);
    for name in ["a", "b", "c", "d"] {
        bench.send("r", name);
    }
    let first = bench.sends();
    assert_eq!(names(&first), ["a", "b"]);
    bench.ack(&first[0], 6);
    assert_eq!(names(&bench.sends()), ["c"]);
}

#[test]
fn the_same_send_made_twice_is_sent_once() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let (first, second) = (bench.send("r", "a"), bench.send("r", "a"));
    let sends = bench.sends();
    assert_eq!(sends.len(), 1);
    bench.ack(&sends[0], 6);
    assert_eq!((bench.seq_of(first), bench.seq_of(second)), (6, 6));
}

#[test]
fn content_that_is_too_large_is_not_sent() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let ticket = bench.send("r", "a");
    bench.sends();
    assert!(bench.answer(ticket).is_none());
    let ticket = bench.order(Command::Send(Outgoing::new(
        id("r"),
        ClientMsgId::new("big").unwrap(),
        Content::plain("x".repeat(limits::MAX_CONTENT)),
    )));
    assert!(matches!(bench.answer(ticket), Some(Err(Error::Content(_)))));
    assert!(bench.sends().is_empty());
}
