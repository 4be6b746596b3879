//! Events: each once, in order, and every gap accounted for.

use super::*;

/// How a room was resumed, among events.
fn recoveries(events: &[ClientEvent], of: &str) -> Vec<Recovery> {
    let recovery = |event: &ClientEvent| match event {
        ClientEvent::Resumed { room: Some(room), recovery, .. } if room.as_str() == of => {
            Some(recovery.clone())
        }
        _ => None,
    };
    events.iter().filter_map(recovery).collect()
}

#[test]
fn a_resume_names_what_was_taken_in_and_counts_what_it_brings() {
    let mut bench = Bench::ready(&[("q", 3), ("r", 5)]);
    bench.message("r", 6, "you");
    bench.message("r", 6, "you");
    assert_eq!(offsets(&bench.events()), [6]);
    bench.cut();
    let parts = bench.reconnect();
    assert_eq!(parts.len(), 1);
    let named: Vec<_> = parts[0].rooms.iter().map(|(room, offset)| (room.as_str(), offset.get())).collect();
    assert_eq!(named, [("q", 3), ("r", 6)]);
    bench.message("r", 7, "you");
    bench.message("r", 8, "you");
    let mut told = parts;
    told[0].rooms.insert(id("r"), Offset::new(8).unwrap());
    bench.finish_resume(&told);
    let events = bench.events();
    assert_eq!(offsets(&events), [7, 8]);
    assert_eq!(recoveries(&events, "r"), [Recovery::Recovered { missed: 2 }]);
    assert_eq!(recoveries(&events, "q"), [Recovery::Recovered { missed: 0 }]);
}

#[test]
fn a_hole_is_fetched_once_and_nothing_behind_it_is_taken_in() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.message("r", 7, "you");
    bench.message("r", 8, "you");
    let sent = bench.sent();
    let [Wire::Follow(follow)] = sent.as_slice() else { panic!("not one follow: {sent:?}") };
    assert_eq!(
        (follow.offset.map(Offset::get), follow.epoch.as_ref().map(|e| e.as_str())),
        (Some(5), Some("e1"))
    );
    assert!(offsets(&bench.events()).is_empty());
    for offset in 6..=9 {
        bench.message("r", offset, "you");
    }
    bench.say(json!({"resumed": {"id": follow.id, "room": "r", "outcome": "recovered", "epoch": "e1", "offset": 9}}));
    bench.say(json!({"reply": {"id": follow.id, "status": 200, "ts": TS}}));
    bench.message("r", 10, "you");
    let events = bench.events();
    assert_eq!(offsets(&events), [6, 7, 8, 9, 10]);
    assert_eq!(recoveries(&events, "r"), [Recovery::Recovered { missed: 4 }]);
    assert!(bench.sent().is_empty());
    bench.message("r", 12, "you");
    assert!(matches!(bench.sent().as_slice(), [Wire::Follow(_)]), "the next hole is another one");
}

#[test]
fn a_recovery_that_is_not_whole_costs_the_connection() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.cut();
    bench.reconnect();
    bench.message("r", 6, "you");
    bench.say(json!({"resumed": {"room": "r", "outcome": "recovered", "epoch": "e1", "offset": 7}}));
    assert!(matches!(bench.session.state(), ConnectionState::Waiting { .. }));
    let parts = bench.reconnect();
    assert_eq!(parts[0].rooms[&id("r")].get(), 6, "what was taken in stays taken in");
}

#[test]
fn a_cut_in_the_middle_of_a_replay_goes_on_where_it_was() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let mut seen = Vec::new();
    for round in 0..4 {
        bench.cut();
        let parts = bench.reconnect();
        assert_eq!(parts[0].rooms[&id("r")].get(), 5 + round);
        bench.message("r", 6 + round, "you");
        seen.extend(offsets(&bench.events()));
    }
    assert_eq!(seen, [6, 7, 8, 9]);
}

#[test]
fn a_snapshot_replaces_and_says_what_was_passed_over() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.cut();
    bench.reconnect();
    bench.snapshot("r", 50);
    let recovery = recoveries(&bench.events(), "r");
    assert!(matches!(recovery.as_slice(), [Recovery::Snapshot { missed: Some(45), state: Some(_) }]));
    assert_eq!(bench.room("r").seq, seq(50));
    bench.message("r", 51, "you");
    assert_eq!(offsets(&bench.events()), [51]);
}

#[test]
fn an_outcome_of_a_newer_server_is_taken_as_a_snapshot() {
    let mut bench = Bench::ready(&[("q", 5), ("r", 5)]);
    bench.cut();
    bench.reconnect();
    bench.say(json!({"resumed": {"room": "q", "outcome": "merged", "epoch": "e1", "offset": 50,
        "state": state("q", 50)}}));
    bench.say(json!({"resumed": {"room": "r", "outcome": "merged", "epoch": "e1", "offset": 60}}));
    let events = bench.events();
    assert!(matches!(
        recoveries(&events, "q").as_slice(),
        [Recovery::Snapshot { missed: Some(45), state: Some(_) }]
    ));
    assert_eq!(bench.room("q").seq, seq(50));
    assert_eq!(recoveries(&events, "r"), [Recovery::Snapshot { missed: Some(55), state: None }]);
    for (room, offset) in [("q", 51), ("r", 61)] {
        bench.message(room, offset, "you");
        assert_eq!(offsets(&bench.events()), [offset], "events go on after it");
    }
}

#[test]
fn another_epoch_makes_positions_incomparable() {
    let mut bench = Bench::ready(&[("q", 9), ("r", 5)]);
    bench.epoch = "e2";
    bench.cut();
    let parts = bench.reconnect();
    assert_eq!(parts[0].epoch.as_str(), "e1", "the server sees that they are of another epoch");
    bench.snapshot("r", 4);
    assert!(matches!(recoveries(&bench.events(), "r").as_slice(), [Recovery::Snapshot { missed: None, .. }]));
    // The connection ends before the other room and the user log have spoken.
    bench.cut();
    let parts = bench.reconnect();
    assert_eq!(parts[0].epoch.as_str(), "e1");
    assert_eq!(parts[0].rooms.keys().map(RoomId::as_str).collect::<Vec<_>>(), ["q"]);
    bench.snapshot("q", 2);
    bench.snapshot("r", 4);
    bench.say(json!({"resumed": {"outcome": "snapshot", "epoch": "e2", "user_offset": 1}}));
    bench.say(json!({"reply": {"id": parts[0].id, "status": 200, "ts": TS}}));
    bench.cut();
    let parts = bench.reconnect();
    assert_eq!((parts[0].epoch.as_str(), parts[0].rooms.len()), ("e2", 2));
}

#[test]
fn a_trimmed_log_and_a_lost_room_are_told_as_such() {
    let mut bench = Bench::ready(&[("q", 5), ("r", 5)]);
    bench.cut();
    bench.reconnect();
    bench.say(json!({"resumed": {"room": "q", "outcome": "gone", "epoch": "e1"}}));
    bench.say(
        json!({"resumed": {"room": "r", "outcome": "trimmed", "epoch": "e1", "offset": 90, "oldest": 40,
        "state": state("r", 90)}}),
    );
    let events = bench.events();
    assert_eq!(recoveries(&events, "q"), [Recovery::Gone]);
    let trimmed = recoveries(&events, "r");
    assert!(
        matches!(trimmed.as_slice(), [Recovery::Trimmed { missed: Some(85), oldest: Some(oldest), .. }]
            if oldest.get() == 40),
        "{trimmed:?}"
    );
    let ticket = bench.order(Command::Rooms);
    let Some(Ok(Answer::Rooms(rooms))) = bench.answer(ticket) else { panic!("no rooms") };
    assert_eq!(rooms.iter().map(|state| state.room.as_str()).collect::<Vec<_>>(), ["r"]);
}

#[test]
fn a_resume_larger_than_a_frame_is_split() {
    let rooms: Vec<String> = (0..600).map(|n| format!("{n:04}{}", "\"é".repeat(70))).collect();
    let rooms: Vec<(&str, u64)> = rooms.iter().map(|room| (room.as_str(), 1_000_000)).collect();
    let mut bench = Bench::ready(&rooms);
    bench.cut();
    // `sent` checks that no frame is too large.
    let parts = bench.reconnect();
    assert!(parts.len() > 2, "{} parts", parts.len());
    let more: Vec<bool> = parts.iter().map(|part| part.more).collect();
    assert!(more[..more.len() - 1].iter().all(|more| *more) && !more[more.len() - 1]);
    assert_eq!(parts.iter().map(|part| part.rooms.len()).sum::<usize>(), 600);
    bench.finish_resume(&parts);
}

#[test]
fn a_room_of_which_nothing_is_known_is_asked_for() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.cut();
    let parts = bench.reconnect();
    let forgetful = wire::Resume { rooms: BTreeMap::new(), ..parts[0].clone() };
    bench.finish_resume(&[forgetful]);
    let sent = bench.sent();
    let [Wire::Follow(follow)] = sent.as_slice() else { panic!("not one follow: {sent:?}") };
    assert_eq!(follow.offset.map(Offset::get), Some(5));
    bench.say(json!({"resumed": {"room": "r", "outcome": "recovered", "epoch": "e1", "offset": 5}}));
    bench.say(json!({"reply": {"id": follow.id, "status": 200, "ts": TS}}));

    // An event of an unknown room: the server follows it for us, and we do not know from where.
    bench.message("x", 9, "you");
    let sent = bench.sent();
    let [Wire::Follow(follow)] = sent.as_slice() else { panic!("not one follow: {sent:?}") };
    assert_eq!(follow.offset, None);
    bench.snapshot("x", 9);
    bench.message("x", 10, "you");
    assert_eq!(offsets(&bench.events()), [10]);
}

#[test]
fn a_room_that_cannot_be_fetched_is_gone() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.message("r", 9, "you");
    let sent = bench.sent();
    let [Wire::Follow(follow)] = sent.as_slice() else { panic!("not one follow: {sent:?}") };
    bench.refuse(&follow.id, ErrorCode::Forbidden, None);
    assert_eq!(recoveries(&bench.events(), "r"), [Recovery::Gone]);
}

#[test]
fn rooms_come_and_go_with_the_user_log() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.say(json!({"user": {"user_offset": 2, "action": "room_joined", "room": "q", "ts": TS}}));
    bench.snapshot("q", 1);
    bench.say(json!({"user": {"user_offset": 2, "action": "room_joined", "room": "q", "ts": TS}}));
    bench.say(json!({"user": {"user_offset": 3, "action": "room_left", "room": "r", "ts": TS}}));
    let events = bench.events();
    assert_eq!(events.iter().filter(|event| **event == ClientEvent::RoomJoined(id("q"))).count(), 1);
    assert!(events.contains(&ClientEvent::RoomLeft(id("r"))));
    bench.cut();
    let parts = bench.reconnect();
    assert_eq!(parts[0].user_offset.get(), 3);
    assert_eq!(parts[0].rooms.keys().map(RoomId::as_str).collect::<Vec<_>>(), ["q"]);
}

#[test]
fn a_room_that_was_left_and_joined_again_meanwhile_is_asked_for() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.cut();
    let parts = bench.reconnect();
    for (offset, action) in [(6, "left"), (7, "joined")] {
        let change = json!({"room": "r", "offset": offset, "user": "me", "action": action, "ts": TS});
        bench.say(json!({"member": change}));
    }
    bench.say(json!({"resumed": {"room": "r", "outcome": "recovered", "epoch": "e1", "offset": 7}}));
    for (offset, action) in [(2, "room_left"), (3, "room_joined")] {
        bench.say(json!({"user": {"user_offset": offset, "action": action, "room": "r", "ts": TS}}));
    }
    bench.say(json!({"resumed": {"outcome": "recovered", "epoch": "e1", "user_offset": 3}}));
    bench.say(json!({"reply": {"id": parts[0].id, "status": 200, "ts": TS}}));
    let sent = bench.sent();
    let [Wire::Follow(follow)] = sent.as_slice() else { panic!("not one follow: {sent:?}") };
    assert_eq!((follow.room.as_str(), follow.offset), ("r", None));
    bench.snapshot("r", 7);
    assert_eq!(bench.room("r").offset.get(), 7);
}

#[test]
fn rooms_are_read_again_when_the_user_log_passed_something_over() {
    let mut bench = Bench::ready(&[("q", 5), ("r", 5)]);
    bench.cut();
    let parts = bench.reconnect();
    bench.snapshot("q", 6);
    bench.say(json!({"resumed": {"room": "r", "outcome": "recovered", "epoch": "e1", "offset": 5}}));
    bench.say(json!({"resumed": {"outcome": "snapshot", "epoch": "e1", "user_offset": 30}}));
    bench.say(json!({"reply": {"id": parts[0].id, "status": 200, "ts": TS}}));
    let sent = bench.sent();
    let [Wire::Follow(follow)] = sent.as_slice() else { panic!("not one follow: {sent:?}") };
    assert_eq!((follow.room.as_str(), follow.offset), ("r", None));
}

#[test]
fn a_hole_in_the_user_log_costs_the_connection_and_is_resumed() {
    let mut bench = Bench::ready(&[]);
    bench.say(json!({"user": {"user_offset": 4, "action": "room_joined", "room": "q", "ts": TS}}));
    assert!(matches!(bench.session.state(), ConnectionState::Waiting { .. }));
    let parts = bench.reconnect();
    assert_eq!(parts[0].user_offset.get(), 1);
}

#[test]
fn the_answer_to_a_join_begins_a_room_once() {
    let mut bench = Bench::ready(&[]);
    let ticket = bench.order(ask(wire::Join { id: unnumbered(), room: id("r") }));
    let sent = bench.sent();
    let [Wire::Join(join)] = sent.as_slice() else { panic!("{sent:?}") };
    let join = join.id.clone();
    // The snapshot and the first event may overtake the reply.
    bench.snapshot("r", 5);
    bench.message("r", 6, "you");
    bench.say(json!({"reply": {"id": join, "status": 200, "ts": TS,
        "data": {"room": state("r", 5), "created": true}}}));
    assert!(matches!(bench.answer(ticket), Some(Ok(Answer::Reply(_)))));
    bench.message("r", 7, "you");
    assert_eq!(offsets(&bench.events()), [6, 7]);
    assert_eq!(bench.room("r").seq, seq(7));
}

#[test]
fn unread_counts_others_and_falls_with_the_read_pointer() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.message("r", 6, "you");
    bench.message("r", 7, "me");
    bench.message("r", 8, "you");
    assert_eq!(bench.room("r").unread, 7);
    bench.order(Command::Read { room: id("r"), seq: seq(6), thread: None, private: false });
    assert_eq!(bench.room("r").unread, 1, "8 is, 7 is one's own");
    bench.say(json!({"user": {"user_offset": 2, "action": "read", "room": "r", "read": 4, "ts": TS}}));
    assert_eq!((bench.room("r").unread, bench.room("r").read), (1, seq(6)), "never back");
    bench.say(json!({"user": {"user_offset": 3, "action": "read", "room": "r", "read": 8, "ts": TS}}));
    assert_eq!(bench.room("r").unread, 0);
}

#[test]
fn what_cannot_be_read_or_is_not_known_is_passed_over() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.session.handle_frame(bench.now, Frame::Text("{".into()));
    bench.session.handle_frame(bench.now, Frame::Binary("x".into()));
    bench.say(json!({"from_the_future": {"a": 1}}));
    bench.say(json!({"reply": {"id": "999", "status": 200, "ts": TS}}));
    bench.say(json!({"reply": {"id": "not a number", "status": 200, "ts": TS}}));
    bench.message("r", 6, "you");
    assert_eq!(offsets(&bench.events()), [6]);
    assert_eq!(bench.session.state(), ConnectionState::Ready);
}

#[test]
fn whatever_has_a_room_and_an_offset_moves_the_position() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let entries = [
        json!({"edited": {"room": "r", "offset": 6, "seq": 1, "from": "you", "ts": TS}}),
        json!({"deleted": {"room": "r", "offset": 7, "seq": 1, "from": "you", "ts": TS}}),
        json!({"reaction": {"room": "r", "offset": 8, "seq": 1, "from": "you", "emoji": "x", "action": "added",
            "count": 1, "ts": TS}}),
        json!({"_trace": "x", "weather": {"room": "r", "offset": 9, "id": 5, "seq": "other", "sunny": true}}),
        json!({"message": {"room": "r", "offset": 10, "of": "another shape"}}),
    ];
    for entry in &entries {
        bench.say(entry.clone());
        bench.say(entry.clone());
    }
    bench.message("r", 11, "you");
    assert_eq!(offsets(&bench.events()), [11]);
    let asked = bench.sent();
    assert!(
        !asked.iter().any(|command| matches!(command, Wire::Follow(_))),
        "nothing was missing: {asked:?}"
    );
    bench.say(json!({"weather": {"room": "r", "offset": 13}}));
    assert!(
        matches!(bench.sent().as_slice(), [Wire::Follow(_)]),
        "a hole before what is not known is a hole"
    );
}

#[test]
fn whatever_has_a_user_offset_moves_the_position_of_the_user_log() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.say(json!({"mood": {"user_offset": 2, "room": "r", "offset": 1}}));
    bench.say(json!({"user": {"user_offset": 3, "action": "read", "of": "another shape"}}));
    bench.cut();
    let parts = bench.reconnect();
    assert_eq!((parts[0].user_offset.get(), parts[0].rooms[&id("r")].get()), (3, 5));
    bench.finish_resume(&parts);
    bench.say(json!({"mood": {"user_offset": 5}}));
    assert!(matches!(bench.session.state(), ConnectionState::Waiting { .. }), "a hole");
}

#[test]
fn what_is_no_entry_of_a_log_moves_nothing() {
    let mut bench = Bench::ready(&[("r", 5)]);
    for packet in [
        json!({"weather": ["r", 6]}),
        json!({"weather": [6]}),
        json!({"weather": {"room": {"id": "r"}, "offset": 6}}),
        json!({"weather": {"room": "r", "offset": "6"}}),
        json!({"weather": {"offset": 6}}),
        json!({"weather": {"room": "r", "offset": 6}, "storm": {}}),
        json!({"resumed": {"room": "r", "offset": 6, "of": "another shape"}}),
    ] {
        bench.say(packet);
    }
    bench.message("r", 6, "you");
    assert_eq!(offsets(&bench.events()), [6]);
}

#[test]
fn a_page_of_history_is_no_word_for_what_the_user_log_passed_over() {
    let mut bench = Bench::ready(&[("r", 5)]);
    bench.cut();
    let parts = bench.reconnect();
    // Nothing is known of the message, so that a page has to say what it was.
    bench.say(json!({"deleted": {"room": "r", "offset": 6, "seq": 1, "from": "you", "ts": TS}}));
    bench.say(json!({"resumed": {"room": "r", "outcome": "recovered", "epoch": "e1", "offset": 6}}));
    bench.say(json!({"resumed": {"outcome": "snapshot", "epoch": "e1", "user_offset": 9}}));
    bench.say(json!({"reply": {"id": parts[0].id, "status": 200, "ts": TS}}));
    let asked = bench.sent();
    assert!(
        matches!(asked.as_slice(), [Wire::History(_), Wire::Follow(follow)] if follow.room == id("r")),
        "{asked:?}"
    );
}
