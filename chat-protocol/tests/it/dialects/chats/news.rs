//! What clients of chats are told, key by key.

use chat_protocol::dialect::chats::{Chats, PresenceScope};
use chat_protocol::dialect::{
    Audience, Dialect, MAX_FILES, MessageNames, MessageNews, News, Profile, RoomFacts, What, plain_text,
};
use chat_protocol::{Content, RoomId, RoomNumber, Timestamp, limits};
use serde_json::{Value, json};

use super::super::scene::{Scene, at, user};
use super::{CHATS, decode};

/// The message of the reference's example: number 17, from Ann Lee to user 2.
struct Example(Scene);

impl Example {
    fn new() -> Self {
        let mut scene = Scene::direct("1", "2", "hi");
        scene.message.ts = Timestamp::from_micros(1_677_240_000_123_456);
        scene.author = Profile {
            first_name: Some("Ann".to_owned()),
            last_name: Some("Lee".to_owned()),
            online: true,
            ..Profile::nameless(user("1"))
        };
        Self(scene)
    }

    fn news(&self) -> MessageNews<'_> {
        let news = self.0.message();
        MessageNews { names: MessageNames { num: 17, ..news.names }, ..news }
    }

    /// The same with other content.
    fn saying(content: Content) -> Self {
        let mut example = Self::new();
        example.0.message.content = content;
        example
    }
}

const NEW_MESSAGE: &str = r#"{"type":"new_message","content":{"message_id":17,"chat_id":"1_2","chat_type":"direct","author_id":1,"text":"hi","created_at":1677240000.123456,"message":{"id":17,"author":{"id":1,"first_name":"Ann","last_name":"Lee","patronymic":null,"avatar":null,"is_active":true,"is_online":true},"text":"hi","reply_to":null,"files":[],"is_edited":false,"is_read":false,"is_deleted":false,"created_at":"2023-02-24T12:00:00.123456Z"}}}"#;

fn told(news: &News<'_>) -> String {
    CHATS.encode(news).unwrap().as_str().to_owned()
}

#[test]
fn news_are_told_as_documented() {
    let example = Example::new();
    let (message, two) = (example.news(), user("2"));
    let (room, named, ts) = (message.room, message.names, message.message.ts);
    let group = RoomId::new("g").unwrap();
    let numbered = RoomFacts { id: &group, number: RoomNumber::new(10), ..room };
    let by = &message.message.from;
    let all: [(News<'_>, Audience, &str); 9] = [
        (News::Message(message), Audience::All, NEW_MESSAGE),
        (
            News::Typing { room, by, stop: false, ts },
            Audience::Others,
            r#"{"type":"user_typing","content":{"chat_id":"1_2","chat_type":"direct","user_id":1,"end_time":1677240005.123456}}"#,
        ),
        (
            News::Typing { room: numbered, by, stop: false, ts },
            Audience::All,
            r#"{"type":"user_typing","content":{"chat_id":10,"chat_type":"project","user_id":1,"end_time":1677240005.123456}}"#,
        ),
        (
            News::Read { room, by: &two, named, messages: &[], ts },
            Audience::All,
            r#"{"type":"message_read","content":{"chat_id":"1_2","chat_type":"direct","user_id":2,"message_id":17}}"#,
        ),
        (
            News::Deleted { room, message: named },
            Audience::All,
            r#"{"type":"delete_message","content":{"chat_id":"1_2","chat_type":"direct","message_id":17}}"#,
        ),
        (
            News::Presence { user: by, online: true, ts },
            Audience::EveryoneElse,
            r#"{"type":"set_online","user_id":1,"content":{"user_id":1}}"#,
        ),
        (
            News::Presence { user: by, online: false, ts },
            Audience::EveryoneElse,
            r#"{"type":"set_offline","user_id":1,"content":{"user_id":1}}"#,
        ),
        (
            News::Shown { user: by, online: true, changed: false, ts },
            Audience::Everyone,
            r#"{"type":"set_online","user_id":1,"content":{"user_id":1}}"#,
        ),
        (
            News::Shown { user: by, online: false, changed: true, ts },
            Audience::Everyone,
            r#"{"type":"set_offline","user_id":1,"content":{"user_id":1}}"#,
        ),
    ];
    for (news, audience, frame) in all {
        assert_eq!(told(&news), frame);
        assert_eq!(CHATS.audience(&news), audience, "{frame}");
        assert_eq!(CHATS.encode_more(&news), []);
    }
    let nowhere = RoomFacts { number: None, ..numbered };
    for silent in [
        News::Typing { room, by, stop: true, ts },
        News::Socket { room, user: message.author, opened: true },
        News::Desk(room),
        News::Deleted { room: nowhere, message: named },
        News::Message(MessageNews { room: nowhere, ..message }),
    ] {
        assert_eq!(CHATS.encode(&silent), None, "{silent:?}");
    }
}

#[test]
fn each_message_that_became_read_has_its_frame() {
    let (example, two) = (Example::new(), user("2"));
    let (room, named) = (example.0.facts(), example.news().names);
    let other = |num| MessageNames { num, key: [7; 16], ..named };
    let messages = [other(15), other(16), named];
    let news = News::Read { room, by: &two, named, messages: &messages, ts: at() };
    let frame = |num| {
        format!(
            r#"{{"type":"message_read","content":{{"chat_id":"1_2","chat_type":"direct","user_id":2,"message_id":{num}}}}}"#
        )
    };
    assert_eq!(told(&news), frame(17), "the one that was named comes first");
    let more: Vec<String> = CHATS.encode_more(&news).iter().map(|text| text.as_str().to_owned()).collect();
    assert_eq!(more, [frame(15), frame(16)]);
}

#[test]
fn a_message_shows_what_became_of_it() {
    let mut example = Example::new();
    example.0.message.edited_at = Some(at());
    example.0.recipients = vec![(user("2"), true)];
    let first = Example::saying(Content::new("image/png", &json!({ "url": "https://x/i.png" })));
    let first = first.news();
    let reply = MessageNews { names: MessageNames { num: 9, ..first.names }, reply: Some(&first), ..first };
    let news = News::Edited(MessageNews { reply: Some(&reply), ..example.news() });
    let author = r#"{"id":1,"first_name":"Ann","last_name":"Lee","patronymic":null,"avatar":null,"is_active":true,"is_online":true}"#;
    let answered = format!(
        r#"{{"id":9,"author":{author},"text":"https://x/i.png","reply_to":17,"is_edited":false,"is_read":false,"is_deleted":false,"created_at":"2023-02-24T12:00:00.123456Z"}}"#
    );
    let expected = NEW_MESSAGE
        .replacen("new_message", "edit_message", 1)
        .replace(r#""reply_to":null"#, &format!(r#""reply_to":{answered}"#))
        .replace(
            r#""files":[],"is_edited":false,"is_read":false"#,
            r#""files":[],"is_edited":true,"is_read":true"#,
        );
    assert_eq!(told(&news), expected);
    assert_eq!(CHATS.audience(&news), Audience::All);
}

#[test]
fn files_are_sent_and_shown_by_their_addresses() {
    for (text, urls, other_dialects) in [
        ("", json!(["https://x/a/plan.pdf?key=5"]), "https://x/a/plan.pdf?key=5"),
        ("look", json!(["https://x/i.png"]), "look"),
        ("", json!(["https://x/1", "https://x/2"]), "https://x/1"),
        ("both", json!(["https://x/1", "https://x/2"]), "both"),
    ] {
        let content = json!({ "chat_type": "direct", "chat_id": "1_2", "text": text, "file_urls": urls });
        let frame = json!({ "type": "new_message", "content": content });
        let What::Send { content, .. } = decode("1", &frame.to_string()) else { panic!("{frame}") };
        assert_eq!(plain_text(&content).as_deref(), Some(other_dialects));
        assert_eq!(content.check(limits::MAX_CONTENT), Ok(()));

        let shown: Value =
            serde_json::from_str(&told(&News::Message(Example::saying(content).news()))).unwrap();
        let (flat, nested) = (&shown["content"], &shown["content"]["message"]);
        assert_eq!(nested["text"], text);
        // The document's clients know no files.
        assert_eq!(flat["text"], if text.is_empty() { other_dialects } else { text });
        let links: Value =
            nested["files"].as_array().unwrap().iter().map(|file| file["link"].clone()).collect();
        assert_eq!(links, urls);
    }
    let image = json!({ "url": "https://x/1", "name": "a plan.v2.png", "size": 5, "text": "look" });
    let image = Example::saying(Content::new("image/png", &image));
    let expected = NEW_MESSAGE.replace(r#""text":"hi""#, r#""text":"look""#).replace(
        r#""files":[]"#,
        r#""files":[{"name":"a plan.v2","extension":"png","mime_type":"image/png","size":5,"link":"https://x/1","user":1,"datetime_uploaded":"2023-02-24T12:00:00.123456Z"}]"#,
    );
    assert_eq!(told(&News::Message(image.news())), expected);
}

#[test]
fn foreign_content_is_shown_by_its_text_or_file() {
    for (kind, payload, text) in [
        ("text/markdown", json!({ "text": "*hi*" }), Some("*hi*")),
        ("image/png", json!({ "url": "https://x/i.png", "size": 5 }), Some("https://x/i.png")),
        ("application/json", json!({ "body": { "message": "hello" } }), Some("hello")),
        ("application/json", json!({ "x": 1 }), None),
        ("application/x-unknown", json!({}), None),
    ] {
        let example = Example::saying(Content::new(kind, &payload));
        let frame = CHATS.encode(&News::Message(example.news()));
        let shown = frame.map(|frame| serde_json::from_str::<Value>(frame.as_str()).unwrap());
        let flat = shown.as_ref().and_then(|frame| frame["content"]["text"].as_str());
        assert_eq!(flat, text, "{kind} {payload}");
    }
}

#[test]
fn a_user_of_whom_only_a_whole_name_is_known_has_it_as_the_first_one() {
    let mut example = Example::new();
    example.0.author = Profile { name: Some("Bo Ray".to_owned()), ..Profile::nameless(user("b@c.d")) };
    let frame: Value = serde_json::from_str(&told(&News::Message(example.news()))).unwrap();
    let author = &frame["content"]["message"]["author"];
    assert_eq!(
        (&author["id"], &author["first_name"], &author["last_name"]),
        (&json!("b@c.d"), &json!("Bo Ray"), &json!(""))
    );
}

#[test]
fn the_scope_of_presence_is_the_operators() {
    let scope: PresenceScope = serde_json::from_str(r#""shared_rooms""#).unwrap();
    assert_eq!(serde_json::to_string(&Chats::default().presence_scope).unwrap(), r#""all""#);
    let (chats, by, ts) = (Chats { presence_scope: scope }, user("1"), at());
    let presence = News::Presence { user: &by, online: true, ts };
    let shown = News::Shown { user: &by, online: true, changed: true, ts };
    assert_eq!(chats.audience(&presence), Audience::OtherCompanions);
    assert_eq!(chats.audience(&shown), Audience::Companions);
    assert_eq!(chats.encode(&presence), CHATS.encode(&shown), "only who hears of it changes");
}

#[test]
fn the_longest_addresses_fit() {
    let room = limits::MAX_CONTENT - 300;
    let one = |url: String| Content::new("image/png", &json!({ "url": url }));
    let rest = limits::MAX_CONTENT - one(String::new()).size();
    let ten: Vec<Value> =
        (0..MAX_FILES).map(|_| json!({ "url": "/".repeat(room / MAX_FILES - 12) })).collect();
    let ten = Content::new("text/plain", &json!({ "text": "", "files": ten }));
    let many = vec![json!({ "url": "" }); room / 11];
    let many = Content::new("text/plain", &json!({ "text": "", "files": many }));
    for content in [one("y".repeat(rest)), one("\"".repeat(rest / 2)), ten, many] {
        assert_eq!(content.check(limits::MAX_CONTENT), Ok(()));
        let example = Example::saying(content);
        let news = News::Message(MessageNews { reply: Some(&example.news()), ..example.news() });
        let frame = told(&news);
        assert!(frame.len() <= limits::MAX_FRAME, "{} bytes", frame.len());
        assert!(CHATS.understands(frame.as_bytes()));
    }
}
