//! Every JSON example of the documents and of the reference is read by a type of its dialect, and valid by the published
//! schema of that type.
//!
//! The examples are taken from the texts as they stand; their numbers are asserted, so that none is missed when a text
//! changes. Those of the documents that are no JSON stand one by one in `slips`, with what is meant and the rule that was
//! chosen. What else the reference has in braces, such as lists of keys, is counted.

mod slips;

use chat_protocol::dialect::{chats, haraj, helpdesk, tndata};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::vectors::{reader, schemas};
use slips::Slip;

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

fn reads<T: DeserializeOwned>(json: &str) -> bool {
    serde_json::from_str::<T>(json).is_ok()
}

/// A document, and what its examples leave to the reader's imagination, with what is there instead.
struct Sources {
    name: &'static str,
    document: &'static str,
    left_out: &'static [(&'static str, &'static str)],
    /// Those of its examples that are no JSON, in the order of the text.
    slips: &'static [Slip],
}

impl Sources {
    fn find(&self, text: &str) -> Found {
        let filled =
            self.left_out.iter().fold(text.to_owned(), |text, (gap, filling)| text.replace(gap, filling));
        find(&filled)
    }

    /// Each example is read by the type that is named for it, in the order of the texts, and valid by its schema: the
    /// name of a published document of the dialect, or of a type within one after a `#`.
    #[track_caller]
    fn check(&self, expected: &str, counts: [usize; 4]) {
        let found = [self.find(self.document), self.find(section(self.name))];
        let mut names = expected.split_whitespace();
        for example in found.iter().flat_map(|found| &found.examples) {
            self.understands(
                names.next().unwrap_or_else(|| panic!("no type is named for {example}")),
                example,
            );
        }
        self.check_slips(&found[0].others);
        assert_eq!(names.next(), None, "{}: more types are named than there are examples", self.name);
        let numbers = found.each_ref().map(|found| [found.examples.len(), found.others.len()]);
        let others = found.each_ref().map(|found| &found.others);
        let told = "examples and others of the document, then of the reference";
        assert_eq!(numbers.as_flattened(), counts, "{}: {told}: {others:#?}", self.name);
    }

    /// The type reads the example, and its schema takes it.
    #[track_caller]
    fn understands(&self, name: &str, example: &str) {
        let (file, part) = name.split_once('#').map_or((name, None), |(file, part)| (file, Some(part)));
        let path = format!("dialect/{}/{file}.json", self.name);
        let schema = &schemas()[path.as_str()];
        let value = serde_json::from_str(example).expect("it was found as JSON");
        let (read, valid) = match part {
            None => (reader(&path)(example).is_ok(), schema.accepts(&value)),
            Some(part) => {
                (self.reads_part(name, example), schema.part_accepts(&schema.document["$defs"][part], &value))
            }
        };
        assert!(read, "{name} of {} does not read {example}", self.name);
        assert!(valid, "the schema of {name} of {} refuses {example}", self.name);
    }

    /// What is no JSON in the document is what we know of, and what is meant is understood.
    #[track_caller]
    fn check_slips(&self, others: &[String]) {
        for (other, slip) in others.iter().zip(self.slips) {
            let text: String = other.split_whitespace().collect();
            assert!(text.starts_with(slip.begins), "{}: {text} does not begin {}", self.name, slip.begins);
            assert!(!slip.rule.is_empty() && serde_json::from_str::<Value>(other).is_err());
            self.understands(slip.type_name, slip.meant);
        }
        assert_eq!(others.len(), self.slips.len(), "{}: each slip has its rule: {others:#?}", self.name);
    }

    /// Types that no body of their own has.
    fn reads_part(&self, name: &str, example: &str) -> bool {
        match (self.name, name) {
            ("tndata", "profiles#Profile") => reads::<tndata::Profile>(example),
            // What stands for the newest message of a chat without one is read with the chat.
            ("chats", "projects#NewestMessage") => reads::<chats::ProjectSummary>(&format!(
                r#"{{"id":1,"project":1,"last_message":{example},"name":"","image_address":null}}"#
            )),
            ("haraj", "started_topic#StartedTopic") => reads::<haraj::StartedTopic>(example),
            ("helpdesk", "desks#Desk") => reads::<helpdesk::Desk>(example),
            ("helpdesk", "history#Message") => reads::<helpdesk::Message>(example),
            _ => panic!("{name} of {} is no known part", self.name),
        }
    }
}

#[test]
fn tndata() {
    let sources = Sources {
        name: "tndata",
        document: include_str!("../documents/tndata.txt"),
        left_out: &[(r#""digest":"…""#, r#""digest":"584d07235fb9e4f2ab2a2c0c24142180""#)],
        slips: slips::TNDATA,
    };
    let expected = "client_frame client_frame server_frame server_frame error error error mark_read error users \
        profiles#Profile message error";
    sources.check(expected, [0, 3, 13, 3]);
}

#[test]
fn chats() {
    let document = include_str!("../documents/chats.txt");
    let expected = "client_frame error client_frame server_frame server_frame server_frame server_frame \
        server_frame server_frame server_frame error error projects#NewestMessage";
    Sources { name: "chats", document, left_out: &[], slips: slips::CHATS }.check(expected, [1, 5, 12, 9]);
}

#[test]
fn hipochat() {
    let sources = Sources {
        name: "hipochat",
        document: include_str!("../documents/hipochat.txt"),
        left_out: &[("\"<room>\"", "\"room-1\""), ("\"<uuid>\"", "\"e598c2a9-317a-4577-8cbd-7fd5f0cddbdf\"")],
        slips: slips::HIPOCHAT,
    };
    let expected = "room_created server_frame client_frame client_frame server_frame server_frame room_created \
        create_room notification server_frame";
    sources.check(expected, [1, 2, 9, 6]);
}

#[test]
fn haraj() {
    let sources = Sources {
        name: "haraj",
        document: include_str!("../documents/haraj.txt"),
        left_out: &[
            (r#""ts":"…""#, r#""ts":"2018-02-02T08:30:39.789Z""#),
            (
                r#""xdata":"{…}""#,
                r#""xdata":"{\"topic_id\":\"p2p1_2\",\"seq_id\":41,\"from_id\":2,\"name\":\"ann\",\"content\":{\"type\":\"text/plain\",\"payload\":{\"text\":\"hi\"}},\"status\":{\"1\":false},\"ts\":\"2018-02-02T08:30:39.789Z\"}""#,
            ),
        ],
        slips: slips::HARAJ,
    };
    let expected = "client_frame server_frame client_frame server_frame server_frame client_frame server_frame \
        server_frame server_frame server_frame server_frame push push server_frame server_frame server_frame \
        server_frame server_frame \
        client_frame client_frame client_frame server_frame server_frame server_frame server_frame server_frame \
        server_frame server_frame start_topic started_topic#StartedTopic confirm_reads set_typing push \
        server_frame server_frame";
    sources.check(expected, [18, 1, 17, 40]);
}

#[test]
fn helpdesk() {
    const UUID: &str = "0b5c6ad2-6ba3-4b4e-9b1c-111111111111";
    let sources = Sources {
        name: "helpdesk",
        document: include_str!("../documents/helpdesk.txt"),
        left_out: &[
            ("<um UUID aqui>", UUID),
            ("<UUID>", UUID),
            ("<tipo do evento emitido>", "new_message"),
            // The newest message of a desk has its status too: rule of the reference.
            ("\"type\": \"received\",", "\"type\": \"received\", \"status\": \"sent\","),
            (r#"uuid\":\"…"#, r#"uuid\":\"0b5c6ad2-6ba3-4b4e-9b1c-111111111111"#),
            (r#"help_desk\":\"…"#, r#"help_desk\":\"0b5c6ad2-6ba3-4b4e-9b1c-111111111111"#),
            (r#"_at\":\"…"#, r#"_at\":\"2021-06-15T11:57:16.420655-03:00"#),
        ],
        slips: slips::HELPDESK,
    };
    sources
        .check("desks#Desk server_frame error client_frame server_frame error created error", [2, 1, 6, 2]);
}
