//! Who is in a room, with which role, and who may not be.

use chat_protocol::command::RoomPatch;
use chat_protocol::event::{MemberAction, UserChange, UserChanged};
use chat_protocol::{Access, HistoryVisibility, Patch, Role, Timestamp, UserId};

use super::Subject;
use super::scene::*;
use crate::storage::{Append, Appended, BanEntry, Bar, Change, LogEntry, Refusal};

/// What a change told about memberships: of whom, what, with which role.
fn told(answer: &Appended) -> Vec<(String, MemberAction, Option<Role>)> {
    let entry = |entry: &LogEntry| match entry {
        LogEntry::Member(told) => {
            let action = told.action.known().expect("a known action");
            let role = told.role.as_ref().map(|role| role.known().expect("a known role"));
            (told.user.to_string(), action, role)
        }
        other => panic!("no membership: {other:?}"),
    };
    answer.entries.iter().map(entry).collect()
}

fn joined(ids: &[&str], role: Role) -> Vec<(String, MemberAction, Option<Role>)> {
    ids.iter().map(|id| ((*id).to_owned(), MemberAction::Joined, Some(role))).collect()
}

/// Whom a change gave a room, or took one from.
fn lost_or_won(answer: &Appended) -> Vec<(String, bool)> {
    let change = |(user, told): &(UserId, UserChanged)| match &told.change {
        UserChange::RoomJoined { .. } => (user.to_string(), true),
        UserChange::RoomLeft { .. } => (user.to_string(), false),
        other => panic!("no membership: {other:?}"),
    };
    answer.users.iter().map(change).collect()
}

fn roles(expected: &[(&str, Role)]) -> Vec<(String, Role)> {
    expected.iter().map(|(id, role)| ((*id).to_owned(), *role)).collect()
}

/// Who is a member stays as it was; one who may not be added spares everyone.
pub async fn adding_spares_members_and_refuses_the_barred(subject: Subject) {
    use Role::{Member, Owner, Reader};
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "1"), text("r", "a", "2")]).await;
    let added = scene.stored(add("r", "a", &["d", "b", "c"], Reader)).await;
    assert_eq!(told(&added), joined(&["d", "c"], Reader), "in the order asked");
    assert_eq!(lost_or_won(&added), [("d".to_owned(), true), ("c".to_owned(), true)]);
    let by: Vec<_> = added
        .entries
        .iter()
        .map(|entry| match entry {
            LogEntry::Member(told) => told.by.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(by, [Some(user("a")), Some(user("a"))]);
    let expected = roles(&[("a", Owner), ("b", Member), ("c", Reader), ("d", Reader)]);
    assert_eq!(scene.roles("r").await, expected);
    let state = scene.state("c", "r").await;
    assert_eq!((state.read, state.unread, state.members), (seq(2), 0, 4), "pointers start at the head");
    scene.repeated(add("r", "a", &["b", "c"], Owner)).await;

    scene.own(block("x", "a")).await;
    scene.own(block("b", "a")).await;
    scene.stored(ban("r", "a", "y", Owner, None)).await;
    scene.stored(ban("r", "a", "z", Owner, Some(at(100)))).await;
    for barred in [&["n", "x"][..], &["y", "n"], &["z"], &["n", "b"]] {
        assert_eq!(scene.refused(add("r", "a", barred, Member)).await, Refusal::NotAllowed, "{barred:?}");
    }
    assert_eq!(scene.roles("r").await, expected, "nobody of a refused change is added");
    assert_eq!(scene.user_log("n").await, []);
    let added = scene.stored(add("r", "b", &["x"], Member)).await;
    assert_eq!(told(&added), joined(&["x"], Member), "a block is against one user");
    let late = then(100, add("r", "a", &["z"], Member));
    assert_eq!(told(&scene.stored(late).await), joined(&["z"], Member), "that ban is over");
    assert_eq!(scene.bans("r").await.len(), 1, "a member is not banned");
}

/// Whose role is as high as that of who decides cannot be removed.
pub async fn removing_needs_a_lower_role(subject: Subject) {
    use Role::{Admin, Member, Owner};
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b", "c"]), set_role("r", "a", "b", Admin, Owner)]).await;
    for (who, below) in [("a", Owner), ("b", Admin), ("c", Member), ("a", Admin)] {
        assert_eq!(
            scene.refused(remove("r", "x", who, below)).await,
            Refusal::NotAllowed,
            "{who} by {below:?}"
        );
    }
    assert_eq!(scene.refused(remove("r", "a", "x", Owner)).await, Refusal::NoUser);
    let removed = scene.stored(remove("r", "b", "c", Admin)).await;
    assert_eq!(told(&removed), [("c".to_owned(), MemberAction::Kicked, None)]);
    assert_eq!(lost_or_won(&removed), [("c".to_owned(), false)]);
    let [LogEntry::Member(entry)] = removed.entries.as_slice() else { panic!("one entry: {removed:?}") };
    assert_eq!((&entry.by, entry.reason.as_deref(), entry.until), (&Some(user("b")), Some("noise"), None));
    assert_eq!(scene.roles("r").await, roles(&[("a", Owner), ("b", Admin)]));
    assert_eq!((scene.view("c", "r").await, scene.standing("r", "c").await.bar), (None, None));
    assert_eq!(scene.refused(remove("r", "b", "c", Admin)).await, Refusal::NoUser);
    assert!(!scene.stored(join("r", "c")).await.duplicate, "who was removed may come back");
}

/// A ban ends a membership, is told, and stays until it is lifted or its user is let in.
pub async fn a_ban_keeps_its_user_out(subject: Subject) {
    use Role::{Admin, Member, Owner};
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b", "c"]), set_role("r", "a", "b", Admin, Owner)]).await;
    for (who, below) in [("a", Owner), ("b", Admin), ("c", Member)] {
        assert_eq!(scene.refused(ban("r", "x", who, below, None)).await, Refusal::NotAllowed, "{who}");
    }
    let until = Some(at(50));
    let banned = scene.stored(then(5, ban("r", "b", "c", Admin, until))).await;
    let (kicked, barred) = (MemberAction::Kicked, MemberAction::Banned);
    assert_eq!(told(&banned), [("c".to_owned(), kicked, None), ("c".to_owned(), barred, None)]);
    assert_eq!(lost_or_won(&banned), [("c".to_owned(), false)]);
    let Some(LogEntry::Member(entry)) = banned.entries.last() else { panic!("a ban is told: {banned:?}") };
    assert_eq!((&entry.by, entry.until, entry.reason.as_deref()), (&Some(user("b")), until, Some("spam")));
    assert_eq!(
        (entry.offset, banned.offset),
        (offset(7), offset(7)),
        "the answer has the last entry's place"
    );
    let ban_of = |who: &str, by: &str, until: Option<Timestamp>, ts: Timestamp| {
        let reason = Some("spam".to_owned());
        BanEntry { user: user(who), by: user(by), until, reason, ts }
    };
    assert_eq!(scene.bans("r").await, [ban_of("c", "b", until, at(5))]);
    let standing = scene.standing("r", "c").await;
    assert_eq!((standing.role, standing.bar), (None, Some(Bar::Banned { until })));

    scene.repeated(then(6, ban("r", "b", "c", Admin, until))).await;
    let again = scene.stored(then(60, ban("r", "a", "c", Owner, None))).await;
    assert_eq!(told(&again), [("c".to_owned(), barred, None)], "another ban instead");
    let never_in = scene.stored(then(61, ban("r", "a", "x", Owner, until))).await;
    assert_eq!((told(&never_in), lost_or_won(&never_in)), (vec![("x".to_owned(), barred, None)], vec![]));
    let both = [ban_of("c", "a", None, at(60)), ban_of("x", "a", until, at(61))];
    assert_eq!(scene.bans("r").await, both, "also when its time is over");

    let reasoned = |reason: Option<&str>| {
        let (who, reason) = (user("x"), reason.map(str::to_owned));
        change("r", "a", Change::Ban { user: who, below: Owner, until, reason })
    };
    assert!(!scene.stored(reasoned(None)).await.duplicate, "another reason is another ban");
    scene.repeated(reasoned(None)).await;
    assert_eq!(scene.bans("r").await[1].reason, None);
    let member = scene.stored(ban("r", "a", "b", Owner, None)).await;
    assert_eq!(told(&member), [("b".to_owned(), kicked, None), ("b".to_owned(), barred, None)], "for ever");

    let lifted = scene.stored(unban("r", "a", "c")).await;
    assert_eq!(told(&lifted), [("c".to_owned(), MemberAction::Unbanned, None)]);
    assert_eq!((scene.standing("r", "c").await.bar, lost_or_won(&lifted)), (None, vec![]));
    scene.repeated(unban("r", "a", "c")).await;
    scene.repeated(unban("r", "a", "nobody")).await;
    assert!(!scene.stored(then(62, join("r", "x"))).await.duplicate);
    scene.stored(unban("r", "a", "b")).await;
    assert_eq!((scene.bans("r").await, scene.standing("r", "x").await.bar), (vec![], None), "let in");
}

/// A role is given by those above it, and a room keeps one owner.
pub async fn roles_are_given_from_above(subject: Subject) {
    use Role::{Admin, Member, Owner, Reader};
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a", "b", "c", "d"])).await;
    let given = |id: &str, role: Role| (id.to_owned(), MemberAction::Role, Some(role));
    let raised = scene.stored(set_role("r", "a", "b", Admin, Owner)).await;
    assert_eq!((told(&raised), lost_or_won(&raised)), (vec![given("b", Admin)], vec![]));
    assert_eq!(told(&scene.stored(set_role("r", "b", "c", Reader, Admin)).await), [given("c", Reader)]);
    for (who, role, below) in [("a", Member, Owner), ("b", Member, Admin), ("d", Reader, Member)] {
        let refused = scene.refused(set_role("r", "x", who, role, below)).await;
        assert_eq!(refused, Refusal::NotAllowed, "{who} by {below:?}");
    }
    assert_eq!(scene.refused(set_role("r", "a", "x", Member, Owner)).await, Refusal::NoUser);
    scene.repeated(set_role("r", "a", "c", Reader, Owner)).await;
    assert_eq!(scene.standing("r", "c").await.role, Some(Reader));

    let passed = scene.stored(set_role("r", "a", "d", Owner, Owner)).await;
    assert_eq!(told(&passed), [given("d", Owner), given("a", Admin)], "there is one owner");
    assert_eq!(passed.offset, passed.entries[1].offset());
    let expected = [("d", Owner), ("a", Admin), ("b", Admin), ("c", Reader)];
    assert_eq!(scene.roles("r").await, roles(&expected));
    for (by, to, former) in [("b", "c", "d"), ("x", "a", "c")] {
        let answer = scene.stored(set_role("r", by, to, Owner, Owner)).await;
        assert_eq!(told(&answer), [given(to, Owner), given(former, Admin)], "whoever says so: {by}");
    }
}

/// The longest member of the highest role, if that is high enough.
pub async fn the_owner_passes_the_room_on(subject: Subject) {
    use Role::{Admin, Member, Owner, Reader};
    let scene = Scene::new(&subject);
    let left = |id: &str| (id.to_owned(), MemberAction::Left, None);
    let given = |id: &str| (id.to_owned(), MemberAction::Role, Some(Owner));
    scene.all(&[create("r", "a", &["a", "z", "y", "b"]), leave("r", "z"), join("r", "z")]).await;
    scene.all(&[set_role("r", "a", "b", Admin, Owner), set_role("r", "a", "z", Admin, Owner)]).await;
    let gone = scene.stored(leave_to("r", "a", Reader)).await;
    assert_eq!(told(&gone), [left("a"), given("b")], "z is a member since later");
    assert_eq!(lost_or_won(&gone), [("a".to_owned(), false)]);
    assert_eq!(gone.offset, gone.entries[1].offset());
    let Some(LogEntry::Member(entry)) = gone.entries.get(1) else { panic!("a role is told: {gone:?}") };
    assert_eq!(entry.by, Some(user("a")), "by who left");
    assert_eq!(told(&scene.stored(leave_to("r", "z", Reader)).await), [left("z")], "z was not the owner");
    assert_eq!(told(&scene.stored(leave_to("r", "b", Admin)).await), [left("b")], "y is not high enough");
    assert_eq!(scene.roles("r").await, roles(&[("y", Member)]));
    assert_eq!(scene.refused(leave_to("r", "b", Reader)).await, Refusal::NotMember);
    assert_eq!(told(&scene.stored(leave_to("r", "y", Reader)).await), [left("y")]);
    assert_eq!(scene.roles("r").await, []);
    assert_eq!(scene.stored(join("r", "c")).await.offset, offset(15), "a room without members is a room");
    scene.all(&[create("s", "a", &["a", "b", "c"]), leave("s", "b"), join("s", "b")]).await;
    let gone = scene.stored(leave_to("s", "a", Member)).await;
    assert_eq!(told(&gone), [left("a"), given("c")], "b is a member since later");
}

/// Taking a right away makes older decisions void; nothing else does, or busy rooms would decide for ever.
pub async fn a_lost_right_bumps_the_access_version(subject: Subject) {
    use Role::{Admin, Member, Owner, Reader};
    let scene = Scene::new(&subject);
    let invite = patch(|patch| patch.access = Some(Access::Invite));
    let open = patch(|patch| patch.access = Some(Access::Open));
    let since_joined = patch(|patch| patch.history = Some(HistoryVisibility::Joined));
    let all = patch(|patch| patch.history = Some(HistoryVisibility::All));
    let steps = [
        (false, join("r", "c")),
        (false, join("r", "c")),
        (false, add("r", "a", &["d", "e"], Reader)),
        (false, text("r", "a", "x")),
        (false, edit("r", "a", 1, "y")),
        (false, react("r", "a", 1, "+")),
        (false, delete("r", "a", 1)),
        (false, set_role("r", "a", "b", Admin, Owner)),
        (true, set_role("r", "a", "b", Member, Owner)),
        (true, leave("r", "c")),
        (false, join("r", "c")),
        (true, remove("r", "a", "c", Owner)),
        (true, ban("r", "a", "d", Owner, None)),
        (true, ban("r", "a", "stranger", Owner, None)),
        (false, unban("r", "a", "stranger")),
        (false, set("r", "a", patch(|patch| patch.topic = Patch::Set("x".to_owned())))),
        (true, set("r", "a", invite)),
        (false, set("r", "a", open)),
        (true, set("r", "a", since_joined)),
        (false, set("r", "a", all)),
        (false, trim("r", 2)),
        (true, set_role("r", "a", "e", Owner, Owner)),
    ];
    let mut version = scene.stored(create("r", "a", &["a", "b"])).await.access_version;
    for (lost, step) in steps {
        let now = scene.stored(step.clone()).await.access_version;
        assert_eq!(now > version, lost, "{step:?}");
        assert!(now >= version, "{step:?}");
        assert_eq!(scene.standing("r", "b").await.access_version, now, "{step:?}");
        assert_eq!(scene.view("b", "r").await.map(|view| view.access_version), Some(now), "{step:?}");
        version = now;
    }
    assert_eq!(scene.refused(leave("r", "c")).await, Refusal::NotMember);
    for step in [read("r", "b", 1), archive("r", "b", true), block("a", "b")] {
        scene.own(step).await;
    }
    assert_eq!(
        scene.standing("r", "b").await.access_version,
        version,
        "what is one's own takes nothing away"
    );
}

fn patch(alter: impl FnOnce(&mut RoomPatch)) -> RoomPatch {
    let mut patch = RoomPatch::default();
    alter(&mut patch);
    patch
}

/// Those who are there stay, whatever the bound is now.
pub async fn members_have_a_bound(subject: Subject) {
    let scene = Scene::new(&subject);
    let join = |id, by, max| Append { change: Change::Join { role: Role::Member, max }, ..join(id, by) };
    let add = |ids: &[&str], max| {
        let users = ids.iter().map(|id| user(id)).collect();
        Append { change: Change::Add { users, role: Role::Member, max }, ..add("r", "a", ids, Role::Member) }
    };
    scene.all(&[create("r", "a", &["a"]), join("r", "b", 2)]).await;
    assert_eq!(scene.refused(join("r", "c", 2)).await, Refusal::RoomFull);
    scene.repeated(join("r", "b", 1)).await;
    assert_eq!(scene.refused(add(&["c", "d"], 3)).await, Refusal::RoomFull, "all of them or none");
    scene.repeated(add(&["a", "b"], 1)).await;
    scene.stored(add(&["a", "b", "c"], 3)).await;
    let answers = scene.append(&[join("r", "x", 4), join("r", "y", 4), add(&["z"], 4)]).await;
    let stored: Vec<_> = answers.into_iter().map(|answer| answer.map(|_| ())).collect();
    assert_eq!(stored, [Ok(()), Err(Refusal::RoomFull), Err(Refusal::RoomFull)], "also at once");
    scene.stored(leave("r", "b")).await;
    scene.stored(join("r", "b", 4)).await;
}
