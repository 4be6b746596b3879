//! Events.

use chat_protocol::event::*;
use chat_protocol::{Event, Message, Reply};
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::Sample;
use super::text::any_text;

words! {
    ReactionAction { Added Removed }
    MemberAction { Joined Left Kicked Banned Unbanned Role }
    RoomAction { Created Changed Trimmed }
    Outcome { Recovered Snapshot Trimmed Gone }
    SystemKind { Draining LeftOut Limits }
}

samples! {
    Edited { room, offset, seq, from, content, thread, ts }
    Deleted { room, offset, seq, from, by, thread, mentions, ts }
    Reaction { room, offset, seq, from, emoji, action, count, ts }
    MemberChanged {
        room, offset, user, action, role, by, until, reason: proptest::option::of(any_text(256)), ts,
    }
    RoomChanged { room, offset, action, kind, access, history, info, desk, oldest_seq, by, ts }
    UserChanged { user_offset, change, ts }
    Reads { room, from, read, delivered, thread, ts }
    Presence { state, ts }
    Resumed { id, room, outcome, epoch, offset, user_offset, oldest, state, pointers, delivered }
    System { what, rooms, limits, ts }
    Pong { id, ts }
}

/// What lacks one here is found by the test of all that is described.
impl Sample for PresenceState {
    fn any() -> BoxedStrategy<Self> {
        prop_oneof![
            record!(PresenceState::Online { from }),
            record!(PresenceState::Offline { from, last_seen }),
            record!(PresenceState::Typing { from, room, thread, ttl_ms }),
            record!(PresenceState::StopTyping { from, room, thread }),
            record!(PresenceState::Counts { room, online, typing }),
            Just(PresenceState::Unknown),
        ]
        .boxed()
    }
}

/// What lacks one here is found by the test of all that is described.
impl Sample for UserChange {
    fn any() -> BoxedStrategy<Self> {
        let rooms = prop_oneof![
            record!(UserChange::RoomJoined { room }),
            record!(UserChange::RoomLeft { room }),
            record!(UserChange::Settings { room, settings }),
            record!(UserChange::Read { room, read, thread }),
            record!(UserChange::ReadPrivate { room, read, thread }),
            record!(UserChange::MarkedUnread { room, unread_from }),
        ];
        let others = prop_oneof![
            record!(UserChange::Blocked { user }),
            record!(UserChange::Unblocked { user }),
            record!(UserChange::Hidden { room, seq, from, thread, mentions }),
            record!(UserChange::Scheduled { room, client_msg_id, send_at }),
            record!(UserChange::Cancelled { room, client_msg_id }),
            record!(UserChange::SessionRevoked { session_id }),
            Just(UserChange::Unknown),
        ];
        prop_oneof![rooms, others].boxed()
    }
}

/// Any event of a kind.
pub(super) fn of(kind: &str) -> BoxedStrategy<Event> {
    fn any<T: Sample + Into<Event>>() -> BoxedStrategy<Event> {
        T::any().prop_map(Into::into).boxed()
    }
    match kind {
        "reply" => any::<Reply>(),
        "message" => any::<Message>(),
        "edited" => any::<Edited>(),
        "deleted" => any::<Deleted>(),
        "reaction" => any::<Reaction>(),
        "member" => any::<MemberChanged>(),
        "room" => any::<RoomChanged>(),
        "user" => any::<UserChanged>(),
        "reads" => any::<Reads>(),
        "pres" => any::<Presence>(),
        "resumed" => any::<Resumed>(),
        "system" => any::<System>(),
        "pong" => any::<Pong>(),
        _ => panic!("the event {kind} has no strategy"),
    }
}

/// An event of a newer server.
pub(super) fn newer() -> BoxedStrategy<Event> {
    (super::survive::newer_kind(Event::KINDS), Box::<RawValue>::any())
        .prop_map(|(kind, raw)| Event::Unknown { kind, raw })
        .boxed()
}
