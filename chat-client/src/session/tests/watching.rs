//! Watching users: one `listen` for all who watch, and none for nobody.

use std::sync::Arc;

use super::*;

fn watch(name: &str, watcher: &Arc<()>) -> Command {
    Command::Watch { user: user(name), watcher: Arc::downgrade(watcher) }
}

/// The `listen`s and `unlisten`s that went out since the last call.
fn heard(bench: &mut Bench) -> Vec<(&'static str, RequestId)> {
    let listening = |command: Wire| match command {
        Wire::Listen(listen) => Some(("listen", listen.id)),
        Wire::Unlisten(unlisten) => Some(("unlisten", unlisten.id)),
        _ => None,
    };
    bench.sent().into_iter().filter_map(listening).collect()
}

fn there(bench: &mut Bench, id: &RequestId, online: bool) {
    let data = json!({"user": "you", "online": online});
    bench.say(json!({"reply": {"id": id, "status": 200, "ts": TS, "data": data}}));
}

/// What was told of users.
fn seen(bench: &mut Bench) -> Vec<bool> {
    let online = |event: ClientEvent| match event {
        ClientEvent::Online { online, .. } => Some(online),
        _ => None,
    };
    bench.events().into_iter().filter_map(online).collect()
}

#[test]
fn all_who_watch_a_user_share_one_listen() {
    let mut bench = Bench::ready(&[]);
    let (first, second) = (Arc::new(()), Arc::new(()));
    let ticket = bench.order(watch("you", &first));
    let listens = heard(&mut bench);
    assert_eq!(listens.len(), 1);
    assert!(bench.answer(ticket).is_none());
    there(&mut bench, &listens[0].1, true);
    assert!(matches!(bench.answer(ticket), Some(Ok(_))));
    assert_eq!(seen(&mut bench), [true], "the state is an event");
    bench.say(json!({"pres": {"what": "offline", "from": "you", "ts": TS}}));
    let ticket = bench.order(watch("you", &second));
    assert!(matches!(bench.answer(ticket), Some(Ok(Answer::Done))));
    assert_eq!(seen(&mut bench), [false], "as it is known by now");
    assert!(heard(&mut bench).is_empty());

    drop(first);
    bench.order(Command::Unwatch(user("you")));
    assert!(heard(&mut bench).is_empty(), "somebody watches still");
    drop(second);
    bench.order(Command::Unwatch(user("you")));
    assert_eq!(heard(&mut bench)[0].0, "unlisten");
    bench.order(Command::Unwatch(user("you")));
    assert!(heard(&mut bench).is_empty(), "said once");
}

#[test]
fn a_new_connection_listens_again_for_those_who_still_watch() {
    let mut bench = Bench::ready(&[]);
    let (kept, gone) = (Arc::new(()), Arc::new(()));
    bench.order(watch("you", &kept));
    bench.order(watch("else", &gone));
    let listens = heard(&mut bench);
    there(&mut bench, &listens[0].1, true);
    let data = json!({"user": "else", "online": true});
    bench.say(json!({"reply": {"id": listens[1].1, "status": 200, "ts": TS, "data": data}}));
    seen(&mut bench);
    drop(gone);
    bench.cut();
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    let listens = heard(&mut bench);
    assert_eq!(listens.len(), 1, "nobody watches the other any more");
    there(&mut bench, &listens[0].1, false);
    assert_eq!(seen(&mut bench), [false]);
}

#[test]
fn a_user_who_may_not_be_watched_any_more_is_told_to_be_away() {
    let mut bench = Bench::ready(&[]);
    let watcher = Arc::new(());
    let ticket = bench.order(watch("you", &watcher));
    let listens = heard(&mut bench);
    there(&mut bench, &listens[0].1, true);
    assert!(bench.answer(ticket).is_some());
    seen(&mut bench);
    bench.cut();
    let parts = bench.reconnect();
    bench.finish_resume(&parts);
    let listens = heard(&mut bench);
    bench.refuse(&listens[0].1, ErrorCode::Forbidden, None);
    assert_eq!(seen(&mut bench), [false]);
}

#[test]
fn a_watch_that_ended_before_its_answer_stops_listening() {
    let mut bench = Bench::ready(&[]);
    let watcher = Arc::new(());
    bench.order(watch("you", &watcher));
    let listens = heard(&mut bench);
    drop(watcher);
    bench.order(Command::Unwatch(user("you")));
    let unlistens = heard(&mut bench);
    assert_eq!(unlistens[0].0, "unlisten");
    there(&mut bench, &listens[0].1, true);
    assert!(seen(&mut bench).is_empty(), "nobody wants to know");
}

#[test]
fn who_is_blocked_is_away_until_the_block_ends() {
    let mut bench = Bench::ready(&[]);
    let watcher = Arc::new(());
    bench.order(watch("you", &watcher));
    let listens = heard(&mut bench);
    there(&mut bench, &listens[0].1, true);
    seen(&mut bench);
    bench.say(json!({"user": {"user_offset": 2, "action": "blocked", "user": "you", "ts": TS}}));
    assert_eq!(seen(&mut bench), [false]);
    let ticket = bench.order(watch("you", &watcher));
    let listens = heard(&mut bench);
    bench.refuse(&listens[0].1, ErrorCode::Forbidden, None);
    assert_eq!(bench.error(ticket).code(), Some(ErrorCode::Forbidden));
    bench.say(json!({"user": {"user_offset": 3, "action": "unblocked", "user": "you", "ts": TS}}));
    let listens = heard(&mut bench);
    there(&mut bench, &listens[0].1, true);
    assert_eq!(seen(&mut bench), [true]);
}
