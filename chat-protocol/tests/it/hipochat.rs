//! `hipochat`: every example of the reference and of the original document, what is refused, what is tolerated, and that
//! nothing is lost between a writer and a reader.

use std::fmt::Debug;

use chat_protocol::dialect::hipochat::*;
use chat_protocol::dialect::{Json, Object, Seconds, WholeSeconds};
use chat_protocol::{ErrorCode, Timestamp, UserId, decode, encode};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What is read and written back to another text.
fn becomes<T: DeserializeOwned + Serialize>(json: &str, written: &str) -> T {
    let value: T = decode(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(encode(&value).as_str(), written);
    value
}

/// What is read and written back to exactly the same text.
fn same<T: DeserializeOwned + Serialize>(json: &str) -> T {
    becomes(json, json)
}

fn object(json: &str) -> Object {
    same(json)
}

fn profile(json: &str) -> Profile {
    same(json)
}

fn room(token: &str) -> RoomToken {
    RoomToken::new(token).unwrap()
}

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// The time of the reference's message.
fn hello_at() -> Timestamp {
    Timestamp::from_micros(1_414_768_486_196_569)
}

#[test]
fn frames_of_the_reference() {
    let hello: ClientFrame = same(r#"{"message":"hello","author":"ann"}"#);
    let rich: ClientFrame = same(
        r#"{"body":{"message":"hello"},"type":"message","clientId":"c1","status":"connected","email":"a@b.c"}"#,
    );
    assert_eq!([hello.0.text(), rich.0.text()], [Some("hello".to_owned()), Some("hello".to_owned())]);

    let json = r#"{"message":"hello","author":"ann","timestamp":1414768486.196569,"token":"e598c2a9-317a-4577-8cbd-7fd5f0cddbdf"}"#;
    let frame = MessageFrame::new(
        hello,
        &profile(r#"{"user_id":1}"#),
        hello_at(),
        room("e598c2a9-317a-4577-8cbd-7fd5f0cddbdf"),
    );
    assert_eq!(same::<ServerFrame>(json), ServerFrame::Message(frame));

    let json =
        r#"{"timestamp":1414773038.058612,"token":"r1","injected":{"message":"foobar","user":"johndoe"}}"#;
    let item = Item {
        timestamp: Seconds(Timestamp::from_micros(1_414_773_038_058_612)),
        token: room("r1"),
        injected: object(r#"{"message":"foobar","user":"johndoe"}"#),
        form: ItemForm::Injected,
    };
    assert_eq!(same::<ServerFrame>(json), ServerFrame::Item(item));

    let json = r#"{"type":"message","message":"hi","body":{"message":"hi"},"author":{"user_id":1,"name":"Ann Lee"},"timestamp":1414768486.196569,"token":"r1"}"#;
    let foreign = MessageFrame::foreign("hi", &Profile::new(user("1"), "Ann Lee"), hello_at(), room("r1"));
    assert_eq!(same::<ServerFrame>(json), ServerFrame::Message(foreign));

    for (json, refusal) in [
        (r#"{"ERROR":"authentication error"}"#, Refusal::Authentication),
        (r#"{"ERROR":"slow down"}"#, Refusal::Reason("slow down".to_owned())),
    ] {
        assert_eq!(json, format!(r#"{{"ERROR":"{refusal}"}}"#));
        assert_eq!(same::<ServerFrame>(json), ServerFrame::Error(ErrorFrame { error: refusal }));
    }
}

#[test]
fn bodies_of_the_reference() {
    let created: RoomCreated = same(r#"{"chat":{"token":"e598c2a9-317a-4577-8cbd-7fd5f0cddbdf"}}"#);
    assert_eq!(created.token, room("e598c2a9-317a-4577-8cbd-7fd5f0cddbdf"));
    assert_eq!(same::<CreateRoom>(r#"{"users":["2"]}"#).users, [user("2")]);
    same::<Unauthorized>(r#"{"detail":"Invalid token."}"#);
    assert_eq!(same::<Notification>(r#"{"notification":"3"}"#).count, Some(3));
    assert_eq!(same::<Notification>(r#"{"notification":null}"#).count, None);
    same::<OldMessages>(r#"{"oldy":[],"results":{"read_messages":[],"unread_messages":[]}}"#);
    same::<Histories>(r#"{"results":[{"room_name":"r1","unread_count":"3","messages":[]}]}"#);
    same::<Histories>(r#"{"results":[{"room_name":"r1","unread_count":0,"messages":[]}]}"#);
    let json = r#"{"chat_token":"r1","type":"message","receivers":["2"],"body":{"message":"hello"},"author":{"user_id":1}}"#;
    assert_eq!(same::<Push>(json).receivers, [user("2")]);
}

#[test]
fn bodies_of_the_original_document() {
    becomes::<RoomCreated>(
        r#"{ "chat": { "token": "e598c2a9-317a-4577-8cbd-7fd5f0cddbdf" } }"#,
        r#"{"chat":{"token":"e598c2a9-317a-4577-8cbd-7fd5f0cddbdf"}}"#,
    );
    same::<ItemRequest>(r#"{"message":"foobar","user":"johndoe"}"#);
    // Its keys are not quoted there; and the time is written where the server puts it, after the client's keys.
    let old: OldMessages = becomes(
        r#"{"oldy":[
            {"timestamp":1414768486.196569,"message":"asdasda","author":"asdasda"},
            {"timestamp":1414770934.580683,"message":"adsadsdasads","author":"assaddsa"},
            {"timestamp":1414772188.836509,"message":"dsadasads","author":"dssdaasd"},
            {"timestamp":1414773038.058612,"token":"ac9e8485-8120-4cdc-a5c7-2687a04f01b5","injected":{"message":"hede","hodo":"hede"}}
        ]}"#,
        &{
            let all = r#"[{"message":"asdasda","author":"asdasda","timestamp":1414768486.196569},{"message":"adsadsdasads","author":"assaddsa","timestamp":1414770934.580683},{"message":"dsadasads","author":"dssdaasd","timestamp":1414772188.836509},{"timestamp":1414773038.058612,"token":"ac9e8485-8120-4cdc-a5c7-2687a04f01b5","injected":{"message":"hede","hodo":"hede"}}]"#;
            format!(r#"{{"oldy":{all},"results":{{"read_messages":{all},"unread_messages":[]}}}}"#)
        },
    );
    assert_eq!((old.read.len(), old.unread.len()), (4, 0));
    assert!(old.read[..3].iter().all(|entry| matches!(entry, Entry::Message(_))));
    assert!(matches!(&old.read[3], Entry::Item(item) if item.injected.text().as_deref() == Some("hede")));
}

#[test]
fn a_client_cannot_speak_for_the_room_nor_leak_a_token() {
    let author = profile(r#"{"user_id":"b@x","name":"Bo"}"#);
    let told = |json: &str| {
        let frame = MessageFrame::new(decode(json.as_bytes()).unwrap(), &author, hello_at(), room("r1"));
        encode(&frame).as_str().to_owned()
    };
    for (sent, broadcast) in [
        (
            r#"{"token":"secret","message":"x"}"#,
            r#"{"message":"x","author":{"user_id":"b@x","name":"Bo"},"timestamp":1414768486.196569,"token":"r1"}"#,
        ),
        (
            r#"{"message":"x","token":"secret","token":{"a":1},"author":null,"timestamp":"now"}"#,
            r#"{"message":"x","author":null,"timestamp":"now","token":"r1"}"#,
        ),
        (
            r#"{"to\u006ben":"secret","n": 1.00}"#,
            r#"{"n":1.00,"author":{"user_id":"b@x","name":"Bo"},"timestamp":1414768486.196569,"token":"r1"}"#,
        ),
    ] {
        assert_eq!(told(sent), broadcast);
    }
    becomes::<Profile>(r#"{"name":"Bo","token":"secret","user_id":"7"}"#, r#"{"name":"Bo","user_id":7}"#);
    becomes::<Entry>(r#"{"token":"secret","m":1,"timestamp":5}"#, r#"{"m":1,"timestamp":5.0}"#);
    let tokens = MemberTokens { tokens: vec!["secret".to_owned()] };
    assert_eq!(format!("{tokens:?}"), "MemberTokens(1)");
}

#[test]
fn items_of_both_generations_are_read() {
    let both = r#"{"timestamp":1.5,"token":"r1","injected":{"a":1},"type":"item","author":{"user_id":1},"body":{"a":1}}"#;
    let ServerFrame::Item(item) = same(both) else { panic!("no item") };
    assert_eq!(item.form, ItemForm::WithBody { author: profile(r#"{"user_id":1}"#) });
    let later = r#"{"timestamp":1.5,"type":"item","author":{"user_id":1},"token":"r1","body":{"a":1}}"#;
    assert_eq!(becomes::<ServerFrame>(later, both), ServerFrame::Item(item.clone()));
    assert_eq!(becomes::<Entry>(later, both), Entry::Item(item));
    let whole = r#"{"timestamp":1,"type":"item","author":{"token":"secret"},"token":"r1","body":{"a":1}}"#;
    let Entry::Item(item) = decode::<Entry<WholeSeconds>>(whole.as_bytes()).unwrap() else {
        panic!("no item")
    };
    assert_eq!(item.form, ItemForm::WithBody { author: Profile::default() });
}

#[test]
fn a_message_with_the_keys_of_an_item_is_a_message_unless_it_claims_to_be_one() {
    for (json, is_item) in [
        (r#"{"injected":{},"author":"ann","timestamp":1.5,"token":"r1"}"#, false),
        (r#"{"injected":{},"author":{},"timestamp":1.5,"token":"r1"}"#, false),
        (r#"{"injected":5,"timestamp":1.5,"token":"r1"}"#, false),
        (r#"{"type":"item","body":"hi","author":{},"timestamp":1.5,"token":"r1"}"#, false),
        (r#"{"type":"item","body":{},"author":"ann","timestamp":1.5,"token":"r1"}"#, false),
        (r#"{"type":"item","body":{},"author":{},"timestamp":"now","token":"r1"}"#, false),
        (r#"{"ERROR":"x","author":{},"timestamp":1.5,"token":"r1"}"#, false),
        (r#"{"type":"item","body":{},"author":{"user_id":1.5},"timestamp":1.5,"token":"r1"}"#, false),
        (r#"{"type":"item","body":{},"injected":5,"author":{},"timestamp":1.5,"token":"r1"}"#, false),
        (r#"{"type":"item","body":{},"author":{},"timestamp":1.5,"token":"r1"}"#, true),
        (r#"{"type":"item","body":{},"timestamp":1.5,"token":"r1"}"#, true),
    ] {
        let frame: ServerFrame = decode(json.as_bytes()).unwrap();
        assert_eq!(matches!(frame, ServerFrame::Item(_)), is_item, "{json}");
        assert_eq!(matches!(frame, ServerFrame::Message(_)), !is_item, "{json}");
    }
    // In lists only an item names its room.
    let entry: Entry = same(r#"{"type":"item","body":{},"author":{},"injected":{},"timestamp":1.5}"#);
    assert!(matches!(entry, Entry::Message(_)));
}

#[test]
fn unknown_keys_and_other_forms_are_tolerated() {
    becomes::<ServerFrame>(
        r#"{"later":1,"timestamp":1,"token":"r1","injected":{"a":[1, 2.0]}}"#,
        r#"{"timestamp":1.0,"token":"r1","injected":{"a":[1, 2.0]}}"#,
    );
    becomes::<ServerFrame>(r#"{"ERROR":"slow down","later":1}"#, r#"{"ERROR":"slow down"}"#);
    becomes::<CreateRoom>(r#"{"users":[2,"a@b",2],"later":1}"#, r#"{"users":["2","a@b","2"]}"#);
    becomes::<CreateRoom>(r#"{"users":null}"#, "{}");
    becomes::<CreateRoom>(r#"{"users":[]}"#, "{}");
    becomes::<RoomCreated>(r#"{"chat":{"token":"r1","id":5},"later":1}"#, r#"{"chat":{"token":"r1"}}"#);
    becomes::<Unauthorized>(r#"{"detail":"no","code":5}"#, r#"{"detail":"no"}"#);
    becomes::<Notification>(r#"{"notification":3,"later":1}"#, r#"{"notification":"3"}"#);
    becomes::<OldMessages>(
        r#"{"later":1,"results":{"later":1,"read_messages":[],"unread_messages":[{"timestamp":1}]}}"#,
        r#"{"oldy":[{"timestamp":1.0}],"results":{"read_messages":[],"unread_messages":[{"timestamp":1.0}]}}"#,
    );
    for (count, written) in [
        (r#","unread_count":3"#, r#""3""#),
        (r#","unread_count":"0""#, r#""0""#),
        (r#","unread_count":null"#, "0"),
        ("", "0"),
    ] {
        becomes::<Histories>(
            &format!(
                r#"{{"results":[{{"room_name":"r1"{count},"messages":[{{"timestamp":1.9}}],"later":1}}]}}"#
            ),
            &format!(
                r#"{{"results":[{{"room_name":"r1","unread_count":{written},"messages":[{{"timestamp":1}}]}}]}}"#
            ),
        );
    }
    becomes::<Push>(
        r#"{"later":1,"type":"item","chat_token":"r1","author":{"token":"secret"},"body":null,"receivers":[2]}"#,
        r#"{"chat_token":"r1","type":"item","receivers":["2"],"body":null,"author":{}}"#,
    );
    becomes::<ClientFrame>(r#"{"a":1,"b":2,"a":3}"#, r#"{"b":2,"a":3}"#);
    assert_eq!(CreateRoom::from_body(b" \n").unwrap(), CreateRoom::default());
    assert_eq!(CreateRoom::from_body(b"{}").unwrap(), CreateRoom::default());
}

fn refusal<T: DeserializeOwned + Debug>(json: &str) -> (ErrorCode, String) {
    let error = decode::<T>(json.as_bytes()).unwrap_err();
    (error.code, error.detail.unwrap())
}

#[test]
fn wrong_frames_are_refused_by_name_without_repeating_them() {
    const TOKEN: &str = "a room token is 1 to 320 of the characters a-z A-Z 0-9 . : , _ -";
    for json in ["5", "[]", "null", r#""secret""#, "true"] {
        assert_eq!(
            refusal::<ClientFrame>(json),
            (ErrorCode::BadRequest, "expected a JSON object".to_owned()),
            "{json}"
        );
    }
    for json in ["", "{", r#"{"a":}"#, r#"{"a":1}}"#, "{'a':1}"] {
        assert_eq!(refusal::<ClientFrame>(json).0, ErrorCode::InvalidJson, "{json}");
    }
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(64), "]".repeat(64));
    assert_eq!(refusal::<ClientFrame>(&deep).0, ErrorCode::TooDeep);
    for (json, detail) in [
        ("[]", "expected a JSON object"),
        ("{}", "missing field `token`"),
        (r#"{"message":"secret"}"#, "missing field `token`"),
        (r#"{"message":"hi","token":5}"#, "token: expected a string"),
        (r#"{"message":"hi","token":""}"#, &format!("token: {TOKEN}")),
        (r#"{"message":"hi","token":"a/b"}"#, &format!("token: {TOKEN}")),
        (r#"{"injected":{},"token":"r1"}"#, "missing field `timestamp`"),
        (r#"{"injected":{},"timestamp":1}"#, "missing field `token`"),
        (
            r#"{"injected":{},"token":"r1","timestamp":"secret"}"#,
            "timestamp: expected a time: a number of seconds since 1970",
        ),
        (r#"{"ERROR":5}"#, "ERROR: expected a string"),
    ] {
        assert_eq!(refusal::<ServerFrame>(json), (ErrorCode::BadRequest, detail.to_owned()), "{json}");
    }
}

#[test]
fn wrong_bodies_are_refused_by_name_without_repeating_them() {
    const USER: &str =
        "expected a user id: an integer from 0 to 9007199254740991, or a string of 1 to 128 bytes";
    const COUNT: &str = "expected a count: a string of digits or an integer from 0";
    let check = |actual: (ErrorCode, String), detail: &str| {
        assert_eq!(actual, (ErrorCode::BadRequest, detail.to_owned()));
    };
    check(refusal::<ItemRequest>("[1]"), "expected a JSON object");
    check(
        refusal::<Item>(r#"{"timestamp":1,"token":"r1","injected":{},"author":{"user_id":1.5}}"#),
        &format!("author: user_id: {USER}"),
    );
    check(refusal::<CreateRoom>(r#"{"users":"2"}"#), "users: expected a sequence");
    check(refusal::<CreateRoom>(r#"{"users":[2.5]}"#), &format!("users[0]: {USER}"));
    check(refusal::<RoomCreated>("{}"), "missing field `chat`");
    check(refusal::<RoomCreated>(r#"{"chat":{}}"#), "chat: missing field `token`");
    check(refusal::<Unauthorized>("{}"), "missing field `detail`");
    check(refusal::<Notification>("{}"), "missing field `notification`");
    check(refusal::<Notification>(r#"{"notification":-1}"#), &format!("notification: {COUNT}"));
    check(refusal::<Notification>(r#"{"notification":"+3"}"#), "notification: not a count");
    check(refusal::<Notification>(r#"{"notification":""}"#), "notification: not a count");
    check(refusal::<OldMessages>("{}"), "missing field `oldy`");
    check(refusal::<OldMessages>(r#"{"oldy":[{"m":1}]}"#), "oldy[0]: missing field `timestamp`");
    check(
        refusal::<OldMessages>(r#"{"oldy":[],"results":{"read_messages":[]}}"#),
        "results: missing field `unread_messages`",
    );
    check(
        refusal::<Histories>(r#"{"results":[{"room_name":"r1","unread_count":"x","messages":[]}]}"#),
        "results[0].unread_count: not a count",
    );
    check(refusal::<Profile>(r#"{"user_id":[1]}"#), &format!("user_id: {USER}"));
    check(refusal::<Push>(r#"{"chat_token":"r1","type":"call"}"#), "type: expected `message` or `item`");
    for form in ["", "chat_token=r1", "type=item", "chat_token=r1&type=call", "chat_token=a%2Fb&type=item"] {
        assert_eq!(PushSignal::from_form(form), None, "{form}");
    }
    for form in ["", "tokens", "tokens=", "token=a"] {
        assert_eq!(MemberTokens::from_form(form), None, "{form}");
    }
}

#[test]
fn pushes_tell_of_messages_and_items() {
    let author = Profile::new(user("1"), "Ann");
    let push = |json: &str| {
        let frame = MessageFrame::new(ClientFrame(object(json)), &author, hello_at(), room("r1"));
        Push::message(&frame, author.clone(), vec![user("2"), user("a@b")])
    };
    for (json, body) in [
        (r#"{"message":"a","body":{"message":"b"}}"#, r#"{"message":"b"}"#),
        (r#"{"message":"a"}"#, r#""a""#),
        (r#"{"text":"a"}"#, "null"),
    ] {
        let json_form = push(json).written(PushForm::Json);
        assert_eq!(json_form.content_type, "application/json");
        assert_eq!(
            json_form.body,
            format!(
                r#"{{"chat_token":"r1","type":"message","receivers":["2","a@b"],"body":{body},"author":{{"user_id":1,"name":"Ann"}}}}"#
            )
        );
    }
    let item = same::<Item>(r#"{"timestamp":1.5,"token":"r:1","injected":{"a":1}}"#);
    let push = Push::item(&item, author, vec![]);
    assert_eq!(push.body, Json::new(&serde_json::json!({ "a": 1 })));
    let form = push.written(PushForm::Form);
    assert_eq!(form.content_type, "application/x-www-form-urlencoded");
    assert_eq!(form.body, "chat_token=r%3A1&type=item");
    assert_eq!(
        PushSignal::from_form(&form.body),
        Some(PushSignal { chat_token: room("r:1"), kind: PushKind::Item })
    );
}

/// Values that a JSON parser would change: spaces, digits that no number keeps.
fn json() -> impl Strategy<Value = Json> {
    let raw = |text: &str| serde_json::from_str::<Json>(text).unwrap();
    let exact =
        ["1.00", "1e400", r#"{ "a" : [ ] }"#, r#""\u0041""#, "-0", "12345678901234567890123"].map(raw);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            prop::collection::btree_map(".{0,4}", inner, 0..3)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    prop_oneof![4 => value.prop_map(|value| Json::new(&value)), 1 => prop::sample::select(exact.to_vec())]
}

/// Objects, also with the keys that mean something. None is of `type` `item`, see [`ServerFrame`].
fn objects() -> impl Strategy<Value = Object> {
    let known =
        ["message", "body", "text", "type", "author", "timestamp", "token", "injected", "ERROR", "user_id"];
    let key = prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), ".{0,6}"];
    prop::collection::vec((key, json()), 0..6).prop_map(|entries| entries.into_iter().collect())
}

fn users() -> impl Strategy<Value = UserId> {
    "[0-9]{1,17}|[a-zé@ ]{1,9}".prop_map(|id| user(&id))
}

fn profiles() -> impl Strategy<Value = Profile> {
    (objects(), prop::option::of(users())).prop_map(|(mut object, user)| {
        object.remove("user_id");
        if let Some(user) = user {
            object = object.with("user_id", user.as_str());
        }
        Profile::try_from(object).unwrap()
    })
}

fn rooms() -> impl Strategy<Value = RoomToken> {
    "[a-zA-Z0-9.:,_-]{1,20}".prop_map(|token| room(&token))
}

fn times() -> impl Strategy<Value = Timestamp> {
    (0_i64..8_500_000_000_000_000).prop_map(Timestamp::from_micros)
}

fn seconds() -> BoxedStrategy<Seconds> {
    times().prop_map(Seconds).boxed()
}

fn whole() -> BoxedStrategy<WholeSeconds> {
    (0_i64..8_500_000_000).prop_map(|s| WholeSeconds(Timestamp::from_micros(s * 1_000_000))).boxed()
}

fn items<T: Debug>(times: BoxedStrategy<T>) -> impl Strategy<Value = Item<T>> {
    let form =
        prop_oneof![Just(ItemForm::Injected), profiles().prop_map(|author| ItemForm::WithBody { author })];
    (times, rooms(), objects(), form).prop_map(|(timestamp, token, injected, form)| Item {
        timestamp,
        token,
        injected,
        form,
    })
}

fn entries<T: Debug + Clone + 'static>(times: BoxedStrategy<T>) -> impl Strategy<Value = Vec<Entry<T>>> {
    let message =
        (objects(), times.clone()).prop_map(|(object, ts)| Entry::Message(OldMessage::new(object, ts)));
    prop::collection::vec(prop_oneof![message, items(times).prop_map(Entry::Item)], 0..4)
}

fn messages() -> impl Strategy<Value = MessageFrame> {
    (objects(), profiles(), times(), rooms())
        .prop_map(|(object, author, ts, token)| MessageFrame::new(ClientFrame(object), &author, ts, token))
}

fn errors() -> impl Strategy<Value = ErrorFrame> {
    prop_oneof![Just("authentication error".to_owned()), ".*"]
        .prop_map(|text| ErrorFrame { error: Refusal::from(text) })
}

#[track_caller]
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
}

proptest! {
    #[test]
    fn every_frame_comes_back(object in objects(), message in messages(), item in items(seconds()), error in errors()) {
        comes_back(&ItemRequest(object.clone()));
        comes_back(&ClientFrame(object));
        comes_back(&message);
        comes_back(&item);
        comes_back(&error);
        comes_back(&ServerFrame::Message(message));
        comes_back(&ServerFrame::Item(item));
        comes_back(&ServerFrame::Error(error));
    }

    #[test]
    fn every_list_comes_back(
        read in entries(seconds()),
        unread in entries(seconds()),
        messages in entries(whole()),
        room_name in rooms(),
        unread_count in any::<Option<u64>>(),
    ) {
        comes_back(&OldMessages { read, unread });
        comes_back(&Histories { results: vec![RoomHistory { room_name, unread_count, messages }] });
    }

    #[test]
    fn every_body_comes_back(
        users in prop::collection::vec(users(), 0..4),
        token in rooms(),
        detail in ".*",
        count in any::<Option<u64>>(),
        author in profiles(),
        body in json(),
        tokens in prop::collection::vec(".+", 1..4),
    ) {
        comes_back(&author);
        comes_back(&CreateRoom { users: users.clone() });
        comes_back(&RoomCreated { token: token.clone() });
        comes_back(&Unauthorized { detail });
        comes_back(&Notification { count });
        comes_back(&Push { chat_token: token, kind: PushKind::Item, receivers: users, body, author });
        let tokens = MemberTokens { tokens };
        prop_assert_eq!(MemberTokens::from_form(&tokens.to_form()), Some(tokens));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), object in objects()) {
        let _ = decode::<ServerFrame>(&bytes);
        let json = encode(&object);
        if let Ok(frame) = decode::<ServerFrame>(json.as_str().as_bytes()) {
            comes_back(&frame);
        }
        if let Ok(entry) = decode::<Entry>(json.as_str().as_bytes()) {
            comes_back(&entry);
        }
    }
}
