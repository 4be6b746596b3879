//! Commands whose answer was lost, and which are refused when they go again because they had worked.

use chat_protocol::{Role, command as wire};

use super::*;

/// Asks, loses the connection before the answer, lets `meanwhile` be told, asks again and is refused.
fn again(
    command: impl Into<Wire>,
    code: ErrorCode,
    detail: Option<&str>,
    meanwhile: impl FnOnce(&mut Bench),
) -> Result<Answer, Error> {
    let mut bench = Bench::ready(&[("r", 5)]);
    let ticket = bench.order(ask(command));
    assert_eq!(bench.sent().len(), 1);
    bench.cut();
    let mut parts = bench.reconnect();
    meanwhile(&mut bench);
    for event in bench.events() {
        match event {
            ClientEvent::Member(change) => _ = parts[0].rooms.insert(id("r"), change.offset),
            ClientEvent::User(change) => parts[0].user_offset = change.user_offset,
            _ => {}
        }
    }
    bench.finish_resume(&parts);
    let sent = bench.sent();
    let request = sent[0].id().expect("it goes again");
    bench.say(
        json!({"reply": {"id": request, "status": code.status(), "err": code.text(), "action": code.action(),
        "detail": detail, "ts": TS}}),
    );
    bench.answer(ticket).expect("it is answered")
}

fn kick() -> wire::Kick {
    wire::Kick { id: unnumbered(), room: id("r"), user: user("you"), reason: None }
}

fn leave() -> wire::Leave {
    wire::Leave { id: unnumbered(), room: id("r") }
}

fn cancel() -> wire::Cancel {
    let client_msg_id = ClientMsgId::new("later").unwrap();
    wire::Cancel { id: unnumbered(), room: id("r"), client_msg_id, from: None }
}

fn give_away() -> wire::SetRole {
    wire::SetRole { id: unnumbered(), room: id("r"), user: user("you"), role: Role::Owner }
}

fn nothing(_: &mut Bench) {}

#[test]
fn who_is_gone_already_has_left_or_was_kicked() {
    assert!(again(leave(), ErrorCode::Forbidden, None, nothing).is_ok());
    assert!(again(kick(), ErrorCode::NotFound, Some("user: no member of this room"), nothing).is_ok());
}

#[test]
fn who_may_not_hears_it_also_the_second_time() {
    let direct = again(leave(), ErrorCode::Forbidden, Some("nobody leaves a direct room"), nothing);
    assert!(direct.is_err());
    assert!(again(kick(), ErrorCode::Forbidden, None, nothing).is_err());
}

#[test]
fn a_refusal_at_the_first_try_is_a_refusal() {
    let mut bench = Bench::ready(&[("r", 5)]);
    for (command, code) in
        [(Wire::from(leave()), ErrorCode::Forbidden), (Wire::from(kick()), ErrorCode::NotFound)]
    {
        let ticket = bench.order(ask(command));
        let sent = bench.sent();
        bench.refuse(sent[0].id().unwrap(), code, None);
        assert_eq!(bench.error(ticket).code(), Some(code));
    }
}

#[test]
fn a_message_that_no_longer_waits_was_cancelled_only_if_that_was_told() {
    let told = |bench: &mut Bench| {
        bench.say(
            json!({"user": {"user_offset": 2, "action": "cancelled", "room": "r", "client_msg_id": "later",
            "ts": TS}}),
        );
    };
    let other = |bench: &mut Bench| {
        bench.say(
            json!({"user": {"user_offset": 2, "action": "cancelled", "room": "r", "client_msg_id": "else",
            "ts": TS}}),
        );
    };
    assert!(again(cancel(), ErrorCode::MessageNotFound, None, told).is_ok());
    assert!(again(cancel(), ErrorCode::MessageNotFound, None, other).is_err(), "it may have been sent");
    assert!(again(cancel(), ErrorCode::MessageNotFound, None, nothing).is_err(), "it may have been sent");
}

#[test]
fn a_room_was_given_away_only_if_that_was_told() {
    let told = |bench: &mut Bench| {
        bench.say(json!({"member": {"room": "r", "offset": 6, "user": "you", "by": "me", "action": "role",
            "role": "owner", "ts": TS}}));
    };
    assert!(
        again(give_away(), ErrorCode::Forbidden, Some("nobody gives a role above the own"), told).is_ok()
    );
    assert!(
        again(give_away(), ErrorCode::Forbidden, Some("nobody gives a role above the own"), nothing).is_err()
    );
}
