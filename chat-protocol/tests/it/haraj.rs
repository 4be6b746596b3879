//! `haraj`: its documented examples.

use std::collections::BTreeMap;

use chat_protocol::dialect::haraj::*;
use chat_protocol::dialect::{Secret, WireUser};
use chat_protocol::{ErrorCode, UserId, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The document that clients were written for.
const DOCUMENT: &str = include_str!("../documents/haraj.txt");

/// Read and written back to exactly the same text.
fn same<T: DeserializeOwned + Serialize>(json: &str) -> T {
    let packet: T = decode(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(encode(&packet).as_str(), json);
    packet
}

/// Read and written in another form.
fn becomes<T: DeserializeOwned + Serialize>(json: &str, written: &str) -> T {
    let packet: T = decode(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(encode(&packet).as_str(), written, "{json}");
    packet
}

/// Why something is refused.
fn refusal<T: DeserializeOwned>(json: &str) -> String {
    match decode::<T>(json.as_bytes()) {
        Ok(_) => panic!("{json}: taken"),
        Err(error) => {
            assert_eq!(error.code, ErrorCode::BadRequest, "{json}");
            error.detail.unwrap()
        }
    }
}

/// The JSON blocks of the document without white space between the tokens. Its trailing comma is left out, too.
fn blocks() -> Vec<String> {
    let blocks = DOCUMENT.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let compact = |block: &str| {
        let mut lines = String::new();
        for line in block.lines() {
            let line = line.trim().replace("\": ", "\":").replace("\" : ", "\":").replace(", \"", ",\"");
            lines.push_str(&line);
        }
        lines.replace(",}", "}")
    };
    blocks.map(compact).collect()
}

#[test]
fn every_example_of_the_document_is_read_and_written_back() {
    let mut kinds = BTreeMap::<&str, usize>::new();
    for json in blocks() {
        let object: Value = serde_json::from_str(&json).unwrap();
        let kind = if ["auth", "listen", "unlisten"].iter().any(|name| object.get(name).is_some()) {
            same::<ClientFrame>(&json);
            "command"
        } else if object.get("aps").is_some() || object.get("registration_ids").is_some() {
            same::<Push>(&json);
            "push"
        } else if json.contains(r#""ts":"2018-10-08T08:30:39Z""#) {
            // A time without milliseconds is written with them.
            becomes::<ServerFrame>(&json, &json.replace(":39Z", ":39.000Z"));
            "without milliseconds"
        } else if json.starts_with(r#"{"pres":{"from_id""#) {
            // Another order of keys than in the other examples.
            let written =
                json.replace(r#""from_id":2,"what":"stop_typing","#, r#""what":"stop_typing","from_id":2,"#);
            becomes::<ServerFrame>(&json, &written);
            "other order"
        } else {
            let frame = same::<ServerFrame>(&json);
            assert!(!matches!(frame, ServerFrame::Unknown(_)), "{json}");
            "event"
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let expected =
        [("command", 3), ("event", 12), ("other order", 1), ("push", 2), ("without milliseconds", 1)];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
}

/// The message of the reference.
const MESSAGE: &str = r#"{"topic_id":"p2p1_2","seq_id":41,"from_id":2,"name":"abdullah","content":{"type":"text/plain","payload":{"text":"hello!"}},"status":{"1":false},"ts":"2018-10-08T08:30:39.657Z"}"#;
const TS: &str = "2018-02-02T08:30:39.789Z";

fn message() -> Message {
    same(MESSAGE)
}

/// The examples of the reference have an ellipsis for the time.
fn timed(json: &str) -> String {
    json.replace('…', TS)
}

#[test]
fn every_frame_of_the_reference_is_read_and_written_back() {
    for json in [
        r#"{"auth":{"id":"authenticate socket","access_token":"T"}}"#,
        r#"{"listen":{"id":"listen peer 2","peer_id":2}}"#,
        r#"{"unlisten":{"id":"unlisten peer 2","peer_id":2}}"#,
    ] {
        let frame: ClientFrame = same(json);
        assert!(json.contains(frame.id().unwrap()));
    }
    for json in [
        r#"{"id":"authenticate socket","status":200,"data":{"user_id":1,"session_id":"s-7f3a"},"ts":"…"}"#,
        r#"{"id":"listen peer 2","status":200,"data":{"user_id":1,"peer_id":2,"is_online":true},"ts":"…"}"#,
        r#"{"id":"unlisten peer 2","status":200,"data":{"user_id":1,"peer_id":2},"ts":"…"}"#,
        r#"{"id":"listen peer 2","status":403,"err":"ERR_FORBIDDEN_ACCESS","ts":"…"}"#,
        r#"{"message":{"topic_id":"p2p1_2","seq_id":41,"from_id":2,"name":"abdullah","content":{"type":"text/plain","payload":{"text":"hello!"}},"status":{"1":false},"ts":"…"}}"#,
        r#"{"reads":{"from_id":2,"topic_id":"p2p1_2","seq_ids":[40,41],"ts":"…"}}"#,
        r#"{"pres":{"what":"typing","from_id":2,"topic_id":"p2p1_2","ts":"…"}}"#,
        r#"{"status":400,"err":"ERR_BAD_REQUEST","ts":"…"}"#,
        r#"{"status":401,"err":"ERR_INVALID_ACCESS_TOKEN","ts":"…"}"#,
        r#"{"status":500,"err":"ERR_SERVER_INTERNAL_ERROR","ts":"…"}"#,
    ] {
        let frame: ServerFrame = same(&timed(json));
        assert!(!matches!(frame, ServerFrame::Unknown(_)), "{json}");
    }
}

#[test]
fn every_body_of_the_reference_is_read_and_written_back() {
    same::<Login>(r#"{"auth_type":"basic","username":"riandyrn","password":"123456"}"#);
    same::<Login>(r#"{"auth_type":"haraj_session","session_value":"S"}"#);
    same::<Session>(r#"{"user_id":1,"access_token":"T","expires":"2018-02-09T08:30:39.987Z"}"#);
    same::<StartTopic>(r#"{"type":"p2p","with_id":2}"#);
    same::<StartedTopic>(r#"{"user_id":1,"topic":{"topic_id":"p2p1_2"},"with_id":2}"#);
    same::<StartedTopic>(r#"{"user_id":1,"topic":"p2p1_2","with_id":2}"#);
    same::<SendMessage>(r#"{"content":{"type":"text/plain","payload":{"text":"hello world!"}}}"#);
    same::<SendMessage>(r#"{"content":{"type":"text/plain","payload":{"text":"hi"}},"session_id":"s-7f3a"}"#);
    same::<Sent>(&format!(
        r#"{{"user_id":2,"topic_id":"p2p1_2","seq_id":41,"content":{{"type":"text/plain","payload":{{"text":"hello!"}}}},"message":{MESSAGE}}}"#
    ));
    let entry = r#"{"seq_id":41,"from_id":2,"name":"abdullah","content":{"type":"text/plain","payload":{"text":"hello!"}},"status":{"1":true},"ts":"2018-10-08T08:30:39.765Z","is_deleted":false}"#;
    for key in ["null", r#""cDJwMV8yfDE1MTg3NjU1MTUyMjI""#] {
        same::<Reply<History>>(&timed(&format!(
            r#"{{"status":200,"data":{{"user_id":1,"topic_id":"p2p1_2","messages":[{entry}],"last_key":{key}}},"ts":"…"}}"#
        )));
    }
    same::<ConfirmReads>(r#"{"seq_ids":[40,41]}"#);
    let confirmed: ConfirmedReads = same(r#"{"topic_id":"p2p1_2","success_ids":[40],"failed_ids":[41]}"#);
    assert_eq!(confirmed.status(), 207);
    let confirmed: ConfirmedReads = same(r#"{"topic_id":"p2p1_2","success_ids":[40,41],"failed_ids":[]}"#);
    assert_eq!(confirmed.status(), 200);
    same::<SetTyping>(r#"{"what":"typing","start":true}"#);
    same::<TypingSet>(r#"{"user_id":1,"what":"typing","start":false,"topic_id":"p2p1_2"}"#);
    same::<DeletedMessage>(r#"{"user_id":1,"topic_id":"p2p1_2","seq_id":41}"#);
    same::<HiddenTopic>(r#"{"user_id":1,"topic_id":"p2p1_2"}"#);
    same::<Topics>(
        r#"{"user_id":1,"topics":[{"topic_id":"p2p1_2","title":"abdullah_zagat","last_message":{"from_id":2,"name":"abdullah_zagat","type":"text/plain","short":"ABCDEFGHIJKLMNOPQRST"},"last_updated":"2018-09-08T08:12:31.994Z","unread":2},{"topic_id":"grp7","last_message":{"from_id":1,"name":"riandyrn","type":"image/jpeg"},"last_updated":"2018-09-08T08:11:31.994Z"}],"last_key":"MXxn"}"#,
    );
    let resolved: ResolvedTopics = same(
        r#"{"user_id":1,"topics":[{"topic_id":"p2p1_2","avatar":"https://x.example/2"},{"topic_id":"grp7","title":"Yorom","avatar":""}],"failed":[]}"#,
    );
    assert_eq!(resolved.status(), 200);
    same::<FoundUsers>(r#"{"user_id":1,"users":[{"username":"hrome_drome","user_id":10,"avatar":""}]}"#);
    same::<Profile>(r#"{"user_id":23420,"name":"riandyrn","avatar":"https://x.example/1"}"#);
    same::<UpdateUser>(r#"{"what":"update_avatar","avatar":"https://x.example/1"}"#);
    same::<UpdatedUser>(r#"{"user_id":1,"what":"update_avatar","avatar":"https://x.example/1"}"#);
    for platform in ["iOS", "Android"] {
        let device = format!(r#""what":"update_device","device":{{"token":"F","platform":"{platform}"}}"#);
        same::<UpdateUser>(&format!("{{{device}}}"));
        same::<UpdatedUser>(&format!(r#"{{"user_id":1,{device}}}"#));
    }
    same::<Upload>(r#"{"mime_type":"image/jpeg","file_size":1024}"#);
    same::<UploadGrant>(r#"{"url":"https://x.example/up"}"#);
}

#[test]
fn every_push_of_the_reference_is_read_and_written_back() {
    let aps = r#""aps":{"alert":{"title":"abdullah","body":"hello!"},"sound":"default","mutable-content":1}"#;
    let rest = format!(r#""xtype":"NEW_MESSAGE","xdata":{MESSAGE},"xto":[1]"#);
    let text = serde_json::to_string(MESSAGE).unwrap();
    let (iphone, phone) = (device(Platform::Ios), device(Platform::Android));
    for (json, form, device) in [
        (format!("{{{aps},{rest}}}"), PushForm::Apns, iphone.clone()),
        (
            format!(
                r#"{{"registration_ids":["F"],"priority":"high","time_to_live":3600,"data":{{{rest}}}}}"#
            ),
            PushForm::FcmLegacy,
            phone.clone(),
        ),
        (
            format!(
                r#"{{"message":{{"token":"F","android":{{"priority":"HIGH","ttl":"3600s"}},"data":{{"xtype":"NEW_MESSAGE","xdata":{text},"xto":"[1]"}}}}}}"#
            ),
            PushForm::FcmV1,
            phone,
        ),
        (
            format!(r#"{{"message":{{"token":"F","apns":{{"payload":{{{aps},{rest}}}}}}}}}"#),
            PushForm::FcmV1,
            iphone,
        ),
    ] {
        let push: Push = same(&json);
        assert_eq!(push, Push::new(form, device, message(), vec![user("1")]), "{json}");
    }
}

fn user(id: &str) -> WireUser {
    WireUser(UserId::new(id).unwrap())
}

fn device(platform: Platform) -> Device {
    Device { token: Secret("F".to_owned()), platform }
}

#[test]
fn options_have_their_names() {
    for (json, form) in
        [("apns", PushForm::Apns), ("fcm_legacy", PushForm::FcmLegacy), ("fcm_v1", PushForm::FcmV1)]
    {
        assert_eq!(same::<PushForm>(&format!("{json:?}")), form);
    }
    for (json, form) in [("object", TopicForm::Object), ("string", TopicForm::String)] {
        assert_eq!(same::<TopicForm>(&format!("{json:?}")), form);
    }
    assert_eq!((PushForm::default(), TopicForm::default()), (PushForm::FcmV1, TopicForm::Object));
}

#[test]
fn codes_have_their_texts_and_statuses() {
    let table = [
        (400, "ERR_BAD_REQUEST"),
        (401, "ERR_INVALID_ACCESS_TOKEN"),
        (403, "ERR_FORBIDDEN_ACCESS"),
        (409, "ERR_MISMATCH_CREDENTIALS"),
        (409, "ERR_MISSING_SUBSCRIPTION"),
        (409, "ERR_MAX_CONFIRMATION_REACHED"),
        (409, "ERR_MESSAGE_NOT_FOUND"),
        (409, "ERR_TOPIC_NOT_FOUND"),
        (409, "ERR_MAX_RESOLVE_TOPICS_REACHED"),
        (409, "ERR_MAX_FIND_REACHED"),
        (429, "ERR_TOO_MANY_REQUESTS"),
        (500, "ERR_INTERNAL_ERROR"),
        (500, "ERR_SERVER_INTERNAL_ERROR"),
        (405, "ERR_METHOD_NOT_ALLOWED"),
        (413, "ERR_TOO_LARGE"),
        (501, "ERR_NOT_SUPPORTED"),
        (503, "ERR_STORAGE_UNAVAILABLE"),
    ];
    let codes: Vec<(u16, String)> = Code::ALL.iter().map(|code| (code.status(), code.to_string())).collect();
    assert_eq!(codes, table.map(|(status, text)| (status, text.to_owned())));
    for code in Code::ALL {
        let json = format!(r#"{{"id":"1","status":{},"err":"{code}","ts":"{TS}"}}"#, code.status());
        let reply: Reply<ReplyData> = same(&json);
        assert_eq!(reply, Reply::refused(Some("1".to_owned()), *code, reply.ts));
        assert_eq!(reply.outcome.unwrap_err().known(), Some(*code));
    }
    let reply: Reply<ReplyData> = same(&timed(r#"{"status":418,"err":"ERR_NEW","ts":"…"}"#));
    assert_eq!(reply.outcome, Err(Reason::Other("ERR_NEW".to_owned())));
}

#[test]
fn bad_commands_are_refused_by_the_field() {
    for (json, detail) in [
        ("[]", "expected one object with one key that names the command"),
        (r#""auth""#, "expected one object with one key that names the command"),
        ("{}", "a frame holds exactly one command"),
        (
            r#"{"listen":{"id":"1","peer_id":2},"unlisten":{"id":"2","peer_id":2}}"#,
            "a frame holds exactly one command",
        ),
        (
            r#"{"listen":{"id":"1","peer_id":2},"listen":{"id":"1","peer_id":3}}"#,
            "a frame holds exactly one command",
        ),
        (r#"{"auth":null}"#, "auth: expected an object"),
        (r#"{"auth":{"id":"1"}}"#, "auth: missing field `access_token`"),
        (r#"{"auth":{"access_token":"T"}}"#, "auth: missing field `id`"),
        (r#"{"auth":{"id":1,"access_token":"T"}}"#, "auth.id: expected a string"),
        (r#"{"auth":{"id":"1","access_token":["secret"]}}"#, "auth.access_token: expected a string"),
        (r#"{"listen":{"id":"1"}}"#, "listen: missing field `peer_id`"),
        (r#"{"listen":{"peer_id":2}}"#, "listen: missing field `id`"),
        (
            r#"{"unlisten":{"id":"1","peer_id":2.5}}"#,
            "unlisten.peer_id: expected a user id: an integer from 0 to 9007199254740991, or a string of 1 to 128 bytes",
        ),
    ] {
        assert_eq!(refusal::<ClientFrame>(json), detail, "{json}");
    }
    for json in ["", "{", r#"{"auth":{"id":"1","access_token":"T"}"#, "auth"] {
        assert_eq!(
            decode::<ClientFrame>(json.as_bytes()).unwrap_err().code,
            ErrorCode::InvalidJson,
            "{json}"
        );
    }
}

#[test]
fn bad_events_are_refused_by_the_field() {
    for (json, detail) in [
        ("5", "expected one object with one key that names the packet, or a reply"),
        ("{}", "a frame holds exactly one packet"),
        (r#"{"id":"1","ts":"…"}"#, "a frame holds exactly one packet"),
        (r#"{"status":200,"data":{"user_id":1}}"#, "missing field `ts`"),
        (r#"{"status":200,"ts":"…"}"#, "missing field `data`"),
        (r#"{"status":"200","data":{"user_id":1},"ts":"…"}"#, "status: expected u16"),
        (r#"{"status":200,"status":200,"data":{"user_id":1},"ts":"…"}"#, "duplicate field `status`"),
        (r#"{"status":200,"data":{},"ts":"…"}"#, "data: missing field `user_id`"),
        (r#"{"status":200,"data":{"user_id":1,"is_online":true},"ts":"…"}"#, "data: missing field `peer_id`"),
        (
            r#"{"status":200,"data":{"user_id":1,"session_id":""},"ts":"…"}"#,
            "data.session_id: a session id of 0 bytes is out of bounds, 1 to 128 are allowed",
        ),
        (
            r#"{"pres":{"what":"online","from_id":2,"ts":"…"},"status":200,"data":{"user_id":1},"ts":"…"}"#,
            "a frame holds exactly one packet",
        ),
        (r#"{"pres":{"what":"typing","from_id":2,"ts":"…"}}"#, "pres: missing field `topic_id`"),
        (
            r#"{"pres":{"what":"asleep","from_id":2,"ts":"…"}}"#,
            "pres.what: expected one of `online`, `offline`, `typing`, `stop_typing`",
        ),
        (
            r#"{"reads":{"from_id":2,"topic_id":"p2p1_2","seq_ids":[1.5],"ts":"…"}}"#,
            "reads.seq_ids[0]: expected a message's number in its room: an integer from 0 to 9007199254740991",
        ),
        (
            r#"{"reads":{"from_id":2,"topic_id":"p2p1_2","seq_ids":[],"ts":5}}"#,
            "reads.ts: expected a time: RFC 3339 text such as 2026-11-20T08:30:39.789Z",
        ),
        (
            r#"{"reads":{"from_id":2,"topic_id":7,"seq_ids":[],"ts":"…"}}"#,
            "reads.topic_id: expected a string",
        ),
    ] {
        assert_eq!(refusal::<ServerFrame>(&timed(json)), detail, "{json}");
    }
    let cut = MESSAGE.replace(r#""name":"abdullah","#, "");
    assert_eq!(refusal::<Message>(&cut), "missing field `name`");
    let marked = MESSAGE.replace("false", "0");
    assert_eq!(refusal::<Message>(&marked), "status.1: expected a boolean");
}

#[test]
fn bad_bodies_are_refused_by_the_field() {
    assert_eq!(refusal::<Login>(r#"{"auth_type":"basic","username":"a"}"#), "missing field `password`");
    assert_eq!(
        refusal::<Login>(r#"{"auth_type":"token"}"#),
        "auth_type: expected `basic` or `haraj_session`"
    );
    assert_eq!(refusal::<Login>(r#"{"username":"a","password":"b"}"#), "missing field `auth_type`");
    assert_eq!(refusal::<StartTopic>(r#"{"type":"group"}"#), "type: expected `p2p`");
    assert_eq!(refusal::<StartTopic>(r#"{"type":"p2p"}"#), "missing field `with_id`");
    let topic = "topic: a topic is an object with `topic_id`, or a string";
    assert_eq!(refusal::<StartedTopic>(r#"{"user_id":1,"topic":5,"with_id":2}"#), topic);
    assert_eq!(refusal::<SendMessage>(r#"{"session_id":"s"}"#), "missing field `content`");
    assert_eq!(refusal::<SendMessage>(r#"{"content":{"type":"a/b"}}"#), "content: missing field `payload`");
    let sent = r#"{"user_id":1,"topic_id":"t","content":{"type":"a/b","payload":{}},"message":{}}"#;
    assert_eq!(refusal::<Sent>(sent), "missing field `seq_id`");
    assert_eq!(refusal::<SetTyping>(r#"{"what":"dancing","start":true}"#), "what: expected `typing`");
    assert_eq!(refusal::<SetTyping>(r#"{"what":"typing"}"#), "missing field `start`");
    assert_eq!(refusal::<SetTyping>(r#"{"what":"typing","start":1}"#), "start: expected a boolean");
    assert_eq!(refusal::<ConfirmReads>("{}"), "missing field `seq_ids`");
    assert_eq!(
        refusal::<UpdateUser>(r#"{"what":"change_password","password":"a"}"#),
        "what: expected `update_avatar` or `update_device`"
    );
    assert_eq!(
        refusal::<UpdateUser>(r#"{"what":"update_device","device":{"token":"F","platform":"ios"}}"#),
        "expected `iOS` or `Android`"
    );
    assert_eq!(refusal::<Upload>(r#"{"mime_type":"a/b","file_size":-1}"#), "file_size: expected u64");
    assert_eq!(refusal::<Profile>(r#"{"user_id":1,"name":"a"}"#), "missing field `avatar`");
}

#[test]
fn bad_pushes_are_refused_by_the_field() {
    for (json, detail) in [
        ("{}", "missing field `aps`"),
        (r#"{"registration_ids":["F"]}"#, "missing field `data`"),
        (r#"{"message":{"token":"F"}}"#, "missing field `data`"),
        (r#"{"message":{"data":{}}}"#, "message.data: missing field `xtype`"),
        (
            r#"{"message":{"token":"F","data":{"xtype":"NEW_MESSAGE","xdata":"{}","xto":"[1]"}}}"#,
            "xdata: missing field `topic_id`",
        ),
        (
            r#"{"message":{"token":"F","data":{"xtype":"NEW_MESSAGE","xdata":"{","xto":"[1]"}}}"#,
            "xdata: not JSON",
        ),
        (
            r#"{"message":{"token":"F","data":{"xtype":"CALL","xdata":"{}","xto":"[1]"}}}"#,
            "message.data.xtype: expected `NEW_MESSAGE`",
        ),
    ] {
        assert_eq!(refusal::<Push>(json), detail, "{json}");
    }
}

#[test]
fn unknown_keys_and_frames_are_ignored() {
    becomes::<ClientFrame>(
        r#"{"trace":7,"listen":{"id":"1","peer_id":"2","later":{}},"x":null}"#,
        r#"{"listen":{"id":"1","peer_id":2}}"#,
    );
    let ClientFrame::Unknown(unknown) = same(r#"{"dance":{"id":"1","access_token":"T"}}"#) else {
        panic!("known?")
    };
    assert_eq!(unknown.name, "dance");
    assert_eq!(format!("{unknown:?}"), r#"UnknownFrame { name: "dance", .. }"#);
    let ServerFrame::Unknown(unknown) = same(r#"{"call":{"from_id":2}}"#) else { panic!("known?") };
    assert_eq!((unknown.name.as_str(), unknown.value.get()), ("call", r#"{"from_id":2}"#));
    becomes::<ServerFrame>(
        &timed(r#"{"v":2,"pres":{"what":"online","from_id":"2","topic_id":"p2p1_2","ts":"…","x":1}}"#),
        &timed(r#"{"pres":{"what":"online","from_id":2,"ts":"…"}}"#),
    );
    becomes::<ServerFrame>(
        &timed(r#"{"ts":"…","took":3,"err":null,"data":{"user_id":"ann","x":1},"status":200}"#),
        &timed(r#"{"status":200,"data":{"user_id":"ann"},"ts":"…"}"#),
    );
    becomes::<Profile>(
        r#"{"user_id":23420,"name":"riandyrn","number":"+966566342202","avatar":null}"#,
        r#"{"user_id":23420,"name":"riandyrn","avatar":""}"#,
    );
}

#[test]
fn both_generations_of_answers_are_read() {
    let documented: Reply<ReplyData> =
        same(&timed(r#"{"id":"authenticate socket","status":200,"data":{"user_id":1},"ts":"…"}"#));
    assert_eq!(documented.outcome, Ok(ReplyData::Authenticated { user_id: user("1"), session_id: None }));
    // Sending: the number in the one place, in the other, or in both.
    let text = r#"{"type":"text/plain","payload":{"text":"hello!"}}"#;
    let top = same::<Sent>(&format!(r#"{{"user_id":2,"topic_id":"p2p1_2","seq_id":41,"content":{text}}}"#));
    assert_eq!((top.seq_id.get(), top.message()), (41, None));
    let below: Sent = decode(format!(r#"{{"user_id":2,"message":{MESSAGE}}}"#).as_bytes()).unwrap();
    assert_eq!(below, Sent::from(message()));
    assert_eq!(below.message(), Some(message()));
    let bare: Sent = decode(
        format!(r#"{{"user_id":2,"topic_id":"p2p1_2","content":{text},"message":{{"seq_id":41}}}}"#)
            .as_bytes(),
    )
    .unwrap();
    assert_eq!(bare, top);
    // A resolution of which nothing failed, a page of history, its end.
    same::<ResolvedTopics>(r#"{"topics":[],"failed":[]}"#);
    let entry = MESSAGE.replace(r#""topic_id":"p2p1_2","#, "");
    let documented = format!(r#"{{"user_id":1,"topic_id":"p2p1_2","messages":[{entry}]}}"#);
    let history: History = decode(documented.as_bytes()).unwrap();
    assert_eq!((&history.messages[0], history.last_key), (&MessageEntry::from(message()), None));
    // The id that one documented refusal over HTTP has.
    same::<Reply<ConfirmedReads>>(
        r#"{"id":"confirm reads","status":409,"err":"ERR_MAX_CONFIRMATION_REACHED","ts":"2018-02-02T08:30:39.000Z"}"#,
    );
}

#[test]
fn queries_are_read_as_they_come() {
    let query = |json: &str| decode::<HistoryQuery>(json.as_bytes()).unwrap();
    assert_eq!((query("{}").page(), query(r#"{"limit":80}"#).page()), (20, 80));
    assert_eq!((query(r#"{"limit":0}"#).page(), query(r#"{"limit":101}"#).page()), (1, 100));
    assert_eq!(query(r#"{"last_key":""}"#), HistoryQuery::default());
    same::<HistoryQuery>(r#"{"last_key":"MXxn","limit":80}"#);
    assert_eq!(same::<TopicsQuery>(r#"{"last_key":"MXxn"}"#).last_key.as_deref(), Some("MXxn"));
    let four: ResolveQuery = same(r#"{"topic_ids":"p2p1_2,p2p1_3,grp7,grp8"}"#);
    assert_eq!((four.topic_ids.len(), four.check()), (4, Ok(())));
    let five: ResolveQuery = becomes(r#"{"topic_ids":"a,b,,c,d,e,"}"#, r#"{"topic_ids":"a,b,c,d,e"}"#);
    assert_eq!(five.check(), Err(Code::MaxResolveTopics));
    let three: FindQuery = same(r#"{"usernames":"hrome_drome,Riandy Rahman,اثاث"}"#);
    assert_eq!(three.check(), Ok(()));
    assert_eq!(decode::<FindQuery>(br#"{"usernames":""}"#).unwrap().usernames, Vec::<String>::new());
}

#[test]
fn secrets_are_not_shown() {
    let auth: ClientFrame = same(r#"{"auth":{"id":"1","access_token":"hidden"}}"#);
    let login: Login = same(r#"{"auth_type":"basic","username":"a","password":"hidden"}"#);
    let session: Session = same(&timed(r#"{"user_id":1,"access_token":"hidden","expires":"…"}"#));
    let update: UpdateUser = same(r#"{"what":"update_device","device":{"token":"hidden","platform":"iOS"}}"#);
    let shown = format!("{auth:?}{login:?}{session:?}{update:?}");
    assert!(!shown.contains("hidden"), "{shown}");
}
