//! Rooms, their members, and what they are to one of them.

use chat_protocol::*;
use proptest::prelude::*;

use super::Sample;
use super::text::any_text;

words! {
    RoomKind { Direct Group Channel Desk }
    Access { Open Invite }
    HistoryVisibility { All Joined }
    Role { Owner Admin Member Reader }
    DeskStatus { Open Pending Closed }
}

samples! {
    RoomInfo {
        name: proptest::option::of(any_text(limits::MAX_ROOM_NAME)),
        avatar: proptest::option::of(any_text(limits::MAX_URL)),
        topic: proptest::option::of(any_text(limits::MAX_TOPIC)),
        custom,
        message_ttl_s: proptest::option::of(lifetime()),
    }
    Desk { organization: organization(), client, status }
    RoomSettings { mute_until, pinned, archived }
    Member { user, role, name, avatar, joined_at, delivered, read }
    RoomState {
        room, kind, access, history, info, role, seq, offset, oldest_seq, members, read, unread, mentions,
        read_private, unread_from, settings, peer, desk, number, ts,
    }
}

/// How long messages are kept.
pub(super) fn lifetime() -> BoxedStrategy<u64> {
    u64::any().prop_map(|seconds| seconds.max(1)).boxed()
}

/// Letters, digits and `_`, of any script.
pub(super) fn organization() -> BoxedStrategy<String> {
    let full = ["x".repeat(128), "я".repeat(64)].to_vec();
    prop_oneof![9 => "[a-zA-Z0-9_]{1,9}", 3 => "[а-я0-9_中é]{1,9}", 1 => proptest::sample::select(full)]
        .boxed()
}
