//! One line of a file of vectors, as `schema/vectors/README.md` describes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// The files with what peers of this version say, one per format.
pub(super) const FORMATS: [&str; 7] = ["native", "tndata", "chats", "hipochat", "haraj", "helpdesk", "push"];

/// A line. Its keys are closed: one that this reader does not know would be one that nobody checks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vector {
    pub(super) name: String,
    pub(super) schema: String,
    /// The value, where its exact text does not matter.
    pub(super) json: Option<Value>,
    /// The exact text, where it does.
    pub(super) text: Option<Text>,
    #[serde(default = "yes")]
    pub(super) accept: bool,
    pub(super) error: Option<String>,
    #[serde(default)]
    pub(super) schema_silent: bool,
    #[serde(default)]
    pub(super) later: bool,
    #[serde(default)]
    pub(super) meaning: Meaning,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meaning {
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) values: BTreeMap<String, Value>,
    pub(super) written: Option<Value>,
    /// What has to be handed on exactly as it came.
    pub(super) kept: Option<String>,
}

/// A text, or its parts: a part is a text, or a text and how often it is repeated.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Whole(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Part {
    Once(String),
    Repeated(String, usize),
}

fn yes() -> bool {
    true
}

impl Vector {
    /// What is on the wire.
    pub(super) fn wire(&self) -> String {
        match (&self.json, &self.text) {
            (Some(json), None) => json.to_string(),
            (None, Some(Text::Whole(text))) => text.clone(),
            (None, Some(Text::Parts(parts))) => parts.iter().map(Part::text).collect(),
            _ => panic!("{}: a vector has either `json` or `text`", self.name),
        }
    }

    /// The value, if the text is JSON to an ordinary parser.
    pub(super) fn value(&self) -> Option<Value> {
        self.json.clone().or_else(|| serde_json::from_str(&self.wire()).ok())
    }

    /// The value of a vector that is accepted.
    pub(super) fn instance(&self) -> Value {
        self.value().unwrap_or_else(|| panic!("{}: not JSON", self.name))
    }
}

impl Part {
    fn text(&self) -> String {
        match self {
            Part::Once(text) => text.clone(),
            Part::Repeated(text, times) => text.repeat(*times),
        }
    }
}

/// The folder.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/vectors")
}

/// The lines of one file.
pub(super) fn lines<T: serde::de::DeserializeOwned>(file: &str) -> Vec<T> {
    let text = std::fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let line =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{file}: {error}: {line}"));
    text.lines().map(line).collect()
}

/// What peers of this version say in one format. Names are unique, so that a failure names one line.
pub(super) fn vectors(format: &str) -> Vec<Vector> {
    let vectors: Vec<Vector> = lines(&format!("{format}.jsonl"));
    let names: std::collections::BTreeSet<&str> = vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(names.len(), vectors.len(), "{format}: two lines have one name");
    vectors
}

/// What peers of this version say in any format.
pub(super) fn all() -> Vec<(&'static str, Vector)> {
    let of = |format| vectors(format).into_iter().map(move |vector| (format, vector));
    FORMATS.into_iter().flat_map(of).collect()
}
