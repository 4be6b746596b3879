//! Text and files of content, for formats that have a place for each.

use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use crate::Content;
use crate::dialect::{Json, Object};

/// Greatest number of files that one message shows. The wire forms of a file repeat a part of it, so that without a
/// bound short addresses would grow beyond a frame.
pub const MAX_FILES: usize = 10;

/// A file of a message, by its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// URL of its bytes.
    pub url: String,
    /// Media type, where it is known.
    pub kind: Option<String>,
    /// Name, where it has one besides the address.
    pub name: Option<String>,
    /// Size in bytes, where it is known.
    pub size: Option<u64>,
}

impl File {
    /// A file of which only the address is known.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), kind: None, name: None, size: None }
    }

    fn read(kind: Option<String>, keys: &Object) -> Option<Self> {
        let size = ["size", "file_size"].into_iter().filter_map(|key| keys.get(key));
        let size = size.filter_map(|size| serde_json::from_str(size.as_str()).ok()).next();
        Some(Self { url: string(keys, "url")?, kind, name: string(keys, "name"), size })
    }

    /// One of several.
    fn read_listed(keys: &Json) -> Option<Self> {
        let keys = keys.object()?;
        Self::read(string(&keys, "type"), &keys)
    }

    /// Its type as content; without one, that of bytes.
    fn media_type(&self) -> &str {
        self.kind.as_deref().unwrap_or("application/octet-stream")
    }

    fn keys(&self) -> Map<String, Value> {
        let mut keys = Map::from_iter([("url".to_owned(), self.url.as_str().into())]);
        keys.extend(self.name.as_deref().map(|name| ("name".to_owned(), name.into())));
        keys.extend(self.size.map(|size| ("size".to_owned(), size.into())));
        keys
    }

    /// As one of several, which has its type among its keys.
    fn listed(&self) -> Value {
        let mut keys = self.keys();
        keys.extend(self.kind.as_deref().map(|kind| ("type".to_owned(), kind.into())));
        keys.into()
    }
}

/// What people see of content: its text and its files. Without either, it is not shown where nothing else is known.
///
/// One file is content of its own type, with the text beside its address; several stand beside a plain text, and so
/// does one whose type is that of a text itself.
///
/// ```
/// use chat_protocol::dialect::{File, Parts};
/// let two = Parts { text: Some("hi".to_owned()), files: vec![File::at("https://x/a"), File::at("https://x/b")] };
/// let content = two.clone().into_content();
/// assert_eq!(content.kind, "text/plain");
/// assert_eq!(content.payload.get(), r#"{"files":[{"url":"https://x/a"},{"url":"https://x/b"}],"text":"hi"}"#);
/// assert_eq!(Parts::of(&content), two);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// The text; of an object that an application made up, the first text where one usually is.
    pub text: Option<String>,
    /// The first files, at most [`MAX_FILES`].
    pub files: Vec<File>,
}

impl Parts {
    /// The text and the files of content. Each value is read by itself: one that no type holds, such as `1e999`, hides
    /// nothing beside it.
    pub fn of(content: &Content) -> Self {
        let Ok(keys) = serde_json::from_str::<Object>(content.payload.get()) else { return Self::default() };
        match Family::of(&content.kind) {
            Family::Object => Self { text: keys.text(), files: Vec::new() },
            Family::File => {
                let file = File::read(Some(content.kind.clone()), &keys);
                Self { text: string(&keys, "text"), files: file.into_iter().collect() }
            }
            Family::Text => {
                let all = keys.get("files").and_then(|files| serde_json::from_str(files.as_str()).ok());
                let all: Vec<Json> = all.unwrap_or_default();
                let files = all.iter().filter_map(File::read_listed).take(MAX_FILES).collect();
                Self { text: string(&keys, "text"), files }
            }
        }
    }

    /// Content with this text and these files.
    pub fn into_content(self) -> Content {
        let Self { text, files } = self;
        let text = text.unwrap_or_default();
        match &files[..] {
            [] => Content::plain(text),
            [file] if Family::of(file.media_type()) == Family::File => {
                let mut payload = file.keys();
                if !text.is_empty() {
                    payload.insert("text".to_owned(), text.into());
                }
                Content::new(file.media_type(), &payload.into())
            }
            _ => {
                let files: Vec<Value> = files.iter().map(File::listed).collect();
                Content::new("text/plain", &json!({ "text": text, "files": files }))
            }
        }
    }

    /// The text, or else the address of the first file, for formats that know nothing but text.
    pub fn plain(self) -> Option<String> {
        let Self { text, files } = self;
        let url = || files.into_iter().next().map(|file| file.url);
        match text {
            Some(text) if text.is_empty() => url().or(Some(text)),
            text => text.or_else(url),
        }
    }
}

fn string(keys: &Object, key: &str) -> Option<String> {
    keys.get(key)?.string()
}

/// The same content with another text; its files and all else stay as they are, byte for byte.
///
/// ```
/// use chat_protocol::{Content, dialect::with_text};
/// let image: Content = serde_json::from_str(r#"{"type":"image/png","payload":{"url":"u","size":5}}"#).unwrap();
/// let named = with_text(&image, "the plan");
/// assert_eq!(named.payload.get(), r#"{"url":"u","size":5,"text":"the plan"}"#);
/// ```
pub fn with_text(content: &Content, text: &str) -> Content {
    let Ok(mut keys) = serde_json::from_str::<Object>(content.payload.get()) else {
        return Content::plain(text);
    };
    let place = match Family::of(&content.kind) {
        Family::Object => ["message", "body"].into_iter().find(|key| string(&keys, key).is_some()),
        Family::Text | Family::File => Some("text"),
    };
    let body = keys.get("body").and_then(Json::object).filter(|body| string(body, "message").is_some());
    let keys = match (place, body) {
        (None, Some(body)) => {
            keys.set("body", raw(&body.with("message", text)));
            keys
        }
        (place, _) => keys.with(place.unwrap_or("text"), text),
    };
    Content { kind: content.kind.clone(), payload: raw(&keys).0 }
}

fn raw(keys: &Object) -> Json {
    Json(to_raw_value(keys).expect("an object that was JSON is JSON"))
}

/// What a media type says of where text and files are.
#[derive(PartialEq)]
enum Family {
    Text,
    /// Whatever an application made up.
    Object,
    File,
}

impl Family {
    fn of(kind: &str) -> Self {
        match kind.split_once('/') {
            Some(("text", _)) => Self::Text,
            Some(("application", "json")) => Self::Object,
            _ => Self::File,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content(kind: &str, payload: &str) -> Content {
        Content { kind: kind.to_owned(), payload: serde_json::from_str(payload).unwrap() }
    }

    #[test]
    fn parts_are_where_each_type_has_them() {
        let png = File { kind: Some("image/png".to_owned()), ..File::at("u") };
        let text = |text: &str| Some(text.to_owned());
        for (kind, payload, expected_text, files) in [
            ("text/markdown", r#"{"text":"*a*","url":"u"}"#, text("*a*"), vec![]),
            ("text/plain", r#"{"text":5}"#, None, vec![]),
            ("text/plain", "[]", None, vec![]),
            ("image/png", r#"{"url":"u"}"#, None, vec![png.clone()]),
            (
                "image/png",
                r#"{"url":"u","text":"a","file_size":7}"#,
                text("a"),
                vec![File { size: Some(7), ..png.clone() }],
            ),
            ("image/png", r#"{"url":5,"text":"a"}"#, text("a"), vec![]),
            ("application/json", r#"{"body":{"message":"a"},"message":1,"url":"u"}"#, text("a"), vec![]),
            ("application/json", r#"{"message":"a","text":"b"}"#, text("a"), vec![]),
            ("application/json", r#"{"n":1e999,"text":"a"}"#, text("a"), vec![]),
            ("application/x-unknown", "{}", None, vec![]),
            (
                "text/plain",
                r#"{"text":"a","files":[{"url":"u","type":"image/png","size":1e999},{"name":"x"},5,{"url":"v","name":"n"}]}"#,
                text("a"),
                vec![png, File { name: text("n"), ..File::at("v") }],
            ),
        ] {
            assert_eq!(
                Parts::of(&content(kind, payload)),
                Parts { text: expected_text, files },
                "{kind} {payload}"
            );
        }
        let many = json!({ "text": "", "files": vec![json!({ "url": "u" }); MAX_FILES + 1] });
        assert_eq!(Parts::of(&Content::new("text/plain", &many)).files.len(), MAX_FILES);
    }

    #[test]
    fn text_comes_before_an_address_unless_it_is_empty() {
        for (kind, payload, plain) in [
            ("image/png", r#"{"url":"u","text":"a"}"#, Some("a")),
            ("image/png", r#"{"url":"u","text":""}"#, Some("u")),
            ("text/plain", r#"{"text":"","files":[{"url":"u"},{"url":"v"}]}"#, Some("u")),
            ("text/plain", r#"{"text":""}"#, Some("")),
            ("application/x-unknown", "{}", None),
        ] {
            assert_eq!(Parts::of(&content(kind, payload)).plain().as_deref(), plain, "{kind} {payload}");
        }
    }

    #[test]
    fn another_text_leaves_the_rest() {
        for (kind, before, after) in [
            ("text/plain", r#"{"text":"a"}"#, r#"{"text":"b"}"#),
            ("text/plain", r#"{"files":[{"url":"u"}],"text":"a"}"#, r#"{"files":[{"url":"u"}],"text":"b"}"#),
            ("image/png", r#"{"size":5,"url":"u"}"#, r#"{"size":5,"url":"u","text":"b"}"#),
            ("application/json", r#"{"body":{"message":"a"}}"#, r#"{"body":{"message":"b"}}"#),
            ("application/json", r#"{"body":{},"message":"a"}"#, r#"{"body":{},"message":"b"}"#),
            ("application/json", r#"{"message":1,"body":"a"}"#, r#"{"message":1,"body":"b"}"#),
            ("application/json", r#"{"x":1e999}"#, r#"{"x":1e999,"text":"b"}"#),
        ] {
            assert_eq!(with_text(&content(kind, before), "b"), content(kind, after), "{kind} {before}");
        }
        assert_eq!(with_text(&content("image/png", "5"), "b"), Content::plain("b"));
    }

    fn any_file() -> impl Strategy<Value = File> {
        let name = proptest::option::of(any::<String>());
        let kind = proptest::option::of("(image|text|application)/[a-z]{1,5}|application/json");
        (any::<String>(), kind, name, proptest::option::of(any::<u64>()))
            .prop_map(|(url, kind, name, size)| File { url, kind, name, size })
    }

    proptest! {
        #[test]
        fn parts_are_read_as_they_were_written(
            text in "[a-z]{1,5}|\\PC{1,9}",
            files in proptest::collection::vec(any_file(), 0..=MAX_FILES),
        ) {
            let mut parts = Parts { text: Some(text), files };
            let content = parts.clone().into_content();
            if let [file] = &mut parts.files[..] {
                // The content's own type takes the place of none.
                file.kind.get_or_insert_with(|| "application/octet-stream".to_owned());
            }
            prop_assert_eq!(Parts::of(&content), parts);
        }
    }
}
