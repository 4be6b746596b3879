//! `chats`: its documented examples, what its readers bear and refuse, and that what is written is read.

use std::fmt::Debug;

use chat_protocol::dialect::chats::*;
use chat_protocol::dialect::{Micros, Seconds, WireUser};
use chat_protocol::{ErrorCode, Timestamp, UserId, decode, encode};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What is read from `json` and written back to `written`.
fn rewritten<T: DeserializeOwned + Serialize>(json: &str, written: &str) -> T {
    let value: T = decode(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(encode(&value).as_str(), written);
    value
}

fn same<T: DeserializeOwned + Serialize>(json: &str) -> T {
    rewritten(json, json)
}

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn message(id: u64) -> MessageId {
    MessageId::new(id).unwrap()
}

/// Section 4 of the dialect reference.
fn reference() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/dialects.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, section) = text.split_once("## 4. `chats`").unwrap();
    section.split_once("\n## 5.").unwrap().0.to_owned()
}

/// The JSON blocks of a text.
fn blocks(text: &str) -> Vec<&str> {
    text.split("```json\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
}

#[test]
fn every_server_frame_of_the_reference_is_written_as_it_is_there() {
    let section = reference();
    let [block] = blocks(&section)[..] else { panic!("one block of frames") };
    // A line that begins with a space goes on with the one before.
    let frames_text = block.trim().replace("\n ", "");
    let frames: Vec<ServerFrame> = frames_text.lines().map(same).collect();
    let kinds: Vec<_> = frames.iter().filter_map(ServerFrame::kind).collect();
    assert_eq!(kinds, ["new_message", "user_typing", "message_read", "delete_message", "set_online"]);
    assert_eq!(frames.last(), Some(&ServerFrame::Error("User 3 is not a member of chat 1_2".to_owned())));
    same::<ServerFrame>(r#"{"type":"set_offline","user_id":1,"content":{"user_id":1}}"#);
    let edited = frames_text.lines().next().unwrap().replacen("new_message", "edit_message", 1);
    assert!(matches!(same::<ServerFrame>(&edited), ServerFrame::EditMessage(_)));
}

#[test]
fn every_object_in_the_text_of_the_reference_is_read_and_written() {
    let section = reference();
    let mut seen = Vec::new();
    for span in section.split('`').skip(1).step_by(2).filter(|span| span.starts_with("{\"")) {
        // Others are outlines of a shape: `{"count","next","previous","results":[{message}]}`.
        let Ok(serde_json::Value::Object(keys)) = serde_json::from_str(span) else { continue };
        let key =
            keys.keys().map(String::as_str).find(|key| ["type", "error", "detail", "author"].contains(key));
        seen.push(key.unwrap().to_owned());
        match key.unwrap() {
            "type" => drop(same::<ClientFrame>(span)),
            "error" => drop(same::<ServerFrame>(span)),
            "detail" => drop(same::<Detail>(span)),
            _ => {
                let json = format!(
                    r#"{{"id":10,"project":10,"last_message":{span},"name":"Bridge","image_address":null}}"#
                );
                assert_eq!(same::<ProjectSummary>(&json).last_message, None);
            }
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen, ["author", "detail", "error", "type"]);
}

/// The document's five frames with its placeholders filled. Only the first has the keys that are written:
/// `message` became `text`, three commands print `typing`, and `file_urls` came later.
#[test]
fn every_frame_of_the_original_document_is_read() {
    let document = include_str!("../documents/chats.txt");
    let frames: Vec<String> = blocks(document)
        .into_iter()
        .map(|block| {
            let plain = block
                .replace(r#"{{"direct" | "project"}}"#, r#""direct""#)
                .replace(r#"{{"id1"_"id2"}}"#, r#""1_2""#)
                .replace("{{string}}", r#""hi""#)
                .replace("{{number}}", "17")
                .replace("number | null", "null");
            let lines = plain.lines().map(|line| line.split("//").next().unwrap_or_default().trim());
            lines.collect::<String>().replace(",}", "}")
        })
        .collect();
    let read: Vec<_> = frames
        .iter()
        .map(|json| ClientFrame::read(json.as_bytes()).map(|frame| encode(&frame).as_str().to_owned()))
        .collect();
    assert_eq!(
        read,
        [
            Ok(r#"{"type":"set_offline","content":{}}"#.to_owned()),
            Ok(r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"1_2","text":"hi","reply_to":null,"file_urls":[]}}"#.to_owned()),
            Ok(r#"{"type":"user_typing","content":{"chat_type":"direct","chat_id":"1_2"}}"#.to_owned()),
            Err(BadInput::TypingMessage),
            Err(BadInput::TypingMessage),
        ]
    );
}

#[test]
fn every_command_has_its_shape() {
    for json in [
        r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"1_2","text":"","reply_to":9,"file_urls":["https://a/b.pdf"]}}"#,
        r#"{"type":"user_typing","content":{"chat_type":"project","chat_id":10}}"#,
        r#"{"type":"message_read","content":{"chat_type":"direct","chat_id":"1_2","message_id":17}}"#,
        r#"{"type":"delete_message","content":{"chat_type":"project","chat_id":10,"message_id":17}}"#,
        r#"{"type":"edit_message","content":{"chat_type":"direct","chat_id":"1_2","message_id":17,"text":"ho"}}"#,
        r#"{"type":"set_online","content":{}}"#,
        r#"{"type":"set_offline","content":{}}"#,
        r#"{"type":"dance"}"#,
    ] {
        assert!(json.contains(same::<ClientFrame>(json).kind()), "{json}");
    }
}

#[test]
fn commands_of_all_generations_are_read() {
    let said = |content: &str| format!(r#"{{"type":"new_message","content":{content}}}"#);
    let hi = said(r#"{"chat_type":"direct","chat_id":"1_2","text":"hi","reply_to":null,"file_urls":[]}"#);
    for content in [
        r#"{"chat_type":"direct","chat_id":"1_2","message":"hi"}"#,
        r#"{"chat_type":"direct","chat_id":"1_2","message":"no","text":"hi"}"#,
        r#"{"chat_type":"direct","chat_id":"1_2","message":"hi","text":null,"file_urls":null}"#,
        r#"{"chat_type":"direct","chat_id":"1_2","message":5,"text":"hi","mood":{"x":[1]}}"#,
        r#"{"chat_id":"9_9","chat_type":"direct","chat_id":"1_2","text":"hi"}"#,
    ] {
        rewritten::<ClientFrame>(&said(content), &hi);
    }
    for (json, written) in [
        (
            r#"{"type":"user_typing","content":{"chat_type":"project","chat_id":"10"},"id":1}"#,
            r#"{"type":"user_typing","content":{"chat_type":"project","chat_id":10}}"#,
        ),
        (
            r#"{"type":"typing","content":{"chat_type":"direct","chat_id":"2_1","message_id":null}}"#,
            r#"{"type":"user_typing","content":{"chat_type":"direct","chat_id":"2_1"}}"#,
        ),
        (
            r#"{"type":"edit_message","content":{"chat_type":"direct","chat_id":"x","message_id":17,"message":"ho"}}"#,
            r#"{"type":"edit_message","content":{"chat_type":"direct","chat_id":"x","message_id":17,"text":"ho"}}"#,
        ),
        (r#"{"type":"set_online"}"#, r#"{"type":"set_online","content":{}}"#),
        (r#"{"type":"set_offline","content":null}"#, r#"{"type":"set_offline","content":{}}"#),
        (r#"{"type":"dance","content":[{"chat_id":[]}]}"#, r#"{"type":"dance"}"#),
    ] {
        rewritten::<ClientFrame>(json, written);
    }
}

#[test]
fn bad_input_has_its_text() {
    let missing = |key: &str| {
        format!("Missing key (might be backend's fault, but most likely you are missing this field): '{key}'")
    };
    let invalid = |key: &str| format!("Invalid value: '{key}'");
    let json = |(kind, content): (&str, &str)| format!(r#"{{"type":"{kind}","content":{{{content}}}}}"#);
    let direct =
        |keys: &str| json(("new_message", &format!(r#""chat_type":"direct","chat_id":"1_2"{keys}"#)));
    let project = |id: &str| json(("user_typing", &format!(r#""chat_type":"project","chat_id":{id}"#)));
    let named = |kind, id: &str| json((kind, &format!(r#""chat_type":"direct","chat_id":"1_2"{id}"#)));
    for (json, text) in [
        (String::new(), "Invalid JSON".to_owned()),
        ("hello".to_owned(), "Invalid JSON".to_owned()),
        (r#"{"type":"set_online""#.to_owned(), "Invalid JSON".to_owned()),
        (r#"["set_online"]"#.to_owned(), "Invalid JSON".to_owned()),
        (r#""set_online""#.to_owned(), "Invalid JSON".to_owned()),
        ("{}".to_owned(), missing("type")),
        (r#"{"type":5}"#.to_owned(), invalid("type")),
        (r#"{"type":"user_typing"}"#.to_owned(), missing("content")),
        (r#"{"type":"user_typing","content":null}"#.to_owned(), invalid("content")),
        (r#"{"type":"set_online","content":"x"}"#.to_owned(), invalid("content")),
        (json(("user_typing", "")), missing("chat_type")),
        (json(("user_typing", r#""chat_type":"direct""#)), missing("chat_id")),
        (json(("user_typing", r#""chat_type":1,"chat_id":"1_2""#)), invalid("chat_type")),
        (
            json(("user_typing", r#""chat_type":"group","chat_id":1"#)),
            "Chat type is not supported".to_owned(),
        ),
        (json(("user_typing", r#""chat_type":"direct","chat_id":5"#)), invalid("chat_id")),
        (json(("user_typing", r#""chat_type":"direct","chat_id":null"#)), invalid("chat_id")),
        (project(r#""+5""#), invalid("chat_id")),
        (project(r#""1_2""#), invalid("chat_id")),
        (project(r#""""#), invalid("chat_id")),
        (project("1.0"), invalid("chat_id")),
        (project("9007199254740992"), invalid("chat_id")),
        (named("message_read", ""), missing("message_id")),
        (named("message_read", r#","message_id":"17""#), invalid("message_id")),
        (named("message_read", r#","message_id":9007199254740992"#), invalid("message_id")),
        (named("delete_message", r#","message_id":-1"#), invalid("message_id")),
        (named("edit_message", r#","message_id":17"#), missing("text")),
        (direct(""), missing("text")),
        (direct(r#","text":5,"message":"hi""#), invalid("text")),
        (direct(r#","message":{}"#), invalid("message")),
        (direct(r#","text":"","reply_to":"9""#), invalid("reply_to")),
        (direct(r#","text":"","file_urls":[1]"#), invalid("file_urls")),
        (direct(r#","text":"","file_urls":"a""#), invalid("file_urls")),
        (
            named("typing", r#","message_id":17"#),
            "Event type 'typing' does not take message_id: use message_read or delete_message".to_owned(),
        ),
        (
            direct(&format!(r#","text":"{}""#, "é".repeat(MAX_TEXT + 1))),
            "text of 8193 characters is too long, at most 8192 are allowed".to_owned(),
        ),
    ] {
        let error = ClientFrame::read(json.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), text, "{json}");
        // The same when it is read as any other packet is; what is not JSON has a code of its own there.
        let refusal = decode::<ClientFrame>(json.as_bytes()).unwrap_err();
        if error != BadInput::InvalidJson {
            assert_eq!((refusal.code, refusal.detail), (ErrorCode::BadRequest, Some(text)), "{json}");
        }
    }
    let longest = direct(&format!(r#","text":"{}""#, "é".repeat(MAX_TEXT)));
    assert!(ClientFrame::read(longest.as_bytes()).is_ok());
}

#[test]
fn refusals_have_the_texts_of_the_reference() {
    let section = reference();
    let (three, project) = (user("3"), ProjectId::new(1).unwrap());
    for error in [
        BadInput::ChatId("x".to_owned()),
        BadInput::NotMember { user: three.clone(), chat: "1_2".to_owned() },
        BadInput::NotInProject { user: three.clone(), project },
        BadInput::NoUser,
        BadInput::WrongIds,
        BadInput::EditOfOther { user: three.clone(), message: message(17) },
        BadInput::DeleteOfOther { user: three, message: message(17) },
        BadInput::ReplyElsewhere { message: message(9), chat: "1_2".to_owned() },
        BadInput::MissingKey("chat_id"),
        BadInput::ChatType,
        BadInput::InvalidJson,
        BadInput::InvalidValue("chat_id"),
        BadInput::TypingMessage,
        BadInput::Refused("<reason>".to_owned()),
    ] {
        let text = error.to_string();
        assert!(
            section.contains(&format!("`{text}`")) || section.contains(&format!(r#":"{text}""#)),
            "{text}"
        );
        let frame = ServerFrame::from(error);
        assert_eq!(decode::<ServerFrame>(encode(&frame).as_bytes()).unwrap(), ServerFrame::Error(text));
    }
    for (error, status) in [
        (HttpError::NoCredentials, 401),
        (HttpError::Forbidden, 403),
        (HttpError::NoUnderscore, 400),
        (HttpError::NoPair, 400),
        (HttpError::NoUser, 400),
    ] {
        assert!(section.contains(&error.to_string()), "{error}");
        assert_eq!(error.status(), status);
    }
}

#[test]
fn server_frames_of_all_generations_are_read() {
    let flat =
        r#"{"message_id":17,"chat_id":"1_2","author_id":1,"text":"hi","created_at":1677240000.123456,"x":1}"#;
    let event: MessageEvent = decode(flat.as_bytes()).unwrap();
    assert_eq!(event.chat, Chat::Direct("1_2".to_owned()));
    assert_eq!(event.message.author, User::nameless(WireUser(user("1"))));
    assert_eq!(event.message.created_at.to_string(), "2023-02-24T12:00:00.123456Z");

    let later = format!(r#"{{"chat_id":10,"message":{}}}"#, encode(&event.message).as_str());
    let json = format!(r#"{{"type":"edit_message","content":{later}}}"#);
    let ServerFrame::EditMessage(event) = decode(json.as_bytes()).unwrap() else { panic!("{json}") };
    assert_eq!(event.chat, Chat::Project(ProjectId::new(10).unwrap()));

    for json in [
        r#"{"type":"set_offline","user_id":1}"#,
        r#"{"type":"set_offline","content":{"user_id":"1","since":5}}"#,
    ] {
        rewritten::<ServerFrame>(json, r#"{"type":"set_offline","user_id":1,"content":{"user_id":1}}"#);
    }
    rewritten::<ServerFrame>(
        r#"{"type":"user_typing","content":{"chat_id":"1_2","chat_type":"direct","user_id":1,"end_time":"2023-02-24T12:00:05.123456+00:00"}}"#,
        r#"{"type":"user_typing","content":{"chat_id":"1_2","chat_type":"direct","user_id":1,"end_time":1677240005.123456}}"#,
    );
    rewritten::<ServerFrame>(r#"{"type":"dance","content":7}"#, r#"{"type":"dance"}"#);
    let file = r#"{"name":"","extension":"","size":1,"link":"x","user":1,"datetime_uploaded":"2023-02-24T12:00:00Z"}"#;
    assert_eq!(decode::<FileEntry>(file.as_bytes()).unwrap().mime_type, "");
    for bad in [
        "{}",
        r#"{"error":5}"#,
        r#"{"type":"delete_message"}"#,
        r#"{"type":"delete_message","content":{"chat_id":"1_2","chat_type":"group","message_id":17}}"#,
        r#"{"type":"new_message","content":{"chat_id":"1_2","message_id":17,"author_id":1,"text":"hi"}}"#,
        r#"{"type":"set_online","content":{}}"#,
    ] {
        assert_eq!(decode::<ServerFrame>(bad.as_bytes()).unwrap_err().code, ErrorCode::BadRequest, "{bad}");
    }
}

fn some_number() -> impl Strategy<Value = u64> {
    0..=chat_protocol::MAX_SAFE
}

fn some_id() -> impl Strategy<Value = MessageId> {
    some_number().prop_map(message)
}

fn some_wire_user() -> impl Strategy<Value = WireUser> {
    "[1-9][0-9]{0,17}|[a-zé@._ ]{1,9}".prop_map(|id| WireUser(user(&id)))
}

fn some_chat() -> impl Strategy<Value = Chat> {
    prop_oneof![
        any::<String>().prop_map(Chat::Direct),
        some_number().prop_map(|number| Chat::Project(ProjectId::new(number).unwrap())),
    ]
}

fn some_time() -> impl Strategy<Value = Timestamp> {
    // What seconds as a double keep to the microsecond.
    (0_i64..8_500_000_000_000_000).prop_map(Timestamp::from_micros)
}

fn some_ref() -> impl Strategy<Value = MessageRef> {
    (some_chat(), some_id()).prop_map(|(chat, message_id)| MessageRef { chat, message_id })
}

fn some_user() -> impl Strategy<Value = User> {
    let parts = (some_wire_user(), any::<[String; 2]>(), any::<[Option<String>; 2]>(), any::<[bool; 2]>());
    parts.prop_map(|(id, [first_name, last_name], [patronymic, avatar], [is_active, is_online])| User {
        id,
        first_name,
        last_name,
        patronymic,
        avatar,
        is_active,
        is_online,
    })
}

fn some_file() -> impl Strategy<Value = FileEntry> {
    (any::<[String; 4]>(), any::<u64>(), some_wire_user(), some_time()).prop_map(
        |(texts, size, user, time)| {
            let [name, extension, mime_type, link] = texts;
            FileEntry { name, extension, mime_type, size, link, user, datetime_uploaded: Micros(time) }
        },
    )
}

fn some_reply() -> impl Strategy<Value = ReplyEntry> {
    let parts = (
        some_id(),
        some_user(),
        any::<String>(),
        prop::option::of(some_id()),
        any::<[bool; 3]>(),
        some_time(),
    );
    parts.prop_map(|(id, author, text, reply_to, [is_edited, is_read, is_deleted], time)| ReplyEntry {
        id,
        author,
        text,
        reply_to,
        is_edited,
        is_read,
        is_deleted,
        created_at: Micros(time),
    })
}

fn some_message() -> impl Strategy<Value = MessageEntry> {
    (some_reply(), prop::option::of(some_reply()), prop::collection::vec(some_file(), 0..3)).prop_map(
        |(own, reply_to, files)| MessageEntry {
            id: own.id,
            author: own.author,
            text: own.text,
            reply_to: reply_to.map(Box::new),
            files,
            is_edited: own.is_edited,
            is_read: own.is_read,
            is_deleted: own.is_deleted,
            created_at: own.created_at,
        },
    )
}

fn some_client_frame() -> impl Strategy<Value = ClientFrame> {
    let new = (some_chat(), any::<String>(), prop::option::of(some_id()), any::<Vec<String>>());
    prop_oneof![
        new.prop_map(|(chat, text, reply_to, file_urls)| {
            ClientFrame::NewMessage(NewMessage { chat, text, reply_to, file_urls })
        }),
        some_chat().prop_map(ClientFrame::UserTyping),
        some_ref().prop_map(ClientFrame::MessageRead),
        some_ref().prop_map(ClientFrame::DeleteMessage),
        (some_ref(), any::<String>()).prop_map(|(MessageRef { chat, message_id }, text)| {
            ClientFrame::EditMessage(EditMessage { chat, message_id, text })
        }),
        Just(ClientFrame::SetOnline),
        Just(ClientFrame::SetOffline),
        "x[a-z\"é]{0,9}".prop_map(|kind| ClientFrame::Unknown { kind }),
    ]
}

fn some_server_frame() -> impl Strategy<Value = ServerFrame> {
    let event =
        || (some_chat(), some_message()).prop_map(|(chat, message)| Box::new(MessageEvent { chat, message }));
    let presence = || some_wire_user().prop_map(|user_id| Presence { user_id });
    prop_oneof![
        event().prop_map(ServerFrame::NewMessage),
        event().prop_map(ServerFrame::EditMessage),
        (some_chat(), some_wire_user(), some_time()).prop_map(|(chat, user_id, time)| {
            ServerFrame::UserTyping(TypingEvent { chat, user_id, end_time: Seconds(time) })
        }),
        (some_ref(), some_wire_user()).prop_map(|(MessageRef { chat, message_id }, user_id)| {
            ServerFrame::MessageRead(ReadEvent { chat, user_id, message_id })
        }),
        some_ref().prop_map(ServerFrame::DeleteMessage),
        presence().prop_map(ServerFrame::SetOnline),
        presence().prop_map(ServerFrame::SetOffline),
        any::<String>().prop_map(ServerFrame::Error),
        "x[a-z\"é]{0,9}".prop_map(|kind| ServerFrame::Unknown { kind }),
    ]
}

fn kept<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    prop_assert_eq!(&serde_json::from_str::<T>(encode(value).as_str()).unwrap(), value);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_a_client_writes_is_read(frame in some_client_frame()) {
        kept(&frame)?;
        prop_assert_eq!(ClientFrame::read(encode(&frame).as_bytes()), Ok(frame));
    }

    #[test]
    fn what_a_server_writes_is_read(frame in some_server_frame()) {
        kept(&frame)?;
    }

    #[test]
    fn lists_are_read_as_they_were_written(
        messages in prop::collection::vec(some_message(), 0..3),
        users in prop::collection::vec(some_user(), 1..3),
        [id, name, next] in any::<[String; 3]>(),
        image_address in any::<Option<String>>(),
        number in some_number(),
        has_unreads in any::<bool>(),
    ) {
        let (opponent, last_message) = (users[0].clone(), messages.first().cloned());
        let (project, name) = (ProjectId::new(number).unwrap(), name.clone());
        let image = || image_address.clone();
        kept(&DirectSummary {
            id: id.clone(), opponent: opponent.clone(), users: users.clone(), last_message: last_message.clone(),
            name: name.clone(), image_address: image(),
        })?;
        kept(&DirectDetail { id: id.clone(), opponent, users: users.clone(), name: name.clone(), image_address: image() })?;
        kept(&ProjectSummary { id: project, last_message, name: name.clone(), image_address: image() })?;
        kept(&ProjectDetail { id: project, name: name.clone(), image_address: image(), users })?;
        kept(&MessagePage { count: number, next: Some(next), previous: image(), results: messages })?;
        kept(&HasUnreads { has_unreads })?;
        kept(&Detail { detail: name })?;
        kept(&PageQuery { limit: Some(number), offset: None })?;
    }
}

/// Schemas can be made of the types, and say the names of the frames and of the keys that are given twice.
#[cfg(feature = "schema")]
#[test]
fn schemas_name_every_frame() {
    let client = schemars::schema_for!(ClientFrame).to_value().to_string();
    let server = schemars::schema_for!(ServerFrame).to_value().to_string();
    for kind in ["new_message", "user_typing", "message_read", "delete_message", "edit_message", "set_online"]
    {
        assert!(client.contains(kind) && server.contains(kind), "{kind}");
    }
    assert!(server.contains("author_id") && client.contains("file_urls") && !client.contains("nknown"));
}
