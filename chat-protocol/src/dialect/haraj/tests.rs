//! Names of topics, summaries; and every frame and body is the same after it was written and read.

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::dialect::{Secret, WireUser};
use crate::{Content, MAX_SAFE, Seq, SessionId, Timestamp, UserId, decode, encode, limits};

#[test]
fn topics_are_rooms_of_the_caller_only() {
    let me = UserId::new("1").unwrap();
    for (topic, room) in [
        ("p2p1_2", Some(TopicRoom::Direct(UserId::new("2").unwrap()))),
        ("p2p2_1", Some(TopicRoom::Direct(UserId::new("2").unwrap()))),
        ("p2p1_1", Some(TopicRoom::Direct(me.clone()))),
        ("p2p11_2", None),
        ("p2p2_3", None),
        ("1_2", None),
        ("grp1518765515224234", Some(TopicRoom::Group(1_518_765_515_224_234))),
        ("grp9007199254740992", None),
        ("grp-1", None),
        ("grp", None),
        ("", None),
    ] {
        assert_eq!(TopicId(topic.to_owned()).room(&me), room, "{topic}");
    }
    assert_eq!(TopicId::direct(&UserId::new("10").unwrap(), &UserId::new("9").unwrap()).0, "p2p9_10");
    assert_eq!((TopicId::group(7).unwrap().0.as_str(), TopicId::group(u64::MAX)), ("grp7", None));
}

#[test]
fn what_is_not_text_is_shown_by_its_type() {
    let image = Content::new("image/jpeg", &serde_json::json!({"url": "u", "file_size": 1, "text": "x"}));
    assert_eq!((push_body(&image), short(&image)), ("image/jpeg".to_owned(), None));
    let long = Content::plain("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    assert_eq!((push_body(&long).len(), short(&long).as_deref()), (26, Some("ABCDEFGHIJKLMNOPQRST")));
    let broken = Content::new("text/plain", &serde_json::json!({}));
    assert_eq!((push_body(&broken), short(&broken)), ("text/plain".to_owned(), None));
    let last = LastMessage::from(&Message { content: image.clone(), ..message() });
    assert_eq!(encode(&last).as_str(), r#"{"from_id":2,"name":"abdullah","type":"image/jpeg"}"#);
    let gone = MessageEntry::from(Message { content: image, ..message() }).deleted();
    assert_eq!((gone.content, gone.is_deleted), (Content::plain(""), true));
}

fn message() -> Message {
    let json = r#"{"topic_id":"p2p1_2","seq_id":41,"from_id":2,"name":"abdullah","content":{"type":"text/plain","payload":{"text":"hello!"}},"status":{"1":false},"ts":"2018-10-08T08:30:39.657Z"}"#;
    serde_json::from_str(json).unwrap()
}

fn users() -> impl Strategy<Value = UserId> {
    prop_oneof!["[0-9]{1,17}", "\\PC{1,20}"].prop_map(|id| UserId::new(id).unwrap())
}

fn wire_users() -> impl Strategy<Value = WireUser> {
    users().prop_map(WireUser)
}

fn seqs() -> impl Strategy<Value = Seq> {
    (0..=MAX_SAFE).prop_map(|seq| Seq::new(seq).unwrap())
}

/// With milliseconds: more are not written.
fn times() -> impl Strategy<Value = Timestamp> {
    (-62_000_000_000_000_i64..253_000_000_000_000).prop_map(|ms| Timestamp::from_micros(ms * 1000))
}

fn topics() -> impl Strategy<Value = TopicId> {
    prop_oneof![
        (users(), users()).prop_map(|(a, b)| TopicId::direct(&a, &b)),
        any::<String>().prop_map(TopicId),
    ]
}

fn contents() -> impl Strategy<Value = Content> {
    prop_oneof![
        any::<String>().prop_map(Content::plain),
        (any::<String>(), any::<String>(), any::<u64>()).prop_map(|(kind, url, size)| Content::new(
            kind,
            &serde_json::json!({"url": url, "file_size": size})
        )),
    ]
}

prop_compose! {
    fn messages()(
        topic_id in topics(), seq_id in seqs(), from_id in wire_users(), name: String, content in contents(),
        status in prop::collection::btree_map(users(), any::<bool>(), 0..4), ts in times(),
    ) -> Message {
        Message { topic_id, seq_id, from_id, name, content, status, ts }
    }
}

fn unknown() -> impl Strategy<Value = UnknownFrame> {
    ("x_[a-z]{0,9}", any::<String>()).prop_map(|(name, text)| UnknownFrame {
        name,
        value: serde_json::value::to_raw_value(&[text]).unwrap(),
    })
}

fn client_frames() -> impl Strategy<Value = ClientFrame> {
    let peer = || (any::<String>(), wire_users()).prop_map(|(id, peer_id)| Peer { id, peer_id });
    prop_oneof![
        any::<(String, String)>()
            .prop_map(|(id, token)| ClientFrame::Auth(Auth { id, access_token: Secret(token) })),
        peer().prop_map(ClientFrame::Listen),
        peer().prop_map(ClientFrame::Unlisten),
        unknown().prop_map(ClientFrame::Unknown),
    ]
}

fn replies<T: Clone + std::fmt::Debug>(data: impl Strategy<Value = T>) -> impl Strategy<Value = Reply<T>> {
    let reasons = prop_oneof![
        prop::sample::select(Code::ALL).prop_map(Reason::Known),
        any::<String>().prop_map(Reason::from),
    ];
    let outcomes = prop_oneof![data.prop_map(Ok), reasons.prop_map(Err)];
    (any::<Option<String>>(), any::<u16>(), outcomes, times()).prop_map(|(id, status, outcome, ts)| Reply {
        id,
        status,
        outcome,
        ts,
    })
}

fn reply_data() -> impl Strategy<Value = ReplyData> {
    let session = prop::option::of("[!-~]{1,128}".prop_map(|id| SessionId::new(id).unwrap()));
    prop_oneof![
        (wire_users(), session)
            .prop_map(|(user_id, session_id)| ReplyData::Authenticated { user_id, session_id }),
        (wire_users(), wire_users(), any::<bool>()).prop_map(|(user_id, peer_id, is_online)| {
            ReplyData::Listening { user_id, peer_id, is_online }
        }),
        (wire_users(), wire_users())
            .prop_map(|(user_id, peer_id)| ReplyData::Unlistened { user_id, peer_id }),
    ]
}

fn server_frames() -> impl Strategy<Value = ServerFrame> {
    let what = prop_oneof![
        Just(What::Online),
        Just(What::Offline),
        topics().prop_map(What::Typing),
        topics().prop_map(What::StopTyping),
    ];
    let seqs = prop::collection::vec(seqs(), 0..9);
    prop_oneof![
        replies(reply_data()).prop_map(ServerFrame::Reply),
        messages().prop_map(ServerFrame::Message),
        (wire_users(), topics(), seqs, times()).prop_map(|(from_id, topic_id, seq_ids, ts)| {
            ServerFrame::Reads(Reads { from_id, topic_id, seq_ids, ts })
        }),
        (what, wire_users(), times()).prop_map(|(what, from_id, ts)| ServerFrame::Presence(Presence {
            what,
            from_id,
            ts
        })),
        unknown().prop_map(ServerFrame::Unknown),
    ]
}

/// Encoded and read again it is the same.
fn again<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let json = encode(value);
    let read: T = decode(json.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", json.as_str()));
    assert_eq!(read, *value, "{}", json.as_str());
}

proptest! {
    #[test]
    fn commands_survive_the_wire(frame in client_frames()) {
        again(&frame);
    }

    #[test]
    fn events_survive_the_wire(frame in server_frames()) {
        again(&frame);
    }

    #[test]
    fn pushes_survive_the_wire(
        message in messages(), to in prop::collection::vec(wire_users(), 0..4), token: String, ios: bool,
        form in prop::sample::select(&[PushForm::Apns, PushForm::FcmLegacy, PushForm::FcmV1][..]),
    ) {
        let platform = if ios { Platform::Ios } else { Platform::Android };
        again(&Push::new(form, Device { token: Secret(token), platform }, message, to));
    }

    #[test]
    fn bodies_of_messages_survive_the_wire(
        message in messages(), session_id: Option<String>, last_key: Option<String>, deleted: bool,
        seqs in prop::collection::vec(seqs(), 0..4), title: Option<String>, avatar: String, unread: u64,
    ) {
        let Message { topic_id, from_id: user_id, seq_id, content, .. } = message.clone();
        let sent = Sent::from(message.clone());
        again(&sent);
        again(&Sent { rest: None, ..sent });
        again(&SendMessage { content, session_id });
        let entry = MessageEntry { is_deleted: deleted, ..message.clone().into() };
        let messages = vec![entry.clone(), entry.deleted()];
        let key = last_key.clone();
        again(&History { user_id: user_id.clone(), topic_id: topic_id.clone(), messages, last_key: key });
        again(&ConfirmReads { seq_ids: seqs.clone() });
        again(&ConfirmedReads { topic_id: topic_id.clone(), success_ids: seqs, failed_ids: vec![seq_id] });
        again(&DeletedMessage { user_id: user_id.clone(), topic_id: topic_id.clone(), seq_id });
        let last_message = LastMessage::from(&message);
        let last_updated = message.ts;
        let entry = TopicEntry {
            topic_id: topic_id.clone(), title: title.clone(), last_message, last_updated, unread,
        };
        again(&Topics { user_id: user_id.clone(), topics: vec![entry], last_key });
        let resolved = ResolvedTopic { topic_id: topic_id.clone(), title, avatar };
        again(&ResolvedTopics { user_id: Some(user_id), topics: vec![resolved], failed: vec![topic_id] });
    }

    #[test]
    fn bodies_of_users_survive_the_wire(
        user_id in wire_users(), with_id in wire_users(), name: String, secret: String, expires in times(),
        topic_id in topics(), start: bool, file_size: u64, names in prop::collection::vec("[^,]{1,9}", 0..6),
    ) {
        let token = Secret(secret);
        again(&Login::Basic { username: name.clone(), password: token.clone() });
        again(&Login::HarajSession { session_value: token.clone() });
        again(&Session { user_id: user_id.clone(), access_token: token.clone(), expires });
        again(&StartTopic::P2p { with_id: with_id.clone() });
        for form in [TopicForm::Object, TopicForm::String] {
            let (user_id, topic_id, with_id) = (user_id.clone(), topic_id.clone(), with_id.clone());
            again(&StartedTopic { user_id, topic_id, form, with_id });
        }
        let what = TopicAction::Typing;
        again(&SetTyping { what, start });
        again(&TypingSet { user_id: user_id.clone(), what, start, topic_id: topic_id.clone() });
        again(&HiddenTopic { user_id: user_id.clone(), topic_id });
        let avatar = name.clone();
        again(&Profile { user_id: user_id.clone(), name: name.clone(), avatar: avatar.clone() });
        let found = FoundUser { username: name.clone(), user_id: with_id, avatar: avatar.clone() };
        again(&FoundUsers { user_id: user_id.clone(), users: vec![found] });
        let device = Device { token, platform: Platform::Android };
        for update in [UpdateUser::UpdateAvatar { avatar }, UpdateUser::UpdateDevice { device }] {
            again(&update);
            again(&UpdatedUser { user_id: user_id.clone(), update });
        }
        again(&Upload { mime_type: name.clone(), file_size });
        again(&UploadGrant { url: name });
        again(&ResolveQuery { topic_ids: names.iter().cloned().map(TopicId).collect() });
        again(&FindQuery { usernames: names });
    }

    #[test]
    fn http_answers_survive_the_wire(reply in replies(any::<String>().prop_map(|url| UploadGrant { url }))) {
        again(&reply);
    }
}

#[cfg(feature = "schema")]
#[test]
fn schemas_are_free_of_links_and_placeholders() {
    let schemas = [
        schemars::schema_for!(ClientFrame),
        schemars::schema_for!(ServerFrame),
        schemars::schema_for!(Push),
        schemars::schema_for!(Reply<Sent>),
        schemars::schema_for!(Reply<UpdatedUser>),
        schemars::schema_for!(ResolveQuery),
    ];
    for schema in schemas.map(|schema| schema.to_value().to_string()) {
        assert!(!schema.contains("[`") && !schema.contains("{T}"), "{schema}");
    }
}

/// A push of a text with the longest ids there are, whose every character is escaped, once or twice.
fn longest(text: &str, name: &str, form: PushForm, platform: Platform) -> Push {
    let user = UserId::new("\"".repeat(128)).unwrap();
    let message = Message {
        topic_id: TopicId("\\".repeat(128)),
        from_id: WireUser(user.clone()),
        name: name.to_owned(),
        content: Content::plain(text),
        status: [(user.clone(), false)].into(),
        ..message()
    };
    let device = Device { token: Secret("T".repeat(4_096)), platform };
    Push { badge: Some(u64::MAX), ..Push::new(form, device, message, vec![WireUser(user)]) }
}

/// What a device gets, as JSON text: all but its token.
fn received(push: &Push) -> String {
    encode(push).as_str().replace(&"T".repeat(4_096), "")
}

const FORMS: [(PushForm, Platform); 4] = [
    (PushForm::Apns, Platform::Ios),
    (PushForm::FcmLegacy, Platform::Android),
    (PushForm::FcmV1, Platform::Android),
    (PushForm::FcmV1, Platform::Ios),
];

#[test]
fn a_push_of_any_text_fits_and_is_cut_between_characters() {
    for unit in ["a", "👍🏽", "\"", "\\", "\n", "\u{1}", "é", "漢", "\u{301}"] {
        let text = unit.repeat(16_000 / unit.len());
        for (form, platform) in FORMS {
            let push = longest(&text, &unit.repeat(500), form, platform).fit();
            let json = received(&push);
            assert!(json.len() <= limits::MAX_PUSH_PAYLOAD, "{form:?} {unit:?}: {}", json.len());
            let kept = push.message.content.text().unwrap().into_owned();
            assert!(text.starts_with(&kept), "{form:?} {unit:?}");
            assert!(push.message.content.payload.get().starts_with(r#"{"cut":true"#));
            // One character more would not have fitted: it takes at most 14 bytes, and stands there twice.
            assert!(json.len() > limits::MAX_PUSH_PAYLOAD - 30, "{form:?} {unit:?}: {}", json.len());
            assert_eq!(push.message.name.chars().count(), 64);
            again(&Push { badge: None, ..push });
        }
    }
}

#[test]
fn a_push_that_fits_is_told_as_it_is_and_one_that_is_no_text_by_its_type() {
    for (form, platform) in FORMS {
        let short = longest("hi", "Ann", form, platform);
        assert_eq!(short.clone().fit(), short);
        let large = serde_json::json!({"blob": "x".repeat(16_000)});
        let content = Content::new(format!("a/{}", "\"".repeat(250)), &large);
        let push = Push { message: Message { content, ..short.message.clone() }, ..short }.fit();
        assert_eq!(push.message.content.payload.get(), r#"{"cut":true}"#);
        assert!(received(&push).len() <= limits::MAX_PUSH_PAYLOAD, "{form:?}: {}", received(&push).len());
    }
}
