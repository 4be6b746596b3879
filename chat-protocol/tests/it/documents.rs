//! Every JSON example of the documents and of the reference is read by a type of its dialect.
//!
//! The examples are taken from the texts as they stand; their numbers are asserted, so that none is missed when a text
//! changes. What is written with braces and is no JSON, such as lists of keys or the slips of the originals, is counted
//! too.

use chat_protocol::dialect::{chats, haraj, helpdesk, hipochat, tndata};
use serde::de::DeserializeOwned;
use serde_json::Value;

const REFERENCE: &str = include_str!("../../../docs/dialects.md");

/// What a text has between braces.
#[derive(Default)]
struct Found {
    examples: Vec<String>,
    others: Vec<String>,
}

fn find(text: &str) -> Found {
    let (mut found, mut rest) = (Found::default(), text);
    while let Some(start) = rest.find('{') {
        let here = &rest[start..];
        let mut values = serde_json::Deserializer::from_str(here).into_iter::<Value>();
        let length = match values.next() {
            Some(Ok(value)) => {
                let length = values.byte_offset();
                // An empty object is a word of a sentence and no frame.
                if value.as_object().is_some_and(|object| !object.is_empty()) {
                    found.examples.push(here[..length].to_owned());
                }
                length
            }
            _ => {
                let length = balanced(here);
                found.others.push(here[..length].to_owned());
                length
            }
        };
        rest = &here[length..];
    }
    found
}

/// Up to the brace that closes the first one, or past that one where none does.
fn balanced(text: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    1
}

/// The section of a dialect in the reference.
fn section(name: &str) -> &'static str {
    let (_, rest) = REFERENCE.split_once(&format!(". `{name}`\n")).expect("the dialect has a section");
    rest.split_once("\n## ").map_or(rest, |(section, _)| section)
}

type Reader = fn(&str) -> bool;

fn reads<T: DeserializeOwned>(json: &str) -> bool {
    serde_json::from_str::<T>(json).is_ok()
}

#[track_caller]
fn check(name: &str, document: &str, readers: &[Reader], counts: [usize; 4]) {
    let (original, reference) = (find(document), find(section(name)));
    for example in original.examples.iter().chain(&reference.examples) {
        assert!(readers.iter().any(|reads| reads(example)), "no type of {name} reads {example}");
    }
    let found = [&original, &reference].map(|found| [found.examples.len(), found.others.len()]);
    assert_eq!(
        found.as_flattened(),
        counts,
        "{name}: examples and others of the document, then of the reference: {:#?} {:#?}",
        original.others,
        reference.others
    );
}

#[test]
fn tndata() {
    use tndata::*;
    let readers: &[Reader] = &[
        reads::<ClientFrame>,
        reads::<ServerFrame>,
        reads::<MessageEntry>,
        reads::<Page<Account>>,
        reads::<Page<Profile>>,
        reads::<MarkRead>,
        reads::<ErrorBody>,
        reads::<History>,
    ];
    check("tndata", include_str!("../documents/tndata.txt"), readers, [0, 3, 13, 3]);
}

#[test]
fn chats() {
    use chats::*;
    // What stands for the newest message of a chat without one is read with the chat.
    let newest: Reader = |json| {
        reads::<ProjectSummary>(&format!(
            r#"{{"id":1,"project":1,"last_message":{json},"name":"","image_address":null}}"#
        ))
    };
    let readers: &[Reader] = &[
        reads::<ClientFrame>,
        reads::<ServerFrame>,
        reads::<HasUnreads>,
        reads::<Detail>,
        reads::<MessageEntry>,
        newest,
    ];
    check("chats", include_str!("../documents/chats.txt"), readers, [1, 5, 12, 9]);
}

#[test]
fn hipochat() {
    use hipochat::*;
    let readers: &[Reader] = &[
        reads::<ServerFrame>,
        reads::<ClientFrame>,
        reads::<RoomCreated>,
        reads::<CreateRoom>,
        reads::<Notification>,
        reads::<OldMessages>,
    ];
    check("hipochat", include_str!("../documents/hipochat.txt"), readers, [1, 2, 9, 6]);
}

#[test]
fn haraj() {
    use haraj::*;
    let readers: &[Reader] = &[
        reads::<ClientFrame>,
        reads::<ServerFrame>,
        reads::<StartTopic>,
        reads::<StartedTopic>,
        reads::<ConfirmReads>,
        reads::<SetTyping>,
        reads::<Push>,
        reads::<Reply<Session>>,
    ];
    check("haraj", include_str!("../documents/haraj.txt"), readers, [18, 1, 17, 40]);
}

#[test]
fn helpdesk() {
    use helpdesk::*;
    let readers: &[Reader] = &[
        reads::<ServerFrame>,
        reads::<ClientFrame>,
        reads::<Message>,
        reads::<Desk>,
        reads::<Created>,
        reads::<ErrorBody>,
    ];
    // The document leaves ids to the reader's imagination.
    const UUID: &str = "0b5c6ad2-6ba3-4b4e-9b1c-111111111111";
    let document = include_str!("../documents/helpdesk.txt");
    let document = document.replace("<um UUID aqui>", UUID).replace("<UUID>", UUID);
    check("helpdesk", &document, readers, [2, 1, 6, 2]);
}
