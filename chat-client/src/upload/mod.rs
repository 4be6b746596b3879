//! Files: sent to a room with progress and resumed after a lost connection, and fetched.
//!
//! Files do not go over the connection of the client but by requests of their own, beside it: a film does not hold up what people
//! write. They go the same way, through the same proxies and with the same trust (see [`transport`](crate::transport)), with the
//! client's present token, and a token source is asked for another when that is refused.
//!
//! # What happens to a lost connection
//!
//! An upload is announced, then sent in requests of 64 KiB to 1 MiB, each of which the server confirms. When one fails, because
//! the connection is lost, nothing happens for [`silence`](Upload::silence), or the server is busy or sick, the client asks how far
//! the server is and goes on from there, after waits with full jitter that grow from 250 ms to 30 s, and not before the server wants
//! it. Whatever gets on begins the count of [`tries`](Upload::tries) anew. A server that was restarted has lost what was
//! unfinished: then the client begins again, once. With several addresses
//! ([`ClientBuilder::or_url`](crate::ClientBuilder::or_url)) they take turns, as for the connection.
//!
//! # What stays on the server
//!
//! Dropping the future of an upload stops it at once. What the server has by then stays there unseen and is given up after
//! `uploads.unfinished_expiry`, an hour by default, or when its user begins more than 8 others. A file that is whole and that no
//! message names goes after `uploads.expiry`, a day by default; one that a message names stays as long as the message.
//!
//! # Who is told the token
//!
//! The server at the client's address alone, or at [`ClientBuilder::files_url`](crate::ClientBuilder::files_url): addresses in
//! messages are written by others, redirects lead anywhere, and neither is followed with it.

mod download;
mod failed;
mod http;
mod line;
mod pace;
mod site;
mod source;
mod transfer;

use std::time::Duration;

use chat_protocol::Content;
use chat_protocol::dialect::{File, Parts};
use chat_protocol::reply::{SendData, Uploaded};

pub use download::Download;
pub(crate) use site::Files;
pub use source::{ReadAt, Source};

use self::line::{Line, while_open};
use self::pace::Progress;
use self::transfer::{About, Transfer};
use crate::{Error, RoomHandle};

/// A file to be sent to a room; nothing happens until [`send`](Self::send) or [`send_message`](Self::send_message) is awaited.
///
/// ```no_run
/// # async fn run(room: chat_client::RoomHandle) -> Result<(), chat_client::Error> {
/// use std::path::Path;
/// let uploaded = room
///     .upload(Path::new("holiday.mp4"))
///     .kind("video/mp4")
///     .progress(|stored, total| println!("{} %", stored * 100 / total.max(1)))
///     .send()
///     .await?;
/// room.send(chat_client::upload::content(&uploaded)).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "an upload begins when `send` is awaited"]
pub struct Upload {
    room: RoomHandle,
    source: Source,
    name: Option<String>,
    kind: Option<String>,
    progress: Option<Box<dyn FnMut(u64, u64) + Send>>,
    tries: Option<u32>,
    silence: Option<Duration>,
}

impl Upload {
    /// The name that others see. Default: that of the file, or none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The media type, such as `image/png`. Default: what the server sees in the first bytes, which counts more in any case; what
    /// claims to be a picture, a sound or a film has to be one.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Calls `tell` with how many bytes the server has for certain, and how many there are.
    ///
    /// What was sent and not confirmed does not count, so that it never goes back; it stands still while a lost connection is made
    /// good. It is called at most every 100 ms, and once with all when the file is whole and has its address. An upload that fails
    /// does not get there. `tell` is called between two requests and should be quick.
    pub fn progress(mut self, tell: impl FnMut(u64, u64) + Send + 'static) -> Self {
        self.progress = Some(Box::new(tell));
        self
    }

    /// How often it is tried again without a byte more on the server. Default 10, which bridges about a minute; 0: never.
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = Some(tries);
        self
    }

    /// How long the server may take nothing and answer nothing before the connection is given up. Default 30 s. Too short, and a
    /// slow network never gets through: a request of 64 KiB has to fit into it.
    pub fn silence(mut self, limit: Duration) -> Self {
        self.silence = Some(limit);
        self
    }

    /// Sends the file; resolves when it is whole on the server. Members of the room can read it then, and learn of it by a message
    /// that names it ([`content`]).
    ///
    /// Dropping the future stops at once; what stays on the server is told in the [module](self). It keeps the client alive, and ends
    /// when that is closed or ends by itself.
    ///
    /// # Errors
    /// - [`Error::File`]: [`TooLarge`](crate::FileError::TooLarge) before a byte is sent; the source cannot be read or has changed; the server
    ///   has lost the upload twice; it was tried too often.
    /// - [`Error::Refused`]: the user may not write in the room (`ERR_FORBIDDEN_ACCESS`), has too many bytes there already
    ///   (`ERR_TOO_LARGE`), the bytes are not what they are said to be (`ERR_UNSUPPORTED_MEDIA_TYPE`), or the server takes no
    ///   files (`ERR_NOT_SUPPORTED`); with the action `retry` after all tries.
    /// - [`Error::Unauthenticated`], [`Error::Token`]: there is no token that the server takes.
    /// - [`Error::Address`]: it is not known where files go. [`Error::Answer`]: the server speaks another protocol.
    /// - The reason for which the client ended.
    pub async fn send(self) -> Result<Uploaded, Error> {
        let Self { room, mut source, name, kind, progress, tries, silence } = self;
        let name = name.or_else(|| source.take_name()).unwrap_or_default();
        let mut line = Line::new(room.client().clone());
        line.tries.most = tries.unwrap_or(line.tries.most);
        line.silence = silence.unwrap_or(line.silence);
        let about = About { room: room.id().clone(), name, kind };
        let transfer = Transfer::new(line, source, about, Progress::new(progress));
        while_open(room.client(), transfer.run()).await
    }

    /// Sends the file, and then a message that shows it; resolves when that is stored. Dropped before the file is whole, nothing
    /// is said in the room; dropped later, the message goes out all the same.
    ///
    /// # Errors
    /// Those of [`send`](Self::send), and those of [`Sending`](crate::Sending).
    pub async fn send_message(self) -> Result<SendData, Error> {
        let room = self.room.clone();
        let uploaded = self.send().await?;
        room.send(content(&uploaded)).await
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("room", self.room.id()).finish_non_exhaustive()
    }
}

/// What a message says that shows a file: content of the file's type with its address, name and size. A file that is a text
/// itself stands beside a plain text without words, because the type of content says what its payload is.
///
/// ```
/// use chat_client::protocol::reply::Uploaded;
/// use chat_client::upload::content;
/// let mut plan = Uploaded { url: "/v1/uploads/0b".into(), name: "plan.png".into(), size: 9, kind: "image/png".into() };
/// assert_eq!(content(&plan).kind, "image/png");
/// assert_eq!(content(&plan).payload.get(), r#"{"name":"plan.png","size":9,"url":"/v1/uploads/0b"}"#);
/// plan.kind = "text/csv".into();
/// assert_eq!(content(&plan).kind, "text/plain");
/// ```
pub fn content(uploaded: &Uploaded) -> Content {
    let Uploaded { url, name, size, kind } = uploaded.clone();
    let name = Some(name).filter(|name| !name.is_empty());
    let file = File { url, kind: Some(kind), name, size: Some(size) };
    Parts { text: None, files: vec![file] }.into_content()
}

impl RoomHandle {
    /// A file for this room: a path, bytes in memory, or any [`Source`].
    pub fn upload(&self, source: impl Into<Source>) -> Upload {
        let (room, source) = (self.clone(), source.into());
        Upload { room, source, name: None, kind: None, progress: None, tries: None, silence: None }
    }

    /// Sends a file and a message that shows it: [`upload`](Self::upload) and [`Upload::send_message`], without anything said of
    /// the file. Dropping the future stops the upload at once.
    ///
    /// ```no_run
    /// # async fn run(room: chat_client::RoomHandle) -> Result<(), chat_client::Error> {
    /// room.send_file(std::path::Path::new("plan.png")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Upload::send_message`].
    pub async fn send_file(&self, source: impl Into<Source>) -> Result<SendData, Error> {
        self.upload(source).send_message().await
    }
}
