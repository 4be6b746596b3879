//! What lists, answers and pushes show of messages, rooms and users, and in which words the server refuses by HTTP.

use chat_protocol::dialect::{
    DeskFacts, ListedRoom, MessageNames, MessageNews, Profile, RoomFacts, Seconds, WholeSeconds,
};
use chat_protocol::dialect::{chats, haraj, helpdesk, hipochat, tndata};
use chat_protocol::{Content, ErrorCode, RoomId, RoomInfo, RoomNumber, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use super::scene::{Scene, at, user};

fn written(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// The list of user 1, who talks with the author of the scene.
fn listed<'a>(scene: &'a Scene, me: &'a Profile, info: &'a RoomInfo) -> ListedRoom<'a> {
    let other = scene.room.direct_pair().map(|_| &scene.author);
    ListedRoom { room: scene.facts(), me, other, info, members: &[], last: None, unread: 0 }
}

/// A group with the number 10, a name and a picture.
fn group() -> (Scene, RoomInfo) {
    let mut scene = Scene::in_room(RoomId::new("g").unwrap(), user("2"), "hello!");
    scene.number = RoomNumber::new(10);
    let text = |text: &str| Some(text.to_owned());
    (scene, RoomInfo { name: text("Bridge"), avatar: text("https://x.example/g"), ..RoomInfo::default() })
}

#[test]
fn tndata_lists_messages_of_users_alone() {
    let mut scene = Scene::direct("1", "2", "Hi");
    scene.author.more = serde_json::from_value(json!({ "username": "brad" })).unwrap();
    scene.author.avatar = Some("https://host/photo.jpg".to_owned());
    scene.message.ts = Timestamp::from_micros(1_483_571_400_000_000);
    let entry = tndata::MessageEntry::of(&scene.message()).unwrap();
    let documented = json!({
        "id": 417, "object_type": "chatmessage", "user": 1, "user_id": "1", "user_username": "brad",
        "user_full_name": "abdullah", "avatar": "//host/photo.jpg", "room": "chat-1-2", "text": "Hi", "read": false,
        "digest": "09".repeat(16), "created_on": "2017-01-04 23:10:00.000+0000",
    });
    assert_eq!(written(entry), documented);
    let account = json!({ "id": 1, "email": "", "username": "brad", "first_name": "", "last_name": "" });
    assert_eq!(written(tndata::Account::of(&scene.author)), account);
    let picture = json!({ "google_image": "https://host/photo.jpg" });
    assert_eq!(written(tndata::Profile::of(&scene.author)), picture);
    scene.message.content = Content::new("application/x-unknown", &json!({}));
    assert_eq!(tndata::MessageEntry::of(&scene.message()), None);
    scene.message.content = Content::plain("Hi");
    scene.message.deleted_at = Some(at());
    assert_eq!(tndata::MessageEntry::of(&scene.message()), None);
    let system = Scene::in_room(RoomId::new("g").unwrap(), chat_protocol::UserId::system(), "Hi");
    assert_eq!(tndata::MessageEntry::of(&system.message()), None);
}

#[test]
fn chats_lists_both_kinds_of_chats() {
    let (scene, info) = (Scene::direct("2", "1", "hi"), RoomInfo::default());
    let me = Profile { first_name: Some("Ann".to_owned()), ..Profile::nameless(user("1")) };
    let empty = listed(&scene, &me, &info);
    let last = scene.message();
    let summary = chats::DirectSummary::of(&ListedRoom { last: Some(&last), ..empty }).unwrap();
    assert_eq!((summary.id.as_str(), summary.name.as_str()), ("1_2", "abdullah"));
    assert_eq!(summary.users, [chats::User::of(&me), chats::User::of(&scene.author)]);
    assert_eq!(summary.opponent, summary.users[1]);
    assert_eq!(summary.last_message, chats::MessageEntry::of(&last));
    let itself = RoomId::direct(&user("1"), &user("1"));
    let room = RoomFacts { id: &itself, ..empty.room };
    let alone = chats::DirectDetail::of(&ListedRoom { room, other: Some(&me), ..empty }).unwrap();
    assert_eq!((alone.id.as_str(), alone.users.len(), alone.name.as_str()), ("1_1", 1, "Ann"));
    let (scene, info) = group();
    let members = [me.clone(), scene.author.clone()];
    let project = ListedRoom { members: &members, ..listed(&scene, &me, &info) };
    assert_eq!(chats::DirectSummary::of(&project), None);
    assert_eq!(chats::ProjectSummary::of(&empty), None);
    let summary = written(chats::ProjectSummary::of(&project).unwrap());
    assert_eq!((&summary["project"], &summary["name"]), (&json!(10), &json!("Bridge")));
    assert_eq!(summary["last_message"]["author"], json!({}));
    let detail = chats::ProjectDetail::of(&project).unwrap();
    assert_eq!((detail.users.len(), detail.image_address.as_deref()), (2, Some("https://x.example/g")));
}

#[test]
fn hipochat_lists_entries_as_they_were_told_with_the_times_of_the_server() {
    let (hipochat, mut scene) = (hipochat::Hipochat::default(), Scene::direct("1", "2", "hi"));
    assert_eq!(hipochat.entry::<Seconds>(&scene.message()), None, "a room without a token");
    scene.alias = Some("r1".to_owned());
    let foreign = json!({
        "type": "message", "message": "hi", "body": { "message": "hi" },
        "author": { "user_id": 1, "name": "abdullah" }, "timestamp": 1_538_987_439,
    });
    assert_eq!(written(hipochat.entry::<WholeSeconds>(&scene.message()).unwrap()), foreign);
    scene.message.content =
        Content::new("application/json", &json!({ "m": 1, "author": "a", "timestamp": 5 }));
    let own = json!({ "m": 1, "author": "a", "timestamp": 1_538_987_439.657_123 });
    assert_eq!(written(hipochat.entry::<Seconds>(&scene.message()).unwrap()), own);
    scene.message.injected = true;
    let item = written(hipochat.entry::<WholeSeconds>(&scene.message()).unwrap());
    assert_eq!((&item["token"], &item["timestamp"]), (&json!("r1"), &json!(1_538_987_439)));
    assert!(item["injected"].is_object());
    scene.message.deleted_at = Some(at());
    assert_eq!(hipochat.entry::<Seconds>(&scene.message()), None);
}

#[test]
fn haraj_lists_deleted_messages_and_topics_that_have_messages() {
    let (mut scene, info) = (Scene::direct("2", "1", "hello!"), RoomInfo::default());
    let me = Profile::nameless(user("1"));
    let last = scene.message();
    let topic = ListedRoom { last: Some(&last), unread: 2, ..listed(&scene, &me, &info) };
    let documented = json!({
        "topic_id": "p2p1_2", "title": "abdullah",
        "last_message": { "from_id": 2, "name": "abdullah", "type": "text/plain", "short": "hello!" },
        "last_updated": "2018-10-08T08:30:39.657Z", "unread": 2,
    });
    assert_eq!(written(haraj::TopicEntry::of(&topic).unwrap()), documented);
    assert_eq!(haraj::TopicEntry::of(&ListedRoom { last: None, ..topic }), None);
    let resolved = json!({ "topic_id": "p2p1_2", "avatar": "" });
    assert_eq!(written(haraj::ResolvedTopic::of(&topic).unwrap()), resolved);
    let (room, info) = group();
    let resolved = json!({ "topic_id": "grp10", "title": "Bridge", "avatar": "https://x.example/g" });
    assert_eq!(written(haraj::ResolvedTopic::of(&listed(&room, &me, &info)).unwrap()), resolved);
    let profile = json!({ "user_id": 1, "name": "1", "avatar": "" });
    assert_eq!(written(haraj::Profile::of(&me)), profile);
    let found = json!({ "username": "ann", "user_id": 1, "avatar": "" });
    assert_eq!(written(haraj::FoundUser::of(&me, "ann")), found);
    assert!(!haraj::MessageEntry::of(&scene.message()).unwrap().is_deleted);
    scene.message.deleted_at = Some(at());
    let entry = haraj::MessageEntry::of(&scene.message()).unwrap();
    assert_eq!((entry.is_deleted, entry.content.text().as_deref()), (true, Some("")));
}

#[test]
fn helpdesk_lists_desks_with_their_newest_message() {
    let (scene, helpdesk) = (Scene::direct("2", "1", "teste"), helpdesk::Helpdesk::default());
    let news = MessageNews { names: MessageNames { key: [8; 16], ..scene.names() }, ..scene.message() };
    let desk = DeskFacts {
        key: [7; 16],
        client: &scene.author,
        client_key: [6; 16],
        client_times: (at(), at()),
        times: (at(), at()),
        last: Some(&news),
    };
    let listed = helpdesk.desk(&RoomFacts { desk: Some(desk), ..scene.facts() }).unwrap();
    assert_eq!(listed.client.name, "abdullah");
    assert_eq!(listed.last_message.unwrap().text.as_deref(), Some("teste"));
    assert_eq!(helpdesk.desk(&scene.facts()), None);
}

#[test]
fn every_refusal_of_the_server_has_words_and_its_status() {
    for code in ErrorCode::ALL.iter().copied() {
        let statuses = [
            tndata::ApiError::of(code).status(),
            chats::HttpError::of(code).status(),
            haraj::Code::of(code).status(),
            helpdesk::Refusal::of(code).status(),
        ];
        for status in statuses {
            let same = match code.status() {
                // What is not mine is unknown to me, and the other way round.
                403 | 404 => matches!(status, 403 | 404 | 409),
                409 => status == 429,
                415 => status == 400,
                // Who was late with a body, as one that came in part; who was late with anything else may ask again.
                408 => status == 400 || status >= 500,
                500.. => status >= 500,
                expected => status == expected,
            };
            assert!(same, "{code}: {statuses:?}");
        }
    }
}
