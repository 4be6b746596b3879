//! Each rule with a change that breaks it and one like it that harms nobody.

use chat_tests::compat::{Document, Documents, Rule, Sender, compare};
use serde_json::{Value, json};

/// A change of one document; `None` where the document is absent.
pub(super) struct Example {
    /// For the table of rules.
    pub(super) words: &'static str,
    sender: Sender,
    old: Option<Value>,
    new: Option<Value>,
}

fn change(words: &'static str, sender: Sender, old: Value, new: Value) -> Example {
    Example { words, sender, old: Some(old), new: Some(new) }
}

/// An object with these fields, of which some are required.
fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

/// A document that is one of some packets.
fn packets(names: &[&str]) -> Value {
    let one = |name: &&str| object(json!({*name: {"type": "object"}}), &[*name]);
    json!({"oneOf": names.iter().map(one).collect::<Vec<_>>()})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn field(schema: Value) -> Value {
    object(json!({"a": schema}), &["a"])
}

/// A document of one path with one method.
fn http(path: &str, operation: Value) -> Value {
    let schemes =
        json!({"bearer": {"type": "http", "scheme": "bearer"}, "cookie": {"type": "apiKey", "in": "cookie"}});
    json!({"openapi": "3.1.0", "paths": {path: {"get": operation}}, "components": {"securitySchemes": schemes}})
}

fn path_parameter(name: &str) -> Value {
    json!({"parameters": [{"in": "path", "name": name, "required": true, "schema": text()}]})
}

/// A document of a socket with a table of one error.
fn errors(close: u16, words: &str) -> Value {
    json!({"asyncapi": "3.0.0", "x-error-codes": [{"code": "ERR_BUSY", "close": close, "description": words}]})
}

/// A document of a socket over which one command is sent.
fn command(retry: &str) -> Value {
    let message = json!({"$ref": "#/channels/socket/messages/send"});
    let operation = json!({
        "action": "receive", "channel": {"$ref": "#/channels/socket"}, "messages": [message], "x-retry": retry,
    });
    let channel = json!({"address": "/v1/ws", "messages": {"send": {"name": "send", "payload": text()}}});
    json!({"asyncapi": "3.0.0", "channels": {"socket": channel}, "operations": {"send": operation}})
}

/// Words beside which any other may stand.
fn open_list(words: &[&str]) -> Value {
    json!({"anyOf": [{"enum": words}, {"type": "string"}]})
}

fn closed(mut object: Value) -> Value {
    object["additionalProperties"] = json!(false);
    object
}

/// A change that breaks the rule, and a harmless one. That every rule has both is checked by the compiler.
pub(super) fn of(rule: Rule) -> (Example, Example) {
    use Sender::{Both, Client, Server, ServerPackets};
    match rule {
        Rule::DocumentRemoved => (
            Example { words: "`http/error.json` is gone", sender: Server, old: Some(text()), new: None },
            Example { words: "`http/search.json` is new", sender: Server, old: None, new: Some(text()) },
        ),
        Rule::PropertyRemoved => (
            change(
                "`send` loses the optional `reply_to`",
                Client,
                object(json!({"id": text(), "reply_to": text()}), &["id"]),
                object(json!({"id": text()}), &["id"]),
            ),
            change(
                "`send` gets an optional `reply_to`",
                Client,
                object(json!({"id": text()}), &["id"]),
                object(json!({"id": text(), "reply_to": text()}), &["id"]),
            ),
        ),
        Rule::VariantRemoved => (
            change("the command `typing` is gone", Client, packets(&["send", "typing"]), packets(&["send"])),
            change("a command `search` is new", Client, packets(&["send"]), packets(&["search", "send"])),
        ),
        Rule::WordRemoved => (
            change(
                "the error `ERR_ROOM_FULL` is called `ERR_TOO_MANY` now",
                Server,
                field(open_list(&["ERR_NOT_FOUND", "ERR_ROOM_FULL"])),
                field(open_list(&["ERR_NOT_FOUND", "ERR_TOO_MANY"])),
            ),
            change(
                "the error `ERR_GONE` is new; the list is open",
                Server,
                field(open_list(&["ERR_NOT_FOUND"])),
                field(open_list(&["ERR_GONE", "ERR_NOT_FOUND"])),
            ),
        ),
        Rule::EndpointRemoved => (
            change(
                "`GET /v1/unread` is `GET /v1/counts` now",
                Both,
                http("/v1/unread", json!({})),
                http("/v1/counts", json!({})),
            ),
            change(
                "what is `{room}` in a path is called `{id}` now",
                Both,
                http("/v1/rooms/{room}", path_parameter("room")),
                http("/v1/rooms/{id}", path_parameter("id")),
            ),
        ),
        Rule::StatusChanged => (
            change(
                "a message is stored with 202 and no longer with 200",
                Both,
                http("/a", json!({"responses": {"200": {}, "202": {}}})),
                http("/a", json!({"responses": {"202": {}}})),
            ),
            change(
                "429 is answered to who asks too much",
                Both,
                http("/a", json!({"responses": {"200": {}}})),
                http("/a", json!({"responses": {"200": {}, "429": {}}})),
            ),
        ),
        Rule::AccessNarrowed => (
            change(
                "`GET /healthz` wants a token",
                Both,
                http("/healthz", json!({"security": []})),
                http("/healthz", json!({"security": [{"bearer": []}]})),
            ),
            change(
                "a cookie is as good as a token",
                Both,
                http("/a", json!({"security": [{"bearer": []}]})),
                http("/a", json!({"security": [{"bearer": []}, {"cookie": []}]})),
            ),
        ),
        Rule::ErrorChanged => (
            change(
                "`ERR_BUSY` closes with 4503 and no longer with 1013",
                Both,
                errors(1013, ""),
                errors(4503, ""),
            ),
            change(
                "`ERR_BUSY` is described otherwise",
                Both,
                errors(1013, "Busy."),
                errors(1013, "Too busy."),
            ),
        ),
        Rule::RetryChanged => (
            change(
                "`send` may not be repeated",
                Both,
                command("idempotent with client_msg_id"),
                command("no"),
            ),
            change(
                "`send` needs no id to be repeated",
                Both,
                command("idempotent with client_msg_id"),
                command("safe"),
            ),
        ),
        Rule::DefaultChanged => (
            change(
                "`access` is `open` when absent, no longer `invite`",
                Client,
                object(json!({"access": {"type": "string", "default": "invite"}}), &[]),
                object(json!({"access": {"type": "string", "default": "open"}}), &[]),
            ),
            change(
                "`access` is `invite` when absent, as it was, and that is now written down",
                Client,
                object(json!({"access": text()}), &[]),
                object(json!({"access": {"type": "string", "default": "invite"}}), &[]),
            ),
        ),
        Rule::ObjectClosed => (
            change(
                "`send` refuses fields that it does not know",
                Client,
                field(text()),
                closed(field(text())),
            ),
            change("`send` refuses them no longer", Client, closed(field(text())), field(text())),
        ),
        Rule::CannotTell => (
            change(
                "a `not` is changed",
                Client,
                field(json!({"type": "string", "not": {"const": "me"}})),
                field(json!({"type": "string", "not": {"const": "all"}})),
            ),
            change(
                "beside a `not`, the description is changed",
                Client,
                field(json!({"type": "string", "not": {"const": "me"}, "description": "A user."})),
                field(json!({"description": "Who it is.", "type": "string", "not": {"const": "me"}})),
            ),
        ),
        Rule::FieldRequired => (
            change(
                "`create` requires `name`",
                Client,
                object(json!({"name": text()}), &[]),
                object(json!({"name": text()}), &["name"]),
            ),
            change(
                "`create` requires `name` no longer",
                Client,
                object(json!({"name": text()}), &["name"]),
                object(json!({"name": text()}), &[]),
            ),
        ),
        Rule::TypeNarrowed => (
            change(
                "`name` may not be `null`",
                Client,
                field(json!({"type": ["string", "null"]})),
                field(text()),
            ),
            change(
                "`name` may also be `null`",
                Client,
                field(text()),
                field(json!({"type": ["string", "null"]})),
            ),
        ),
        Rule::ValueRemoved => (
            change(
                "the kind `desk` of a room to create is gone",
                Client,
                field(json!({"enum": ["group", "desk"]})),
                field(json!({"enum": ["group"]})),
            ),
            change(
                "the kind `channel` of a room to create is new",
                Client,
                field(json!({"oneOf": [{"const": "group"}]})),
                field(json!({"oneOf": [{"const": "channel"}, {"const": "group"}]})),
            ),
        ),
        Rule::LimitTightened => (
            change(
                "`maxLength` of a room's id goes from 128 to 64",
                Client,
                field(json!({"type": "string", "maxLength": 128})),
                field(json!({"type": "string", "maxLength": 64})),
            ),
            change(
                "it goes from 64 to 128",
                Client,
                field(json!({"type": "string", "maxLength": 64})),
                field(json!({"type": "string", "maxLength": 128})),
            ),
        ),
        Rule::FormAdded => (
            change(
                "a digest sent by clients must match a `pattern`",
                Client,
                field(text()),
                field(json!({"type": "string", "pattern": "^[0-9a-f]{32}$"})),
            ),
            change(
                "it need not match it any more",
                Client,
                field(json!({"type": "string", "pattern": "^[0-9a-f]{32}$"})),
                field(text()),
            ),
        ),
        Rule::FieldOptional => (
            change(
                "`seq` of a message may be absent",
                Server,
                object(json!({"seq": {"type": "integer"}}), &["seq"]),
                object(json!({"seq": {"type": "integer"}}), &[]),
            ),
            change(
                "`seq` of a message is always there",
                Server,
                object(json!({"seq": {"type": "integer"}}), &[]),
                object(json!({"seq": {"type": "integer"}}), &["seq"]),
            ),
        ),
        Rule::TypeWidened => (
            change("`name` may be `null`", Server, field(text()), field(json!({"type": ["string", "null"]}))),
            change(
                "`name` is never `null`",
                Server,
                field(json!({"type": ["string", "null"]})),
                field(text()),
            ),
        ),
        Rule::ValueAdded => (
            change(
                "`access` of a room may be `knock`",
                Server,
                field(json!({"oneOf": [{"const": "open"}, {"const": "invite"}]})),
                field(json!({"oneOf": [{"const": "open"}, {"const": "invite"}, {"const": "knock"}]})),
            ),
            change(
                "a kind of event is new; there is a form for every word that is not another's",
                Server,
                object(json!({"what": {"type": "string", "not": {"enum": ["online"]}}}), &["what"]),
                object(json!({"what": {"type": "string", "not": {"enum": ["online", "away"]}}}), &["what"]),
            ),
        ),
        Rule::LimitLoosened => (
            change(
                "`maximum` of `seq` is gone",
                Server,
                field(json!({"type": "integer", "maximum": 9_007_199_254_740_991_u64})),
                field(json!({"type": "integer"})),
            ),
            change(
                "`seq` gets a `maximum`",
                Server,
                field(json!({"type": "integer"})),
                field(json!({"type": "integer", "maximum": 9_007_199_254_740_991_u64})),
            ),
        ),
        Rule::FormRemoved => (
            change(
                "`ts` is no longer a `date-time`",
                Server,
                field(json!({"type": "string", "format": "date-time"})),
                field(text()),
            ),
            change(
                "`ts` is a `date-time`, as it was, and that is now written down",
                Server,
                field(text()),
                field(json!({"type": "string", "format": "date-time"})),
            ),
        ),
        Rule::VariantAdded => (
            change(
                "a chat inside a message may have a third form",
                ServerPackets,
                field(packets(&["direct", "project"])),
                field(packets(&["direct", "project", "thread"])),
            ),
            change(
                "a packet `call` is new; clients pass over the kinds that they do not know",
                ServerPackets,
                packets(&["message", "pong"]),
                packets(&["message", "call", "pong"]),
            ),
        ),
    }
}

fn documents(schema: Option<Value>, sender: Sender) -> Documents {
    schema.into_iter().map(|schema| ("test.json".to_owned(), Document { sender, schema })).collect()
}

#[test]
fn each_rule_finds_its_breaking_example_and_passes_its_harmless_one() {
    for rule in Rule::ALL {
        let (breaking, harmless) = of(*rule);
        let found = |example: Example| -> Vec<Rule> {
            let (old, new) = (documents(example.old, example.sender), documents(example.new, example.sender));
            compare(&old, &new).iter().map(|finding| finding.rule).collect()
        };
        assert_eq!(found(breaking), [*rule], "the breaking example of {}", rule.name());
        assert_eq!(found(harmless), [], "the harmless example of {}", rule.name());
    }
}
