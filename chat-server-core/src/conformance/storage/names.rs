//! Other names of rooms and messages.

use chat_protocol::command::RoomPatch;
use chat_protocol::dialect::RoomName;
use chat_protocol::{Desk, DeskStatus, Patch, RoomKind, RoomNumber};

use super::Subject;
use super::scene::*;
use crate::storage::{Append, DesksQuery, MessageAlias, Refusal, RoomRecord, StoredMessage, key_name};

impl Scene {
    async fn named(&self, name: RoomName) -> Option<String> {
        let room = self.store.room_named(&name).await.expect("room_named works");
        room.map(|room| room.to_string())
    }

    async fn record(&self, id: &str) -> RoomRecord {
        let records = self.store.records(&[room(id)]).await.expect("records works");
        records.into_iter().next().flatten().expect("the room exists")
    }

    async fn message_named(&self, name: MessageAlias) -> Option<StoredMessage> {
        self.store.message_named(name).await.expect("message_named works")
    }

    async fn seq_at(&self, id: &str, micros: i64) -> Option<u64> {
        let seq = self.store.seq_at(&room(id), at(micros)).await.expect("seq_at works");
        seq.map(|seq| seq.get())
    }
}

fn alias(name: &str) -> RoomName {
    RoomName::Alias(name.to_owned())
}

/// A group with an alias.
fn called(id: &str, name: &str) -> Append {
    make(id, "a", &["a"], |new| new.alias = Some(name.to_owned()))
}

fn desk(id: &str, organization: &str) -> Append {
    make(id, "c", &["c"], |new| {
        new.kind = RoomKind::Desk;
        let status = DeskStatus::Open.into();
        new.desk = Some(Desk { organization: organization.to_owned(), client: user("c"), status });
    })
}

/// Id, number, alias and key: all of them name the room, and nothing else does.
pub async fn every_name_finds_its_room(subject: Subject) {
    let scene = Scene::new(&subject);
    let number = RoomNumber::new(7);
    scene
        .stored(make("r", "a", &["a"], |new| (new.number, new.alias) = (number, Some("the.r".into()))))
        .await;
    scene.stored(create("other", "a", &["a"])).await;
    let (own, other) = (scene.record("r").await, scene.record("other").await);
    assert_eq!((own.number, own.alias.as_deref()), (number, Some("the.r")));
    assert_eq!((other.number, other.alias), (None, None));
    assert_ne!(own.key, other.key);
    let names = [
        RoomName::Id(room("r")),
        RoomName::Number(number.unwrap()),
        alias("the.r"),
        alias(&key_name(own.key)),
    ];
    for name in names {
        assert_eq!(scene.named(name.clone()).await.as_deref(), Some("r"), "{name:?}");
    }
    assert_eq!(scene.named(alias(&key_name(other.key))).await.as_deref(), Some("other"));
    let nobodys = [
        RoomName::Id(room("none")),
        RoomName::Number(RoomNumber::new(8).unwrap()),
        alias("r"),
        alias("the.R"),
        alias(""),
        alias(&key_name(own.key ^ 1)),
        alias(&key_name(own.key).to_uppercase()),
    ];
    for name in nobodys {
        assert_eq!(scene.named(name.clone()).await, None, "{name:?}");
    }
    let records = scene.store.records(&[room("none"), room("r")]).await.expect("records works");
    assert!(matches!(&records[..], [None, Some(found)] if *found == own));
}

/// Neither an alias of another room nor another room's key is given again.
pub async fn an_alias_is_given_once(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(called("r", "one")).await;
    assert_eq!(scene.answer(called("s", "one")).await, Err(Refusal::Exists));
    let key = key_name(scene.record("r").await.key);
    assert_eq!(scene.answer(called("s", &key)).await, Err(Refusal::Exists));
    scene.stored(called("s", "two")).await;
    assert_eq!(scene.named(alias("one")).await.as_deref(), Some("r"));
    assert_eq!(scene.named(alias("two")).await.as_deref(), Some("s"));
}

/// Name, members, head and times follow what is stored.
pub async fn records_follow_changes(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(then(1_000, create("r", "a", &["a"]))).await;
    let made = scene.record("r").await;
    assert_eq!((made.created_at, made.updated_at), (at(1_000), at(1_000)));
    assert_eq!((made.members, made.seq.get(), made.info.name.as_deref()), (1, 0, Some("room r")));
    scene.stored(then(2_000, join("r", "b"))).await;
    scene.stored(then(3_000, text("r", "a", "hello"))).await;
    let told = scene.record("r").await;
    assert_eq!((told.members, told.seq.get()), (2, 1));
    assert_eq!(told.updated_at, at(1_000), "members and messages are not its own data");
    scene
        .stored(then(
            4_000,
            set("r", "a", RoomPatch { name: Patch::Set("News".to_owned()), ..RoomPatch::default() }),
        ))
        .await;
    let renamed = scene.record("r").await;
    assert_eq!((renamed.info.name.as_deref(), renamed.updated_at), (Some("News"), at(4_000)));
    assert_eq!((renamed.key, renamed.created_at), (made.key, made.created_at), "these are fixed");
}

/// By number and by key, also when the text is gone, until it is purged.
pub async fn every_name_finds_its_message(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a"]), create("s", "a", &["a"])]).await;
    let (first, other) =
        (scene.stored(text("r", "a", "one")).await, scene.stored(text("s", "a", "two")).await);
    assert!(first.key != other.key && first.num != other.num);
    let all = [("r", &first, "one"), ("s", &other, "two")];
    for (id, stored, text) in all {
        for name in [MessageAlias::Num(stored.num), MessageAlias::Key(stored.key)] {
            let found = scene.message_named(name).await.expect("it is there");
            assert_eq!((found.message.room.as_str(), body(&found).as_str()), (id, text), "{name:?}");
            assert_eq!((found.num, found.key), (stored.num, stored.key));
        }
    }
    for name in [MessageAlias::Num(0), MessageAlias::Num(u64::MAX), MessageAlias::Key(first.key ^ 1)] {
        assert_eq!(scene.message_named(name).await, None, "{name:?}");
    }
    scene.stored(delete("r", "a", 1)).await;
    let deleted = scene.message_named(MessageAlias::Key(first.key)).await.expect("it is there");
    assert!(deleted.message.deleted_at.is_some());
    scene.stored(trim("r", 2)).await;
    assert_eq!(scene.message_named(MessageAlias::Key(first.key)).await, None);
    assert_eq!(scene.message_named(MessageAlias::Num(first.num)).await, None);
}

/// The first that is not older, of those that are there.
pub async fn times_find_their_message(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(then(5, create("r", "a", &["a"]))).await;
    assert_eq!(scene.seq_at("r", 0).await, None, "there is none");
    for micros in [10, 20, 20, 30] {
        scene.stored(then(micros, text("r", "a", "hello"))).await;
    }
    for (micros, seq) in
        [(0, Some(1)), (10, Some(1)), (11, Some(2)), (20, Some(2)), (21, Some(4)), (30, Some(4)), (31, None)]
    {
        assert_eq!(scene.seq_at("r", micros).await, seq, "at {micros}");
    }
    scene.stored(trim("r", 3)).await;
    assert_eq!(scene.seq_at("r", 0).await, Some(3));
    assert_eq!(scene.seq_at("r", 31).await, None);
    assert_eq!(scene.seq_at("none", 0).await, None);
}

/// Those of the organization, and at most so many.
pub async fn desks_come_newest_first(subject: Subject) {
    let scene = Scene::new(&subject);
    let (desks, others) =
        ([desk("d2", "acme"), desk("d1", "acme"), desk("d3", "acme")], [desk("x", "rival")]);
    scene.all(&desks).await;
    scene.all(&others).await;
    scene.stored(text("d2", "c", "hello")).await;
    let asked = async |organization: &str, status: Option<DeskStatus>, before: Option<&str>, limit: usize| {
        let query = DesksQuery { status, before: before.map(room) };
        let found = scene.store.desks(organization, &query, limit).await.expect("desks works");
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(asked("acme", None, None, ALL).await, ["d3", "d1", "d2"]);
    assert_eq!(asked("acme", None, None, 1).await, ["d3"], "at most so many");
    assert_eq!(asked("acme", None, Some("d3"), ALL).await, ["d1", "d2"]);
    assert_eq!(asked("none", None, None, ALL).await, [""; 0]);
    assert_eq!(asked("acme", None, Some("nowhere"), ALL).await, [""; 0]);
    let close = RoomPatch { status: Some(DeskStatus::Closed), ..RoomPatch::default() };
    scene.stored(set("d1", "c", close)).await;
    assert_eq!(asked("acme", Some(DeskStatus::Open), None, ALL).await, ["d3", "d2"]);
    assert_eq!(asked("acme", Some(DeskStatus::Open), Some("d1"), ALL).await, ["d2"]);
    assert_eq!(asked("acme", Some(DeskStatus::Closed), None, ALL).await, ["d1"]);
    assert_eq!(asked("acme", Some(DeskStatus::Pending), None, ALL).await, [""; 0]);
}
