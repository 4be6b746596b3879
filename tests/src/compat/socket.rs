//! Comparison of AsyncAPI documents: sockets, what goes over them in each direction, and the table of errors.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::alternative::{Alternative, Place};
use super::compare::{Comparison, quoted};
use super::endpoint::{Sides, Ways, address, parameters, part, parts, scheme, ways};
use super::parse::{Reader, Unreadable};
use super::{Finding, Rule, Sender};

pub(super) fn document(path: &str, old: &Value, new: &Value) -> Vec<Finding> {
    let mut sides = Sides::new(path, old, new, (Sender::Client, Sender::ServerPackets));
    let (before, after) = (sides.asks.old.top(), sides.asks.new.top());
    let today: BTreeMap<String, _> =
        parts(&after, "channels").into_iter().map(|(name, it)| (address_of(&it), (name, it))).collect();
    for (name, channel) in parts(&before, "channels") {
        match today.get(&address_of(&channel)) {
            Some((now, it)) => compare(&mut sides, (name, &channel), (now, it)),
            None => {
                let sentence = "A client that connects there is not answered.";
                sides.gone(&channel, sentence, quoted(channel.schema.get("address")));
            }
        }
    }
    let security = (security(old), security(new));
    ways(&mut sides.asks, &after, &security.0, &security.1);
    errors(&mut sides.answers, &before, &after);
    sides.finish()
}

fn address_of(channel: &Place<'_>) -> String {
    address(channel.schema["address"].as_str().unwrap_or_default())
}

/// Compares two versions of a channel, each with its name.
fn compare<'a>(sides: &mut Sides<'a>, old: (&str, &Place<'a>), new: (&str, &Place<'a>)) {
    handshake(sides, old.1, new.1);
    for (action, comparison) in [("receive", &mut sides.asks), ("send", &mut sides.answers)] {
        let before = payloads(&comparison.old.top(), old.0, action);
        let after = payloads(&comparison.new.top(), new.0, action);
        match forms(comparison.old, &before).and_then(|old| Ok((old, forms(comparison.new, &after)?))) {
            Ok((before, after)) => {
                let (written, read) = comparison.sender.roles(before, after);
                comparison.alternatives(written, read, action == "send");
            }
            Err(Unreadable(why)) => {
                let sentence = format!("What goes over this socket cannot be known: {why}.");
                comparison.report(Rule::CannotTell, old.1, new.1, &sentence);
            }
        }
    }
    exchanges(sides, old.0, new.0);
}

fn forms<'a>(reader: Reader<'a>, payloads: &[Place<'a>]) -> Result<Vec<Alternative<'a>>, Unreadable> {
    let mut forms = Vec::new();
    for payload in payloads {
        forms.extend(reader.alternatives(payload)?);
    }
    Ok(forms)
}

fn handshake<'a>(sides: &mut Sides<'a>, old: &Place<'a>, new: &Place<'a>) {
    let ws = |channel: &Place<'a>| part(&part(channel, "bindings")?, "ws");
    let of = |channel: &Place<'a>, sort: &str| {
        let listed = ws(channel).and_then(|ws| part(&ws, sort));
        let required = listed.as_ref().map(|it| &it.schema["required"]).and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
        let all = listed.iter().flat_map(|it| parts(it, "properties"));
        let pointer = listed.as_ref().map_or(&channel.pointer, |it| &it.pointer);
        parameters(pointer, all.map(|(name, place)| (name, is_required(name), place)))
    };
    for sort in ["query", "headers"] {
        let (before, after) = (of(old, sort), of(new, sort));
        sides.asks.object(&before, &after);
        for (name, header) in &before.properties {
            let today = after.properties.get(name);
            let words =
                |place: &Place<'a>| place.schema["x-subprotocols"].as_array().cloned().unwrap_or_default();
            let known = today.map(words).unwrap_or_default();
            for word in words(header).iter().filter(|word| !known.contains(word)) {
                let sentence = format!("A client that offers the subprotocol {word} is refused.");
                sides.gone(header, &sentence, word.to_string());
            }
        }
    }
}

/// The operations of a channel in one direction.
fn operations<'a>(top: &Place<'a>, channel: &str, action: &str) -> Vec<Place<'a>> {
    let channel = Value::from(format!("#/channels/{channel}"));
    let is_of = |it: &Place<'_>| it.schema["action"] == action && it.schema["channel"]["$ref"] == channel;
    parts(top, "operations").into_iter().map(|(_, it)| it).filter(is_of).collect()
}

/// The messages that a list of references names.
fn messages<'a>(top: &Place<'a>, list: &'a Value) -> Vec<Place<'a>> {
    let target = |reference: &Value| {
        let mut pointer = reference["$ref"].as_str()?.strip_prefix('#')?;
        let mut message = top.schema.pointer(pointer)?;
        // A channel's message is a reference to the one of the document.
        if let Some(reference) = message["$ref"].as_str() {
            pointer = reference.strip_prefix('#')?;
            message = top.schema.pointer(pointer)?;
        }
        Some(Place { pointer: pointer.to_owned(), schema: message })
    };
    list.as_array().into_iter().flatten().filter_map(target).collect()
}

fn payloads<'a>(top: &Place<'a>, channel: &str, action: &str) -> Vec<Place<'a>> {
    let all =
        operations(top, channel, action).into_iter().flat_map(|it| messages(top, &it.schema["messages"]));
    all.filter_map(|message| part(&message, "payload")).collect()
}

/// The commands of a channel, by the names that they have on the wire.
fn commands<'a>(top: &Place<'a>, channel: &str) -> BTreeMap<&'a str, Place<'a>> {
    let named = |it: Place<'a>| {
        let message = messages(top, &it.schema["messages"]).into_iter().next()?;
        Some((message.schema["name"].as_str()?, it))
    };
    operations(top, channel, "receive").into_iter().filter_map(named).collect()
}

/// Compares what each command is answered with, and whether it may be repeated.
fn exchanges(sides: &mut Sides<'_>, old: &str, new: &str) {
    let (before, after) = (sides.answers.old.top(), sides.answers.new.top());
    let today = commands(&after, new);
    for (name, operation) in commands(&before, old) {
        // A command that is gone is found among the forms.
        let Some(now) = today.get(name) else { continue };
        retry(&mut sides.asks, name, &operation, now);
        let now = messages(&after, &now.schema["reply"]["messages"]);
        for (n, reply) in messages(&before, &operation.schema["reply"]["messages"]).iter().enumerate() {
            match now.get(n) {
                Some(now) => answer(&mut sides.answers, name, reply, now),
                None => {
                    let sentence = format!("A client that waits for the answer to `{name}` never gets it.");
                    let before = quoted(reply.schema.get("name"));
                    let rule = Rule::VariantRemoved;
                    sides.answers.push(rule, &reply.pointer, &sentence, before, "absent".to_owned());
                }
            }
        }
    }
}

/// What may be repeated as it is may be repeated with an id as well; the reverse is another promise.
fn retry(asks: &mut Comparison<'_>, name: &str, old: &Place<'_>, new: &Place<'_>) {
    let of = |operation: &Place<'_>| operation.schema.get("x-retry").cloned();
    let (before, after) = (of(old), of(new));
    let is_weaker = before.as_ref().is_some_and(|before| before != "no") && after != Some("safe".into());
    if is_weaker && before != after {
        let sentence = format!("A client that repeats `{name}` as it was told acts twice.");
        let (before, after) = (quoted(before.as_ref()), quoted(after.as_ref()));
        asks.push(Rule::RetryChanged, &new.pointer, &sentence, before, after);
    }
}

/// Compares two versions of an answer: a packet, and beside it what is said of its data.
fn answer<'a>(answers: &mut Comparison<'a>, name: &str, old: &Place<'a>, new: &Place<'a>) {
    let (before, after) = (joined(old), joined(new));
    for (n, old) in before.iter().enumerate() {
        match after.get(n) {
            Some(new) => answers.versions(old, new),
            None => {
                let sentence = format!("A client that reads the data of the answer to `{name}` finds none.");
                let text = quoted(Some(old.schema));
                answers.push(Rule::PropertyRemoved, &old.pointer, &sentence, text, "absent".to_owned());
            }
        }
    }
}

/// The parts that hold together in a message's payload.
fn joined<'a>(message: &Place<'a>) -> Vec<Place<'a>> {
    let Some(payload) = part(message, "payload") else { return Vec::new() };
    match part(&payload, "allOf") {
        None => vec![payload],
        Some(all) => {
            let each = all.schema.as_array().into_iter().flatten().enumerate();
            each.map(|(n, one)| all.child(&n.to_string(), one)).collect()
        }
    }
}

/// The ways to say who one is; all servers of a document have the same.
fn security(root: &Value) -> Ways {
    let server = root["servers"].as_object().into_iter().flatten().map(|(_, server)| server).next();
    let listed = server.and_then(|server| server["security"].as_array()).filter(|listed| !listed.is_empty());
    let Some(listed) = listed else { return vec![BTreeSet::new()] };
    let names = listed.iter().filter_map(|way| way["$ref"].as_str()?.rsplit('/').next());
    names.map(|name| BTreeSet::from([scheme(root, name)])).collect()
}

/// Compares what each error code goes with. That a code is gone is found where it is sent.
fn errors(answers: &mut Comparison<'_>, old: &Place<'_>, new: &Place<'_>) {
    const COLUMNS: &[(&str, &str)] =
        &[("status", "HTTP status"), ("close", "close code"), ("x-retry", "action")];
    let table = |of: &Place<'_>| of.schema["x-error-codes"].as_array().cloned().unwrap_or_default();
    let after = table(new);
    for line in table(old) {
        let now = after.iter().enumerate().find(|(_, now)| now["code"] == line["code"]);
        for (column, words) in COLUMNS {
            let (before, after) = (line.get(*column), now.and_then(|(_, now)| now.get(*column)));
            if before.is_some() && before != after {
                let sentence =
                    format!("A client that acts on the {words} of {} does something else.", line["code"]);
                let pointer = now.map_or("/x-error-codes".to_owned(), |(n, _)| format!("/x-error-codes/{n}"));
                answers.push(Rule::ErrorChanged, &pointer, &sentence, quoted(before), quoted(after));
            }
        }
    }
}
