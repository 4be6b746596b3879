//! Pairs of schemas that are easily judged wrong: other words for the same, forms, maps, definitions in circles.

use chat_tests::compat::{Document, Documents, Finding, Rule, Sender, compare};
use serde_json::{Value, json};

use Sender::{Client, Server, ServerPackets};

fn documents(sender: Sender, schema: &Value) -> Documents {
    [("test.json".to_owned(), Document { sender, schema: schema.clone() })].into()
}

fn found(sender: Sender, old: &Value, new: &Value) -> Vec<Finding> {
    compare(&documents(sender, old), &documents(sender, new))
}

fn rules(sender: Sender, old: &Value, new: &Value) -> Vec<Rule> {
    found(sender, old, new).iter().map(|finding| finding.rule).collect()
}

/// Checks that two schemas say the same to everyone.
#[track_caller]
fn same(a: &Value, b: &Value) {
    for sender in [Client, Server, ServerPackets] {
        assert_eq!(rules(sender, a, b), [], "{sender:?}: {a} became {b}");
        assert_eq!(rules(sender, b, a), [], "{sender:?}: {b} became {a}");
    }
}

/// Checks that the second allows more than the first: who sends may not lose it, who receives may not get it.
#[track_caller]
fn wider(narrow: &Value, wide: &Value, client: Rule, server: Rule) {
    assert_eq!(rules(Client, narrow, wide), [], "clients send {narrow}, then {wide}");
    assert_eq!(rules(Client, wide, narrow), [client], "clients send {wide}, then {narrow}");
    assert_eq!(rules(Server, wide, narrow), [], "servers send {wide}, then {narrow}");
    assert_eq!(rules(Server, narrow, wide), [server], "servers send {narrow}, then {wide}");
}

#[test]
fn other_words_for_the_same_are_the_same() {
    let name = json!({"type": "string", "maxLength": 9});
    same(
        &json!({"type": ["string", "null"], "maxLength": 9}),
        &json!({"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}], "$defs": {"N": name}}),
    );
    same(&json!({"type": "string", "enum": ["a", "b"]}), &json!({"oneOf": [{"const": "b"}, {"const": "a"}]}));
    same(
        &json!({"type": "integer", "format": "uint8"}),
        &json!({"type": "integer", "minimum": 0, "maximum": 255}),
    );
    same(
        &json!({"type": "integer", "format": "int16"}),
        &json!({"type": "integer", "minimum": -32768, "maximum": 32767}),
    );
    same(&json!({"type": "string", "minLength": 0}), &json!({"type": "string"}));
    same(&json!(true), &json!({"description": "Anything.", "x-since": "1.0"}));
    same(&json!({"type": "object", "additionalProperties": true}), &json!({"type": "object"}));
    // The name of a definition is no part of the wire.
    same(
        &json!({"type": "array", "items": {"$ref": "#/$defs/A"}, "$defs": {"A": name}}),
        &json!({"type": "array", "items": {"$ref": "#/$defs/B"}, "$defs": {"B": name}}),
    );
    same(
        &json!({"type": "integer", "maximum": 5, "allOf": [{"maximum": 9}]}),
        &json!({"type": "integer", "maximum": 5}),
    );
    same(
        &json!({"type": "integer", "minimum": 5, "allOf": [{"minimum": 1}]}),
        &json!({"type": "integer", "minimum": 5}),
    );
    // What is said beside forms, or joined, is said of each of them.
    let field = json!({"type": "object", "properties": {"a": name}, "required": ["a"]});
    same(&field, &json!({"type": "object", "allOf": [{"properties": {"a": name}}, {"required": ["a"]}]}));
    same(
        &json!({"oneOf": [
            {"type": "object", "properties": {"k": {"const": 1}, "a": name}, "required": ["k", "a"]},
            {"type": "object", "properties": {"k": {"const": 2}, "a": name}, "required": ["k", "a"]},
        ]}),
        &json!({"type": "object", "properties": {"a": name}, "required": ["a"], "oneOf": [
            {"properties": {"k": {"const": 2}}, "required": ["k"]},
            {"properties": {"k": {"const": 1}}, "required": ["k"]},
        ]}),
    );
}

#[test]
fn more_is_harmless_from_clients_and_less_from_servers() {
    use Rule::*;
    wider(&json!({"type": "integer"}), &json!({"type": "number"}), TypeNarrowed, TypeWidened);
    wider(&json!({"type": "string"}), &json!({}), TypeNarrowed, TypeWidened);
    wider(&json!(false), &json!({"type": "string"}), TypeNarrowed, TypeWidened);
    wider(&json!({"const": "a"}), &json!({"type": "string"}), ValueRemoved, ValueAdded);
    wider(&json!({"const": "abc"}), &json!({"type": "string", "maxLength": 3}), ValueRemoved, ValueAdded);
    wider(&json!({"const": 3}), &json!({"type": "integer", "maximum": 3}), ValueRemoved, ValueAdded);
    let u32 = json!({"type": "integer", "format": "uint32"});
    wider(&json!({"type": "integer", "format": "uint16"}), &u32, LimitTightened, LimitLoosened);
    wider(&u32, &json!({"type": "integer", "minimum": 0}), LimitTightened, LimitLoosened);
    wider(&json!({"type": "array", "maxItems": 5}), &json!({"type": "array"}), LimitTightened, LimitLoosened);
    wider(&json!({"type": "string", "format": "uuid"}), &json!({"type": "string"}), FormAdded, FormRemoved);
    let list = |of: &str| json!({"type": "array", "items": {"type": of}});
    wider(&list("integer"), &list("number"), TypeNarrowed, TypeWidened);
    wider(&list("integer"), &json!({"type": "array"}), TypeNarrowed, TypeWidened);
    let map = |of: &str| json!({"type": "object", "additionalProperties": {"type": of}});
    wider(&map("integer"), &map("number"), TypeNarrowed, TypeWidened);
    wider(&map("integer"), &json!({"type": "object"}), TypeNarrowed, TypeWidened);
    let text =
        |of: &str| json!({"type": "string", "contentMediaType": "a/json", "contentSchema": {"type": of}});
    wider(&text("integer"), &text("number"), TypeNarrowed, TypeWidened);
    let names = |names: Value| json!({"type": "object", "propertyNames": names});
    wider(&names(json!({"maxLength": 4})), &names(json!({"maxLength": 5})), LimitTightened, LimitLoosened);
    wider(&names(json!({"maxLength": 4})), &json!({"type": "object"}), FormAdded, FormRemoved);
}

#[test]
fn what_cannot_be_proven_is_not_passed() {
    use Rule::*;
    // Two descriptions of one field, both of which hold.
    let both = |a: Value, limit: u64| {
        let mut schema = object(json!({"a": a}), &[]);
        schema["allOf"] = json!([{"properties": {"a": {"maxLength": limit}}}]);
        schema
    };
    same(&both(json!({"type": "string"}), 4), &both(json!({"type": "string", "title": "A"}), 4));
    for (old, new, expected) in [
        // A value is taken by a pattern or it is not; the check does not run patterns.
        (json!({"const": "a"}), json!({"type": "string", "pattern": "a"}), ValueRemoved),
        (json!({"const": 2.5}), json!({"type": "integer"}), ValueRemoved),
        (json!({"const": 4}), json!({"type": "integer", "maximum": 3}), ValueRemoved),
        (json!({"const": 3}), json!({"type": "integer", "exclusiveMaximum": 3}), ValueRemoved),
        (json!({"type": "string", "pattern": "^a"}), json!({"type": "string", "pattern": "^[a]"}), FormAdded),
        (json!({"type": "array", "uniqueItems": true}), json!({"type": "array"}), CannotTell),
        (json!({"type": "string"}), json!({"type": "text"}), CannotTell),
        (json!({"type": "string"}), json!({"$ref": "other.json#/a"}), CannotTell),
        (json!({"type": "string"}), json!({"$ref": "#", "title": "itself"}), CannotTell),
        (json!({"$dynamicRef": "#a"}), json!({"$dynamicRef": "#a"}), CannotTell),
        (both(json!({"type": "string"}), 4), both(json!({"type": "string"}), 3), CannotTell),
        (both(json!({"type": "string"}), 4), both(json!({"type": "integer"}), 4), CannotTell),
        (both(json!({"maxLength": 4}), 4), both(json!({"maxLength": 3}), 4), CannotTell),
        // The keyword is the same, and what it refers to is not.
        (
            json!({"type": "string", "not": {"$ref": "#/$defs/A"}, "$defs": {"A": {"const": "me"}}}),
            json!({"type": "string", "not": {"$ref": "#/$defs/A"}, "$defs": {"A": {"const": "all"}}}),
            CannotTell,
        ),
    ] {
        assert!(
            rules(Client, &old, &new).contains(&expected),
            "{old} became {new}: {:?}",
            found(Client, &old, &new)
        );
        assert!(!rules(Server, &new, &old).is_empty(), "{new} became {old}");
    }
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

fn tagged(kind: &str) -> Value {
    object(json!({"type": {"const": kind}, "room": {"type": "string"}}), &["type", "room"])
}

fn text() -> Value {
    json!({"type": "string"})
}

#[test]
fn packets_are_told_apart_by_what_they_require() {
    let packet = |name: &str| object(json!({name: {"type": "object"}}), &[name]);
    let any_of = |forms: &[Value]| json!({"anyOf": forms});
    let old =
        any_of(&[packet("message"), tagged("typing"), object(json!({"err": {}, "id": {}}), &["err", "id"])]);
    for new in [packet("call"), tagged("call"), object(json!({"n": {"type": "integer"}, "m": {}}), &["n"])] {
        let mut wide = old.clone();
        wide["anyOf"].as_array_mut().unwrap().insert(1, new.clone());
        assert_eq!(rules(ServerPackets, &old, &wide), [], "{new}");
        assert_eq!(rules(Client, &old, &wide), [], "{new}");
        // In the body of an answer nobody passes over a form.
        assert_eq!(rules(Server, &old, &wide), [Rule::VariantAdded], "{new}");
        assert_eq!(rules(ServerPackets, &wide, &old), [Rule::VariantRemoved], "{new}");
        assert!(!rules(Client, &wide, &old).is_empty(), "{new}");
    }
    // A client would take this for the message that it knows, and fail.
    let mut wide = old.clone();
    let mistaken = object(json!({"message": {"type": "string"}, "call": {}}), &["message", "call"]);
    wide["anyOf"].as_array_mut().unwrap().push(mistaken);
    assert_eq!(rules(ServerPackets, &old, &wide), [Rule::VariantAdded]);
    // This it reads as the error that it knows.
    wide["anyOf"][3] = object(json!({"err": {"type": "null"}, "id": {}, "x": {}}), &["err", "id", "x"]);
    assert_eq!(rules(ServerPackets, &old, &wide), []);
}

#[test]
fn forms_are_compared_with_their_own_kind() {
    let one_of = |forms: &[Value]| json!({"oneOf": forms});
    let mut strict = tagged("typing");
    strict["required"] = json!(["type"]);
    // `room` of one form becomes optional; the others stand around it in another order.
    let old = one_of(&[tagged("message"), tagged("typing"), tagged("seen")]);
    let new = one_of(&[tagged("seen"), strict, tagged("message")]);
    assert_eq!(rules(Client, &old, &new), []);
    let judged = found(ServerPackets, &old, &new);
    assert_eq!(judged.iter().map(|f| f.rule).collect::<Vec<_>>(), [Rule::FieldOptional]);
    assert!(
        judged[0].pointer.starts_with("/oneOf/1") && judged[0].sentence.contains("`room`"),
        "{}",
        judged[0]
    );
    // Titles and definitions tell forms apart that nothing else does.
    let plain = |title: &str, limit: u64| {
        let mut form = object(json!({"a": {"type": "string", "maxLength": limit}}), &["a"]);
        form["title"] = json!(title);
        form
    };
    let old = one_of(&[plain("A", 5), plain("B", 6)]);
    assert_eq!(rules(Server, &old, &one_of(&[plain("B", 7), plain("A", 4)])), [Rule::LimitLoosened]);
    let defined = |a: u64, b: u64| {
        let mut schema = one_of(&[json!({"$ref": "#/$defs/A"}), json!({"$ref": "#/$defs/B"})]);
        schema["title"] = json!("Both");
        schema["$defs"] = json!({"A": plain("", a), "B": plain("", b)});
        for name in ["A", "B"] {
            schema["$defs"][name].as_object_mut().unwrap().remove("title");
        }
        schema
    };
    assert_eq!(rules(Server, &defined(5, 6), &defined(4, 7)), [Rule::LimitLoosened]);
    // Without any of these a changed form is another one.
    let bare = |a: u64, b: u64| {
        let schema = defined(a, b);
        one_of(&[schema["$defs"]["A"].clone(), schema["$defs"]["B"].clone()])
    };
    assert_eq!(rules(Server, &bare(5, 6), &bare(6, 5)), []);
    assert_eq!(rules(Server, &bare(5, 6), &bare(5, 7)), [Rule::VariantAdded, Rule::VariantRemoved]);
    // The title around the forms is that of all of them, and tells none apart: this one is another.
    let titled = |kinds: [&str; 2]| json!({"title": "Both", "oneOf": kinds.map(tagged)});
    assert_eq!(rules(Client, &titled(["a", "b"]), &titled(["a", "c"])), [Rule::VariantRemoved]);
    // One form becomes two that it already described, or two of which one lacks a field.
    let reply = |data: Value, err: Value| object(json!({"data": data, "err": err}), &["data", "err"]);
    let one = reply(json!({"type": ["integer", "null"]}), json!({"type": ["string", "null"]}));
    let (good, bad) =
        (reply(json!({"type": "integer"}), json!({"type": "null"})), reply(json!({"type": "null"}), text()));
    assert_eq!(rules(Server, &one, &one_of(&[good.clone(), bad.clone()])), []);
    let lacking = object(json!({"data": {"type": "integer"}}), &["data"]);
    assert_eq!(rules(Server, &one, &one_of(&[lacking, bad])), [Rule::PropertyRemoved]);
    // A form may get a field beside the one that names it.
    let (plain, more) =
        (object(json!({"err": {}}), &["err"]), object(json!({"err": {}, "code": {}}), &["err", "code"]));
    let forms = |error: &Value| one_of(&[tagged("message"), error.clone()]);
    assert_eq!(rules(ServerPackets, &forms(&plain), &forms(&more)), []);
    assert!(!rules(Client, &forms(&plain), &forms(&more)).is_empty());
}

#[test]
fn definitions_may_hold_themselves() {
    let tree = |limit: u64| {
        let inner = json!({"type": "array", "items": {"$ref": "#/$defs/Node"}});
        let node = object(json!({"name": {"type": "string", "maxLength": limit}, "inner": inner}), &["name"]);
        json!({"$ref": "#/$defs/Node", "$defs": {"Node": node}})
    };
    same(&tree(8), &tree(8));
    let judged = found(Client, &tree(8), &tree(7));
    assert_eq!(judged.len(), 1, "{judged:?}");
    assert_eq!(
        (judged[0].rule, judged[0].pointer.as_str()),
        (Rule::LimitTightened, "/$defs/Node/properties/name")
    );
    let circle =
        json!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}});
    assert_eq!(rules(Client, &circle, &circle), [Rule::CannotTell]);
}

#[test]
fn fields_that_servers_send_are_promises_too() {
    let both = object(json!({"a": {}, "b": {}}), &["a"]);
    let one = object(json!({"a": {}}), &["a"]);
    assert_eq!(rules(Server, &both, &one), [Rule::PropertyRemoved]);
    assert_eq!(rules(Server, &one, &both), []);
    // A field that was always there is gone: one fault, not two.
    assert_eq!(rules(Server, &object(json!({"a": {}, "b": {}}), &["a", "b"]), &one), [Rule::PropertyRemoved]);
    // What was promised by name is not promised by a map.
    let map = json!({"type": "object", "additionalProperties": true});
    assert_eq!(rules(Server, &one, &map), [Rule::PropertyRemoved]);
    // A closed object becomes a map, and a map gets a field of another type.
    let numbers = json!({"type": "object", "additionalProperties": {"type": "number"}});
    let closed = json!({"type": "object", "additionalProperties": false});
    assert_eq!(rules(Server, &closed, &numbers), [Rule::ObjectClosed]);
    assert_eq!(rules(Client, &numbers, &closed), [Rule::ObjectClosed]);
    let mut named = numbers.clone();
    named["properties"] = json!({"a": {"type": "string"}});
    assert_eq!(rules(Client, &numbers, &named), [Rule::TypeNarrowed]);
    assert_eq!(rules(Server, &numbers, &named), [Rule::TypeWidened]);
    // A default matters only where the field may be absent.
    let default = |value: &str, required: &[&str]| object(json!({"a": {"default": value}}), required);
    assert_eq!(rules(Server, &default("x", &[]), &default("y", &[])), [Rule::DefaultChanged]);
    same(&default("x", &["a"]), &default("y", &["a"]));
    // Nothing more was promised, and more is sent.
    let mut closed = one.clone();
    closed["additionalProperties"] = json!(false);
    assert_eq!(rules(Server, &closed, &both), [Rule::ObjectClosed]);
    assert_eq!(rules(Server, &closed, &one), []);
}

#[test]
fn a_document_stays_what_it_is() {
    let (old, mut new) = (json!({"$id": "urn:a"}), json!({"$id": "urn:b"}));
    assert_eq!(rules(Server, &old, &new), [Rule::DocumentRemoved]);
    new["$id"] = json!("urn:a");
    new["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    assert_eq!(rules(Server, &old, &new), []);
    let turned = compare(&documents(Server, &old), &documents(Client, &old));
    assert_eq!(turned.iter().map(|found| found.rule).collect::<Vec<_>>(), [Rule::DocumentRemoved]);
    assert_eq!(compare(&documents(Server, &old), &documents(ServerPackets, &old)).len(), 1);
}

#[test]
fn a_finding_says_where_what_and_whom() {
    let old = object(json!({"a/b": {"type": "string", "maxLength": 4}, "n": {}}), &[]);
    let new = object(json!({"a/b": {"type": "string", "maxLength": 3}, "n": {}}), &["n"]);
    let judged = found(Client, &old, &new);
    assert_eq!(judged.len(), 2, "all is found, not the first only");
    assert_eq!(
        judged[0].to_string(),
        "schema/test.json#/properties/a~1b: limit-tightened\n    \
         A client that goes beyond the new `maxLength` is refused.\n    before: 4\n    after:  3"
    );
    // What the schema says for two kinds of value is one fault.
    let judged = found(
        Server,
        &json!({"type": ["array", "null"], "uniqueItems": true}),
        &json!({"type": ["array", "null"]}),
    );
    assert_eq!(judged.len(), 1, "{judged:?}");
    let long = json!({"description": "long ".repeat(99), "type": "string"});
    let judged = found(Server, &object(json!({"a": long}), &[]), &object(json!({}), &[]));
    assert!(judged[0].before.ends_with("...") && judged[0].before.chars().count() < 200, "{}", judged[0]);
}
