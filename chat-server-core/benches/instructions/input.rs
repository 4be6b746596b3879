//! What goes through a server in practice: ids as servers and clients make them, 200 bytes of text.

use chat_protocol::{
    Access, Content, HistoryVisibility, Role, RoomId, RoomInfo, RoomKind, Timestamp, UserId,
};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{Append, Change, MessageStore, NewMessage, NewRoom};
use futures::FutureExt;

/// 200 bytes.
pub(crate) const TEXT: &str = "Did you see the offer in Zürich? The seller says 'as new', the battery is at 94 \
    per cent and he would send it tomorrow if we pay today. I would rather meet him first. What do you think? Call me. 👍";

/// 2026-11-20T08:30:39.789Z.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(1_795_163_439_789_000)
}

/// The user with a number.
pub(crate) fn user(number: u64) -> UserId {
    UserId::new((1_048_576_000 + number).to_string()).expect("digits are an id")
}

/// The room with a number.
pub(crate) fn room(number: u64) -> RoomId {
    RoomId::new(format!("{:032x}", 0x7d9f_cb3a_41e8_4d0c_9a51_b2c0_6e7f_1388_u128 + u128::from(number)))
        .expect("hexadecimal digits are an id")
}

/// The client's name for the message with a number.
pub(crate) fn client_msg_id(number: u64) -> String {
    format!("01JD3Z8Q4V7N2K{number:012}")
}

/// The frame by which a client writes.
pub(crate) fn send(number: u64, room: &RoomId) -> String {
    let id = client_msg_id(number);
    format!(
        r#"{{"send":{{"id":"4711","room":"{room}","client_msg_id":"{id}","content":{{"type":"text/plain","payload":{{"text":"{TEXT}"}}}}}}}}"#
    )
}

/// A message to be stored.
pub(crate) fn message(number: u64, room: &RoomId, by: &UserId) -> Append {
    assert_eq!(TEXT.len(), 200);
    let content = Content::plain(TEXT);
    let digest = content.digest();
    let client_msg_id = client_msg_id(number).as_str().try_into().ok();
    let change = Change::Message(NewMessage { client_msg_id, ..NewMessage::new(content, digest) });
    Append { room: room.clone(), by: by.clone(), access_version: None, now: now(), change }
}

/// A room of these users with so many messages, written in turn.
pub(crate) fn fill(store: &MemoryStore, room: &RoomId, users: &[UserId], messages: u64) {
    let members = users.iter().map(|user| (user.clone(), Role::Member)).collect();
    let new = NewRoom {
        kind: RoomKind::Group,
        access: Access::Invite,
        history: HistoryVisibility::All,
        info: RoomInfo { name: Some("Bikes".to_owned()), ..RoomInfo::default() },
        desk: None,
        number: None,
        alias: None,
        members,
        request: None,
    };
    let change = Change::Create(Box::new(new));
    append(store, &[Append { change, ..message(0, room, &users[0]) }]);
    // One by one, so that little is left behind in the allocator's books.
    for (number, by) in (1..=messages).zip(users.iter().cycle()) {
        append(store, &[message(number, room, by)]);
    }
}

/// Stores all of a batch.
pub(crate) fn append(store: &MemoryStore, batch: &[Append]) {
    let answers = store.append(batch).now_or_never().expect("memory does not wait").expect("nor fail");
    assert!(answers.iter().all(Result::is_ok));
}
