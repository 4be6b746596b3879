//! Short words for what the tests do with a store.

use std::path::Path;

use chat_protocol::{
    Access, ClientMsgId, Content, HistoryQuery, HistoryVisibility, Role, RoomId, RoomInfo, RoomKind, Seq,
    Timestamp, UserId,
};
use chat_server_core::storage::{
    Append, Appended, Change, MessageStore, NewMessage, NewRoom, OwnAppend, OwnChange, Pointer, StorageError,
};
use chat_store_sqlite::{OpenError, SqliteConfig, SqliteStore, Synchronous};
use tempfile::TempDir;

pub(crate) fn place() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

pub(crate) fn open(dir: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(dir, SqliteConfig::default())
}

pub(crate) fn open_with(dir: &Path, synchronous: Synchronous) -> SqliteStore {
    let config = SqliteConfig { synchronous, ..SqliteConfig::default() };
    SqliteStore::open(dir, config).expect("the store opens")
}

pub(crate) fn room(id: &str) -> RoomId {
    RoomId::new(id).expect("a valid id")
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).expect("a valid id")
}

fn append(to: &str, change: Change) -> Append {
    let now = Timestamp::from_micros(1_700_000_000_000_000);
    Append { room: room(to), by: user("a"), access_version: None, now, change }
}

/// A room of user `a`.
pub(crate) fn create(id: &str) -> Append {
    let new = NewRoom {
        kind: RoomKind::Group,
        access: Access::Open,
        history: HistoryVisibility::All,
        info: RoomInfo::default(),
        desk: None,
        number: None,
        alias: None,
        members: vec![(user("a"), Role::Owner)],
        request: None,
    };
    append(id, Change::Create(Box::new(new)))
}

/// A message of user `a` whose `client_msg_id` is its text.
pub(crate) fn text(id: &str, body: &str) -> Append {
    let content = Content::plain(body);
    let digest = content.digest();
    let client_msg_id = Some(ClientMsgId::new(&body[..body.len().min(100)]).expect("a valid id"));
    append(id, Change::Message(NewMessage { client_msg_id, ..NewMessage::new(content, digest) }))
}

/// A user's read pointer, moved.
pub(crate) fn read(to: &str, by: &str, seq: u64) -> OwnAppend {
    let seq = Seq::new(seq).expect("a small number");
    let change = OwnChange::Move { room: room(to), pointer: Pointer::Read, thread: None, seq };
    OwnAppend { user: user(by), now: create(to).now, change }
}

/// Appends changes that must all be accepted.
pub(crate) async fn stored(store: &SqliteStore, batch: &[Append]) -> Vec<Appended> {
    let answers = store.append(batch).await.expect("append works");
    answers.into_iter().map(|answer| answer.expect("accepted")).collect()
}

/// All texts of a room.
pub(crate) async fn texts(store: &SqliteStore, id: &str) -> Result<Vec<String>, StorageError> {
    let page = store.history(&room(id), None, HistoryQuery::default(), 100_000).await?;
    let text = |content: &Content| content.text().map(|text| text.into_owned()).unwrap_or_default();
    Ok(page.unwrap_or_default().iter().map(|stored| text(&stored.message.content)).collect())
}

/// What a killed process leaves, seen from the next one: the files as they are now. (The page cache is not lost with
/// a process; power cuts are another test.)
pub(crate) fn killed(dir: &Path) -> TempDir {
    let copy = place();
    for name in ["chat.db", "chat.db-wal"] {
        std::fs::copy(dir.join(name), copy.path().join(name)).expect("the file is there");
    }
    copy
}
