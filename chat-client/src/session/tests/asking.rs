//! What is asked: checked before it leaves, and said again where a new connection does not know it.

use super::*;

#[test]
fn what_no_server_takes_is_refused_without_asking() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let reason = Some("x".repeat(limits::MAX_REASON + 1));
    let kick = wire::Kick { id: unnumbered(), room: id("r"), user: user("you"), reason };
    let ticket = bench.order(ask(kick));
    let error = bench.error(ticket);
    assert_eq!(error.code(), Some(ErrorCode::BadRequest));
    assert!(error.to_string().contains("reason"), "{error}");
    let content = Content::plain("x".repeat(limits::MAX_CONTENT));
    let ticket = bench.order(ask(wire::Edit { id: unnumbered(), room: id("r"), seq: seq(1), content }));
    assert!(matches!(bench.error(ticket), Error::Content(_)));
    assert!(bench.sent().is_empty());
}

fn away(bench: &mut Bench) -> Vec<bool> {
    let sent = bench.sent().into_iter();
    sent.filter_map(|command| match command {
        Wire::Away(away) => Some(away.away),
        _ => None,
    })
    .collect()
}

#[test]
fn that_nobody_looks_is_said_on_each_connection() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.order(ask(wire::Away { id: None, away: true }));
    assert_eq!(away(&mut bench), [true]);
    for _ in 0..3 {
        bench.cut();
        let parts = bench.reconnect();
        bench.finish_resume(&parts);
        assert_eq!(away(&mut bench), [true], "once");
    }
    bench.order(ask(wire::Away { id: None, away: false }));
    assert_eq!(away(&mut bench), [false]);
}

#[test]
fn what_a_send_may_hold_can_be_read_in_a_page() {
    let deepest = |levels: usize| {
        let payload = format!(r#"{{"x":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
        serde_json::from_str::<Value>(&payload).unwrap()
    };
    let sent = |levels| {
        let content = json!({"type": "application/x", "payload": deepest(levels)});
        let send = json!({"send": {"id": "1", "room": "r", "content": content}}).to_string();
        decode::<Wire>(send.as_bytes()).is_ok()
    };
    let levels = (1..100).rev().find(|levels| sent(*levels)).unwrap();
    let mut bench = Bench::ready(&[("r", 5)]);
    let query = chat_protocol::HistoryQuery::default();
    let asked = bench.order(ask(wire::History { id: unnumbered(), room: id("r"), query }));
    let commands = bench.sent();
    let [Wire::History(history)] = commands.as_slice() else { panic!("{commands:?}") };
    let mut told = message("r", 5, "you", None)["message"].take();
    told["content"] = json!({"type": "application/x", "payload": deepest(levels)});
    bench.say(json!({"reply": {"id": history.id, "status": 200, "ts": TS,
        "data": {"room": "r", "messages": [told], "more": false}}}));
    assert!(matches!(bench.answer(asked), Some(Ok(Answer::Reply(_)))));
}
