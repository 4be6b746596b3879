//! Files, of which clients name nothing but the address.

use super::FileEntry;
use crate::Message;
use crate::dialect::codec::File;
use crate::dialect::{Micros, WireUser};

/// Greatest length of a file's name and of its extension in characters. A name may be that of an address, which would
/// be written twice in full.
const MAX_NAME: usize = 100;

impl FileEntry {
    /// A file of a message.
    ///
    /// ```
    /// use chat_protocol::dialect::{File, chats::FileEntry};
    /// use chat_protocol::{Content, Message, Offset, RoomId, Seq, Timestamp, UserId};
    /// # let (room, user) = (RoomId::new("r").unwrap(), UserId::new("1").unwrap());
    /// # let message = Message::new(room, Offset::ZERO, Seq::ZERO, user, Content::plain(""), Timestamp::default());
    /// let entry = FileEntry::of(File::at("https://files.example/a/plan.v2.pdf?key=5"), &message);
    /// assert_eq!((entry.name.as_str(), entry.extension.as_str()), ("plan.v2", "pdf"));
    /// ```
    pub fn of(file: File, message: &Message) -> Self {
        let whole = file.name.as_deref().unwrap_or_else(|| last_segment(&file.url));
        let (name, extension) = whole.rsplit_once('.').unwrap_or((whole, ""));
        Self {
            name: name.chars().take(MAX_NAME).collect(),
            extension: extension.chars().take(MAX_NAME).collect(),
            mime_type: file.kind.unwrap_or_default(),
            size: file.size.unwrap_or_default(),
            link: file.url,
            user: WireUser(message.from.clone()),
            datetime_uploaded: Micros(message.ts),
        }
    }
}

/// The file at an address; its type is what the ending promises.
pub(super) fn linked(url: String) -> File {
    let kind = last_segment(&url).rsplit_once('.').and_then(|(_, ending)| media_type(ending));
    File { kind: kind.map(str::to_owned), ..File::at(url) }
}

/// What an address calls its file.
fn last_segment(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// The types that clients of other formats show in place of an address.
fn media_type(ending: &str) -> Option<&'static str> {
    Some(match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "aac" => "audio/aac",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_its_file_is() {
        for (url, name, kind) in [
            ("https://a/b/c.PNG?x=/y.pdf#z", "c.PNG", Some("image/png")),
            ("https://a/b/archive.tar.gz", "archive.tar.gz", None),
            ("https://a/png", "png", None),
            ("https://a/", "", None),
            ("x.pdf", "x.pdf", Some("application/pdf")),
            ("", "", None),
        ] {
            assert_eq!(last_segment(url), name, "{url}");
            let expected = File { kind: kind.map(str::to_owned), ..File::at(url) };
            assert_eq!(linked(url.to_owned()), expected);
        }
    }
}
