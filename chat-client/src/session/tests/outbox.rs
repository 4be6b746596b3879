//! How messages on their way stand, what may be done about them, and what outlives the session.

use super::*;
use crate::store::{Change, StoreError, Stored, StoredSend};
use crate::{QueuedSend, SendState};

/// What was told of messages since the last call: name and state.
fn told(bench: &mut Bench) -> Vec<(String, SendState)> {
    let events = bench.events().into_iter();
    events
        .filter_map(|event| match event {
            ClientEvent::Outbox(update) => Some((update.client_msg_id.to_string(), update.state)),
            _ => None,
        })
        .collect()
}

fn words(told: &[(String, SendState)]) -> Vec<(&str, &'static str)> {
    let word = |state: &SendState| match state {
        SendState::Queued => "queued",
        SendState::InFlight => "in flight",
        SendState::Acked(_) => "acked",
        SendState::Settled(_) => "settled",
        SendState::Wedged(_) => "wedged",
        SendState::Cancelled => "cancelled",
        SendState::Expired => "expired",
    };
    told.iter().map(|(name, state)| (name.as_str(), word(state))).collect()
}

fn name(name: &str) -> ClientMsgId {
    ClientMsgId::new(name).unwrap()
}

fn cancel(bench: &mut Bench, of: &str) -> Option<Result<Answer, Error>> {
    let ticket = bench.order(Command::Cancel { room: id("r"), client_msg_id: name(of) });
    bench.answer(ticket)
}

fn edit(bench: &mut Bench, of: &str, text: &str) -> Option<Result<Answer, Error>> {
    let (client_msg_id, content) = (name(of), Content::plain(text));
    let ticket = bench.order(Command::Edit { room: id("r"), client_msg_id, content });
    bench.answer(ticket)
}

fn waiting(bench: &mut Bench) -> Vec<QueuedSend> {
    let ticket = bench.order(Command::Outbox);
    match bench.answer(ticket) {
        Some(Ok(Answer::Outbox(sends))) => sends,
        other => panic!("no outbox: {other:?}"),
    }
}

#[test]
fn a_send_is_settled_when_the_log_has_told_it() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.send("r", "a");
    assert_eq!(words(&told(&mut bench)), [("a", "queued"), ("a", "in flight")]);
    let sends = bench.sends();
    bench.ack(&sends[0], 6);
    assert_eq!(words(&told(&mut bench)), [("a", "acked")]);
    bench.say(message("r", 6, "me", Some("a")));
    assert_eq!(words(&told(&mut bench)), [("a", "settled")]);
}

#[test]
fn an_echo_settles_at_once_and_after_its_message() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.send("r", "a");
    bench.events();
    bench.say(message("r", 6, "me", Some("a")));
    let events = bench.events();
    let at = |what: &dyn Fn(&ClientEvent) -> bool| events.iter().position(what);
    let message = at(&|event| matches!(event, ClientEvent::Message(_)));
    let settled = at(&|event| matches!(event, ClientEvent::Outbox(_)));
    assert!(message.is_some() && message < settled, "{events:?}");
}

#[test]
fn an_echo_behind_a_gap_is_an_ack_until_the_gap_is_filled() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let ticket = bench.send("r", "a");
    bench.events();
    bench.say(message("r", 7, "me", Some("a")));
    assert_eq!(bench.seq_of(ticket), 7);
    assert_eq!(words(&told(&mut bench)), [("a", "acked")]);
    bench.message("r", 6, "you");
    assert!(told(&mut bench).is_empty());
    bench.say(message("r", 7, "me", Some("a")));
    assert_eq!(words(&told(&mut bench)), [("a", "settled")]);
}

#[test]
fn what_the_log_will_not_tell_is_settled_by_its_ack() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.send("x", "a");
    let sends = bench.sends();
    bench.events();
    bench.ack(&sends[0], 6);
    assert_eq!(words(&told(&mut bench)), [("a", "settled")], "the room is not followed");
    bench.send("r", "b");
    let sends = bench.sends();
    bench.ack(&sends[0], 6);
    bench.events();
    bench.cut();
    bench.reconnect();
    bench.snapshot("r", 50);
    assert_eq!(words(&told(&mut bench)), [("b", "settled")], "passed over by a snapshot");
}

#[test]
fn what_never_left_can_be_edited_and_taken_back() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.cut();
    let (a, b) = (bench.send("r", "a"), bench.send("r", "b"));
    assert!(matches!(edit(&mut bench, "a", "better"), Some(Ok(Answer::Done))));
    assert!(matches!(cancel(&mut bench, "b"), Some(Ok(Answer::Done))));
    assert_eq!(bench.error(b), Error::Cancelled);
    assert_eq!(waiting(&mut bench).iter().map(|send| send.client_msg_id.as_str()).collect::<Vec<_>>(), ["a"]);
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    let sends = bench.sends();
    assert_eq!(names(&sends), ["a"]);
    assert_eq!(sends[0].content.text().as_deref(), Some("better"));
    assert!(bench.answer(a).is_none());
    let words_told = told(&mut bench);
    assert!(words(&words_told).contains(&("b", "cancelled")), "{words_told:?}");
}

#[test]
fn what_may_have_left_can_not() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.send("r", "a");
    bench.sends();
    for _ in 0..2 {
        assert!(matches!(cancel(&mut bench, "a"), Some(Err(Error::TooLate))));
        assert!(matches!(edit(&mut bench, "a", "x"), Some(Err(Error::TooLate))));
        // In flight first, then queued again.
        if bench.session.state() == ConnectionState::Ready {
            bench.cut();
        }
    }
    assert!(waiting(&mut bench)[0].attempted);
    assert!(matches!(cancel(&mut bench, "nobody"), Some(Err(Error::NotQueued))));
}

#[test]
fn a_wedged_send_stays_until_it_is_retried_or_cancelled() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let (a, b) = (bench.send("r", "a"), bench.send("r", "b"));
    let sends = bench.sends();
    bench.refuse(&sends[0].id, ErrorCode::Forbidden, None);
    bench.refuse(&sends[1].id, ErrorCode::Forbidden, None);
    for ticket in [a, b] {
        assert_eq!(bench.error(ticket).code(), Some(ErrorCode::Forbidden));
    }
    assert!(waiting(&mut bench).iter().all(|send| matches!(send.state, SendState::Wedged(_))));
    assert!(matches!(cancel(&mut bench, "b"), Some(Ok(Answer::Done))));
    assert!(matches!(edit(&mut bench, "a", "kinder"), Some(Ok(Answer::Done))));
    bench.sent();
    let retried = bench.order(Command::Retry { room: id("r"), client_msg_id: name("a") });
    let sends = bench.sends();
    assert_eq!((names(&sends), sends[0].content.text().as_deref()), (vec!["a"], Some("kinder")));
    bench.ack(&sends[0], 6);
    assert_eq!(bench.seq_of(retried), 6);
    assert!(waiting(&mut bench).is_empty());
}

#[test]
fn wedged_sends_keep_nobody_from_sending() {
    let mut bench = Bench::with(|config| config.max_outbox = 100);
    bench.connect_first(&[("r", 5)]);
    for n in 0..150 {
        let ticket = bench.send("r", &format!("n{n}"));
        let sends = bench.sends();
        assert_eq!(sends.len(), 1, "{n}");
        bench.refuse(&sends[0].id, ErrorCode::Forbidden, None);
        assert_eq!(bench.error(ticket).code(), Some(ErrorCode::Forbidden));
    }
    let kept = waiting(&mut bench);
    assert_eq!((kept.len(), kept[0].client_msg_id.as_str()), (100, "n50"));
}

#[test]
fn a_whole_queue_that_a_room_does_not_take_is_kept() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.cut();
    let tickets: Vec<Ticket> = (0..300).map(|n| bench.send("r", &format!("n{n}"))).collect();
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    loop {
        let sends = bench.sends();
        if sends.is_empty() {
            break;
        }
        for send in sends {
            bench.refuse(&send.id, ErrorCode::Forbidden, None);
        }
    }
    for ticket in tickets {
        assert_eq!(bench.error(ticket).code(), Some(ErrorCode::Forbidden));
    }
    let kept = waiting(&mut bench);
    assert_eq!((kept.len(), kept[0].client_msg_id.as_str()), (300, "n0"));
}

#[test]
fn what_could_not_leave_in_time_expires_and_what_may_have_left_does_not() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let short = |bench: &mut Bench, of: &str| {
        let send = Outgoing::new(id("r"), name(of), Content::plain(of));
        bench.order(Command::Send(Outgoing { max_age: Some(Duration::from_secs(60)), ..send }))
    };
    let left = short(&mut bench, "a");
    bench.sends();
    bench.cut();
    let never = short(&mut bench, "b");
    let later = bench.send("r", "c");
    // No dial is answered for two minutes.
    for _ in 0..120 {
        bench.pass(Duration::from_secs(1));
    }
    assert_eq!(bench.error(never), Error::Expired);
    assert!(bench.answer(left).is_none() && bench.answer(later).is_none());
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    assert_eq!(names(&bench.sends()), ["a", "c"]);
}

/// A session with a store, and what it holds.
fn kept(stored: Stored) -> Bench {
    Bench::with(|config| config.stored = Some(stored))
}

/// Writes down what there is, and gives it.
fn write(bench: &mut Bench) -> Vec<Change> {
    let changes = bench.session.poll_store().unwrap_or_default();
    if !changes.is_empty() {
        bench.session.handle_stored(bench.now, Ok(()));
    }
    changes
}

fn put(change: &Change) -> &StoredSend {
    match change {
        Change::Put(send) => send,
        other => panic!("not a put: {other:?}"),
    }
}

#[test]
fn a_message_leaves_when_it_is_written_down_and_is_taken_out_when_it_is_stored() {
    let mut bench = kept(Stored::default());
    bench.connect_first(&[("r", 5)]);
    assert_eq!(write(&mut bench), [Change::User(user("me"))]);
    bench.send("r", "a");
    assert!(bench.sends().is_empty(), "it is not written down");
    let changes = bench.session.poll_store().unwrap();
    assert!(bench.sends().is_empty() && bench.session.poll_store().is_none(), "one batch at a time");
    assert!(changes.len() == 1 && put(&changes[0]).attempted);
    bench.session.handle_stored(bench.now, Ok(()));
    let sends = bench.sends();
    assert_eq!(names(&sends), ["a"]);
    bench.ack(&sends[0], 6);
    assert_eq!(write(&mut bench), [Change::Remove(0)]);
}

#[test]
fn a_store_that_takes_its_time_holds_up_messages_and_nothing_else() {
    let mut bench = kept(Stored { user: Some(user("me")), sends: Vec::new() });
    bench.connect_first(&[("r", 5)]);
    bench.send("r", "a");
    let first = bench.session.poll_store();
    assert_eq!(first.map(|changes| changes.len()), Some(1));
    bench.send("r", "b");
    bench.order(ask(wire::Join { id: unnumbered(), room: id("x") }));
    assert!(matches!(bench.sent().as_slice(), [Wire::Join(_)]));
    bench.session.handle_stored(bench.now, Ok(()));
    assert_eq!(names(&bench.sends()), ["a"]);
    write(&mut bench);
    assert_eq!(names(&bench.sends()), ["b"]);
}

#[test]
fn what_waits_offline_is_written_down_as_not_attempted() {
    let mut bench = kept(Stored { user: Some(user("me")), sends: Vec::new() });
    bench.connect_first(&[("r", 5)]);
    bench.cut();
    bench.send("r", "a");
    assert!(!put(&write(&mut bench)[0]).attempted);
    assert!(matches!(edit(&mut bench, "a", "better"), Some(Ok(Answer::Done))));
    assert_eq!(put(&write(&mut bench)[0]).content.text().as_deref(), Some("better"));
    assert!(matches!(cancel(&mut bench, "a"), Some(Ok(Answer::Done))));
    assert_eq!(write(&mut bench), [Change::Remove(0)]);
}

#[test]
fn the_next_run_goes_on_where_the_last_one_was_killed() {
    let mut bench = kept(Stored { user: Some(user("me")), sends: Vec::new() });
    bench.connect_first(&[("r", 5)]);
    bench.send("r", "a");
    let attempted = put(&write(&mut bench)[0]).clone();
    bench.sends();
    bench.cut();
    bench.send("r", "b");
    let offline = put(&write(&mut bench)[0]).clone();
    let refused = crate::store::Refused { code: ErrorCode::Forbidden.into(), detail: None };
    let wedged = StoredSend { order: 7, client_msg_id: name("w"), refused: Some(refused), ..offline.clone() };

    let mut next = kept(Stored { user: Some(user("me")), sends: vec![attempted, offline, wedged] });
    let states: Vec<_> =
        waiting(&mut next).into_iter().map(|send| (send.client_msg_id.to_string(), send.attempted)).collect();
    assert_eq!(states, [("a".to_owned(), true), ("b".to_owned(), false), ("w".to_owned(), false)]);
    assert!(matches!(waiting(&mut next)[2].state, SendState::Wedged(_)));
    assert!(matches!(cancel(&mut next, "a"), Some(Err(Error::TooLate))), "as before");
    next.connect_first(&[("r", 6)]);
    next.send("r", "c");
    let order = put(&write(&mut next)[1]).order;
    assert!(order > 7, "what is new comes last: {order}");
    assert_eq!(names(&next.sends()), ["a", "b", "c"]);
}

#[test]
fn the_age_of_a_message_counts_while_the_application_is_away() {
    let at = |seconds: i64| chat_protocol::Timestamp::from_micros(seconds * 1_000_000);
    let send = StoredSend {
        order: 0,
        room: id("r"),
        client_msg_id: name("a"),
        content: Content::plain("a"),
        reply_to: None,
        thread: None,
        mentions: None,
        created_at: at(100),
        expires_at: Some(at(160)),
        attempted: false,
        refused: None,
    };
    let stored = Stored { user: None, sends: vec![send] };
    let start = |began_at| {
        Bench::with(|config| {
            (config.stored, config.began_at, config.connect_timeout) = (Some(stored.clone()), began_at, None);
        })
    };
    let mut late = start(at(161));
    late.pass(Duration::ZERO);
    assert_eq!(words(&told(&mut late)), [("a", "expired")]);
    // The clock was set back by a day since: it gets no more than it had.
    let mut back = start(at(100 - 86_400));
    for _ in 0..60 {
        back.pass(Duration::from_secs(1));
    }
    assert_eq!(words(&told(&mut back)), [("a", "expired")]);
    let mut early = start(at(150));
    early.connect_first(&[("r", 5)]);
    early.events();
    write(&mut early);
    assert_eq!(names(&early.sends()), ["a"]);
}

#[test]
fn messages_of_another_user_are_not_sent() {
    let mut bench = kept(Stored { user: Some(user("you")), sends: Vec::new() });
    bench.open();
    let auth = bench.auth();
    bench.accept_auth(&auth);
    let reason = Error::OtherUser { stored: user("you"), connected: user("me") };
    assert_eq!(bench.session.state(), ConnectionState::Closed { reason: Some(reason) });
}

#[test]
fn a_store_that_fails_is_told_once_tried_again_and_keeps_nobody_from_sending() {
    let mut bench = kept(Stored { user: Some(user("me")), sends: Vec::new() });
    bench.connect_first(&[("r", 5)]);
    bench.events();
    bench.send("r", "a");
    let full = || Err(StoreError("the disk is full".to_owned()));
    let mut failures = 0;
    for _ in 0..3 {
        assert!(bench.session.poll_store().is_some());
        bench.session.handle_stored(bench.now, full());
        let told = |event: &ClientEvent| matches!(event, ClientEvent::StoreFailed(_));
        failures += bench.events().iter().filter(|event| told(event)).count();
        assert!(bench.session.poll_store().is_none(), "not at once");
        bench.pass_quietly(Duration::from_secs(2));
    }
    assert_eq!(failures, 1);
    let sends = bench.sends();
    assert_eq!(names(&sends), ["a"]);
    bench.ack(&sends[0], 6);
    assert_eq!(write(&mut bench), [Change::Remove(0)], "the last word is what is written");
    bench.events();
    bench.send("r", "b");
    bench.session.poll_store().unwrap();
    bench.session.handle_stored(bench.now, full());
    assert!(bench.events().iter().any(|event| matches!(event, ClientEvent::StoreFailed(_))), "told anew");
}

#[test]
fn close_waits_for_the_store() {
    let mut bench = kept(Stored { user: Some(user("me")), sends: Vec::new() });
    bench.connect_first(&[("r", 5)]);
    bench.send("r", "a");
    write(&mut bench);
    let sends = bench.sends();
    let closed = bench.order(Command::Close);
    bench.ack(&sends[0], 6);
    assert!(bench.answer(closed).is_none(), "it would be sent again after the next start");
    write(&mut bench);
    assert!(matches!(bench.answer(closed), Some(Ok(Answer::Done))));
}

#[test]
fn another_network_is_tried_at_once() {
    let mut bench = Bench::ready(&[]);
    bench.cut();
    bench.links();
    bench.order(Command::NetworkChanged);
    assert_eq!(bench.links(), [LinkAction::Dial]);
    bench.order(Command::NetworkChanged);
    assert_eq!(bench.links(), [LinkAction::Drop, LinkAction::Dial], "a dial over the old network would hang");

    let mut bench = Bench::ready(&[]);
    bench.order(Command::NetworkChanged);
    assert!(matches!(bench.sent().as_slice(), [Wire::Ping(_)]));
    bench.pass(Duration::from_secs(3));
    assert!(matches!(bench.session.state(), ConnectionState::Waiting { .. }), "nobody answered");
}

#[test]
fn an_address_that_cannot_work_is_final_when_no_other_does() {
    let refused = || Loss::Dial(crate::transport::DialError::Status { status: 404, retry_after: None });
    let mut bench = Bench::with(|config| config.addresses = 2);
    bench.links();
    bench.session.handle_closed(bench.now, refused());
    assert!(matches!(bench.session.state(), ConnectionState::Waiting { .. }));
    assert_eq!(bench.session.attempt(), 1, "the other address");
    bench.jump();
    bench.session.handle_closed(bench.now, refused());
    assert!(matches!(bench.session.state(), ConnectionState::Closed { reason: Some(Error::Address(_)) }));
}

#[test]
fn an_address_that_only_fails_now_is_tried_again_beside_one_that_cannot_work() {
    use crate::transport::DialError;
    let mut bench = Bench::with(|config| (config.addresses, config.connect_timeout) = (2, None));
    bench.links();
    for _ in 0..5 {
        bench
            .session
            .handle_closed(bench.now, Loss::Dial(DialError::Status { status: 404, retry_after: None }));
        assert!(matches!(bench.session.state(), ConnectionState::Waiting { .. }));
        bench.jump();
        bench.session.handle_closed(bench.now, Loss::Dial(DialError::Unreachable("down".to_owned())));
        assert!(matches!(bench.session.state(), ConnectionState::Waiting { .. }));
        bench.jump();
    }
}
