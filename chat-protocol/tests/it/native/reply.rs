//! Replies, and the data in them: results, pages, and bodies that only HTTP has.

use chat_protocol::reply::*;
use chat_protocol::{Action, ErrorCode, Message, Reply, RoomState, limits};
use proptest::prelude::*;

use super::Sample;
use super::room::organization;
use super::text::any_text;

words! {
    Action { Retry Reconnect Refresh Stop }
}

impl Sample for ErrorCode {
    fn any() -> BoxedStrategy<Self> {
        proptest::sample::select(ErrorCode::ALL).boxed()
    }
}

samples! {
    Reply { id, status, data, err, action, detail, retry_after_ms, ts }
    AuthData { user_id, session_id, epoch, user_offset, expires_at, limits }
    Limits { max_frame, max_content, max_history_page, max_rooms_followed, max_in_flight, typing_ttl_ms }
    SendData { seq, offset, duplicate, ts }
    RoomData { room, created }
    ListenData { user, online, last_seen }
    ReadData { read }
    ScheduleData { send_at, duplicate }
    ChangeData { offset, ts }
    SetData { offset, user_offset, ts }
    InviteData { added }
    RevokeData { revoked }
    Uploaded { url, name, size, kind }
    AgentsData { organization: organization(), agents }
    DeskEntry { room, desk, name: proptest::option::of(any_text(limits::MAX_ROOM_NAME)), members, seq, created_at }
    DesksPage { organization: organization(), desks, next }
    UserEntry { user, name, avatar, online, last_seen }
    ForgetData { user, ts }
    ExportedDevice { device_id, name, push, app, updated_at }
    ExportedUpload { url, name, size, kind, room, ts }
    ExportEnd { lines, ts }
    MembersPage { room, members, banned, next }
    BannedUser { user, until, reason: proptest::option::of(any_text(limits::MAX_REASON)), by, ts }
    BlockedUser { user, ts }
    BlocksPage { users, next }
    ScheduledMessage { room, client_msg_id, content, reply_to, thread, mentions, send_at }
    ScheduledPage { messages, next }
    SearchPage { hits, next }
    InboxEntry { state, last, peer_online, peer_last_seen, peer_name, peer_avatar }
    InboxTotals { unread, mentions, rooms }
    InboxPage { rooms, totals, next }
    SessionEntry { session_id, device_id, name, dialect, created_at, seen_at, connected, current }
    SessionsData { sessions }
}

/// What lacks one here is found by the test of all that is described.
impl Sample for ExportLine {
    fn any() -> BoxedStrategy<Self> {
        prop_oneof![
            UserEntry::any().prop_map(ExportLine::User),
            ExportedDevice::any().prop_map(ExportLine::Device),
            SessionEntry::any().prop_map(ExportLine::Session),
            RoomState::any().prop_map(ExportLine::Room),
            BlockedUser::any().prop_map(ExportLine::Block),
            ScheduledMessage::any().prop_map(ExportLine::Scheduled),
            Message::any().prop_map(ExportLine::Message),
            ExportedUpload::any().prop_map(ExportLine::Upload),
            ExportEnd::any().prop_map(ExportLine::End),
        ]
        .boxed()
    }
}
