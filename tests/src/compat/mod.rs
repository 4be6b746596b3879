//! Would a change of the published schemas break a client that exists? The rules are in `docs/compatibility.md`.
//!
//! Every document is written by one side and read by the other. What clients send was written by the old schema and is
//! read by the new one; what servers send is written by the new one and read by the old. So one question serves both:
//! does the reader understand all that the writer may say? Where the answer cannot be proven, it is no.

mod alternative;
mod baseline;
mod compare;
mod documents;
mod endpoint;
mod finding;
mod http;
mod object;
mod pairing;
mod parse;
mod rule;
mod scalar;
mod socket;
mod unchanged;

use std::collections::BTreeMap;

use serde_json::Value;

pub use baseline::{Baseline, may_break, may_replace};
pub use documents::published;
pub use finding::Finding;
pub use rule::Rule;

/// Who writes what a document describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// Clients: commands, and the bodies of requests.
    Client,
    /// Servers: the bodies of answers and pushes.
    Server,
    /// Servers, over a socket: packets, of which clients pass over the kinds that they do not know.
    ServerPackets,
    /// Both, as an OpenAPI or AsyncAPI document tells of each part.
    Both,
}

impl Sender {
    fn is_client(self) -> bool {
        self == Self::Client
    }

    /// Orders what is true of the old and of the new schema by who writes with it and who reads with it.
    fn roles<T>(self, old: T, new: T) -> (T, T) {
        if self.is_client() { (old, new) } else { (new, old) }
    }
}

/// A published document and who writes what it describes.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Document {
    /// Who writes it.
    pub sender: Sender,
    /// JSON Schema, draft 2020-12, or a whole document of OpenAPI 3.1 or AsyncAPI 3.0.
    pub schema: Value,
}

/// Documents by their path below `schema/`.
pub type Documents = BTreeMap<String, Document>;

/// What in `new` breaks clients that were made for `old`; nothing, when none of them can notice.
pub fn compare(old: &Documents, new: &Documents) -> Vec<Finding> {
    let findings = old.iter().flat_map(|(path, before)| match new.get(path) {
        Some(after) => compare::document(path, before, after),
        None => vec![Finding::document_removed(path)],
    });
    findings.collect()
}
