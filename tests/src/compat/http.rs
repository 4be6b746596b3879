//! Comparison of OpenAPI documents: what is asked is read by the new server, what it answers by the old client. In a
//! webhook it is the server that asks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::alternative::Place;
use super::compare::{Comparison, REQUIRED, quoted};
use super::endpoint::{Sides, Ways, address, parameters, part, parts, scheme, ways};
use super::finding::quote;
use super::{Finding, Rule, Sender};

const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

pub(super) fn document(path: &str, old: &Value, new: &Value) -> Vec<Finding> {
    let mut endpoints = Sides::new(path, old, new, (Sender::Client, Sender::Server));
    let mut hooks = Sides::new(path, old, new, (Sender::Server, Sender::Client));
    group(&mut endpoints, "paths");
    group(&mut hooks, "webhooks");
    endpoints.finish().into_iter().chain(hooks.finish()).collect()
}

fn group(sides: &mut Sides<'_>, name: &str) {
    let (old, new) = (sides.asks.old.top(), sides.asks.new.top());
    let listed: BTreeMap<String, _> =
        parts(&new, name).into_iter().map(|(path, item)| (address(path), (path, item))).collect();
    for (path, item) in parts(&old, name) {
        let today = listed.get(&address(path));
        for (method, operation) in METHODS.iter().filter_map(|name| Some((name, part(&item, name)?))) {
            match today.and_then(|(name, today)| Some((*name, part(today, method)?))) {
                Some((name, today)) => compare(sides, (path, &operation), (name, &today)),
                None => {
                    let method = method.to_ascii_uppercase();
                    let sentence = match sides.asks.sender.is_client() {
                        true => format!("A client that asks `{method} {path}` finds nothing."),
                        false => format!("Who waits for `{method} {path}` is asked no more."),
                    };
                    sides.gone(&operation, &sentence, "published".to_owned());
                }
            }
        }
    }
}

/// Compares two versions of an operation, each with its path.
fn compare<'a>(sides: &mut Sides<'a>, old: (&'a str, &Place<'a>), new: (&'a str, &Place<'a>)) {
    for place in ["query", "header", "cookie", "path"] {
        let (before, after) = (taken(old, place), taken(new, place));
        let of = |(_, operation): (&str, &Place<'a>), all: Vec<(&'a str, bool, Place<'a>)>| {
            parameters(&format!("{}/parameters", operation.pointer), all.into_iter())
        };
        let (written, read) = sides.asks.sender.roles(of(old, before), of(new, after));
        sides.asks.object(&written, &read);
    }
    let (old, new) = (old.1, new.1);
    body(&mut sides.asks, old, new);
    let security = (security(old, sides.asks.old.root), security(new, sides.asks.new.root));
    ways(&mut sides.asks, new, &security.0, &security.1);
    answers(&mut sides.answers, old, new);
}

/// Parameters that are in this place: name, whether they must be there, and schema. Those of a path count by their order.
fn taken<'a>((path, operation): (&'a str, &Place<'a>), place: &str) -> Vec<(&'a str, bool, Place<'a>)> {
    let listed = part(operation, "parameters");
    let all = listed.iter().flat_map(|list| {
        let entries = list.schema.as_array().into_iter().flatten().enumerate();
        entries.map(|(n, one)| list.child(&n.to_string(), one))
    });
    let mut found = Vec::new();
    for one in all.filter(|one| one.schema["in"] == place) {
        let (Some(name), Some(schema)) = (one.schema["name"].as_str(), part(&one, "schema")) else {
            continue;
        };
        let name = if place == "path" { position(path, name) } else { name };
        found.push((name, one.schema["required"] == true, schema));
    }
    found
}

/// The name of a parameter of a path, which is its place there: what stands before it, without names.
fn position<'a>(path: &'a str, name: &'a str) -> &'a str {
    const ORDINALS: &[&str] = &["first of the path", "second of the path", "third of the path"];
    let mut names = path.split('{').skip(1).filter_map(|part| part.split('}').next());
    names.position(|other| other == name).and_then(|n| ORDINALS.get(n)).copied().unwrap_or(name)
}

fn body<'a>(asks: &mut Comparison<'a>, old: &Place<'a>, new: &Place<'a>) {
    let (before, after) = (part(old, "requestBody"), part(new, "requestBody"));
    let is_required =
        |body: &Option<Place<'_>>| body.as_ref().is_some_and(|body| body.schema["required"] == true);
    let (written, read) = asks.sender.roles(is_required(&before), is_required(&after));
    if read && !written {
        let sentence = match asks.sender.is_client() {
            true => "A client that sends no body is refused.",
            false => "Who is asked waits for a body.",
        };
        asks.differ(&REQUIRED, &new.pointer, sentence, "may be absent".to_owned(), "required".to_owned());
    }
    content(asks, before, after, "A body that is sent is no longer read.");
}

/// Compares bodies, which have a schema for each media type.
fn content<'a>(
    comparison: &mut Comparison<'a>,
    old: Option<Place<'a>>,
    new: Option<Place<'a>>,
    nothing: &str,
) {
    let of = |body: &Option<Place<'a>>| body.as_ref().map(|body| parts(body, "content")).unwrap_or_default();
    let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (of(&old).into_iter().collect(), of(&new).into_iter().collect());
    let Some(old) = old.filter(|_| !before.is_empty()) else { return };
    if after.is_empty() {
        let text = quote(old.schema);
        return comparison.push(Rule::PropertyRemoved, &old.pointer, nothing, text, "absent".to_owned());
    }
    for (media, old) in &before {
        match after.get(media) {
            Some(new) => comparison.versions(&schema(old), &schema(new)),
            None => {
                let sentence = format!("`{media}` is no longer spoken here.");
                let before = "published".to_owned();
                comparison.push(Rule::EndpointRemoved, &old.pointer, &sentence, before, "absent".to_owned());
            }
        }
    }
}

/// What a media type's body is: anything, when nothing is said.
fn schema<'a>(media: &Place<'a>) -> Place<'a> {
    static ANYTHING: Value = Value::Bool(true);
    let anything = || Place { pointer: media.pointer.clone(), schema: &ANYTHING };
    part(media, "schema").unwrap_or_else(anything)
}

fn security(operation: &Place<'_>, root: &Value) -> Ways {
    let listed = operation.schema["security"].as_array().filter(|listed| !listed.is_empty());
    let Some(listed) = listed else { return vec![BTreeSet::new()] };
    let way =
        |way: &Value| way.as_object().into_iter().flatten().map(|(name, _)| scheme(root, name)).collect();
    listed.iter().map(way).collect()
}

fn answers<'a>(answers: &mut Comparison<'a>, old: &Place<'a>, new: &Place<'a>) {
    let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (parts(old, "responses").into_iter().collect(), parts(new, "responses").into_iter().collect());
    for (status, answer) in &before {
        match after.get(status) {
            Some(today) => {
                let nothing = "A client that reads the body of this answer finds none.";
                content(answers, Some(answer.clone()), Some(today.clone()), nothing);
            }
            None => {
                let sentence = format!("A client that acts on {status} does not get it any more.");
                answers.push(
                    Rule::StatusChanged,
                    &answer.pointer,
                    &sentence,
                    quoted(Some(answer.schema)),
                    "absent".to_owned(),
                );
            }
        }
    }
    // What a client does not know of 4xx and 5xx it takes for the first of its kind.
    let is_error = |status: &str| status.starts_with(['4', '5']);
    for (status, answer) in
        after.iter().filter(|(status, _)| !is_error(status) && !before.contains_key(*status))
    {
        if !answers.sender.is_client() {
            let sentence = format!("A client that knows the successes takes {status} for a failure.");
            answers.push(
                Rule::StatusChanged,
                &answer.pointer,
                &sentence,
                "absent".to_owned(),
                quoted(Some(answer.schema)),
            );
        }
    }
}
