//! Random runs on this store and on the model, which must answer alike at every step.

mod steps;

use chat_protocol::dialect::RoomName;
use chat_protocol::{Offset, RoomId, Timestamp, UserId, UserOffset};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    DesksQuery, JobKind, Listed, LogEntry, Marks, MessageAlias, Standing, Storage, StoredMessage,
};
use chat_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};
use proptest::prelude::*;
use proptest::sample::select;
use tempfile::TempDir;

use self::steps::{Look, ROOMS, Step, USERS, step};

/// Without the name that each store draws by itself; that it is right is the suite's business. The other one, `num`,
/// counts changes in both.
fn keyless(stored: StoredMessage) -> StoredMessage {
    StoredMessage { key: 0, ..stored }
}

/// What a store does at one step, as text to be compared: one line for each thing that is asked.
async fn act(store: &dyn Storage, step: &Step) -> String {
    match step {
        Step::Append(batch) => {
            let mut answers = store.append(batch).await.unwrap();
            for answer in answers.iter_mut().flatten() {
                answer.key = answer.key.min(1);
            }
            answers.iter().map(|answer| format!("{answer:?}\n")).collect()
        }
        Step::Own(batch) => {
            let answers = store.append_own(batch).await.unwrap();
            answers.iter().map(|answer| format!("{answer:?}\n")).collect()
        }
        Step::Look(look) => {
            let (room, user) = (of_room(store, look).await, of_user(store, look).await);
            let (traces, names) = (of_traces(store, &look.user).await, of_names(store, look).await);
            let lists = of_lists(store, look).await;
            format!("{room}\n{user}\n{traces}\n{names}\n{lists}")
        }
        Step::Reopen { .. } => String::new(),
    }
}

/// What the names in the store say; keys are each store's own.
async fn of_names(store: &dyn Storage, look: &Look) -> String {
    let Look { room, limit, .. } = look;
    let mut records = store.records(std::slice::from_ref(room)).await.unwrap();
    records.iter_mut().flatten().for_each(|record| record.key = 0);
    let mut named = Vec::new();
    for alias in 0..3 {
        named.push(store.room_named(&RoomName::Alias(format!("alias{alias}"))).await.unwrap());
    }
    let at = Timestamp::from_micros(i64::try_from(*limit).unwrap());
    let (first, desks) = (
        store.seq_at(room, at).await.unwrap(),
        store.desks("o", &DesksQuery::default(), *limit).await.unwrap(),
    );
    let mut found = Vec::new();
    for num in 0..20 {
        found.push(store.message_named(MessageAlias::Num(num)).await.unwrap().map(keyless));
    }
    format!("records {records:?}\nnamed {named:?}\nfirst {first:?} desks {desks:?}\nfound {found:?}")
}

async fn of_room(store: &dyn Storage, look: &Look) -> String {
    let Look { room, user, thread, query, limit, .. } = look;
    let after = Offset::new(look.after).unwrap();
    let history = store.history(room, *thread, *query, *limit).await.unwrap();
    let history = history.map(|page| page.into_iter().map(keyless).collect::<Vec<_>>());
    let mut log = store.log(room, after, *limit).await.unwrap();
    for entry in log.iter_mut().flat_map(|page| &mut page.entries) {
        if let LogEntry::Message(stored) = entry {
            *stored = keyless(stored.clone());
        }
    }
    let root = thread.unwrap_or_default();
    let of_thread = store.thread(room, root, user).await.unwrap();
    let pointers = store.pointers(room, None, 100).await.unwrap();
    let in_thread = store.pointers(room, Some(root), 100).await.unwrap();
    let members_after = look.members_after.as_ref().map(|(role, user)| (*role, user));
    let members = store.members(room, members_after, *limit).await.unwrap();
    let bans = store.bans(room, look.members_after.as_ref().map(|(_, user)| user), *limit).await.unwrap();
    format!(
        "history {history:?}\nlog {log:?}\nthread {of_thread:?} {in_thread:?}\npointers {pointers:?}\n\
         members {members:?}\nbans {bans:?}"
    )
}

/// What a user has left behind. Rooms come in an order of each store's own.
async fn of_traces(store: &dyn Storage, user: &UserId) -> String {
    let mut written = store.written_by(user, None, 1_000).await.unwrap();
    written.sort_by_key(|stored| (stored.message.room.clone(), stored.message.seq));
    let written: Vec<_> = written.into_iter().map(keyless).collect();
    let mut rooms = store.traces_of(user, None, 100).await.unwrap();
    rooms.sort();
    let mut blockers = store.blockers_of(user, 100).await.unwrap();
    blockers.sort();
    let forgetting = store.forgetting(user).await.unwrap();
    let due = store.next_due(JobKind::Forget).await.unwrap();
    format!("written {written:?}\ntraces {rooms:?}\nblockers {blockers:?}\nforgetting {forgetting:?} {due:?}")
}

/// What a user lists, by its place.
async fn of_lists(store: &dyn Storage, look: &Look) -> String {
    let (first, mut lists) = (look.after as usize % 8, Vec::new());
    for list in [Listed::Written, Listed::In(&look.room)] {
        let page = store.listed(&look.user, list, first..first + look.limit, 20).await.unwrap();
        lists.push((page.count, page.messages.into_iter().map(keyless).collect::<Vec<_>>()));
    }
    format!("lists {lists:?}")
}

async fn of_user(store: &dyn Storage, look: &Look) -> String {
    let Look { room, user, limit, .. } = look;
    let (first, last) = (look.query.after.unwrap_or_default(), chat_protocol::Seq::new(100).unwrap());
    let marks = store.marks(room, user, first, last).await.unwrap();
    let standing = store.standing(room, user).await.unwrap();
    if let Some(Standing { role: Some(_), marked, .. }) = standing {
        assert!(marked || marks == Marks::default(), "{marks:?} of {user} are not said");
    }
    // That the model says it always is no lie either.
    let standing = standing.map(|standing| Standing { marked: true, ..standing });
    let rooms = ROOMS.map(|id| RoomId::new(id).unwrap());
    let views = store.views(user, &rooms).await.unwrap();
    let newest = store.newest(&rooms).await.unwrap();
    let newest: Vec<_> = newest.into_iter().map(|newest| newest.map(keyless)).collect();
    let totals = store.totals(user, look.now).await.unwrap();
    let rooms = store.rooms_of(user, look.rooms, *limit).await.unwrap();
    let user_log = store.user_log(user, UserOffset::new(look.after).unwrap(), *limit).await.unwrap();
    let blocked_after = look.members_after.as_ref().map(|(_, user)| user);
    let blocked = store.blocked(user, blocked_after, *limit).await.unwrap();
    let everybody = USERS.map(|user| UserId::new(user).unwrap());
    let devices = store.devices(&everybody).await.unwrap();
    let mut relations = Vec::new();
    for other in USERS {
        relations.push(store.relation(user, &UserId::new(other).unwrap()).await.unwrap());
    }
    format!(
        "marks {marks:?}\nstanding {standing:?}\nviews {views:?}\nnewest {newest:?}\ntotals {totals:?}\n\
         rooms {rooms:?}\nuser log {user_log:?}\nblocked {blocked:?}\nrelations {relations:?}\n\
         devices {devices:?}"
    )
}

/// Everything about every room and user.
fn looks() -> Vec<Step> {
    let pairs = ROOMS.iter().flat_map(|room| USERS.iter().map(move |user| (room, user)));
    pairs.map(|(room, user)| Step::Look(Box::new(Look::all(room, user)))).collect()
}

fn open(dir: &std::path::Path, remembered: usize, unmerged: usize) -> SqliteStore {
    let config =
        SqliteConfig { synchronous: Synchronous::Off, remembered, unmerged, ..SqliteConfig::default() };
    SqliteStore::open(dir, config).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_model_does(
        steps in prop::collection::vec(step(), 1..60),
        remembered in select(&[0, 4, 1_000][..]),
        unmerged in select(&[0, 6, 1_000][..]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut dir = crate::support::place();
        let open = |dir: &TempDir| open(dir.path(), remembered, unmerged);
        let (model, mut store) = (MemoryStore::default(), Some(open(&dir)));
        for step in [steps::begin()].iter().chain(&steps).chain(&looks()) {
            if let Step::Reopen { killed } = step {
                let copy = killed.then(|| crate::support::killed(dir.path()));
                store = None;
                dir = copy.unwrap_or(dir);
            }
            let store = store.get_or_insert_with(|| open(&dir));
            let expected = runtime.block_on(act(&model, step));
            let found = runtime.block_on(act(store, step));
            for (found, expected) in found.lines().zip(expected.lines()) {
                prop_assert_eq!(found, expected, "{:?}", step);
            }
        }
    }
}
