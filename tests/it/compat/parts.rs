//! Every endpoint, parameter, body, answer, socket and packet of the published documents, each taken away: it is missed.

use std::collections::BTreeSet;

use chat_tests::compat::{Baseline, Document, Documents, Sender, compare};
use serde_json::Value;

/// Pointers of all parts of a document that somebody would miss.
fn parts(document: &Value) -> Vec<String> {
    let mut found = children(document, "/channels");
    found.extend(children(document, "/operations"));
    for group in ["/paths", "/webhooks"] {
        for operation in children(document, group).iter().flat_map(|path| children(document, path)) {
            found.extend(children(document, &format!("{operation}/parameters")));
            found.extend(children(document, &format!("{operation}/responses")));
            found.push(format!("{operation}/requestBody"));
            found.push(operation);
        }
    }
    // What endpoints share, as most refusals, is tried at one of them.
    let mut tried = BTreeSet::new();
    found.retain(|pointer| {
        let name = pointer.rsplit('/').next().map(str::to_owned);
        document.pointer(pointer).is_some_and(|part| tried.insert((name, part.to_string())))
    });
    found
}

fn children(document: &Value, pointer: &str) -> Vec<String> {
    match document.pointer(pointer) {
        Some(Value::Object(object)) => {
            let escaped = object.keys().map(|name| name.replace('~', "~0").replace('/', "~1"));
            escaped.map(|name| format!("{pointer}/{name}")).collect()
        }
        Some(Value::Array(list)) => (0..list.len()).map(|n| format!("{pointer}/{n}")).collect(),
        _ => Vec::new(),
    }
}

/// Takes a part away and gives what it was in.
fn take(document: &mut Value, pointer: &str) -> (String, Value) {
    let (parent, name) = pointer.rsplit_once('/').expect("it is not the whole document");
    let inside = document.pointer_mut(parent).expect("the part was found in it");
    let before = inside.clone();
    match inside {
        Value::Object(object) => drop(object.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Value::Array(list) => drop(list.remove(name.parse().expect("the place in a list is a number"))),
        _ => panic!("{parent} has no parts"),
    }
    (parent.to_owned(), before)
}

/// The parts of a document that can be taken away without a word, and how many were tried.
fn unmissed(path: &str, document: &Document) -> (Vec<String>, usize) {
    let old = Documents::from([(path.to_owned(), document.clone())]);
    let mut new = old.clone();
    let all = parts(&document.schema);
    let count = all.len();
    let mut is_missed = |pointer: &String| {
        let changed = &mut new.get_mut(path).expect("it is the only one").schema;
        let (parent, before) = take(changed, pointer);
        let is_missed = !compare(&old, &new).is_empty();
        let changed = &mut new.get_mut(path).expect("it is the only one").schema;
        *changed.pointer_mut(&parent).expect("it was there before") = before;
        is_missed
    };
    (all.into_iter().filter(|pointer| !is_missed(pointer)).collect(), count)
}

#[test]
fn whatever_is_taken_away_from_endpoints_and_sockets_is_missed() {
    let mut tried = 0;
    for (path, document) in Baseline::present().documents {
        if document.sender == Sender::Both {
            let (unmissed, count) = unmissed(&path, &document);
            assert!(unmissed.is_empty(), "{path}: nobody misses {unmissed:#?}");
            tried += count;
        }
    }
    assert!(tried > 250, "only {tried} parts were tried");
}
