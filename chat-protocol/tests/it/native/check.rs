//! The bounds of commands: whatever keeps them passes, and what exceeds one is refused by the field's name.

use chat_protocol::command::*;
use chat_protocol::{Command, ErrorCode, MAX_SAFE, Mentions, Patch, RoomInfo, UserId, limits};
use proptest::prelude::*;

use super::Sample;
use super::command;
use super::json::custom_of;
use super::message::content_of;
use super::survive::{command_survives, each, some};
use super::text::too_long;

#[test]
fn commands_within_their_bounds_pass() {
    for kind in Command::KINDS {
        each(command::of(kind), |command| {
            assert_eq!(command.check(), Ok(()));
            match &command {
                Command::Send(send) => assert_eq!(send.content.check(limits::MAX_CONTENT), Ok(())),
                Command::Edit(edit) => assert_eq!(edit.content.check(limits::MAX_CONTENT), Ok(())),
                _ => {}
            }
        });
    }
}

#[test]
fn content_may_be_as_large_as_its_limit_and_no_larger() {
    each(SendMessage::any(), |send| {
        let send = SendMessage { content: content_of(limits::MAX_CONTENT), ..send };
        assert_eq!(send.content.check(limits::MAX_CONTENT), Ok(()));
        assert!(send.content.check(limits::MAX_CONTENT - 1).is_err());
        command_survives(&send.into());
    });
}

#[test]
fn commands_beyond_a_bound_are_refused_by_the_name_of_the_field() {
    for (field, commands) in rooms().into_iter().chain(pages()).chain(others()) {
        some(commands, |command| {
            let error = command.check().expect_err(field);
            assert_eq!(error.code, ErrorCode::BadRequest);
            let detail = error.detail.unwrap_or_default();
            assert!(detail.starts_with(&format!("{field}: ")), "{field} of {}: {detail}", command.kind());
        });
    }
}

/// The field, and commands in which it alone is out of bounds.
type Beyond = (&'static str, BoxedStrategy<Command>);

/// Commands of a type with a value that makes them wrong.
fn with<T: Sample + Into<Command>, V: std::fmt::Debug + 'static>(
    field: &'static str,
    value: impl Strategy<Value = V> + 'static,
    put: fn(&mut T, V),
) -> Beyond {
    let commands = (T::any(), value).prop_map(move |(mut command, value)| {
        put(&mut command, value);
        command.into()
    });
    (field, commands.boxed())
}

fn users(max: usize) -> impl Strategy<Value = Vec<UserId>> {
    proptest::collection::vec(UserId::any(), max + 1..=max + 9)
}

fn no_page(max: u32) -> impl Strategy<Value = Option<u32>> {
    prop_oneof![Just(0), max + 1..=u32::MAX].prop_map(Some)
}

fn no_lifetime() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), MAX_SAFE + 1..=u64::MAX]
}

fn info(create: &mut Create) -> &mut RoomInfo {
    &mut create.info
}

fn data(set: &mut Set) -> &mut RoomPatch {
    set.data.get_or_insert_default()
}

fn rooms() -> Vec<Beyond> {
    let custom = || (1..=99_usize).prop_map(|more| custom_of(limits::MAX_CUSTOM + more));
    let organizations = || prop_oneof![too_long(128), Just(String::new()), "[a-z]{0,3}[ .@/~-][a-z]{0,3}"];
    vec![
        with("name", too_long(limits::MAX_ROOM_NAME), |it, name| info(it).name = Some(name)),
        with("avatar", too_long(limits::MAX_URL), |it, url| info(it).avatar = Some(url)),
        with("topic", too_long(limits::MAX_TOPIC), |it, topic| info(it).topic = Some(topic)),
        with("custom", custom(), |it, custom| info(it).custom = Some(custom)),
        with("message_ttl_s", no_lifetime(), |it, ttl| info(it).message_ttl_s = Some(ttl)),
        with("members", users(limits::MAX_CREATE_MEMBERS), |it: &mut Create, users| it.members = users),
        with(
            "desk.organization",
            (organizations(), UserId::any()),
            |it: &mut Create, (organization, client)| it.desk = Some(NewDesk { organization, client }),
        ),
        with("data.name", too_long(limits::MAX_ROOM_NAME), |it, name| data(it).name = Patch::Set(name)),
        with("data.avatar", too_long(limits::MAX_URL), |it, url| data(it).avatar = Patch::Set(url)),
        with("data.topic", too_long(limits::MAX_TOPIC), |it, topic| data(it).topic = Patch::Set(topic)),
        with("data.custom", custom(), |it, custom| data(it).custom = Patch::Set(custom)),
        with("data.message_ttl_s", no_lifetime(), |it, ttl| data(it).message_ttl_s = Patch::Set(ttl)),
        with("users", users(limits::MAX_CREATE_MEMBERS), |it: &mut Invite, users| it.users = users),
        with("users", Just(()), |it: &mut Invite, ()| it.users.clear()),
        with("reason", too_long(limits::MAX_REASON), |it: &mut Kick, reason| it.reason = Some(reason)),
        with("reason", too_long(limits::MAX_REASON), |it: &mut Ban, reason| it.reason = Some(reason)),
    ]
}

fn pages() -> Vec<Beyond> {
    let (page, history) = (limits::MAX_PAGE, limits::MAX_HISTORY_PAGE);
    vec![
        with("limit", no_page(page), |it: &mut Members, limit| it.limit = limit),
        with("limit", no_page(page), |it: &mut Inbox, limit| it.limit = limit),
        with("limit", no_page(page), |it: &mut Search, limit| it.limit = limit),
        with("limit", no_page(history), |it: &mut Thread, limit| it.query.limit = limit),
        with("limit", no_page(history), |it: &mut History, limit| it.query.limit = limit),
        with("query", too_long(limits::MAX_SEARCH), |it: &mut Search, query| it.query = query),
        with("query", "[ \t\n\u{a0}]{0,9}", |it: &mut Search, query| it.query = query),
    ]
}

fn others() -> Vec<Beyond> {
    fn push(device: &mut Device, target: PushTarget, put: impl FnOnce(&mut PushTarget)) {
        let mut target = target;
        put(&mut target);
        device.push = Patch::Set(target);
    }
    let target = PushTarget::any;
    let token = (target(), too_long(limits::MAX_PUSH_TOKEN));
    let app = (target(), too_long(limits::MAX_ROOM_NAME));
    vec![
        with("mentions.users", users(limits::MAX_MENTIONS), |it: &mut SendMessage, users| {
            it.mentions = Some(Mentions { users, room: false });
        }),
        with("client_msg_id", Sample::any(), |it: &mut SendMessage, send_at| {
            (it.client_msg_id, it.send_at) = (None, Some(send_at));
        }),
        with("name", too_long(limits::MAX_DEVICE_NAME), |it: &mut Device, name| it.name = Patch::Set(name)),
        with("push.token", token, |it, (target, token)| push(it, target, |target| target.token = token)),
        with("push.token", target(), |it, target| push(it, target, |target| target.token.clear())),
        with("push.app", app, |it, (target, app)| push(it, target, |target| target.app = Some(app))),
        with("session_id or others", Just(()), |it: &mut Revoke, ()| {
            (it.session_id, it.others) = (None, false);
        }),
    ]
}
