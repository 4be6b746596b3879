//! Examples in the AsyncAPI and OpenAPI documents: real packets and bodies, one per line of a file per format.
//!
//! A line is `["frame", <name of the type>, <frame>]`, `["request", <operation>, <body>]` or
//! `["answer", <operation>, <status>, <body>]`. That each is valid is checked where the documents are.

use serde_json::Value;

fn lines(format: &str) -> Vec<Vec<Value>> {
    let text = match format {
        "native" => include_str!("examples/native.jsonl"),
        "tndata" => include_str!("examples/tndata.jsonl"),
        "chats" => include_str!("examples/chats.jsonl"),
        "hipochat" => include_str!("examples/hipochat.jsonl"),
        "haraj" => include_str!("examples/haraj.jsonl"),
        "helpdesk" => include_str!("examples/helpdesk.jsonl"),
        _ => "",
    };
    let line = |line: &str| serde_json::from_str(line).expect("the files are committed with the code");
    text.lines().map(line).collect()
}

/// The frames of a type.
pub(super) fn frames(format: &str, name: &str) -> Vec<Value> {
    let frame = |line: Vec<Value>| match line.as_slice() {
        [kind, of, frame] if kind == "frame" && of == name => Some(frame.clone()),
        _ => None,
    };
    lines(format).into_iter().filter_map(frame).collect()
}

/// The body of a request.
pub(super) fn request(format: &str, operation: &str) -> Option<Value> {
    lines(format).into_iter().find_map(|line| match line.as_slice() {
        [kind, of, body] if kind == "request" && of == operation => Some(body.clone()),
        _ => None,
    })
}

/// The body of an answer.
pub(super) fn answer(format: &str, operation: &str, status: u16) -> Option<Value> {
    lines(format).into_iter().find_map(|line| match line.as_slice() {
        [kind, of, with, body] if kind == "answer" && of == operation && *with == status => {
            Some(body.clone())
        }
        _ => None,
    })
}
