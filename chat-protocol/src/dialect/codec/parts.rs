//! Text and files of content, for formats that have a place for each.

use serde_json::{Map, Value, json};

use crate::Content;

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

    fn read(kind: Option<String>, keys: &Value) -> Option<Self> {
        let text = |key| keys.get(key).and_then(Value::as_str).map(str::to_owned);
        let size = ["size", "file_size"].into_iter().find_map(|key| keys.get(key)?.as_u64());
        Some(Self { url: text("url")?, kind, name: text("name"), size })
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
    /// The text and the files of content.
    pub fn of(content: &Content) -> Self {
        let Ok(payload) = serde_json::from_str::<Value>(content.payload.get()) else {
            return Self::default();
        };
        let text = text_place(&content.kind, &payload).and_then(|place| payload.pointer(place));
        let text = text.and_then(Value::as_str).map(str::to_owned);
        let files = match Family::of(&content.kind) {
            Family::Object => Vec::new(),
            Family::File => File::read(Some(content.kind.clone()), &payload).into_iter().collect(),
            Family::Text => {
                let all = payload.get("files").and_then(Value::as_array).map(Vec::as_slice);
                let kind = |file: &Value| file.get("type")?.as_str().map(str::to_owned);
                let read = |file| File::read(kind(file), file);
                all.unwrap_or_default().iter().filter_map(read).take(MAX_FILES).collect()
            }
        };
        Self { text, files }
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

/// The same content with another text; its files and all else stay.
///
/// ```
/// use chat_protocol::{Content, dialect::with_text};
/// use serde_json::json;
/// let image = Content::new("image/png", &json!({"url": "https://x.example/1"}));
/// let named = Content::new("image/png", &json!({"url": "https://x.example/1", "text": "the plan"}));
/// assert_eq!(with_text(&image, "the plan"), named);
/// ```
pub fn with_text(content: &Content, text: &str) -> Content {
    let mut payload = serde_json::from_str(content.payload.get()).unwrap_or_else(|_| json!({}));
    let place = text_place(&content.kind, &payload).unwrap_or("/text");
    match payload.pointer_mut(place) {
        Some(old) => *old = text.into(),
        None => match payload.as_object_mut() {
            Some(keys) => drop(keys.insert("text".to_owned(), text.into())),
            None => return Content::plain(text),
        },
    }
    Content::new(content.kind.clone(), &payload)
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

/// Where in a payload the text is, if it is there.
fn text_place(kind: &str, payload: &Value) -> Option<&'static str> {
    let places: &[&'static str] = match Family::of(kind) {
        Family::Object => &["/message", "/body", "/body/message", "/text"],
        Family::Text | Family::File => &["/text"],
    };
    places.iter().copied().find(|place| payload.pointer(place).is_some_and(Value::is_string))
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
            ("application/x-unknown", "{}", None, vec![]),
            (
                "text/plain",
                r#"{"text":"a","files":[{"url":"u","type":"image/png","size":1.5},{"name":"x"},5,{"url":"v","name":"n"}]}"#,
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
            ("image/png", r#"{"size":5,"url":"u"}"#, r#"{"size":5,"text":"b","url":"u"}"#),
            ("application/json", r#"{"body":{"message":"a"}}"#, r#"{"body":{"message":"b"}}"#),
            ("application/json", r#"{"x":1}"#, r#"{"text":"b","x":1}"#),
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
