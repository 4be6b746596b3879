//! What one user has left behind, and how it goes.

use chat_protocol::event::MemberAction;
use chat_protocol::{Content, DeviceId, Patch, Role, RoomId, Seq, UserId};

use super::Subject;
use super::scene::*;
use super::tour::holds;
use crate::storage::{Appended, JobKind, LogEntry, OwnAppend, OwnChange, Refusal, StoredMessage};

/// As much at once as any case leaves behind.
const WHOLE: usize = ALL;

fn erase(of: &str, limit: usize) -> OwnAppend {
    own(of, OwnChange::Erase { limit })
}

fn begin(of: &str) -> OwnAppend {
    own(of, OwnChange::Forget)
}

fn end(of: &str) -> OwnAppend {
    own(of, OwnChange::Forgotten)
}

fn office(of: &str, agent: bool) -> OwnAppend {
    own(of, OwnChange::Agent { organization: "acme".to_owned(), agent })
}

fn phone(of: &str) -> OwnAppend {
    let device = DeviceId::new("phone").expect("a valid id");
    own(of, OwnChange::Device { device, push: Patch::Keep, name: Patch::Set("phone".to_owned()) })
}

impl Scene {
    async fn written(&self, of: &str, after: Option<(&RoomId, Seq)>, limit: usize) -> Vec<StoredMessage> {
        self.store.written_by(&user(of), after, limit).await.expect("written_by works")
    }

    async fn traces(&self, of: &str, after: Option<&RoomId>, limit: usize) -> Vec<RoomId> {
        self.store.traces_of(&user(of), after, limit).await.expect("traces_of works")
    }

    /// The rooms with traces, by id.
    async fn traced(&self, of: &str) -> Vec<String> {
        let mut rooms: Vec<_> = self.traces(of, None, ALL).await.iter().map(ToString::to_string).collect();
        rooms.sort();
        rooms
    }

    async fn blockers(&self, of: &str, limit: usize) -> Vec<UserId> {
        self.store.blockers_of(&user(of), limit).await.expect("blockers_of works")
    }

    async fn is_forgetting(&self, of: &str) -> bool {
        self.store.forgetting(&user(of)).await.expect("forgetting works").is_some()
    }

    async fn has_forget_job(&self) -> bool {
        self.store.next_due(JobKind::Forget).await.expect("next_due works").is_some()
    }
}

/// All of one user's and of nobody else's, once each, whatever the size of the page.
pub async fn pages_of_a_users_messages_meet(subject: Subject) {
    let scene = Scene::new(&subject);
    assert_eq!(scene.written("nobody", None, ALL).await, []);
    scene
        .all(&[create("r", "a", &["a", "b"]), create("s", "b", &["b", "a"]), create("t", "b", &["b"])])
        .await;
    let mut expected = Vec::new();
    for n in 0..40_u64 {
        let (id, by) = (["r", "s", "r"][n as usize % 3], if n % 5 == 0 || n > 30 { "a" } else { "b" });
        let stored = scene.stored(text(id, by, &format!("{n}"))).await;
        if by == "a" {
            expected.push((id.to_owned(), stored.seq.get()));
        }
    }
    scene.all(&[reply("r", "a", 1, "in a thread"), text("t", "b", "another's"), delete("r", "a", 1)]).await;
    scene.all(&[edit("s", "a", expected.iter().find(|(id, _)| id == "s").expect("one").1, "new")]).await;
    expected.push(("r".to_owned(), scene.state("b", "r").await.seq.get()));
    scene.stored(leave("s", "a")).await;
    expected.sort();
    let place = |stored: &StoredMessage| (stored.message.room.to_string(), stored.message.seq.get());
    for limit in [1, 2, 3, 7, ALL] {
        let mut seen: Vec<StoredMessage> = Vec::new();
        loop {
            let after = seen.last().map(|last| (&last.message.room, last.message.seq));
            let page = scene.written("a", after, limit).await;
            assert!(page.len() <= limit, "{limit} at most");
            if page.is_empty() {
                break;
            }
            seen.extend(page);
            assert!(seen.len() <= expected.len(), "pages of {limit} go in circles");
        }
        let within = |id: &str| {
            seen.iter().filter(|stored| stored.message.room.as_str() == id).map(place).collect::<Vec<_>>()
        };
        assert!(within("r").is_sorted() && within("s").is_sorted(), "ascending in a room");
        let mut places: Vec<_> = seen.iter().map(place).collect();
        places.sort();
        assert_eq!(places, expected, "pages of {limit}");
    }
    let all = scene.written("a", None, ALL).await;
    assert!(all.iter().all(|stored| stored.message.from == user("a") && stored.num > 0));
    assert!(holds(&all, "in a thread") && holds(&all, "new"), "as they are now");
    assert_eq!(scene.written("a", None, 0).await, []);
}

/// A room has a trace of its members, its authors, who reacted there, and who hid something; of nobody else.
pub async fn traces_are_what_is_left_in_rooms(subject: Subject) {
    let scene = Scene::new(&subject);
    assert_eq!(scene.traced("a").await, [""; 0]);
    for id in ["member", "wrote", "reacted", "hid", "gone", "never"] {
        scene.all(&[create(id, "b", &["b"]), text(id, "b", "1")]).await;
        if id != "never" {
            scene.stored(join(id, "a")).await;
        }
    }
    scene.all(&[text("wrote", "a", "2"), react("reacted", "a", 1, "+")]).await;
    scene.own(hide("hid", "a", 1)).await;
    for id in ["wrote", "reacted", "hid", "gone"] {
        scene.stored(leave(id, "a")).await;
    }
    scene.all(&[call("never", "b", &["a"], false), ban("never", "b", "a", Role::Owner, None)]).await;
    assert_eq!(scene.traced("a").await, ["hid", "member", "reacted", "wrote"]);
    for limit in [1, 3] {
        let mut seen: Vec<RoomId> = Vec::new();
        loop {
            let page = scene.traces("a", seen.last(), limit).await;
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            seen.extend(page);
            assert!(seen.len() <= 4, "pages of {limit} go in circles");
        }
        assert_eq!(seen, scene.traces("a", None, ALL).await, "pages of {limit}");
    }
    for id in ["hid", "member", "reacted", "wrote"] {
        scene.stored(forget_in(id, "a", WHOLE)).await;
    }
    assert_eq!(scene.traced("a").await, [""; 0], "what is forgotten is no trace");
    scene.all(&[join("wrote", "a"), text("wrote", "a", "3")]).await;
    assert_eq!(scene.traced("a").await, ["wrote"], "what is new is one");
}

fn deletions(answer: &Appended) -> Vec<(u64, bool)> {
    let deleted = answer.entries.iter().filter_map(|entry| match entry {
        LogEntry::Deleted(deleted) => Some((deleted.seq.get(), deleted.by.is_none())),
        _ => None,
    });
    deleted.collect()
}

/// Deletions, reactions taken back, a leave: told as if the user had done it all, and nothing of its words stays.
pub async fn a_forgotten_user_leaves_tombstones(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b", "c"]), text_as("r", "a", "secret", "secret id")]).await;
    scene.all(&[text("r", "b", "2"), call("r", "a", &["b"], false), reply("r", "a", 2, "secret")]).await;
    scene.all(&[react("r", "b", 1, "+"), react("r", "a", 2, "+"), react("r", "b", 2, "+")]).await;
    scene.all(&[text("r", "a", "secret"), delete("r", "a", 5), text("r", "b", "6")]).await;
    scene.own(hide("r", "a", 2)).await;
    assert_eq!(scene.counts("c", "r").await, (4, 0));
    let log = scene.log("r").await.len();

    let forgotten = scene.stored(then(9, forget_in("r", "a", WHOLE))).await;
    assert_eq!(deletions(&forgotten), [(1, true), (3, true), (4, true)], "oldest first, each once");
    let [.., LogEntry::Reaction(reaction), LogEntry::Member(left), LogEntry::Member(heir)] =
        forgotten.entries.as_slice()
    else {
        panic!("a reaction, a leave and an heir: {forgotten:?}");
    };
    assert_eq!((reaction.seq, reaction.count, &reaction.from), (seq(2), 1, &user("a")));
    assert_eq!((&left.user, left.action.known(), &left.by), (&user("a"), Some(MemberAction::Left), &None));
    assert_eq!((&heir.user, heir.role.clone()), (&user("b"), Some(Role::Owner.into())));
    assert_eq!(forgotten.users.len(), 1, "it has left: {:?}", forgotten.users);
    assert_eq!(scene.log("r").await[log..], forgotten.entries, "the log has it all");

    let messages = scene.messages("r").await;
    assert_eq!(messages.len(), 6);
    for stored in messages.iter().filter(|stored| stored.message.from == user("a")) {
        let message = &stored.message;
        assert_eq!((&message.content, &message.client_msg_id), (&Content::plain(""), &None));
        assert_eq!(message.reactions, [], "nor what others said to it");
    }
    assert_eq!((body(&messages[1]), body(&messages[5])), ("2".to_owned(), "6".to_owned()));
    assert_eq!(messages[1].message.reactions[0].users, [user("b")]);
    let everything = (messages, scene.log("r").await, scene.feed(0, ALL).await);
    assert!(!holds(&everything, "secret"), "neither a text nor a name is told any more");
    assert_eq!(scene.counts("c", "r").await, (2, 0), "what is deleted is not unread");
    assert_eq!((scene.view("a", "r").await, scene.marks("a", "r", 1, 9).await.reactions), (None, Vec::new()));
    assert_eq!(scene.written("a", None, ALL).await, []);
    scene.repeated(forget_in("r", "a", WHOLE)).await;
    scene.repeated(forget_in("r", "nobody", WHOLE)).await;
    it_comes_back_as_anybody(&scene).await;
}

async fn it_comes_back_as_anybody(scene: &Scene) {
    scene.all(&[join("r", "a"), text("r", "b", "7"), text("r", "a", "8")]).await;
    assert_eq!(scene.counts("a", "r").await, (1, 0), "the own message does not count");
    scene.own(mark_unread("r", "a", 2)).await;
    assert_eq!(scene.counts("a", "r").await, (3, 0), "nor do those that were forgotten");
    let written = scene.written("a", None, ALL).await;
    assert_eq!(written.iter().map(body).collect::<Vec<_>>(), ["8"]);
    scene.stored(forget_in("r", "a", WHOLE)).await;
    assert_eq!(scene.written("a", None, ALL).await, []);
    assert_eq!(scene.counts("c", "r").await, (3, 0));
}

/// So much and no more, then the rest, the membership last; whatever else is stored in between.
pub async fn a_room_forgets_a_user_bit_by_bit(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "b", &["b", "a"])).await;
    for n in 0..20 {
        scene.stored(text("r", if n % 3 == 0 { "b" } else { "a" }, &format!("{n}"))).await;
    }
    scene.all(&[react("r", "a", 1, "+"), react("r", "a", 1, "-"), react("r", "a", 4, "+")]).await;
    for number in [1, 4] {
        scene.own(hide("r", "a", number)).await;
    }
    // 13 messages, three reactions, two that are hidden.
    let (mut steps, mut deleted) = (0, Vec::new());
    loop {
        let step = scene.stored(forget_in("r", "a", 4)).await;
        if step.duplicate {
            break;
        }
        steps += 1;
        assert!(step.entries.len() <= 4, "four at most: {step:?}");
        deleted.extend(deletions(&step).iter().map(|(seq, _)| *seq));
        scene.stored(text("r", "b", "between")).await;
        let member = scene.view("a", "r").await.is_some();
        assert_eq!(member, steps < 5, "the membership goes last");
    }
    assert_eq!(steps, 5);
    assert_eq!(deleted, (1..=20).filter(|seq| (seq - 1) % 3 != 0).collect::<Vec<u64>>());
    assert_eq!(scene.traced("a").await, [""; 0]);
}

/// A name counts for ever, also when nothing else of its message does.
pub async fn a_repeat_survives_its_author(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "b", &["b", "a"])).await;
    let first = scene.stored(text_as("r", "a", "one", "id 2")).await;
    scene.all(&[text_as("r", "a", "two", "id 1"), delete("r", "a", 2)]).await;
    let forgotten = scene.stored(forget_in("r", "a", WHOLE)).await;
    for round in 0..2 {
        let again = scene.stored(text_as("r", "a", "one", "id 2")).await;
        let told = Appended { duplicate: true, access_version: again.access_version, ..first.clone() };
        assert_eq!(again, told, "round {round}");
        assert!(scene.stored(text_as("r", "a", "two", "id 1")).await.duplicate);
        assert_eq!(scene.refused(text_as("r", "a", "three", "id 2")).await, Refusal::Conflict);
        scene.stored(join("r", "a")).await;
        assert!(!scene.stored(text_as("r", "a", "one", &format!("id {}", 3 + round))).await.duplicate);
    }
    scene.stored(forget_in("r", "a", WHOLE)).await;
    for (name, text) in [("id 2", "one"), ("id 1", "two"), ("id 3", "one"), ("id 4", "one")] {
        assert!(scene.stored(text_as("r", "a", text, name)).await.duplicate, "{name}");
    }
    assert!(forgotten.offset < scene.stored(text("r", "b", "x")).await.offset);
}

/// Nothing new comes of one who is being forgotten, by whomever, and what was answered before still is.
pub async fn who_is_being_forgotten_does_nothing_new(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.own_repeated(begin("nobody")).await;
    assert!(!scene.is_forgetting("nobody").await, "nothing is kept of it");
    scene.all(&[create("r", "a", &["a", "b"]), text_as("r", "a", "1", "id"), create("s", "b", &["b"])]).await;
    scene.own(begin("a")).await;
    assert!(
        scene.is_forgetting("a").await && !scene.is_forgetting("b").await && scene.has_forget_job().await
    );
    scene.own_repeated(begin("a")).await;

    assert!(scene.stored(text_as("r", "a", "1", "id")).await.duplicate, "a repeat stores nothing");
    for change in [
        text("r", "a", "2"),
        react("r", "a", 1, "+"),
        edit("r", "a", 1, "2"),
        join("s", "a"),
        add("s", "b", &["c", "a"], Role::Member),
        create("t", "a", &["b"]),
        create("t", "b", &["b", "a"]),
        direct("b", "a"),
    ] {
        let what = format!("{change:?}");
        assert_eq!(scene.answer(change).await, Err(Refusal::Forgotten), "{what}");
    }
    for change in [
        read("r", "a", 1),
        pin("r", "a", true),
        hide("r", "a", 1),
        mark_unread("r", "a", 1),
        block("a", "b"),
        seen("a", 7),
        phone("a"),
        office("a", true),
        schedule("r", "a", "later", "2", 9),
    ] {
        let what = format!("{change:?}");
        assert_eq!(scene.own_answer(change).await, Err(Refusal::Forgotten), "{what}");
    }
    assert_eq!((scene.traced("a").await, scene.members("s").await.len()), (vec!["r".to_owned()], 1));
    scene.all(&[text("r", "b", "2"), add("s", "b", &["c"], Role::Member)]).await;
    scene.own(block("b", "a")).await;
    scene.own(revoke("a", "s1")).await;
}

/// All that is the user's alone goes, so much at a time; the end waits for all of it, and begins a new life.
pub async fn who_is_forgotten_is_new(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), direct("a", "b"), text("r", "a", "1")]).await;
    for change in
        [phone("a"), block("a", "b"), block("a", "c"), block("b", "a"), office("a", true), seen("a", 7)]
    {
        scene.own(change).await;
    }
    scene.own(schedule("r", "a", "later", "2", 9)).await;
    scene.stored(create_as("own", "a", &["a"], "mine", "{}")).await;
    scene.own_repeated(end("a")).await;
    scene.own(OwnAppend { now: at(3), ..begin("a") }).await;
    assert_eq!(scene.store.forgetting(&user("a")).await.expect("forgetting works"), Some(at(3)));
    scene.own_repeated(end("a")).await;

    let head = scene.user_log("a").await.last().expect("an entry").user_offset;
    let mut steps = 0;
    while !scene.own(erase("a", 2)).await.duplicate {
        steps += 1;
        assert!(steps < 20, "each step finds less");
    }
    assert!(steps >= 5, "two things at once: {steps} steps");
    assert_eq!((scene.user_log("a").await, scene.blocked("a").await), (Vec::new(), Vec::new()));
    assert_eq!(scene.store.devices(&[user("a")]).await.expect("devices works"), []);
    assert_eq!(scene.store.agents("acme").await.expect("agents works"), []);
    let waiting = scene.store.jobs_of(&user("a"), JobKind::Send, None, None, ALL).await;
    assert_eq!(waiting.expect("jobs_of works"), []);
    assert!(scene.has_forget_job().await, "the job that does it stays");
    let page = scene.store.user_log(&user("a"), head, ALL).await.expect("user_log works");
    assert_eq!((page.head, page.oldest), (head, head.next()), "the log goes on where it was");

    for step in [
        forget_in("r", "a", WHOLE),
        forget_in("own", "a", WHOLE),
        forget_in(direct_id("a", "b").as_str(), "a", WHOLE),
    ] {
        scene.own_repeated(end("a")).await;
        scene.stored(step).await;
    }
    scene.own_repeated(end("a")).await;
    scene.own(unblock("b", "a")).await;
    scene.own_repeated(end("a")).await;
    scene.own(erase("a", WHOLE)).await;
    assert!(!scene.own(end("a")).await.duplicate, "nothing is left");
    assert!(!scene.is_forgetting("a").await && !scene.has_forget_job().await);
    assert_eq!(scene.store.last_seen(&user("a")).await.expect("last_seen works"), None);
    scene.own_repeated(begin("a")).await;

    scene.all(&[join("r", "a"), text("r", "a", "2")]).await;
    let log = scene.user_log("a").await;
    assert_eq!(log.len(), 1, "a new life: {log:?}");
    scene.stored(create_as("new", "a", &["a"], "mine", "other")).await;
    assert!(log[0].user_offset > head.next(), "at a place that no log ever had");
    scene.own(begin("a")).await;
    assert!(scene.is_forgetting("a").await, "and once more");
}

/// From the other side.
pub async fn blockers_are_found(subject: Subject) {
    let scene = Scene::new(&subject);
    assert_eq!(scene.blockers("a", ALL).await, []);
    for (by, whom) in [("c", "a"), ("b", "a"), ("a", "b"), ("d", "b"), ("e", "a")] {
        scene.own(block(by, whom)).await;
    }
    scene.own(unblock("e", "a")).await;
    let mut blockers = scene.blockers("a", ALL).await;
    blockers.sort();
    assert_eq!(blockers, [user("b"), user("c")]);
    assert_eq!(scene.blockers("a", 1).await.len(), 1, "at most so many");
    scene.all(&[create("r", "x", &["x"])]).await;
    assert_eq!(scene.blockers("x", ALL).await, []);
}

/// The one who stayed has the room and its messages; who makes it again, whichever of the two, brings the other back.
pub async fn a_direct_room_gets_its_side_back(subject: Subject) {
    let scene = Scene::new(&subject);
    let id = direct_id("a", "b").to_string();
    scene.all(&[direct("a", "b"), text(&id, "a", "1"), text(&id, "b", "2")]).await;
    assert_eq!(scene.refused(direct("b", "a")).await, Refusal::Exists);
    scene.stored(forget_in(&id, "a", WHOLE)).await;
    assert_eq!(scene.state("b", &id).await.members, 1, "the other stays");
    for by in ["a", "b"] {
        let made = scene.stored(direct(by, if by == "a" { "b" } else { "a" })).await;
        let [LogEntry::Member(joined)] = made.entries.as_slice() else { panic!("one entry: {made:?}") };
        assert_eq!((&joined.user, joined.role.clone()), (&user("a"), Some(Role::Member.into())));
        assert_eq!(made.users.len(), 1);
        assert_eq!((scene.state("a", &id).await.unread, scene.members(&id).await.len()), (0, 2));
        assert_eq!(scene.refused(direct("a", "b")).await, Refusal::Exists);
        scene.stored(forget_in(&id, "a", WHOLE)).await;
    }
    scene.own(block("b", "a")).await;
    assert_eq!(scene.refused(direct("a", "b")).await, Refusal::NotAllowed, "who is blocked makes none");
    let other = make(&id, "c", &[], |new| {
        new.kind = chat_protocol::RoomKind::Direct;
        new.members = vec![(user("c"), Role::Member)];
    });
    assert_eq!(scene.refused(other).await, Refusal::Exists, "a third is no side of it");
}
