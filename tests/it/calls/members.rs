//! Members, bans and blocks.

use chat_client::NewRoom;
use chat_client::protocol::{ErrorCode, Role, Timestamp};

use super::{Scene, all, code, open, refusal, room, user};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_runs_a_room_says_who_is_in_it() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    for name in ["cleo", "dan"] {
        scene.client(name).await;
    }
    let (mine, theirs) = (ann.room(room("r")), ben.room(room("r")));
    assert_eq!(mine.invite([user("cleo"), user("ben")]).await.unwrap(), [user("cleo")]);
    assert_eq!(mine.invite_as([user("dan")], Role::Reader).await.unwrap(), [user("dan")]);
    let who = |members: Vec<chat_client::protocol::Member>| -> Vec<(String, Option<Role>)> {
        members.into_iter().map(|member| (member.user.to_string(), member.role.known())).collect()
    };
    let expected =
        [("ann", Role::Owner), ("ben", Role::Member), ("cleo", Role::Member), ("dan", Role::Reader)]
            .map(|(name, role)| (name.to_owned(), Some(role)));
    assert_eq!(who(all(theirs.members().page_size(1)).await), expected, "page by page");
    mine.set_role(user("dan"), Role::Admin).await.unwrap();
    mine.kick(user("cleo"), Some("too loud")).await.unwrap();
    assert_eq!(all(mine.members()).await.len(), 3);

    assert_eq!(code(theirs.invite([user("cleo")]).await), ErrorCode::Forbidden);
    assert_eq!(code(theirs.kick(user("dan"), None).await), ErrorCode::Forbidden);
    assert_eq!(code(theirs.set_role(user("ben"), Role::Admin).await), ErrorCode::Forbidden);
    assert_eq!(code(mine.invite([]).await), ErrorCode::BadRequest);
    assert_eq!(code(mine.set_role(user("cleo"), Role::Admin).await), ErrorCode::NotFound);
    assert_eq!(code(mine.kick(user("ben"), Some(&"x".repeat(300))).await), ErrorCode::BadRequest);
    let stranger = scene.client("eve").await;
    assert_eq!(refusal(stranger.room(room("r")).members()).await, ErrorCode::Forbidden);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_banned_stays_out() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let r = ann.room(room("r"));
    let until = Timestamp::from_micros(4_000_000_000_000_000);
    r.ban(user("ben"), Some(until), Some("spam")).await.unwrap();
    let banned = all(r.banned()).await;
    assert_eq!(banned.len(), 1);
    assert_eq!((banned[0].user.as_str(), banned[0].until), ("ben", Some(until)));
    assert_eq!(banned[0].reason.as_deref(), Some("spam"));
    assert_eq!(code(ben.join(room("r")).await), ErrorCode::Forbidden);
    assert_eq!(code(r.invite([user("ben")]).await), ErrorCode::Forbidden);
    r.unban(user("ben")).await.unwrap();
    ben.join(room("r")).await.unwrap();
    let theirs = ben.room(room("r"));
    assert_eq!(refusal(theirs.banned()).await, ErrorCode::Forbidden);
    assert_eq!(code(theirs.ban(user("ann"), None, None).await), ErrorCode::Forbidden);
    assert_eq!(code(theirs.unban(user("ann")).await), ErrorCode::Forbidden);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_blocked_is_kept_away() {
    let scene = Scene::new().await;
    let (ann, ben) = (scene.client("ann").await, scene.client("ben").await);
    let direct = ann.create(NewRoom::direct(user("ben"))).await.unwrap().room.room;
    ann.block(user("ben")).await.unwrap();
    let blocked: Vec<_> = all(ann.blocks()).await.into_iter().map(|blocked| blocked.user).collect();
    assert_eq!(blocked, [user("ben")]);
    assert_eq!(code(ben.room(direct.clone()).send_text("hi").await), ErrorCode::Forbidden);
    ann.unblock(user("ben")).await.unwrap();
    assert_eq!(all(ann.blocks()).await, []);
    ben.room(direct).send_text("hi").await.unwrap();
    assert_eq!(code(ann.block(user("ann")).await), ErrorCode::BadRequest);
    open(&ann, "r").await;
}
