//! `tndata`: every example of its document and of the reference, bad input, tolerance and round trips.

mod round_trips;

use chat_protocol::dialect::tndata::{
    Account, ApiError, Bound, ClientFrame, Digest, ErrorBody, FromId, FromIdForm, History, HistoryQuery,
    MarkRead, MessageEntry, MessageList, NewMessage, Notice, PAIR, Page, PageQuery, Profile, QueryError,
    Receipt, Refusal, ServerFrame, SystemText, UserMessage, avatar, display_name, read_date,
};
use chat_protocol::dialect::{Spaced, WireUser};
use chat_protocol::{ErrorCode, MAX_SAFE, Text, Timestamp, UserId, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

const DIGEST: &str = "584d07235fb9e4f2ab2a2c0c24142180";

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn read<T: DeserializeOwned>(json: &str) -> T {
    decode(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// What is read and written back to exactly the same text.
fn same<T: DeserializeOwned + Serialize>(json: &str) -> T {
    let value: T = read(json);
    assert_eq!(encode(&value), Text::from(json.to_owned()));
    value
}

/// Why a text is refused: the code and the detail.
fn refused<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> (ErrorCode, String) {
    let error = decode::<T>(json.as_bytes()).expect_err(json);
    (error.code, error.detail.unwrap_or_default())
}

// Examples of the dialect reference, section 3, in its order.

#[test]
fn the_frames_of_the_reference_are_written_as_shown() {
    let message: ClientFrame = same(r#"{"text":"Hello","from":1,"token":"T"}"#);
    let expected =
        NewMessage { text: "Hello".to_owned(), from: Some(user("1").into()), token: Some("T".to_owned()) };
    assert_eq!(message, ClientFrame::Message(expected));
    let receipt: ClientFrame = same(r#"{"received":"584d07235fb9e4f2ab2a2c0c24142180"}"#);
    assert_eq!(receipt, ClientFrame::Receipt(Receipt::new(DIGEST.parse().unwrap())));

    let message: ServerFrame = same(
        r#"{"from_id":42,"from":"Brad Montgomery","message":"Hi","text":"Hi","avatar":"//host/photo.jpg","digest":"584d07235fb9e4f2ab2a2c0c24142180"}"#,
    );
    let expected = UserMessage {
        from_id: FromId::new(user("42"), FromIdForm::Number),
        from: "Brad Montgomery".to_owned(),
        text: "Hi".to_owned(),
        avatar: "//host/photo.jpg".to_owned(),
        digest: DIGEST.parse().unwrap(),
    };
    assert_eq!(message, ServerFrame::Message(expected));
    let joined: ServerFrame = same(
        r#"{"from_id":-1,"from":"system","room":"chat-1-42","message":"Brad Montgomery joined.","text":"Brad Montgomery joined."}"#,
    );
    let text = SystemText::Joined("Brad Montgomery".to_owned());
    assert_eq!(joined, ServerFrame::Notice(Notice::new(PAIR.write(&user("42"), &user("1")), &text)));
}

#[test]
fn the_bodies_of_the_reference_are_written_as_shown() {
    assert_eq!(
        ApiError::NoCredentials,
        error(r#"{"detail":"Authentication credentials were not provided."}"#, 401)
    );
    assert_eq!(ApiError::InvalidToken, error(r#"{"detail":"Invalid token."}"#, 401));
    assert_eq!(ApiError::NotFound, error(r#"{"detail":"Not found."}"#, 404));
    assert_eq!(ApiError::NoRoom, error(r#"{"error":"Either room not found or user was not a member"}"#, 400));
    assert_eq!(same::<History>("{}"), History::NoRoom);
    assert_eq!(same::<MarkRead>(r#"{"room":"chat-1-2"}"#).room, "chat-1-2");
    let page: Page<Account> = same(
        r#"{"count":1,"next":null,"previous":null,"results":[{"id":1,"email":"","username":"","first_name":"","last_name":""}]}"#,
    );
    assert_eq!(page.results[0].id, WireUser(user("1")));
    // The reference leaves the rest of this address and of the next two texts open.
    same::<Page<Profile>>(
        r#"{"count":1,"next":null,"previous":null,"results":[{"google_image":"https://host/photo.jpg"}]}"#,
    );
    let entry: MessageEntry = same(ENTRY);
    assert_eq!((entry.id, entry.user, entry.full_name.as_str()), (61, user("1"), "Brad Montgomery"));
    assert_eq!(entry.created_on.0.to_string(), "2017-01-04T23:10:00.000Z");
}

const ENTRY: &str = r#"{"id":61,"object_type":"chatmessage","user":1,"user_id":"1","user_username":"brad","user_full_name":"Brad Montgomery","avatar":"//host/photo.jpg","room":"chat-1-2","text":"Hi","read":false,"digest":"584d07235fb9e4f2ab2a2c0c24142180","created_on":"2017-01-04 23:10:00.000+0000"}"#;

/// The error whose body is exactly this.
fn error(json: &str, status: u16) -> ApiError {
    let body: ErrorBody = same(json);
    let all = [
        ApiError::NoCredentials,
        ApiError::InvalidToken,
        ApiError::NotFound,
        ApiError::NoRoom,
        ApiError::Query(QueryError::Page),
        ApiError::Query(QueryError::Size),
        ApiError::Query(QueryError::Date),
        ApiError::TooLarge,
        ApiError::TooMany,
        ApiError::Unavailable,
    ];
    let error = all.into_iter().find(|error| ErrorBody::from(*error) == body).expect(json);
    assert_eq!((error.status(), error.to_string().as_str()), (status, body.text()));
    error
}

#[test]
fn lists_hold_entries() {
    let list: MessageList = same(&format!(r#"{{"count":1,"results":[{ENTRY}]}}"#));
    assert_eq!(list, MessageList::from(list.results.clone()));
    let history: History = same(&format!(r#"{{"count":1,"results":[{ENTRY}]}}"#));
    assert_eq!(history, History::Messages(list));
    let page: Page<MessageEntry> = same(&format!(
        r#"{{"count":26,"next":"https://host/api/chat/?page=2","previous":null,"results":[{ENTRY}]}}"#
    ));
    assert_eq!(page.next.as_deref(), Some("https://host/api/chat/?page=2"));
}

// Examples of the original document, in its order. None of them is JSON as it stands there.

#[test]
fn the_message_to_send_of_the_document_is_read() {
    // There: single quotes, words for the values, and one quote missing. The user's id is in either form.
    for from in ["1", r#""1""#] {
        let json = format!(r#"{{"text":"Text of message","from":{from},"token":"TOKEN"}}"#);
        let ClientFrame::Message(message) = read(&json) else { panic!("not a message") };
        assert_eq!((message.text.as_str(), message.from), ("Text of message", Some(WireUser(user("1")))));
    }
}

#[test]
fn the_received_message_of_the_document_is_read() {
    // There: a comma is missing after the message and one too many stands after the digest. It is written with both
    // texts and in the order of the reference; the id keeps its form.
    let json = r#"{
      "from_id": "42",
      "avatar": "//lh5.googleusercontent.com/.../photo.jpg",
      "from": "Brad Montgomery",
      "message": "Hello World!",
      "digest": "584d07235fb9e4f2ab2a2c0c24142180"
    }"#;
    let frame: ServerFrame = read(json);
    let written = r#"{"from_id":"42","from":"Brad Montgomery","message":"Hello World!","text":"Hello World!","avatar":"//lh5.googleusercontent.com/.../photo.jpg","digest":"584d07235fb9e4f2ab2a2c0c24142180"}"#;
    assert_eq!(encode(&frame), Text::from(written.to_owned()));
    assert_eq!(same::<ServerFrame>(written), frame);
}

#[test]
fn the_receipt_of_the_document_is_read() {
    // There: a comment stands behind the value, and white space that is not written.
    let frame: ClientFrame = read("{\n        \"received\": \"584d07235fb9e4f2ab2a2c0c24142180\"\n    }");
    assert_eq!(frame, ClientFrame::Receipt(Receipt::new(DIGEST.parse().unwrap())));
}

// Bad input.

#[test]
fn bad_frames_of_clients_are_refused() {
    use ErrorCode::{BadRequest, InvalidJson, TooDeep, TooLarge};
    let no_key = "a frame has `text` or `received`";
    let id = "from: expected a user id: a number or a string";
    for (json, code, detail) in [
        ("", InvalidJson, "not JSON at line 1 column 0"),
        ("hello", InvalidJson, "not JSON at line 1 column 1"),
        (r#"{'text':"a"}"#, InvalidJson, "not JSON at line 1 column 2"),
        (r#"{"text":"\ud800"}"#, InvalidJson, "not JSON at line 1 column 16"),
        ("null", BadRequest, "expected an object"),
        ("[]", BadRequest, "expected an object"),
        (r#"["584d07235fb9e4f2ab2a2c0c24142180"]"#, BadRequest, "expected an object"),
        (r#""text""#, BadRequest, "expected an object"),
        ("{}", BadRequest, no_key),
        (r#"{"token":"T"}"#, BadRequest, no_key),
        (r#"{"Text":"a"}"#, BadRequest, no_key),
        (r#"{"text":5}"#, BadRequest, "text: expected a string"),
        (r#"{"text":null}"#, BadRequest, "text: expected a string"),
        (r#"{"text":["a"]}"#, BadRequest, "text: expected a string"),
        (r#"{"text":"a","text":"b"}"#, BadRequest, "duplicate field `text`"),
        (r#"{"text":"a","token":5}"#, BadRequest, "token: expected a string"),
        (r#"{"text":"a","from":2.0}"#, BadRequest, id),
        (r#"{"text":"a","from":9007199254740992}"#, BadRequest, id),
        (r#"{"text":"a","from":-1}"#, BadRequest, id),
        (r#"{"text":"a","from":true}"#, BadRequest, id),
        (r#"{"text":"a","from":{"id":1}}"#, BadRequest, id),
        (r#"{"text":"a","from":"\u0000"}"#, BadRequest, id),
        (r#"{"received":5}"#, BadRequest, "received: expected a string"),
        (r#"{"received":null,"text":"a"}"#, BadRequest, "received: expected a string"),
        (r#"{"received":[],"text":"a"}"#, BadRequest, "received: expected a string"),
    ] {
        assert_eq!(refused::<ClientFrame>(json), (code, detail.to_owned()), "{json}");
    }
    let deep = format!(r#"{{"text":"a","x":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    assert_eq!(refused::<ClientFrame>(&deep).0, TooDeep);
    let long = format!(r#"{{"text":"{}"}}"#, "a".repeat(64 * 1024));
    assert_eq!(refused::<ClientFrame>(&long).0, TooLarge);
}

#[test]
fn bad_frames_of_servers_are_refused() {
    let rest = format!(r#""message":"a","avatar":"","digest":"{DIGEST}""#);
    for (json, detail) in [
        ("[]".to_owned(), "expected an object"),
        ("{}".to_owned(), "missing field `from`"),
        (format!(r#"{{"from_id":5,{rest}}}"#), "missing field `from`"),
        (format!(r#"{{"from":"A",{rest}}}"#), "missing field `from_id`"),
        (format!(r#"{{"from":"A","from_id":-1,{rest}}}"#), "from_id: expected a user id"),
        (format!(r#"{{"from":"A","from_id":"",{rest}}}"#), "from_id: expected a user id"),
        (format!(r#"{{"from":"A","from_id":-2,{rest}}}"#), "from_id: a user id is not negative"),
        (format!(r#"{{"from":"A","from_id":5.0,{rest}}}"#), "from_id: expected a user id, or -1 for none"),
        (
            format!(r#"{{"from":"A","from_id":9007199254740992,{rest}}}"#),
            "from_id: a user id is at most 9007199254740991",
        ),
        (r#"{"from":"system"}"#.to_owned(), "missing field `text`"),
        (r#"{"from":"system","text":"a","room":5}"#.to_owned(), "room: expected a string"),
        (r#"{"from":5}"#.to_owned(), "from: expected a string"),
        (r#"{"from":"A","from_id":5,"text":5}"#.to_owned(), "text: expected a string"),
        (r#"{"from":"A","from_id":5,"text":"a"}"#.to_owned(), "missing field `avatar`"),
        (r#"{"from":"A","from_id":5,"text":"a","avatar":5}"#.to_owned(), "avatar: expected a string"),
        (r#"{"from":"A","from_id":5,"text":"a","avatar":""}"#.to_owned(), "missing field `digest`"),
        (
            r#"{"from":"A","from_id":5,"text":"a","avatar":"","digest":"584D07235FB9E4F2AB2A2C0C24142180"}"#
                .to_owned(),
            "digest: a digest is 32 lower-case hexadecimal digits",
        ),
    ] {
        assert_eq!(refused::<ServerFrame>(&json), (ErrorCode::BadRequest, detail.to_owned()), "{json}");
    }
    assert_eq!(
        refused::<Notice>(&format!(r#"{{"from":"A","from_id":5,{rest}}}"#)).1,
        "a user message, and not a notice"
    );
    assert_eq!(
        refused::<UserMessage>(r#"{"from":"system","text":"a"}"#).1,
        "a notice, and not a user message"
    );
    assert_eq!(refused::<Receipt>(r#"{"text":"a"}"#).1, "a message, and not a receipt");
    assert_eq!(refused::<NewMessage>(r#"{"received":"a"}"#).1, "a receipt, and not a message");
    assert_eq!(refused::<FromId>("-1").1, "from_id: expected a user id");
}

#[test]
fn bad_bodies_are_refused() {
    let detail = |(code, detail): (ErrorCode, String)| {
        assert_eq!(code, ErrorCode::BadRequest);
        detail
    };
    assert_eq!(detail(refused::<MarkRead>("{}")), "missing field `room`");
    assert_eq!(detail(refused::<MarkRead>(r#"["chat-1-2"]"#)), "expected an object");
    assert_eq!(detail(refused::<MarkRead>(r#"{"room":5}"#)), "room: expected a string");
    assert_eq!(detail(refused::<History>(r#"{"count":0}"#)), "missing field `results`");
    assert_eq!(detail(refused::<History>(r#"{"results":[]}"#)), "missing field `count`");
    assert_eq!(detail(refused::<ErrorBody>("{}")), "missing field `detail`");
    for (key, value, expected) in [
        ("61", "9007199254740992", "id: a number is at most 9007199254740991"),
        ("61", "-1", "id: expected a message's number: an integer from 0 to 9007199254740991"),
        (r#""user":1,"user_id":"1","#, "", "missing field `user`"),
        ("false", "0", "read: expected a boolean"),
        ("2017-01-04", "yesterday", "created_on: not a time"),
        (DIGEST, "", "digest: a digest is 32 lower-case hexadecimal digits"),
        (r#""text":"Hi","#, "", "missing field `text`"),
    ] {
        assert_eq!(
            detail(refused::<MessageEntry>(&ENTRY.replacen(key, value, 1))),
            expected,
            "{key} {value}"
        );
    }
}

#[test]
fn refusals_never_repeat_a_token() {
    let frame: ClientFrame = read(r#"{"text":"a","token":"secret"}"#);
    assert_eq!(frame.token(), Some("secret"));
    assert!(!format!("{frame:?}").contains("secret"));
    let frame: ClientFrame = read(r#"{"received":"a","token":"secret"}"#);
    assert_eq!(frame.token(), Some("secret"));
    assert!(!format!("{frame:?}").contains("secret"));
    assert!(!refused::<ClientFrame>(r#"{"text":"a","token":["secret"]}"#).1.contains("secret"));
}

// Tolerance.

#[test]
fn frames_of_clients_are_read_tolerantly() {
    for (json, written) in [
        (r#"{"text":"a"}"#, r#"{"text":"a"}"#),
        (r#"{"token":"T","from":"1","text":"a","room":"x","n":[1]}"#, r#"{"text":"a","from":1,"token":"T"}"#),
        (r#"{"text":"a","from":"ann"}"#, r#"{"text":"a","from":"ann"}"#),
        (r#"{"text":"a","from":null,"token":null}"#, r#"{"text":"a"}"#),
        (r#"{"text":"a","from":""}"#, r#"{"text":"a"}"#),
        (r#"{"text":""}"#, r#"{"text":""}"#),
        // With `received` it is a receipt, and all other keys are unknown ones.
        (r#"{"text":5,"from":true,"received":"a"}"#, r#"{"received":"a"}"#),
    ] {
        assert_eq!(encode(&read::<ClientFrame>(json)), Text::from(written.to_owned()), "{json}");
    }
    let Receipt { received, .. } = read(r#"{"received":"no digest"}"#);
    assert_eq!(received.parse::<Digest>().ok(), None, "names no message, and is no error");
}

#[test]
fn frames_of_both_generations_are_read() {
    let message = |json: &str| match read(json) {
        ServerFrame::Message(message) => (message.from_id.user().to_string(), message.text),
        ServerFrame::Notice(notice) => panic!("{notice:?}"),
    };
    let rest = format!(r#""from":"A","avatar":"","digest":"{DIGEST}""#);
    let told = |user: &str| (user.to_owned(), "a".to_owned());
    assert_eq!(message(&format!(r#"{{"from_id":5,"message":"a",{rest}}}"#)), told("5"));
    assert_eq!(message(&format!(r#"{{"from_id":"5","text":"a",{rest}}}"#)), told("5"));
    assert_eq!(message(&format!(r#"{{"from_id":"5","text":"a","message":"b","room":5,{rest}}}"#)), told("5"));
    let named_system = rest.replacen('A', "system", 1);
    assert_eq!(message(&format!(r#"{{"from_id":5,"text":"a",{named_system}}}"#)), told("5"));

    for from_id in ["-1", r#""""#, "null"] {
        let json = format!(r#"{{"from_id":{from_id},"from":"system","message":"A left.","digest":""}}"#);
        assert_eq!(read::<Notice>(&json), Notice { room: None, text: "A left.".to_owned() });
    }
    same::<Notice>(r#"{"from_id":-1,"from":"system","message":"A left.","text":"A left."}"#);
    let seed: Notice = read(r#"{"from":"system","message":"A left."}"#);
    assert_eq!(SystemText::read(&seed.text), Some(SystemText::Left("A".to_owned())));
}

#[test]
fn entries_of_both_generations_are_read() {
    let entry: MessageEntry = read(ENTRY);
    for (part, instead) in [
        (r#""object_type":"chatmessage","#, ""),
        (r#""user_id":"1","#, ""),
        (r#""user":1,"#, ""),
        (r#""user":1,"#, r#""user":"1","#),
        ("23:10:00.000+0000", "23:10:00+0000"),
        ("23:10:00.000+0000", "23:10:00.000000+0000"),
        (r#""read":false"#, r#""read":false,"later":{"x":[]}"#),
    ] {
        assert!(ENTRY.contains(part));
        assert_eq!(read::<MessageEntry>(&ENTRY.replacen(part, instead, 1)), entry, "{part}");
    }
    let ann = ENTRY.replacen(r#""user":1,"user_id":"1""#, r#""user":"ann","user_id":"ann""#, 1);
    assert_eq!(same::<MessageEntry>(&ann).user, user("ann"));
    let body: ErrorBody = read(r#"{"detail":"Invalid token.","code":1}"#);
    assert_eq!(body, ApiError::InvalidToken.into());
}

#[test]
fn ids_that_are_no_numbers_have_one_form() {
    let write = |id: &str, form| serde_json::to_string(&FromId::new(user(id), form)).unwrap();
    for (id, number, string) in
        [("42", "42", r#""42""#), ("042", r#""042""#, r#""042""#), ("0", "0", r#""0""#)]
    {
        assert_eq!(
            (write(id, FromIdForm::Number), write(id, FromIdForm::String)),
            (number.into(), string.into())
        );
    }
    assert_eq!(FromId::new(user("ann"), FromIdForm::String).form(), FromIdForm::Number);
    assert_eq!(FromId::new(user("42"), FromIdForm::String).form(), FromIdForm::String);
}

// Helpers.

#[test]
fn system_texts_are_those_of_the_reference() {
    let brad = || "Brad Montgomery".to_owned();
    for (text, written) in [
        (SystemText::Joined(brad()), "Brad Montgomery joined."),
        (SystemText::Left(brad()), "Brad Montgomery left."),
        (SystemText::NotSent(Refusal::Rate), "Message not sent: too many messages."),
        (SystemText::NotSent(Refusal::Blocked), "Message not sent: blocked."),
        (SystemText::NotSent(Refusal::TooLong), "Message not sent: too long."),
        (SystemText::NotSent(Refusal::Storage), "Message not sent: storage trouble."),
    ] {
        assert_eq!(text.to_string(), written);
        assert_eq!(SystemText::read(written), Some(text));
    }
    for other in ["", "joined.", "Brad", "Message not sent: bored."] {
        assert_eq!(SystemText::read(other), None, "{other}");
    }
}

#[test]
fn errors_left_to_us_have_their_envelope() {
    for (json, status) in [
        (r#"{"error":"page is not a whole number from 1"}"#, 400),
        (r#"{"error":"size is not a whole number"}"#, 400),
        (r#"{"error":"not a date such as 2017-01-04 or 2017-01-04 23:10:00+0000"}"#, 400),
        (r#"{"detail":"Request is too large."}"#, 413),
        (r#"{"detail":"Request was throttled."}"#, 429),
        (r#"{"detail":"Service temporarily unavailable, try again later."}"#, 503),
    ] {
        error(json, status);
    }
}

#[test]
fn names_and_pictures_have_their_fallbacks() {
    let me = user("1");
    assert_eq!(display_name(Some(""), Some(" "), &me), "1");
    for (url, written) in [
        (Some("http://host/a"), "//host/a"),
        (Some("HTTPS://host/a"), "//host/a"),
        (Some("//host/a:b"), "//host/a:b"),
        (Some("ftp://host/a"), "ftp://host/a"),
        (Some(""), "//www.gravatar.com/avatar/0?d=mm&s=30"),
    ] {
        assert_eq!(avatar(url), written);
    }
    assert_eq!(Digest::from([0; 16]).to_string(), "0".repeat(32));
    assert!("+84d07235fb9e4f2ab2a2c0c24142180".parse::<Digest>().is_err());
}

#[cfg(feature = "schema")]
#[test]
fn schemas_say_what_is_written() {
    use schemars::schema_for;
    let of = |schema: schemars::Schema| schema.to_value();
    let frame = of(schema_for!(ServerFrame));
    let keys = |name: &str| {
        let keys = frame["$defs"][name]["required"].as_array().cloned().unwrap_or_default();
        keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(keys("UserMessage"), ["from_id", "from", "message", "text", "avatar", "digest"]);
    assert_eq!(keys("Notice"), ["from_id", "from", "message", "text"]);
    let frame = of(schema_for!(ClientFrame));
    assert_eq!(frame["$defs"]["NewMessage"]["required"], serde_json::json!(["text"]));
    assert_eq!(frame["$defs"]["Receipt"]["required"], serde_json::json!(["received"]));
    let entry = of(schema_for!(MessageEntry));
    assert_eq!(entry["required"].as_array().map(Vec::len), Some(12));
    for schema in [
        schema_for!(Page<MessageEntry>),
        schema_for!(Page<Account>),
        schema_for!(Page<Profile>),
        schema_for!(MessageList),
        schema_for!(History),
        schema_for!(MarkRead),
        schema_for!(ErrorBody),
        schema_for!(FromIdForm),
    ] {
        assert!(of(schema).is_object());
    }
}
