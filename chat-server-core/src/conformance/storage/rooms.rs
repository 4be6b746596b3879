//! What rooms look like to their members.

use chat_protocol::{Access, Role, RoomInfo, RoomKind, RoomState};

use super::Subject;
use super::scene::*;
use crate::storage::{Append, Change, Refusal, RoomView, Standing};

/// What was answered is seen at once.
pub async fn views_follow_appends(subject: Subject) {
    let scene = Scene::new(&subject);
    let standing =
        async |id: &str, of: &str| scene.store.standing(&room(id), &user(of)).await.expect("standing works");
    let share =
        async |a: &str, b: &str| scene.store.share_room(&user(a), &user(b)).await.expect("share_room works");
    assert_eq!(standing("r", "a").await, None);
    assert!(!share("a", "b").await);

    let made = scene.stored(create("r", "a", &["a", "b"])).await;
    let stands = |role: Option<Role>, at: u64, head: u64, version: u64| {
        let (kind, access) = (RoomKind::Group, Access::Open);
        Some(Standing { kind, access, access_version: version, role, seq: seq(at), offset: offset(head) })
    };
    assert_eq!(standing("r", "a").await, stands(Some(Role::Owner), 0, 3, made.access_version));
    assert_eq!(standing("r", "b").await, stands(Some(Role::Member), 0, 3, made.access_version));
    assert_eq!(standing("r", "stranger").await, stands(None, 0, 3, made.access_version));
    assert!(share("a", "b").await && share("b", "a").await && share("a", "a").await);
    assert!(!share("a", "stranger").await && !share("stranger", "stranger").await);

    scene.append(&[text("r", "a", "1"), text("r", "b", "2"), join("r", "c")]).await;
    let state = |role: Role, read: u64, unread: u64| RoomState {
        info: RoomInfo { name: Some("room r".to_owned()), ..RoomInfo::default() },
        seq: seq(2),
        offset: offset(6),
        members: 3,
        read: seq(read),
        unread,
        ts: made.ts,
        ..RoomState::new(room("r"), &user("anyone"), RoomKind::Group, Access::Open, role)
    };
    let view = |state| Some(RoomView { state, access_version: made.access_version });
    assert_eq!(scene.view("a", "r").await, view(state(Role::Owner, 0, 1)));
    assert_eq!(scene.view("c", "r").await, view(state(Role::Member, 2, 0)));
    assert_eq!(standing("r", "c").await, stands(Some(Role::Member), 2, 6, made.access_version));

    let left = scene.stored(leave("r", "b")).await;
    assert_eq!(scene.view("b", "r").await, None);
    assert_eq!(standing("r", "b").await, stands(None, 2, 7, left.access_version));
    assert!(!share("a", "b").await);
    let seen = scene.view("c", "r").await.expect("still a member");
    assert_eq!(
        (seen.state.members, seen.state.offset, seen.access_version),
        (2, offset(7), left.access_version)
    );
    views_keep_the_order(&scene).await;
}

async fn views_keep_the_order(scene: &Scene) {
    let mut channel = create("channel", "a", &["a"]);
    if let Change::Create(new) = &mut channel.change {
        (new.kind, new.access, new.name) = (RoomKind::Channel, Access::Invite, None);
    }
    let reads = Append { change: Change::Join { role: Role::Reader }, ..join("channel", "c") };
    scene.append(&[channel, reads]).await;
    let asked = ["channel", "nowhere", "r", "channel"].map(room);
    let views = scene.store.views(&user("c"), &asked).await.expect("views works");
    let told: Vec<_> = views
        .into_iter()
        .map(|view| {
            view.map(|view| {
                (view.state.room.to_string(), view.state.kind, view.state.access, view.state.role)
            })
        })
        .collect();
    let seen = |id: &str, kind: RoomKind, access: Access, role: Role| {
        Some((id.to_owned(), kind.into(), access.into(), role.into()))
    };
    let channel = seen("channel", RoomKind::Channel, Access::Invite, Role::Reader);
    let group = seen("r", RoomKind::Group, Access::Open, Role::Member);
    assert_eq!(told, [channel.clone(), None, group, channel]);
}

/// Taking a right away makes older decisions void; giving one does not, or busy rooms would decide for ever.
pub async fn leaving_bumps_the_access_version(subject: Subject) {
    let scene = Scene::new(&subject);
    let made = scene.stored(create("r", "a", &["a", "b"])).await.access_version;
    for change in [join("r", "c"), join("r", "c"), text("r", "a", "x")] {
        assert_eq!(scene.stored(change).await.access_version, made);
    }
    let left = scene.stored(leave("r", "c")).await.access_version;
    assert!(left > made);
    assert_eq!(scene.answer(leave("r", "c")).await, Err(Refusal::NotMember));
    assert_eq!(scene.stored(join("r", "c")).await.access_version, left);
    assert!(scene.stored(leave("r", "b")).await.access_version > left);
    assert!(scene.view("a", "r").await.is_some_and(|view| view.access_version > left));
}

/// By the order of changes, whatever the clock says.
pub async fn rooms_come_by_activity(subject: Subject) {
    let scene = Scene::new(&subject);
    let mut hour = 24;
    // The clock runs backwards all the time.
    let mut back = |append: Append| {
        hour -= 1;
        Append { now: at(hour * 3_600_000_000), ..append }
    };
    for id in ["x", "y", "z"] {
        scene.stored(back(create(id, "a", &["a"]))).await;
    }
    assert_eq!(scene.rooms_of("a").await, ["z", "y", "x"]);
    scene.append(&[back(text_as("x", "a", "1", "id")), back(text("y", "a", "1"))]).await;
    assert_eq!(scene.rooms_of("a").await, ["y", "x", "z"]);
    scene.stored(back(join("z", "b"))).await;
    assert_eq!(scene.rooms_of("a").await, ["z", "y", "x"]);
    assert_eq!(scene.rooms_of("b").await, ["z"]);
    assert_eq!(scene.rooms_of("nobody").await, [""; 0]);
    // Neither a repeat nor a pointer is activity.
    scene.stored(back(text_as("x", "a", "1", "id"))).await;
    scene.advance(read("y", "a", 1)).await;
    assert_eq!(scene.rooms_of("a").await, ["z", "y", "x"]);
    scene.stored(back(leave("y", "a"))).await;
    assert_eq!(scene.rooms_of("a").await, ["z", "x"]);
    scene.stored(back(join("y", "a"))).await;
    assert_eq!(scene.rooms_of("a").await, ["y", "z", "x"]);
}

/// Compared with a plain count after every step of a conversation.
pub async fn unread_counts_others_after_the_pointer(subject: Subject) {
    let scene = Scene::new(&subject);
    let users = ["a", "b", "c"];
    scene.append(&[create("r", "a", &users), create("other", "b", &users)]).await;
    let steps =
        ["a", "b", "b", "a", "c", "r a 2", "b", "a", "r a 6", "r b 4", "a", "a", "r c 9", "b", "r b 10"];
    for step in steps {
        match step.strip_prefix("r ").and_then(|step| step.split_once(' ')) {
            Some((who, to)) => {
                scene.advance(read("r", who, to.parse().expect("a number"))).await;
            }
            None => {
                // What happens elsewhere, and what is no message, must not count.
                scene.append(&[text("r", step, "x"), text("other", "b", "y"), join("r", "late")]).await;
            }
        }
        let messages = scene.messages("r").await;
        for of in users {
            let seen = scene.view(of, "r").await.expect("a member").state;
            let unread = messages
                .iter()
                .filter(|stored| stored.message.seq > seen.read && stored.message.from.as_str() != of);
            assert_eq!(seen.unread, unread.count() as u64, "of {of} after {step}");
        }
    }
    let unread = async |of: &str| scene.view(of, "r").await.map(|view| view.state.unread);
    assert_eq!([unread("a").await, unread("b").await, unread("c").await], [Some(1), Some(0), Some(1)]);
    scene.append(&[leave("r", "a"), join("r", "a")]).await;
    assert_eq!(unread("a").await, Some(0), "who comes back starts at the head");
    scene.stored(text("r", "b", "welcome back")).await;
    assert_eq!(unread("a").await, Some(1));
}
