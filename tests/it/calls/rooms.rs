//! Rooms: made, joined, followed, changed, set.

use std::time::Duration;

use chat_client::protocol::command::SettingsPatch;
use chat_client::protocol::{
    Access, ClientRoomId, DeskStatus, ErrorCode, HistoryVisibility, Patch, RoomNumber, Timestamp,
};
use chat_client::{ClientEvent, NewRoom, RoomChanges};
use serde_json::json;

use super::{Scene, code, hear, open, room, user};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_made_with_everything_that_it_can_have() {
    let scene = Scene::new().await;
    let (ann, _ben) = (scene.client("ann").await, scene.client("ben").await);
    let custom = json!({"color": "red"}).as_object().unwrap().clone();
    let new = || {
        NewRoom::channel()
            .id(room("news"))
            .client_room_id(ClientRoomId::new("mine").unwrap())
            .access(Access::Open)
            .history(HistoryVisibility::Joined)
            .name("News")
            .avatar("https://example.org/a.png")
            .topic("what is new")
            .custom(custom.clone())
            .message_ttl(Duration::from_secs(3_600))
            .member(user("ben"))
    };
    let made = ann.create(new()).await.unwrap();
    assert!(made.created);
    let state = made.room;
    assert_eq!((state.members, state.history.known()), (2, Some(HistoryVisibility::Joined)));
    assert_eq!(state.info.name.as_deref(), Some("News"));
    assert_eq!(state.info.avatar.as_deref(), Some("https://example.org/a.png"));
    assert_eq!(state.info.topic.as_deref(), Some("what is new"));
    assert_eq!((state.info.custom, state.info.message_ttl_s), (Some(custom.clone()), Some(3_600)));
    assert!(!ann.create(new()).await.unwrap().created, "the same room under the same name");
    assert_eq!(code(ann.create(new().name("Olds")).await), ErrorCode::Conflict);
    assert_eq!(code(ann.create(NewRoom::group().id(room("news"))).await), ErrorCode::AlreadyExists);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_the_operator_makes_is_refused() {
    let scene = Scene::new().await;
    let (ann, _ben) = (scene.client("ann").await, scene.client("ben").await);
    let refused = [
        NewRoom::desk("acme", user("ben")),
        NewRoom::group().number(RoomNumber::new(7).unwrap()),
        NewRoom::group().owner(user("ben")),
    ];
    for new in refused {
        assert_eq!(code(ann.create(new).await), ErrorCode::Forbidden);
    }
    assert_eq!(code(ann.create(NewRoom::group().name("x".repeat(300))).await), ErrorCode::BadRequest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_and_leaves_is_told() {
    let scene = Scene::new().await;
    let (ann, ben) = (scene.client("ann").await, scene.client("ben").await);
    open(&ann, "r").await;
    ann.create(NewRoom::group().id(room("closed"))).await.unwrap();
    let r = ben.room(room("r"));
    assert!(r.join().await.unwrap().created);
    assert!(!r.join().await.unwrap().created);
    r.leave().await.unwrap();
    assert_eq!(code(r.leave().await), ErrorCode::Forbidden);
    assert_eq!(code(ben.join(room("closed")).await), ErrorCode::Forbidden);
    assert_eq!(code(ben.follow(room("closed")).await), ErrorCode::Forbidden);
    let direct = ben.create(NewRoom::direct(user("ann"))).await.unwrap().room.room;
    assert_eq!(code(ben.leave(direct).await), ErrorCode::Forbidden);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_followed_is_not_heard() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let r = ben.room(room("r"));
    let mut events = ben.events();
    r.unfollow().await.unwrap();
    assert_eq!(r.state().await.unwrap(), None);
    ann.room(room("r")).send_text("unheard").await.unwrap();
    r.follow().await.unwrap();
    ann.room(room("r")).send_text("heard").await.unwrap();
    let text = hear(&mut events, |event| match event {
        ClientEvent::Message(message) => Some(message.content.text().unwrap().into_owned()),
        _ => None,
    });
    assert_eq!(text.await, "heard");
    assert_eq!(r.state().await.unwrap().unwrap().seq.get(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rooms_data_is_changed_by_those_who_run_it() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let (mine, theirs) = (ann.room(room("r")), ben.room(room("r")));
    let mut events = ben.events();
    let custom = json!({"a": 1}).as_object().unwrap().clone();
    let changes = RoomChanges::new()
        .name("Plans")
        .avatar("https://example.org/p.png")
        .topic("soon")
        .custom(custom)
        .message_ttl(Duration::from_secs(60))
        .access(Access::Invite)
        .history(HistoryVisibility::All);
    assert!(mine.set(changes).await.unwrap().offset.is_some());
    let change = hear(&mut events, |event| match event {
        ClientEvent::Room(change) if change.info.name.is_some() => Some(change.clone()),
        _ => None,
    });
    let change = change.await;
    assert_eq!((change.info.topic.as_deref(), change.info.message_ttl_s), (Some("soon"), Some(60)));
    mine.set(RoomChanges::new().topic(None).custom(None).message_ttl(None)).await.unwrap();
    let info = mine.state().await.unwrap().unwrap().info;
    assert_eq!(
        (info.name.as_deref(), info.topic, info.custom, info.message_ttl_s),
        (Some("Plans"), None, None, None)
    );
    assert_eq!(code(theirs.set(RoomChanges::new().name("Mine")).await), ErrorCode::Forbidden);
    assert_eq!(code(mine.set(RoomChanges::new().status(DeskStatus::Closed)).await), ErrorCode::BadRequest);
    let long = "x".repeat(2_000);
    assert_eq!(code(mine.set(RoomChanges::new().topic(long.as_str())).await), ErrorCode::BadRequest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_room_is_to_the_user_is_the_users_own() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let r = ann.room(room("r"));
    let until = Timestamp::from_micros(4_000_000_000_000_000);
    r.mute(Some(until)).await.unwrap();
    r.pin(true).await.unwrap();
    r.archive(true).await.unwrap();
    let settings = || async { ann.inbox_page(true, None, 10).await.unwrap().rooms[0].state.settings.clone() };
    let now = settings().await;
    assert_eq!((now.mute_until, now.pinned, now.archived), (Some(until), true, true));
    r.mute(None).await.unwrap();
    assert_eq!(settings().await.mute_until, None);
    let patch = SettingsPatch { mute_until: Patch::Set(until), pinned: Some(false), archived: Some(false) };
    assert!(r.set_settings(patch).await.unwrap().user_offset.is_some());
    let theirs = ben.inbox_page(false, None, 10).await.unwrap().rooms[0].state.settings.clone();
    assert!(theirs.is_default());
    ben.leave(room("r")).await.unwrap();
    assert_eq!(code(ben.room(room("r")).pin(true).await), ErrorCode::Forbidden);
}
