//! `helpdesk`: its documented examples, bad input, tolerance, and round trips of arbitrary values.

use chat_protocol::dialect::helpdesk::{
    Client, ClientFrame, Created, Data, DataForm, Desk, DeskQuery, Desks, Direction, ErrorBody, EventKind,
    History, Message, Refusal, Relay, SendMessage, ServerFrame, Status, UTC_OFFSET_MINUTES, Uuid,
};
use chat_protocol::dialect::{Json, Zoned};
use chat_protocol::{ErrorCode, Text, Timestamp, decode, encode};
use proptest::prelude::*;
use proptest::sample::select;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Stands where the documents say "a UUID here".
const UUID: &str = "0b9c1d2e-3f40-4152-8637-48596a7b8c9d";

fn read<T: DeserializeOwned>(json: &str) -> T {
    decode(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// Something that is read and written back to exactly the same text.
fn same<T: DeserializeOwned + Serialize>(json: &str) -> T {
    let read = read(json);
    assert_eq!(encode(&read), Text::from(json.to_owned()));
    read
}

/// The three JSON examples of the original document, without comments and white space, with UUIDs in their places.
fn documented() -> Vec<String> {
    let text = include_str!("../documents/helpdesk.txt");
    let blocks = text.split("```json").skip(1).filter_map(|rest| rest.split("```").next());
    let line = |line: &str| line.split("//").next().unwrap_or_default().trim().replacen("\": ", "\":", 1);
    let compact = |block: &str| block.trim_start_matches('5').lines().map(line).collect::<String>();
    let uuid = |json: String| json.replace("<um UUID aqui>", UUID).replace("<UUID>", UUID);
    blocks.map(compact).map(uuid).collect()
}

fn uuid() -> Uuid {
    UUID.parse().unwrap()
}

fn zoned(text: &str) -> Zoned {
    serde_json::from_str(&format!("{text:?}")).unwrap()
}

/// The message of the original document's second example.
fn message() -> Message {
    Message {
        created_at: zoned("2021-06-15T11:57:16.420655-03:00"),
        updated_at: zoned("2021-06-15T11:57:19.582823-03:00"),
        uuid: uuid(),
        text: Some("teste".to_owned()),
        file: None,
        direction: Direction::Sent,
        status: Status::Sent,
        desk: uuid(),
    }
}

#[test]
fn the_original_document_is_read_and_written_back() {
    let examples = documented();
    let [desk, shown, frame] = &examples[..] else { panic!("{} examples", examples.len()) };

    // Differs: its last message is without `status`, which is always written.
    let read: Desk = read(desk);
    assert_eq!((read.client.name.as_str(), read.client.phone.as_str()), ("Nome do Cliente", "123"));
    let last = read.last_message.as_ref().unwrap();
    assert_eq!((last.text.as_deref(), last.direction), (Some("Oi"), Direction::Received));
    let written = desk.replace(r#""type":"received","#, r#""type":"received","status":"sent","#);
    assert_ne!(&written, desk);
    assert_eq!(encode(&read).as_str(), written);
    assert_eq!(same::<Desk>(&written), read);

    assert_eq!(same::<Message>(shown), message());
    assert_eq!(message().created_at.offset_minutes, UTC_OFFSET_MINUTES);

    let ServerFrame::Unknown { kind, .. } = same(frame) else { panic!("a placeholder is no event") };
    assert_eq!(kind, "<tipo do evento emitido>");
}

#[test]
fn every_event_is_written_in_both_forms() {
    let object = serde_json::to_string(&message()).unwrap();
    let desk = format!(
        r#"{{"created_at":"2021-06-14T22:10:39.551836-03:00","updated_at":"2021-06-14T22:10:39.551868-03:00","uuid":"{UUID}","client":{{"uuid":"{UUID}","created_at":"2021-06-14T22:04:20.149704-03:00","updated_at":"2021-06-14T22:04:20.149734-03:00","name":"Nome do Cliente","phone":"123"}},"last_message":{{}}}}"#
    );
    for (kind, object) in [("new_message", &object), ("update_message", &object), ("update_helpdesk", &desk)]
    {
        for (form, data) in
            [(DataForm::Object, object.clone()), (DataForm::String, serde_json::to_string(object).unwrap())]
        {
            let frame: ServerFrame = same(&format!(r#"{{"type":"{kind}","data":{data}}}"#));
            assert_eq!(frame.kind(), kind);
            let event = match frame {
                ServerFrame::NewMessage(data) | ServerFrame::UpdateMessage(data) => {
                    assert_eq!(data.value, message());
                    data.form
                }
                ServerFrame::UpdateHelpdesk(data) => {
                    assert_eq!(data.value.last_message, None);
                    data.form
                }
                ServerFrame::Relay(_) | ServerFrame::Unknown { .. } => panic!("{kind} is not read as itself"),
            };
            assert_eq!(event, form);
        }
    }
    assert_eq!(
        serde_json::to_string(&[DataForm::default(), DataForm::Object]).unwrap(),
        r#"["string","object"]"#
    );
}

#[test]
fn the_frame_of_the_reference_is_written_as_it_is_shown() {
    let json = format!(
        r#"{{"type":"new_message","data":"{{\"created_at\":\"2021-06-15T11:57:16.420655-03:00\",\"updated_at\":\"2021-06-15T11:57:16.420655-03:00\",\"uuid\":\"{UUID}\",\"message\":\"teste\",\"file\":null,\"type\":\"sent\",\"status\":\"sending\",\"help_desk\":\"{UUID}\"}}"}}"#
    );
    let stored = Message { updated_at: message().created_at, status: Status::Sending, ..message() };
    let frame = ServerFrame::NewMessage(Data { form: DataForm::String, value: stored.clone() });
    assert_eq!(encode(&frame).as_str(), json);
    assert_eq!(same::<ServerFrame>(&json), frame);
    assert_eq!(stored.delivered(message().updated_at.ts), message());
}

#[test]
fn http_bodies_are_those_of_the_reference() {
    assert_eq!(same::<Desks>("[]"), []);
    assert_eq!(same::<History>(&format!("[{}]", documented()[1])), [message()]);
    assert_eq!(same::<Created>(r#"{"message":"Mensagem criada"}"#), Created::default());
    assert_eq!(same::<DeskQuery>("{}"), DeskQuery { organization: None });
    for (json, refusal, status) in [
        (r#"{"detail":"Authentication credentials were not provided."}"#, Refusal::Unauthenticated, 401),
        (r#"{"detail":"Not found."}"#, Refusal::NotFound, 404),
        (r#"{"help_desk":["This field is required."]}"#, Refusal::NoDesk, 400),
        (r#"{"message":["This field is required."]}"#, Refusal::NoMessage, 400),
        (r#"{"detail":"Malformed request."}"#, Refusal::Malformed, 400),
        (r#"{"detail":"Method not allowed."}"#, Refusal::MethodNotAllowed, 405),
        (r#"{"detail":"Request entity too large."}"#, Refusal::TooLarge, 413),
        (r#"{"detail":"Request was throttled."}"#, Refusal::RateLimited, 429),
        (r#"{"detail":"Service temporarily unavailable, try again later."}"#, Refusal::Unavailable, 503),
    ] {
        assert_eq!((same::<ErrorBody>(json), refusal.status()), (refusal.body(), status), "{json}");
        assert!(json.contains(&refusal.to_string()), "{json}");
    }
}

#[test]
fn a_relay_keeps_its_data_byte_for_byte() {
    for data in [
        "null",
        "5",
        "1e400",
        r#""{ not JSON""#,
        r#"{ "a" : [1, "\u0041"] }"#,
        "[]",
        r#""[]""#,
        r#""""#,
        "{}",
    ] {
        for kind in EventKind::ALL {
            let json = format!(r#"{{"type":"{}","data":{data}}}"#, kind.name());
            let ClientFrame::Relay(relay) = same(&json) else { panic!("{json} is unknown") };
            assert_eq!((relay.kind, relay.data.0.get()), (kind, data));
            assert_eq!(encode(&ServerFrame::from(relay.clone())).as_str(), json);
            assert_eq!(same::<ServerFrame>(&json), ServerFrame::Relay(relay));
        }
    }
    // Written in full: what is absent is null.
    let frame: ClientFrame = read(r#"{"type":"new_message"}"#);
    assert_eq!(encode(&frame).as_str(), r#"{"type":"new_message","data":null}"#);
    let frame: ServerFrame = read(r#"{"type":"new_message"}"#);
    assert_eq!(encode(&frame).as_str(), r#"{"type":"new_message","data":null}"#);
}

#[test]
fn an_object_of_another_kind_is_a_relay() {
    let shown = &documented()[1];
    let nested = serde_json::to_string(&serde_json::to_string(shown).unwrap()).unwrap();
    let deep = format!("{}1{}", "[".repeat(70), "]".repeat(70));
    let deep = serde_json::to_string(&shown.replacen('{', &format!(r#"{{"x":{deep},"#), 1)).unwrap();
    let values = r#"["2021-06-15T11:57:16.420655-03:00","2021-06-15T11:57:16.420655-03:00","UUID",null,null,"sent","sent","UUID"]"#;
    for (kind, data) in [
        ("update_helpdesk", shown.as_str()),
        ("new_message", &shown.replace("\"sent\"", "\"lost\"")),
        ("new_message", &shown.replace(UUID, "7")),
        ("new_message", &nested),
        ("new_message", &deep),
        ("new_message", &values.replace("UUID", UUID)),
    ] {
        let frame: ServerFrame = same(&format!(r#"{{"type":"{kind}","data":{data}}}"#));
        assert!(matches!(frame, ServerFrame::Relay(_)), "{frame:?}");
    }
}

#[test]
fn unknown_events_keep_their_name() {
    for json in [
        r#"{"type":"update_help_desk","data":"{}"}"#,
        r#"{"type":"chat.message","data":null}"#,
        r#"{"type":"","data":[1]}"#,
    ] {
        let (frame, told) = (same::<ClientFrame>(json), same::<ServerFrame>(json));
        let (ClientFrame::Unknown { kind, data }, ServerFrame::Unknown { kind: same_kind, data: same_data }) =
            (frame, &told)
        else {
            panic!("{json} is known")
        };
        assert_eq!((&kind, &data), (same_kind, same_data));
        assert_eq!(told.kind(), kind);
        assert!(json.starts_with(&format!(r#"{{"type":"{kind}""#)));
    }
}

#[test]
fn readers_are_tolerant() {
    let all = format!(
        r#"{{ "x":{{"y":[]}}, "type":"sent", "help_desk":"{}", "uuid":"{}", "created_at":"2021-06-15T11:57:16.420655-0300", "updated_at":"2021-06-15 14:57:19.582823Z", "message":"teste", "z":null }}"#,
        UUID.to_uppercase(),
        UUID.replace('-', "")
    );
    let utc = Zoned { offset_minutes: 0, ..message().updated_at };
    let expected = Message { updated_at: utc, ..message() };
    assert_eq!(read::<Message>(&all), expected);

    let desk = &documented()[0];
    let start = desk.find(r#","last_message""#).unwrap();
    for end in ["", r#","last_message":{}"#, r#","last_message":null"#, r#","x":1"#] {
        assert_eq!(read::<Desk>(&format!("{}{end}}}", &desk[..start])).last_message, None, "{end}");
    }
    let last = format!(r#"{},"last_message":{all}}}"#, &desk[..start]);
    assert_eq!(read::<Desk>(&last).last_message, Some(expected));

    let frame =
        format!(r#"{{"x":1,"data":{},"type":"new_message","y":[]}}"#, serde_json::to_string(&all).unwrap());
    assert!(matches!(read::<ServerFrame>(&frame), ServerFrame::NewMessage(_)));
    assert!(matches!(read::<ClientFrame>(&frame), ClientFrame::Relay(_)));
    assert_eq!(read::<Created>(r#"{"message":"ok","id":1}"#).message, "ok");
    assert_eq!(read::<ErrorBody>(r#"{"code":1,"detail":"x"}"#), ErrorBody::Detail("x".to_owned()));
    let send = format!(r#"{{"file":null,"help_desk":"{UUID}","message":"","x":1}}"#);
    assert_eq!(
        SendMessage::from_json(send.as_bytes()),
        Ok(SendMessage { desk: uuid(), text: Some(String::new()) })
    );
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(json: &str, detail: &str) {
    let error = decode::<T>(json.as_bytes()).unwrap_err();
    assert_eq!((error.code, error.detail.as_deref()), (ErrorCode::BadRequest, Some(detail)), "{json}");
}

#[test]
fn bad_input_is_named() {
    for (json, detail) in [
        ("5", "expected an object with type and data"),
        ("null", "expected an object with type and data"),
        (r#"["new_message",{}]"#, "expected an object with type and data"),
        ("{}", "missing field `type`"),
        (r#"{"data":{}}"#, "missing field `type`"),
        (r#"{"type":null}"#, "type: expected a string"),
        (r#"{"type":5,"data":{}}"#, "type: expected a string"),
        (r#"{"type":"new_message","type":"new_message"}"#, "duplicate field `type`"),
        (r#"{"type":"new_message","data":1,"data":2}"#, "duplicate field `data`"),
    ] {
        refused::<ClientFrame>(json, detail);
        refused::<ServerFrame>(json, detail);
    }
    let error = decode::<ClientFrame>(br#"{"type":"new_message","data":nul"#).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidJson);
    let deep = format!(r#"{{"type":"new_message","data":{}{}}}"#, "[".repeat(70), "]".repeat(70));
    assert_eq!(decode::<ClientFrame>(deep.as_bytes()).unwrap_err().code, ErrorCode::TooDeep);

    let shown = &documented()[1];
    for (from, to, detail) in [
        (r#""type":"sent","#, "", "missing field `type`"),
        (r#""type":"sent""#, r#""type":"mine""#, "type: expected `sent` or `received`"),
        (r#""status":"sent""#, r#""status":"lost""#, "status: expected `sending` or `sent`"),
        (r#""status":"sent""#, r#""status":5"#, "status: expected a string, one of a list"),
        (r#""message":"teste""#, r#""message":5"#, "message: expected a string"),
        (r#""file":null"#, r#""file":[]"#, "file: expected a string"),
        (r#""uuid":"0b"#, r#""uuid":"0x"#, "uuid: not a UUID"),
        ("2021-06-15T11:57:16.420655-03:00", "yesterday", "created_at: not a time"),
    ] {
        let broken = shown.replacen(from, to, 1);
        assert_ne!(&broken, shown);
        refused::<Message>(&broken, detail);
    }
    refused::<Message>(&shown.replacen("uuid", "id", 1), "missing field `uuid`");
    refused::<Message>("5", "expected a message: an object");

    let desk = &documented()[0];
    refused::<Desk>(
        &desk.replace(r#""message":"Oi""#, r#""message":5"#),
        "last_message.message: expected a string",
    );
    refused::<Desk>(&desk.replace(r#""type":"received","#, ""), "last_message: missing field `type`");
    refused::<Desk>(&desk.replace(r#","phone":"123""#, ""), "client: missing field `phone`");
    refused::<Desk>(
        &desk.replace(r#""name":"Nome do Cliente""#, r#""name":null"#),
        "client.name: expected a string",
    );
    refused::<Desks>("{}", "expected a sequence");
    refused::<Created>("{}", "missing field `message`");
    refused::<DeskQuery>(r#"{"organization":5}"#, "organization: expected a string");
    refused::<ErrorBody>(r#"{"detail":5}"#, "an object with detail, or with lists of texts by field");
}

#[test]
fn a_refused_send_is_answered_with_the_first_broken_rule() {
    let send = |json: &str| SendMessage::from_json(json.as_bytes());
    let good = SendMessage { desk: uuid(), text: Some("Oi".to_owned()) };
    assert_eq!(send(&format!(r#"{{"message":"Oi","help_desk":"{UUID}"}}"#)), Ok(good.clone()));
    for (json, refusal) in [
        ("", Refusal::Malformed),
        ("[]", Refusal::Malformed),
        (r#"["0b9c1d2e-3f40-4152-8637-48596a7b8c9d","Oi"]"#, Refusal::Malformed),
        (r#"{"message":5}"#, Refusal::Malformed),
        ("{}", Refusal::NoDesk),
        (r#"{"message":"Oi"}"#, Refusal::NoDesk),
        (r#"{"message":"Oi","help_desk":null}"#, Refusal::NoDesk),
        (r#"{"help_desk":"7"}"#, Refusal::NotFound),
        (r#"{"message":"Oi","help_desk":7}"#, Refusal::NotFound),
        (r#"{"help_desk":"0b9c1d2e-3f40-4152-8637-48596a7b8c9d"}"#, Refusal::NoMessage),
        (r#"{"help_desk":"0b9c1d2e-3f40-4152-8637-48596a7b8c9d","message":null}"#, Refusal::NoMessage),
        (r#"{"help_desk":"0b9c1d2e-3f40-4152-8637-48596a7b8c9d","file":"a.png"}"#, Refusal::NoMessage),
    ] {
        assert_eq!(send(json), Err(refusal), "{json}");
    }
    assert_eq!(send(&format!(r#"{{"message":"{}"}}"#, "x".repeat(70_000))), Err(Refusal::TooLarge));

    let text = Some("Oi".to_owned());
    for (desk, text, file, expected) in [
        (Some(UUID), text.clone(), false, Ok(good.clone())),
        (Some(UUID), text.clone(), true, Ok(good)),
        (Some(UUID), None, true, Ok(SendMessage { desk: uuid(), text: None })),
        (Some(UUID), None, false, Err(Refusal::NoMessage)),
        (Some(""), text.clone(), false, Err(Refusal::NotFound)),
        (None, text, true, Err(Refusal::NoDesk)),
    ] {
        assert_eq!(SendMessage::from_fields(desk, text, file), expected);
    }
    refused::<SendMessage>("{}", "expected help_desk to be a UUID");
}

#[cfg(feature = "schema")]
#[test]
fn schemas_name_what_is_on_the_wire() {
    let frame = schemars::schema_for!(ServerFrame).to_value().to_string();
    for word in ["update_helpdesk", "new_message", "contentSchema", "last_message", "help_desk", "\"phone\""]
    {
        assert!(frame.contains(word), "{word}: {frame}");
    }
    let body = schemars::schema_for!(ErrorBody).to_value().to_string();
    assert!(body.contains("\"detail\"") && !body.contains("\"Detail\""), "{body}");
    let send = schemars::schema_for!(SendMessage).to_value();
    assert_eq!(send["required"], serde_json::json!(["help_desk"]));
}

fn any_time() -> impl Strategy<Value = Zoned> {
    (-62_135_596_800_000_000_i64..253_402_207_200_000_000, -1_559_i16..=1_559)
        .prop_map(|(micros, offset_minutes)| Zoned { ts: Timestamp::from_micros(micros), offset_minutes })
}

fn any_message() -> impl Strategy<Value = Message> {
    let option = || proptest::option::of(any::<String>());
    let direction = select(&[Direction::Sent, Direction::Received][..]);
    let words = (direction, select(&[Status::Sending, Status::Sent][..]));
    (any_time(), any_time(), any::<[u8; 16]>(), option(), option(), words, any::<[u8; 16]>()).prop_map(
        |(created_at, updated_at, uuid, text, file, (direction, status), desk)| Message {
            created_at,
            updated_at,
            uuid: Uuid(uuid),
            text,
            file,
            direction,
            status,
            desk: Uuid(desk),
        },
    )
}

prop_compose! {
    fn any_desk()(
        times in (any_time(), any_time(), any_time(), any_time()),
        uuids: ([u8; 16], [u8; 16]),
        name: String,
        phone: String,
        last_message in proptest::option::of(any_message()),
    ) -> Desk {
        let client = Client { uuid: Uuid(uuids.0), created_at: times.0, updated_at: times.1, name, phone };
        Desk { created_at: times.2, updated_at: times.3, uuid: Uuid(uuids.1), client, last_message }
    }
}

/// Any JSON but a message or a desk, which as data of a relay are read as themselves.
fn any_data() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    let json = leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[ {}]", all.join(" ,"))),
            (any::<String>(), inner).prop_map(|(key, value)| {
                format!("{{{} :\t{value}}}", serde_json::to_string(&key).unwrap())
            }),
        ]
    });
    json.prop_map(|json| Json(RawValue::from_string(json).unwrap()))
}

fn any_relay() -> impl Strategy<Value = Relay> {
    (select(&EventKind::ALL[..]), any_data()).prop_map(|(kind, data)| Relay { kind, data })
}

fn unknown_kind() -> impl Strategy<Value = String> {
    any::<String>()
        .prop_filter("a known kind", |kind| EventKind::ALL.iter().all(|known| known.name() != kind))
}

fn any_client_frame() -> impl Strategy<Value = ClientFrame> {
    prop_oneof![
        any_relay().prop_map(ClientFrame::Relay),
        (unknown_kind(), any_data()).prop_map(|(kind, data)| ClientFrame::Unknown { kind, data }),
    ]
}

fn any_server_frame() -> impl Strategy<Value = ServerFrame> {
    let form = || select(&[DataForm::String, DataForm::Object][..]);
    let message = || (form(), any_message()).prop_map(|(form, value)| Data { form, value });
    let desk = (form(), any_desk()).prop_map(|(form, value)| Data { form, value });
    prop_oneof![
        desk.prop_map(ServerFrame::UpdateHelpdesk),
        message().prop_map(ServerFrame::NewMessage),
        message().prop_map(ServerFrame::UpdateMessage),
        any_relay().prop_map(ServerFrame::Relay),
        (unknown_kind(), any_data()).prop_map(|(kind, data)| ServerFrame::Unknown { kind, data }),
    ]
}

fn any_error_body() -> impl Strategy<Value = ErrorBody> {
    let texts = proptest::collection::vec(any::<String>(), 0..3);
    prop_oneof![
        any::<String>().prop_map(ErrorBody::Detail),
        proptest::collection::btree_map(any::<String>(), texts, 0..3).prop_map(ErrorBody::Fields),
    ]
}

fn round_trip<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(
    value: &T,
) -> Result<(), TestCaseError> {
    let json = encode(value);
    let read =
        decode::<T>(json.as_bytes()).map_err(|error| TestCaseError::fail(format!("{error}: {json:?}")))?;
    prop_assert_eq!(&read, value);
    prop_assert_eq!(encode(&read), json);
    Ok(())
}

proptest! {
    #[test]
    fn frames_are_read_as_they_were_written(client in any_client_frame(), server in any_server_frame()) {
        round_trip(&client)?;
        round_trip(&server)?;
    }

    #[test]
    fn http_bodies_are_read_as_they_were_written(
        desks in proptest::collection::vec(any_desk(), 0..3),
        history in proptest::collection::vec(any_message(), 0..3),
        organization in proptest::option::of(any::<String>()),
        text in proptest::option::of(any::<String>()),
        desk: [u8; 16],
        message: String,
        error in any_error_body(),
    ) {
        round_trip(&desks)?;
        round_trip(&history)?;
        round_trip(&DeskQuery { organization })?;
        round_trip(&SendMessage { text, desk: Uuid(desk) })?;
        round_trip(&Created { message })?;
        round_trip(&error)?;
    }

    #[test]
    fn nothing_that_a_peer_sends_panics(text: String, bytes: Vec<u8>) {
        let _ = decode::<ClientFrame>(text.as_bytes());
        let _ = decode::<ServerFrame>(&bytes);
        let _ = SendMessage::from_json(text.as_bytes());
        let _ = text.parse::<Uuid>();
    }
}
