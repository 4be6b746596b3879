//! The documents that are published now, and who sends what they describe.

use std::sync::LazyLock;

use chat_protocol::schema;
use serde_json::Value;

use super::{Document, Documents, Sender};

/// How the name of a document ends that describes the packets of a socket.
const PACKETS: &[&str] = &["/event.json", "/server_frame.json"];

/// Who writes what a document describes; bundles hold nothing that is not in another document.
fn sender(path: &str) -> Option<Sender> {
    if path.starts_with("openapi/") || path.starts_with("asyncapi/") {
        return Some(Sender::Both);
    }
    Some(match schema::sender(path)? {
        schema::Sender::Client => Sender::Client,
        schema::Sender::Server if PACKETS.iter().any(|name| path.ends_with(name)) => Sender::ServerPackets,
        schema::Sender::Server => Sender::Server,
    })
}

/// Every published document, without what is for people only.
///
/// # Panics
/// When a document has no sender, which the crate that publishes it does not allow.
pub fn published() -> Documents {
    // It takes seconds without optimisation.
    static PUBLISHED: LazyLock<Documents> = LazyLock::new(all);
    PUBLISHED.clone()
}

fn all() -> Documents {
    let files = schema::files().into_iter().filter(|(path, _)| !path.starts_with("bundle/"));
    let documents = files.map(|(path, mut schema)| {
        let sender = sender(&path).unwrap_or_else(|| panic!("nobody sends {path}"));
        without_prose(&mut schema);
        (path, Document { sender, schema })
    });
    documents.collect()
}

/// Takes away descriptions and examples, which no rule looks at and which are the greater half.
fn without_prose(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|keyword, value| !is_prose(keyword, value));
            for (keyword, value) in object {
                match value {
                    // These are names of fields, not keywords.
                    Value::Object(fields) if keyword == "properties" => {
                        fields.values_mut().for_each(without_prose)
                    }
                    value => without_prose(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_prose),
        _ => {}
    }
}

fn is_prose(keyword: &str, value: &Value) -> bool {
    match keyword {
        "description" | "summary" => value.is_string(),
        "examples" => value.is_array(),
        "example" | "info" => true,
        _ => false,
    }
}
