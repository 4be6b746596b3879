//! What the cases are written with: short names for changes, and answers that must be there.

use chat_protocol::{
    Access, ClientMsgId, ClientRoomId, Content, HistoryQuery, Offset, Role, RoomId, RoomKind, Seq, Timestamp,
    UserId, UserOffset, short_digest,
};

use super::Subject;
use crate::storage::{
    Append, Appended, Change, LogEntry, NewMessage, NewRoom, PointerMove, PointerMoved, Refusal, RoomView,
    SharedStorage, StoredMessage,
};

/// More entries than any case writes.
pub(super) const ALL: usize = 1_000;

pub(super) fn user(id: &str) -> UserId {
    UserId::new(id).expect("a valid user id")
}

pub(super) fn room(id: &str) -> RoomId {
    RoomId::new(id).expect("a valid room id")
}

pub(super) fn seq(value: u64) -> Seq {
    Seq::new(value).expect("a small number")
}

pub(super) fn offset(value: u64) -> Offset {
    Offset::new(value).expect("a small number")
}

pub(super) fn user_offset(value: u64) -> UserOffset {
    UserOffset::new(value).expect("a small number")
}

/// A time, `micros` after some day in the past.
pub(super) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + micros)
}

fn change(to: &str, by: &str, change: Change) -> Append {
    Append { room: room(to), by: user(by), access_version: None, now: at(0), change }
}

/// An open group; its first member is the owner, the others are plain members.
pub(super) fn create(id: &str, by: &str, members: &[&str]) -> Append {
    let role = |index| if index == 0 { Role::Owner } else { Role::Member };
    let members = members.iter().enumerate().map(|(index, id)| (user(id), role(index))).collect();
    let (kind, access, name) = (RoomKind::Group, Access::Open, Some(format!("room {id}")));
    change(id, by, Change::Create(NewRoom { kind, access, name, members, request: None }))
}

/// As [`create`], with the creator's own name for the room and a digest made of `body`.
pub(super) fn create_as(id: &str, by: &str, members: &[&str], request: &str, body: &str) -> Append {
    let mut append = create(id, by, members);
    if let Change::Create(new) = &mut append.change {
        let request = ClientRoomId::new(request).expect("a valid id");
        new.request = Some((request, short_digest(body.as_bytes())));
    }
    append
}

pub(super) fn join(id: &str, by: &str) -> Append {
    change(id, by, Change::Join { role: Role::Member })
}

pub(super) fn leave(id: &str, by: &str) -> Append {
    change(id, by, Change::Leave)
}

/// A message without a `client_msg_id`.
pub(super) fn text(id: &str, by: &str, body: &str) -> Append {
    let content = Content::plain(body);
    let digest = content.digest();
    change(id, by, Change::Message(NewMessage { content, reply_to: None, client_msg_id: None, digest }))
}

/// A message with a `client_msg_id`.
pub(super) fn text_as(id: &str, by: &str, body: &str, client_msg_id: &str) -> Append {
    let mut append = text(id, by, body);
    if let Change::Message(new) = &mut append.change {
        new.client_msg_id = Some(ClientMsgId::new(client_msg_id).expect("a valid id"));
    }
    append
}

pub(super) fn read(id: &str, by: &str, to: u64) -> PointerMove {
    PointerMove { room: room(id), user: user(by), read: seq(to), now: at(0) }
}

/// The text of a stored message.
pub(super) fn body(stored: &StoredMessage) -> String {
    stored.message.content.text().expect("the cases write text").into_owned()
}

/// The store under test; every method fails the case when the store itself fails.
pub(super) struct Scene {
    pub(super) store: SharedStorage,
}

impl Scene {
    pub(super) fn new(subject: &Subject) -> Self {
        Self { store: subject.open() }
    }

    pub(super) async fn append(&self, batch: &[Append]) -> Vec<Result<Appended, Refusal>> {
        let answers = self.store.append(batch).await.expect("append works");
        assert_eq!(answers.len(), batch.len(), "one answer per change");
        answers
    }

    /// Appends one change, which must be accepted.
    pub(super) async fn stored(&self, append: Append) -> Appended {
        self.answer(append).await.expect("the change is accepted")
    }

    /// Appends one change.
    pub(super) async fn answer(&self, append: Append) -> Result<Appended, Refusal> {
        self.append(&[append]).await.remove(0)
    }

    pub(super) async fn advance(&self, step: PointerMove) -> PointerMoved {
        let mut answers = self.store.advance(&[step]).await.expect("advance works");
        assert_eq!(answers.len(), 1, "one answer per move");
        answers.remove(0)
    }

    /// The whole log of a room that exists.
    pub(super) async fn log(&self, id: &str) -> Vec<LogEntry> {
        let page = self.store.log(&room(id), Offset::ZERO, ALL).await.expect("log works");
        page.expect("the room exists").entries
    }

    /// A piece of the history of a room that exists.
    pub(super) async fn history(&self, id: &str, query: HistoryQuery, limit: usize) -> Vec<StoredMessage> {
        let page = self.store.history(&room(id), query, limit).await.expect("history works");
        page.expect("the room exists")
    }

    /// All messages of a room that exists.
    pub(super) async fn messages(&self, id: &str) -> Vec<StoredMessage> {
        self.history(id, HistoryQuery::default(), ALL).await
    }

    pub(super) async fn rooms_of(&self, id: &str) -> Vec<String> {
        let rooms = self.store.rooms_of(&user(id)).await.expect("rooms_of works");
        rooms.iter().map(ToString::to_string).collect()
    }

    pub(super) async fn view(&self, of: &str, id: &str) -> Option<RoomView> {
        let mut views = self.store.views(&user(of), &[room(id)]).await.expect("views works");
        assert_eq!(views.len(), 1, "one view per room");
        views.remove(0)
    }

    pub(super) async fn pointers(&self, id: &str) -> Vec<(String, u64)> {
        let pointers = self.store.pointers(&room(id), ALL).await.expect("pointers works");
        pointers.into_iter().map(|(user, read)| (user.to_string(), read.get())).collect()
    }
}
