//! Edits of the published documents as people make them, each with what the check says of it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chat_tests::compat::{Baseline, Documents, Rule, compare};
use serde_json::{Value, json};

use super::report;

static PUBLISHED: LazyLock<Documents> = LazyLock::new(|| Baseline::present().documents);

/// A change of a published document.
type Edit = fn(&mut Value);

/// Tries edits of one document, each with the rules that it breaks.
fn try_all(path: &str, edits: &[(&str, &[Rule], Edit)]) {
    let old = Documents::from([(path.to_owned(), PUBLISHED[path].clone())]);
    for (words, expected, edit) in edits {
        let mut new = old.clone();
        let document = new.get_mut(path).expect("it is the only one");
        edit(&mut document.schema);
        assert_ne!(old, new, "{words}: nothing was changed");
        let findings = compare(&old, &new);
        let rules: BTreeSet<Rule> = findings.iter().map(|found| found.rule).collect();
        assert_eq!(rules, expected.iter().copied().collect(), "{path}: {words}\n{}", report(&findings));
        for found in &findings {
            let is_there = [&new, &old].iter().any(|all| all[path].schema.pointer(&found.pointer).is_some());
            assert!(is_there, "{found}\n names no place");
        }
    }
}

/// The part of a document at a pointer.
#[track_caller]
fn at<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document.pointer_mut(pointer).unwrap_or_else(|| panic!("there is no {pointer}"))
}

#[track_caller]
fn remove(document: &mut Value, parent: &str, name: &str) -> Value {
    let removed = at(document, parent).as_object_mut().and_then(|object| object.remove(name));
    removed.unwrap_or_else(|| panic!("{parent} has no {name}"))
}

fn rename(document: &mut Value, parent: &str, from: &str, to: &str) {
    let value = remove(document, parent, from);
    at(document, parent)[to] = value;
}

const HISTORY: &str = "/paths/~1v1~1rooms~1{room}~1messages/get";
const SEND: &str = "/paths/~1v1~1rooms~1{room}~1messages/post";

/// A parameter of the history, by its name.
fn parameter<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    let list = at(document, &format!("{HISTORY}/parameters")).as_array_mut().unwrap();
    list.iter_mut().find(|one| one["name"] == name).unwrap()
}

fn add_parameter(document: &mut Value, is_required: bool) {
    let one =
        json!({"in": "query", "name": "around", "required": is_required, "schema": {"type": "integer"}});
    at(document, &format!("{HISTORY}/parameters")).as_array_mut().unwrap().push(one);
}

#[test]
fn requests_go_where_they_went_and_bring_what_they_brought() {
    use Rule::*;
    try_all(
        "openapi/native.json",
        &[
            ("a path is gone", &[EndpointRemoved], |it| drop(remove(it, "/paths", "/v1/unread"))),
            ("a path is renamed", &[EndpointRemoved], |it| rename(it, "/paths", "/v1/unread", "/v1/counts")),
            ("a method becomes another", &[EndpointRemoved], |it| {
                rename(it, "/paths/~1v1~1uploads", "post", "put")
            }),
            ("a path is new", &[], |it| {
                at(it, "/paths")["/v1/polls"] = json!({"get": {"responses": {"200": {}}}})
            }),
            ("a parameter of a path has another name", &[], |it| {
                rename(it, "/paths", "/v1/rooms/{room}/messages", "/v1/rooms/{id}/messages");
                for method in ["get", "post"] {
                    let pointer = format!("/paths/~1v1~1rooms~1{{id}}~1messages/{method}/parameters");
                    let list = at(it, &pointer).as_array_mut().unwrap().iter_mut();
                    list.filter(|one| one["in"] == "path").for_each(|one| one["name"] = json!("id"));
                }
            }),
            ("a room's id is shorter", &[LimitTightened], |it| {
                at(it, "/components/schemas/RoomId")["maxLength"] = json!(64);
            }),
            ("a parameter must be there", &[FieldRequired], |it| {
                parameter(it, "limit")["required"] = json!(true)
            }),
            ("a parameter is renamed", &[PropertyRemoved], |it| {
                parameter(it, "limit")["name"] = json!("count")
            }),
            ("a parameter moves to the headers", &[PropertyRemoved], |it| {
                parameter(it, "limit")["in"] = json!("header")
            }),
            ("a page is smaller", &[LimitTightened], |it| {
                parameter(it, "limit")["schema"]["maximum"] = json!(50)
            }),
            ("a page may be larger", &[], |it| parameter(it, "limit")["schema"]["maximum"] = json!(500)),
            ("there is one more parameter", &[], |it| add_parameter(it, false)),
            ("there is one more parameter, and it must be there", &[FieldRequired], |it| {
                add_parameter(it, true)
            }),
            ("what is sent must have an id", &[FieldRequired], |it| {
                let pointer = format!("{SEND}/requestBody/content/application~1json/schema/required");
                at(it, &pointer).as_array_mut().unwrap().push(json!("client_msg_id"));
            }),
            ("what is sent is no longer JSON", &[EndpointRemoved], |it| {
                rename(it, &format!("{SEND}/requestBody/content"), "application/json", "text/yaml");
            }),
            ("what is sent may also be a form", &[], |it| {
                at(it, &format!("{SEND}/requestBody/content"))["multipart/form-data"] = json!({"schema": {}});
            }),
            ("a file must be text", &[FormAdded, FormRemoved], |it| {
                let text = it.to_string().replace(r#""format":"binary""#, r#""pattern":"^[a-z]*$""#);
                *it = serde_json::from_str(&text).unwrap();
            }),
            ("no body is read", &[PropertyRemoved], |it| drop(remove(it, SEND, "requestBody"))),
            ("a request that had none must have a body", &[FieldRequired], |it| {
                at(it, HISTORY)["requestBody"] = json!({"required": true, "content": {"text/plain": {}}});
            }),
            ("operations have other names", &[], |it| at(it, SEND)["operationId"] = json!("post_message")),
        ],
    );
    try_all(
        "openapi/tndata.json",
        &[("forms are no longer taken", &[EndpointRemoved], |it| {
            let text = it.to_string().replace("x-www-form-urlencoded", "cbor");
            *it = serde_json::from_str(&text).unwrap();
        })],
    );
}

#[test]
fn answers_are_what_they_were() {
    use Rule::*;
    try_all(
        "openapi/native.json",
        &[
            ("success has another status", &[StatusChanged], |it| {
                rename(it, &format!("{SEND}/responses"), "200", "201");
            }),
            ("success may have another status too", &[StatusChanged], |it| {
                at(it, &format!("{SEND}/responses"))["202"] = json!({});
            }),
            ("a refusal is new", &[], |it| at(it, &format!("{SEND}/responses"))["451"] = json!({})),
            ("a refusal is gone", &[StatusChanged], |it| {
                drop(remove(it, &format!("{SEND}/responses"), "409"))
            }),
            ("a page is of another type", &[PropertyRemoved], |it| {
                let pointer = format!("{HISTORY}/responses/200/content/application~1json/schema");
                *at(it, &pointer) = json!({"$ref": "#/components/schemas/InboxTotals"});
            }),
            ("a page has no body", &[PropertyRemoved], |it| {
                drop(remove(it, &format!("{HISTORY}/responses/200"), "content"));
            }),
            ("a page has one more field", &[], |it| {
                at(it, "/components/schemas/HistoryPage/properties")["total"] = json!({"type": "integer"});
            }),
            ("a page lacks a field", &[PropertyRemoved], |it| {
                drop(remove(it, "/components/schemas/HistoryPage/properties", "more"));
            }),
            ("health is told to the operator alone", &[AccessNarrowed], |it| {
                at(it, "/paths/~1healthz/get")["security"] = json!([{"operator": []}, {"bearer": []}]);
            }),
            ("unread counts are told to everyone", &[], |it| {
                at(it, "/paths/~1v1~1unread/get")["security"] = json!([]);
            }),
            ("the token goes into another header", &[AccessNarrowed], |it| {
                *at(it, "/components/securitySchemes/bearer") =
                    json!({"type": "apiKey", "in": "header", "name": "X-Token"});
            }),
        ],
    );
}

#[test]
fn what_the_server_asks_of_others_is_judged_the_other_way_round() {
    use Rule::*;
    try_all(
        "openapi/hipochat.json",
        &[
            ("nobody is asked any more", &[EndpointRemoved], |it| drop(remove(it, "/webhooks", "profile"))),
            ("who is asked gets no token", &[AccessNarrowed], |it| {
                at(it, "/webhooks/profile/get")["security"] = json!([]);
            }),
            ("one more answer is understood", &[], |it| {
                at(it, "/webhooks/profile/get/responses")["204"] = json!({});
            }),
            ("an answer is no longer understood", &[StatusChanged], |it| {
                drop(remove(it, "/webhooks/profile/get/responses", "401"));
            }),
            ("more may be asked with a body", &[], |it| {
                at(it, "/webhooks/profile/get")["requestBody"] = json!({"content": {"application/json": {}}});
            }),
        ],
    );
}

const CHANNEL: &str = "/channels/socket";

/// Something over the socket that is not there yet.
fn add_operation(document: &mut Value, action: &str) {
    let payload = json!({"type": "object", "properties": {"poll": {"type": "object"}}, "required": ["poll"]});
    at(document, "/components/messages")["PollPacket"] = json!({"name": "poll", "payload": payload});
    at(document, "/channels/socket/messages")["PollPacket"] =
        json!({"$ref": "#/components/messages/PollPacket"});
    at(document, "/operations")["poll"] = json!({
        "action": action,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": "#/channels/socket/messages/PollPacket"}],
    });
}

/// A column of the first line of the table of errors.
fn set_error(document: &mut Value, column: &str, value: Value) {
    at(document, "/x-error-codes/0")[column] = value;
}

const PROTOCOLS: &str =
    "/channels/socket/bindings/ws/headers/properties/Sec-WebSocket-Protocol/x-subprotocols";

#[test]
fn sockets_are_where_they_were_and_carry_what_they_carried() {
    use Rule::*;
    try_all(
        "asyncapi/native.json",
        &[
            ("the socket moves", &[EndpointRemoved], |it| at(it, CHANNEL)["address"] = json!("/v2/ws")),
            ("there is one more socket", &[], |it| {
                at(it, "/channels")["admin"] = json!({"address": "/v1/admin", "messages": {}});
            }),
            ("the subprotocol is the next one", &[EndpointRemoved], |it| {
                *at(it, PROTOCOLS) = json!(["chat.v2"])
            }),
            ("there is one more subprotocol", &[], |it| *at(it, PROTOCOLS) = json!(["chat.v2", "chat.v1"])),
            ("no token is taken in the address", &[AccessNarrowed], |it| {
                at(it, "/servers/local/security").as_array_mut().unwrap().pop();
            }),
            ("a parameter of the address is gone", &[PropertyRemoved], |it| {
                drop(remove(it, &format!("{CHANNEL}/bindings/ws"), "query"));
            }),
            ("a command is gone", &[VariantRemoved], |it| {
                drop(remove(it, "/operations", "socket_receive_TypingPacket"))
            }),
            ("a packet is gone", &[VariantRemoved], |it| {
                drop(remove(it, "/operations", "socket_send_ReadsPacket"))
            }),
            ("a packet goes the other way", &[VariantRemoved], |it| {
                at(it, "/operations/socket_receive_TypingPacket")["action"] = json!("send");
            }),
            ("a command is new", &[], |it| add_operation(it, "receive")),
            ("a packet is new", &[], |it| add_operation(it, "send")),
            ("a command is answered with less", &[PropertyRemoved], |it| {
                drop(remove(it, "/components/schemas/AuthData/properties", "session_id"));
            }),
            ("a command is answered with more", &[], |it| {
                at(it, "/components/schemas/AuthData/properties")["node"] = json!({"type": "string"});
            }),
            ("a command is answered without data", &[PropertyRemoved], |it| {
                let reply = json!([{"$ref": "#/channels/socket/messages/ReplyPacket"}]);
                at(it, "/operations/socket_receive_SendPacket/reply")["messages"] = reply;
            }),
            ("a command is answered with data now", &[], |it| {
                let reply = json!([{"$ref": "#/channels/socket/messages/SendReply"}]);
                at(it, "/operations/socket_receive_TypingPacket/reply")["messages"] = reply;
            }),
            ("a command is not answered", &[VariantRemoved], |it| {
                drop(remove(it, "/operations/socket_receive_PingPacket", "reply"));
            }),
        ],
    );
    try_all(
        "asyncapi/tndata.json",
        &[("the peer in an address is called otherwise", &[], |it| {
            at(it, "/channels/peer")["address"] = json!("/chat/{user}/");
        })],
    );
}

#[test]
fn what_clients_do_about_errors_stays_right() {
    use Rule::*;
    try_all(
        "asyncapi/native.json",
        &[
            ("a close code is another", &[ErrorChanged], |it| set_error(it, "close", json!(4499))),
            ("a status is another", &[ErrorChanged], |it| set_error(it, "status", json!(422))),
            ("an action is another", &[ErrorChanged], |it| set_error(it, "x-retry", json!("retry"))),
            ("an error is gone from the table", &[ErrorChanged], |it| {
                at(it, "/x-error-codes").as_array_mut().unwrap().remove(3);
            }),
            ("an error is new", &[], |it| {
                let line = json!({"code": "ERR_NEW", "status": 400, "close": 4400, "x-retry": "stop"});
                at(it, "/x-error-codes").as_array_mut().unwrap().insert(0, line);
            }),
            ("a command may not be repeated", &[RetryChanged], |it| {
                at(it, "/operations/socket_receive_JoinPacket")["x-retry"] = json!("no");
            }),
            ("nothing is said of repeating", &[RetryChanged], |it| {
                drop(remove(it, "/operations/socket_receive_JoinPacket", "x-retry"));
            }),
            ("a message is repeated with another id", &[RetryChanged], |it| {
                at(it, "/operations/socket_receive_SendPacket")["x-retry"] = json!("idempotent with id");
            }),
            ("a message needs no id to be repeated", &[], |it| {
                at(it, "/operations/socket_receive_SendPacket")["x-retry"] = json!("safe");
            }),
        ],
    );
}

/// Gives a list of forms that has one for every other word a form with a word of its own.
fn add_word(document: &mut Value, list: &str, tag: &str, like: &str) {
    let mut form = at(document, &format!("/$defs/{list}{like}")).clone();
    form["properties"][tag] = json!({"type": "string", "const": "fresh"});
    at(document, "/$defs")["Fresh"] = form;
    at(document, &format!("/$defs/{list}/oneOf"))
        .as_array_mut()
        .unwrap()
        .insert(0, json!({"$ref": "#/$defs/Fresh"}));
    let others = at(document, &format!("/$defs/{list}Unknown/properties/{tag}/not/enum"));
    others.as_array_mut().unwrap().push(json!("fresh"));
}

/// Calls a word of a list otherwise, wherever it is listed.
fn reword(document: &mut Value, from: &str, to: &str) {
    let text = document.to_string().replace(&format!("\"{from}\""), &format!("\"{to}\""));
    *document = serde_json::from_str(&text).unwrap();
}

#[test]
fn words_that_clients_know_stay_and_others_may_come() {
    use Rule::*;
    try_all(
        "native/event.json",
        &[
            ("an action of the user's log is new", &[], |it| add_word(it, "UserChanged", "action", "Read")),
            ("a kind of presence is new", &[], |it| add_word(it, "Presence", "what", "Online")),
            ("an action of the user's log is renamed", &[ValueAdded], |it| {
                reword(it, "marked_unread", "unread");
            }),
            ("an action of the user's log is gone", &[VariantRemoved], |it| {
                let forms = at(it, "/$defs/UserChanged/oneOf").as_array_mut().unwrap();
                forms.retain(|form| form["$ref"] != "#/$defs/UserChangedHidden");
            }),
            ("an action is new, and no old client would take it for another's", &[VariantAdded], |it| {
                add_word(it, "UserChanged", "action", "Read");
                drop(remove(it, "/$defs/Fresh/properties", "ts"));
                let required = at(it, "/$defs/Fresh/required").as_array_mut().unwrap();
                required.retain(|name| name != "ts");
            }),
            ("an error code is renamed", &[WordRemoved], |it| {
                reword(it, "ERR_CLIENT_ID_CONFLICT", "ERR_CONFLICT")
            }),
            ("what the system says is renamed", &[WordRemoved], |it| reword(it, "draining", "stopping")),
            ("a word of the system is new", &[], |it| {
                let words = at(it, "/$defs/SystemKind/oneOf").as_array_mut().unwrap();
                words.push(json!({"const": "moved", "type": "string"}));
            }),
            ("roles are any text", &[WordRemoved], |it| *at(it, "/$defs/Role") = json!({"type": "string"})),
        ],
    );
}
