//! Commands.

use chat_protocol::command::*;
use chat_protocol::{Command, HistoryQuery, Seq, limits};
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::Sample;
use super::room::{lifetime, organization};
use super::sample::{list, patch};
use super::text::any_text;

words! {
    PushService { Apns Fcm WebPush Webhook }
}

samples! {
    Auth { id, token, device_id, session_id, follow }
    Resume { id, epoch, user_offset, rooms, more }
    Follow { id, room, offset, epoch }
    Unfollow { id, room }
    Create {
        id, kind, room, client_room_id, access, history, info,
        members: list(Sample::any(), limits::MAX_CREATE_MEMBERS),
        desk, number, owner,
    }
    NewDesk { organization: organization(), client }
    Join { id, room }
    Leave { id, room }
    Members { id, room, banned, cursor, limit: page(limits::MAX_PAGE) }
    Blocks { id, cursor, limit: page(limits::MAX_PAGE) }
    Scheduled { id, room, cursor, limit: page(limits::MAX_PAGE), from }
    SetRole { id, room, user, role }
    Invite {
        id, room,
        users: list(Sample::any(), limits::MAX_CREATE_MEMBERS).prop_filter("some", |it| !it.is_empty()),
        role,
    }
    Kick { id, room, user, reason: proptest::option::of(any_text(limits::MAX_REASON)) }
    Ban { id, room, user, until, reason: proptest::option::of(any_text(limits::MAX_REASON)) }
    Unban { id, room, user }
    Block { id, user }
    Unblock { id, user }
    Set { id, room, data, settings }
    RoomPatch {
        name: patch(any_text(limits::MAX_ROOM_NAME)),
        avatar: patch(any_text(limits::MAX_URL)),
        topic: patch(any_text(limits::MAX_TOPIC)),
        custom,
        message_ttl_s: patch(lifetime()),
        access,
        history,
        status,
    }
    SettingsPatch { mute_until, pinned, archived }
    Cancel { id, room, client_msg_id, from }
    Edit { id, room, seq: message(), content }
    Delete { id, room, seq: message(), for_me }
    React { id, room, seq: message(), emoji }
    Unreact { id, room, seq: message(), emoji }
    MarkDelivered { id, room, seq }
    MarkRead { id, room, seq, thread: proptest::option::of(message()), private }
    MarkUnread { id, room, seq: message() }
    Typing { id, room, stop, thread: proptest::option::of(message()) }
    Away { id, away }
    Listen { id, user }
    Unlisten { id, user }
    History { id, room, query }
    Thread { id, room, root: message(), query }
    HistoryQuery { before, after, limit: page(limits::MAX_HISTORY_PAGE) }
    Search { id, query: search(), room, from, cursor, limit: page(limits::MAX_PAGE) }
    Inbox { id, archived, cursor, limit: page(limits::MAX_PAGE) }
    Device { id, device_id, push, name: patch(any_text(limits::MAX_DEVICE_NAME)) }
    PushTarget {
        service,
        token: any_text(limits::MAX_PUSH_TOKEN).prop_filter("not empty", |token| !token.is_empty()),
        app,
    }
    Sessions { id }
    Ping { id }
}

/// One with a time has a name too.
impl Sample for SendMessage {
    fn any() -> BoxedStrategy<Self> {
        let any = record!(SendMessage {
            id,
            room,
            client_msg_id,
            content,
            reply_to: proptest::option::of(message()),
            thread: proptest::option::of(message()),
            mentions,
            send_at,
            from
        });
        any.prop_filter("a name", |send| send.send_at.is_none() || send.client_msg_id.is_some()).boxed()
    }
}

/// It names what it ends.
impl Sample for Revoke {
    fn any() -> BoxedStrategy<Self> {
        let any = record!(Revoke { id, session_id, others });
        any.prop_filter("something to end", |revoke| revoke.others || revoke.session_id.is_some()).boxed()
    }
}

fn page(max: u32) -> BoxedStrategy<Option<u32>> {
    proptest::option::of(prop_oneof![1..=max, Just(1), Just(max)]).boxed()
}

/// The number of some message: they begin with 1.
fn message() -> BoxedStrategy<Seq> {
    Seq::any().prop_filter("a message", |seq| *seq != Seq::ZERO).boxed()
}

fn search() -> BoxedStrategy<String> {
    any_text(limits::MAX_SEARCH).prop_filter("a word", |query| !query.trim().is_empty()).boxed()
}

/// Any command of a kind.
pub(super) fn of(kind: &str) -> BoxedStrategy<Command> {
    fn any<T: Sample + Into<Command>>() -> BoxedStrategy<Command> {
        T::any().prop_map(Into::into).boxed()
    }
    match kind {
        "auth" => any::<Auth>(),
        "resume" => any::<Resume>(),
        "follow" => any::<Follow>(),
        "unfollow" => any::<Unfollow>(),
        "create" => any::<Create>(),
        "join" => any::<Join>(),
        "leave" => any::<Leave>(),
        "members" => any::<Members>(),
        "role" => any::<SetRole>(),
        "invite" => any::<Invite>(),
        "kick" => any::<Kick>(),
        "ban" => any::<Ban>(),
        "unban" => any::<Unban>(),
        "blocks" => any::<Blocks>(),
        "block" => any::<Block>(),
        "unblock" => any::<Unblock>(),
        "set" => any::<Set>(),
        "send" => any::<SendMessage>(),
        "cancel" => any::<Cancel>(),
        "scheduled" => any::<Scheduled>(),
        "edit" => any::<Edit>(),
        "delete" => any::<Delete>(),
        "react" => any::<React>(),
        "unreact" => any::<Unreact>(),
        "delivered" => any::<MarkDelivered>(),
        "read" => any::<MarkRead>(),
        "mark_unread" => any::<MarkUnread>(),
        "typing" => any::<Typing>(),
        "away" => any::<Away>(),
        "listen" => any::<Listen>(),
        "unlisten" => any::<Unlisten>(),
        "history" => any::<History>(),
        "thread" => any::<Thread>(),
        "search" => any::<Search>(),
        "inbox" => any::<Inbox>(),
        "device" => any::<Device>(),
        "sessions" => any::<Sessions>(),
        "revoke" => any::<Revoke>(),
        "ping" => any::<Ping>(),
        _ => panic!("the command {kind} has no strategy"),
    }
}

/// A command of a newer client.
pub(super) fn newer() -> BoxedStrategy<Command> {
    (super::survive::newer_kind(Command::KINDS), Box::<RawValue>::any())
        .prop_map(|(kind, raw)| Command::Unknown { kind, raw })
        .boxed()
}
