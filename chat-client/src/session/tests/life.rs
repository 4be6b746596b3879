//! Connections: made, lost, given up, closed.

use super::*;

#[test]
fn a_first_connection_follows_all_and_later_ones_resume() {
    let mut bench = Bench::new();
    bench.connect_first(&[("r", 5)]);
    assert_eq!(bench.events().last(), Some(&ClientEvent::Connected));
    bench.cut();
    bench.open();
    let auth = bench.auth();
    assert_eq!(auth.session_id.as_ref().map(|id| id.as_str()), Some("s1"));
    assert!(!auth.follow);
}

#[test]
fn a_cut_in_the_middle_of_the_first_synchronisation_begins_it_anew() {
    let mut bench = Bench::new();
    bench.open();
    let auth = bench.auth();
    bench.accept_auth(&auth);
    bench.snapshot("r", 5);
    bench.cut();
    bench.connect_first(&[("r", 6)]);
    assert_eq!(bench.room("r").seq, seq(6));
}

#[test]
fn waits_grow_and_shrink_again_after_a_stable_connection() {
    let mut bench = Bench::ready(&[]);
    let mut ceiling = Duration::from_millis(250);
    bench.pass(Duration::from_secs(6));
    let mut total = Duration::ZERO;
    for _ in 0..12 {
        bench.session.handle_closed(bench.now, Loss::Broken("x".to_owned()));
        let ConnectionState::Waiting { retry_in } = bench.session.state() else { panic!("not waiting") };
        assert!(retry_in <= ceiling, "{retry_in:?} > {ceiling:?}");
        ceiling = (ceiling * 2).min(Duration::from_secs(30));
        total += retry_in;
        bench.jump();
    }
    assert!(total > Duration::from_secs(30), "waits grow: {total:?}");
    let dial = bench.links().len();
    assert!(dial > 0);
    bench.session.handle_connected(bench.now);
    let auth = bench.auth();
    bench.accept_auth(&auth);
    let parts: Vec<_> = bench
        .sent()
        .into_iter()
        .map(|command| match command {
            Wire::Resume(resume) => resume,
            other => panic!("{other:?}"),
        })
        .collect();
    bench.finish_resume(&parts);
    bench.pass(Duration::from_secs(6));
    bench.cut();
    let ConnectionState::Waiting { retry_in } = bench.session.state() else { panic!("not waiting") };
    assert!(retry_in <= Duration::from_millis(250));
}

#[test]
fn silence_is_asked_and_then_believed() {
    let mut bench = Bench::ready(&[]);
    bench.pass(Duration::from_secs(24));
    assert!(bench.sent().is_empty());
    bench.pass(Duration::from_secs(2));
    assert!(matches!(bench.sent().as_slice(), [Wire::Ping(_)]));
    bench.say(json!({"pong": {"ts": TS}}));
    bench.pass(Duration::from_secs(24));
    assert_eq!(bench.session.state(), ConnectionState::Ready);
    bench.pass(Duration::from_secs(12));
    assert!(
        matches!(bench.events().as_slice(), [ClientEvent::Disconnected { reason, .. }] if reason.contains("silent"))
    );
    assert!(bench.links().contains(&LinkAction::Drop));
}

#[test]
fn pings_of_the_server_prove_that_it_lives() {
    let mut bench = Bench::ready(&[]);
    for _ in 0..10 {
        bench.pass(Duration::from_secs(20));
        bench.session.handle_frame(bench.now, Frame::Ping);
    }
    assert!(bench.sent().is_empty());
}

#[test]
fn an_attempt_that_takes_too_long_is_given_up() {
    let mut bench = Bench::new();
    bench.links();
    bench.pass(Duration::from_secs(10));
    assert!(bench.links().contains(&LinkAction::Drop));
}

#[test]
fn a_first_connection_has_a_deadline_that_names_the_cause() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        if bench.session.state() == ConnectionState::Connecting {
            let refused = crate::transport::DialError::Unreachable("connection refused".to_owned());
            bench.session.handle_closed(bench.now, Loss::Dial(refused));
        }
        if bench.session.poll_timeout().is_none() {
            break;
        }
        bench.jump();
    }
    let error =
        Error::ConnectTimeout { after: Duration::from_secs(30), last: Some("connection refused".to_owned()) };
    assert_eq!(bench.session.state(), ConnectionState::Closed { reason: Some(error) });
}

#[test]
fn a_bad_token_ends_the_client_and_everything_that_waits() {
    let mut bench = Bench::new();
    let ticket = bench.send("r", "a");
    bench.open();
    let auth = bench.auth();
    bench.refuse(&auth.id, ErrorCode::InvalidToken, None);
    let error = Error::Unauthenticated { code: ErrorCode::InvalidToken.into() };
    assert_eq!(bench.error(ticket), error.clone());
    assert_eq!(bench.session.state(), ConnectionState::Closed { reason: Some(error.clone()) });
    assert_eq!(bench.events().last(), Some(&ClientEvent::Closed { reason: Some(error) }));
    assert_eq!(bench.session.poll_timeout(), None);
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let mut bench = Bench::new();
    bench.open();
    let auth = bench.auth();
    bench.refuse(&auth.id, ErrorCode::RateLimited, Some(7_000));
    let ConnectionState::Waiting { retry_in } = bench.session.state() else { panic!("not waiting") };
    assert!(retry_in >= Duration::from_secs(7));
}

#[test]
fn a_session_that_was_taken_over_does_not_come_back() {
    let mut bench = Bench::ready(&[]);
    let close = Close { code: ErrorCode::SessionReplaced.close_code(), reason: String::new() };
    bench.session.handle_frame(bench.now, Frame::Close(close));
    let reason = Some(Error::Ended { code: ErrorCode::SessionReplaced.into() });
    assert_eq!(bench.session.state(), ConnectionState::Closed { reason });
}

#[test]
fn a_server_that_goes_away_is_waited_for() {
    for code in [1000, 1001, 1005, 4411, 4503, 4999] {
        let mut bench = Bench::ready(&[]);
        bench.session.handle_frame(bench.now, Frame::Close(Close { code, reason: String::new() }));
        assert!(matches!(bench.session.state(), ConnectionState::Waiting { .. }), "{code}");
    }
}

#[test]
fn close_waits_for_acks_and_then_says_goodbye() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let sent = bench.send("r", "a");
    let sends = bench.sends();
    let closed = bench.order(Command::Close);
    assert!(bench.answer(closed).is_none());
    let late = bench.send("r", "b");
    assert_eq!(bench.error(late), Error::Closed);
    bench.ack(&sends[0], 6);
    assert_eq!(bench.seq_of(sent), 6);
    assert!(matches!(bench.answer(closed), Some(Ok(Answer::Done))));
    assert_eq!(bench.session.poll_frame(), Some(Frame::Close(Close::normal())));
    assert_eq!(bench.links().last(), Some(&LinkAction::Finish));
    assert_eq!(bench.events().last(), Some(&ClientEvent::Closed { reason: None }));
}

#[test]
fn close_does_not_wait_for_ever() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let sent = bench.send("r", "a");
    let closed = bench.order(Command::Close);
    bench.pass(Duration::from_secs(5));
    assert!(matches!(bench.answer(closed), Some(Ok(Answer::Done))));
    assert_eq!(bench.error(sent), Error::Closed);
}

#[test]
fn closing_again_does_not_put_the_end_off() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.send("r", "a");
    let first = bench.order(Command::Close);
    bench.pass(Duration::from_secs(3));
    let second = bench.order(Command::Close);
    bench.pass(Duration::from_secs(2));
    assert!(matches!(bench.answer(first), Some(Ok(Answer::Done))));
    assert!(matches!(bench.answer(second), Some(Ok(Answer::Done))));
}

#[test]
fn questions_survive_a_cut_and_have_a_deadline() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let query = chat_protocol::HistoryQuery::default();
    let asked = bench.order(ask(wire::History { id: unnumbered(), room: id("r"), query }));
    assert!(matches!(bench.sent().as_slice(), [Wire::History(_)]));
    bench.cut();
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    let again = bench.sent();
    let [Wire::History(again)] = again.as_slice() else { panic!("not asked again: {again:?}") };
    bench.say(json!({"reply": {"id": again.id, "status": 200, "ts": TS,
        "data": {"room": "r", "messages": [], "more": false}}}));
    assert!(matches!(bench.answer(asked), Some(Ok(Answer::Reply(_)))));

    let unanswered = bench.order(ask(wire::Join { id: unnumbered(), room: id("x") }));
    bench.pass(Duration::from_secs(20));
    bench.say(json!({"pong": {"ts": TS}}));
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.error(unanswered), Error::Timeout { after: Duration::from_secs(30) });
}

#[test]
fn a_leave_whose_answer_was_lost_is_done() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let left = bench.order(ask(wire::Leave { id: unnumbered(), room: id("r") }));
    bench.sent();
    bench.cut();
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    let again = bench.sent();
    let [Wire::Leave(again)] = again.as_slice() else { panic!("not asked again: {again:?}") };
    bench.refuse(&again.id, ErrorCode::Forbidden, None);
    assert!(matches!(bench.answer(left), Some(Ok(Answer::Reply(_)))));
}

#[test]
fn watched_users_are_watched_again_and_told() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let ticket = bench.order(ask(wire::Listen { id: unnumbered(), user: user("you") }));
    let sent = bench.sent();
    let [Wire::Listen(listen)] = sent.as_slice() else { panic!("{sent:?}") };
    let online = |id: &chat_protocol::RequestId, online: bool| json!({"reply": {"id": id, "status": 200, "ts": TS, "data": {"user": "you", "online": online}}});
    bench.say(online(&listen.id, true));
    assert!(matches!(bench.answer(ticket), Some(Ok(Answer::Reply(_)))));
    bench.cut();
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    let sent = bench.sent();
    let [Wire::Listen(listen)] = sent.as_slice() else { panic!("{sent:?}") };
    bench.events();
    bench.say(online(&listen.id, false));
    assert_eq!(bench.events(), [ClientEvent::Online { user: user("you"), online: false, last_seen: None }]);
}

#[test]
fn whoever_is_no_longer_watched_is_not_watched_again() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.order(ask(wire::Listen { id: unnumbered(), user: user("you") }));
    bench.order(ask(wire::Unlisten { id: unnumbered(), user: user("you") }));
    let sent = bench.sent();
    let [Wire::Listen(listen), Wire::Unlisten(unlisten)] = sent.as_slice() else { panic!("{sent:?}") };
    bench.say(
        json!({"reply": {"id": listen.id, "status": 200, "ts": TS, "data": {"user": "you", "online": true}}}),
    );
    bench.say(json!({"reply": {"id": unlisten.id, "status": 200, "ts": TS}}));
    bench.cut();
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    assert!(bench.sent().is_empty());
}

#[test]
fn typing_is_throttled_and_needs_a_connection() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let typing = |stop| Command::Typing { room: id("r"), thread: None, stop };
    bench.order(typing(true));
    assert!(bench.sent().is_empty(), "there was nothing to stop");
    for _ in 0..5 {
        bench.order(typing(false));
    }
    assert_eq!(bench.sent().len(), 1);
    bench.pass(Duration::from_secs(3));
    bench.order(typing(false));
    bench.order(typing(true));
    assert_eq!(bench.sent().len(), 2);
    bench.cut();
    bench.order(typing(false));
    assert!(bench.sent().is_empty());
}

#[test]
fn times_beyond_every_clock_are_no_time_at_all() {
    let mut bench = Bench::with(|config| {
        (config.open_timeout, config.connect_timeout) = (Duration::MAX, Some(Duration::MAX));
        (config.heartbeat_interval, config.heartbeat_timeout) = (Duration::MAX, Duration::MAX);
        (config.request_timeout, config.close_timeout) = (Duration::MAX, Duration::MAX);
    });
    bench.connect_first(&[("r", 5)]);
    bench.order(ask(wire::Join { id: unnumbered(), room: id("x") }));
    let name = ClientMsgId::new("a").unwrap();
    let send = Outgoing::new(id("r"), name, Content::plain("a"));
    bench.order(Command::Send(Outgoing { max_age: Some(Duration::MAX), ..send }));
    bench.order(Command::NetworkChanged);
    bench.order(Command::Close);
    assert!(matches!(bench.sent().as_slice(), [Wire::Join(_), Wire::Send(_), Wire::Ping(_)]));
}

#[test]
fn asking_again_whether_the_peer_lives_does_not_put_the_answer_off() {
    let mut bench = Bench::ready(&[]);
    for _ in 0..3 {
        bench.order(Command::NetworkChanged);
        bench.pass(Duration::from_secs(1));
    }
    assert!(matches!(bench.session.state(), ConnectionState::Waiting { .. }), "3 seconds after the first");
}
