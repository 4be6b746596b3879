//! Random runs on this store and on the model, which must answer alike at every step.

use chat_protocol::{
    Access, ClientMsgId, ClientRoomId, Content, HistoryQuery, Offset, Role, RoomId, RoomKind, Seq, Timestamp,
    UserId, UserOffset,
};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    Append, Change, LogEntry, NewMessage, NewRoom, PointerMove, Storage, StoredMessage,
};
use chat_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};
use proptest::prelude::*;
use proptest::sample::select;
use tempfile::TempDir;

const ROOMS: [&str; 3] = ["r0", "r1", "r2"];
const USERS: [&str; 4] = ["a", "b", "c", "d"];
const ROLES: [Role; 4] = [Role::Owner, Role::Admin, Role::Member, Role::Reader];

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Append>),
    Advance(Vec<PointerMove>),
    Look { room: RoomId, user: UserId, query: HistoryQuery, after: u64, limit: usize },
    Reopen { killed: bool },
}

fn room() -> impl Strategy<Value = RoomId> {
    select(&ROOMS[..]).prop_map(|id| RoomId::new(id).unwrap())
}

fn user() -> impl Strategy<Value = UserId> {
    select(&USERS[..]).prop_map(|id| UserId::new(id).unwrap())
}

fn role() -> impl Strategy<Value = Role> {
    select(&ROLES[..])
}

fn change() -> impl Strategy<Value = Change> {
    let request = prop::option::of((0..3u8, 0..2u8));
    let create = (prop::collection::vec((user(), role()), 0..4), request).prop_map(|(members, request)| {
        let request = request.map(|(id, body)| (ClientRoomId::new(format!("q{id}")).unwrap(), [body; 16]));
        let (kind, access, name) =
            (RoomKind::Group, Access::Open, request.is_some().then(|| "named".to_owned()));
        Change::Create(NewRoom { kind, access, name, members, request })
    });
    let message =
        (0..2u8, prop::option::of(0..4u8), prop::option::of(1..9u64)).prop_map(|(body, id, reply_to)| {
            let content = Content::plain(body.to_string());
            let digest = content.digest();
            let client_msg_id = id.map(|id| ClientMsgId::new(format!("m{id}")).unwrap());
            Change::Message(NewMessage {
                content,
                reply_to: reply_to.and_then(Seq::new),
                client_msg_id,
                digest,
            })
        });
    prop_oneof![
        1 => create,
        2 => role().prop_map(|role| Change::Join { role }),
        1 => Just(Change::Leave),
        6 => message,
    ]
}

fn append() -> impl Strategy<Value = Append> {
    let version = prop_oneof![4 => Just(None), 1 => (1..4u64).prop_map(Some)];
    (room(), user(), version, 0..100i64, change()).prop_map(|(room, by, access_version, now, change)| {
        Append { room, by, access_version, now: Timestamp::from_micros(now), change }
    })
}

fn pointer() -> impl Strategy<Value = PointerMove> {
    (room(), user(), 0..12u64, 0..100i64).prop_map(|(room, user, read, now)| PointerMove {
        room,
        user,
        read: Seq::new(read).unwrap(),
        now: Timestamp::from_micros(now),
    })
}

fn step() -> impl Strategy<Value = Step> {
    let cursor = || prop::option::of((0..12u64).prop_map(|n| Seq::new(n).unwrap()));
    let look = (room(), user(), cursor(), cursor(), 0..16u64, 0..8usize);
    prop_oneof![
        6 => prop::collection::vec(append(), 1..6).prop_map(Step::Append),
        2 => prop::collection::vec(pointer(), 1..4).prop_map(Step::Advance),
        4 => look.prop_map(|(room, user, before, after, from, limit)| Step::Look {
            room, user, query: HistoryQuery { before, after, limit: None }, after: from, limit,
        }),
        1 => any::<bool>().prop_map(|killed| Step::Reopen { killed }),
    ]
}

/// The names of a message that each store draws by itself; that they are right is the suite's business.
fn nameless(stored: StoredMessage) -> StoredMessage {
    StoredMessage { num: 0, key: 0, ..stored }
}

/// What a store does at one step, as text to be compared.
async fn act(store: &dyn Storage, step: &Step) -> String {
    match step {
        Step::Append(batch) => {
            let mut answers = store.append(batch).await.unwrap();
            for answer in answers.iter_mut().flatten() {
                (answer.num, answer.key) = (answer.num.min(1), answer.key.min(1));
            }
            format!("{answers:?}")
        }
        Step::Advance(moves) => format!("{:?}", store.advance(moves).await.unwrap()),
        Step::Look { room, user, query, after, limit } => {
            look(store, room, user, *query, *after, *limit).await
        }
        Step::Reopen { .. } => String::new(),
    }
}

async fn look(
    store: &dyn Storage,
    room: &RoomId,
    user: &UserId,
    query: HistoryQuery,
    after: u64,
    limit: usize,
) -> String {
    let history = store.history(room, query, limit).await.unwrap();
    let history = history.map(|page| page.into_iter().map(nameless).collect::<Vec<_>>());
    let mut log = store.log(room, Offset::new(after).unwrap(), limit).await.unwrap();
    for entry in log.iter_mut().flat_map(|page| &mut page.entries) {
        if let LogEntry::Message(stored) = entry {
            *stored = nameless(stored.clone());
        }
    }
    let mut pointers = store.pointers(room, 100).await.unwrap();
    assert!(pointers.is_sorted_by(|(_, a), (_, b)| a >= b));
    // Among equals any order will do.
    pointers.sort();
    let all = USERS.map(|id| UserId::new(id).unwrap());
    let rooms = ROOMS.map(|id| RoomId::new(id).unwrap());
    let mut shares = Vec::new();
    for other in &all {
        shares.push(store.share_room(user, other).await.unwrap());
    }
    let standing = store.standing(room, user).await.unwrap();
    let views = store.views(user, &rooms).await.unwrap();
    let user_log = store.user_log(user, UserOffset::new(after).unwrap(), limit).await.unwrap();
    let rooms = store.rooms_of(user).await.unwrap();
    format!("{history:?} {log:?} {pointers:?} {shares:?} {standing:?} {views:?} {user_log:?} {rooms:?}")
}

/// Everything about every room and user.
fn looks() -> Vec<Step> {
    let pairs = ROOMS.iter().flat_map(|room| USERS.iter().map(move |user| (room, user)));
    let look = |(room, user): (&&str, &&str)| Step::Look {
        room: RoomId::new(*room).unwrap(),
        user: UserId::new(*user).unwrap(),
        query: HistoryQuery::default(),
        after: 0,
        limit: 1_000,
    };
    pairs.map(look).collect()
}

fn open(dir: &std::path::Path, remembered: usize, unmerged: usize) -> SqliteStore {
    let config =
        SqliteConfig { synchronous: Synchronous::Off, remembered, unmerged, ..SqliteConfig::default() };
    SqliteStore::open(dir, config).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_model_does(
        steps in prop::collection::vec(step(), 1..40),
        remembered in select(&[0, 4, 1_000][..]),
        unmerged in select(&[0, 6, 1_000][..]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut dir = crate::support::place();
        let open = |dir: &TempDir| open(dir.path(), remembered, unmerged);
        let (model, mut store) = (MemoryStore::default(), Some(open(&dir)));
        for step in steps.iter().chain(&looks()) {
            if let Step::Reopen { killed } = step {
                let copy = killed.then(|| crate::support::killed(dir.path()));
                store = None;
                dir = copy.unwrap_or(dir);
            }
            let store = store.get_or_insert_with(|| open(&dir));
            let expected = runtime.block_on(act(&model, step));
            prop_assert_eq!(runtime.block_on(act(store, step)), expected, "{:?}", step);
        }
    }
}
