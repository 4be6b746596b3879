//! A file that is fetched: a stream of its bytes that goes on after a lost connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use futures::future::{BoxFuture, FutureExt};
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::failed::{Failed, broken, refused, silent, strange};
use super::http::{PIECE, lost};
use super::line::{Asked, Line, while_open};
use super::site::Site;
use crate::runtime::timeout;
use crate::{Client, Error, FileError};

/// The bytes of a file: a `Stream`, and [`next`](Self::next) for those who do not import one.
///
/// Nothing is asked before the first bytes are wanted, and pieces of at most 64 KiB come as they are taken. A lost connection is made
/// good as that of an upload, and the stream goes on where it stopped; when that is not possible, it ends with an error item.
///
/// ```no_run
/// # async fn run(client: chat_client::Client, url: &str) -> Result<(), Box<dyn std::error::Error>> {
/// use tokio::io::AsyncWriteExt;
/// let mut file = tokio::fs::File::create("plan.png").await?;
/// let mut bytes = client.download(url);
/// while let Some(piece) = bytes.next().await {
///     file.write_all(&piece?).await?;
/// }
/// file.flush().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is fetched until it is asked for"]
pub struct Download {
    state: State,
    size: Option<u64>,
    at: u64,
}

enum State {
    Idle(Box<Fetching>),
    /// The next piece is on its way. The future lives in here and not in the one that waits for a piece: dropping that loses nothing.
    Busy(BoxFuture<'static, (Box<Fetching>, Item)>),
    Over,
}

/// The next piece; `None` at the end.
type Item = Option<Result<Bytes, Error>>;

struct Fetching {
    line: Line,
    url: String,
    /// How many bytes were handed out, and before the first one those that are passed over.
    at: u64,
    size: Option<u64>,
    /// Which version of the file the bytes are of.
    tag: Option<String>,
    body: Option<Incoming>,
    /// What has come and was not handed out.
    left: Bytes,
}

impl Client {
    /// Fetches a file by its address, as messages name it: `/v1/uploads/...` of this server, with or without its host.
    ///
    /// # Errors
    /// As items. [`Error::File`]: the address is not one of this server's files ([`Elsewhere`](FileError::Elsewhere), and nothing is
    /// asked anywhere), the file has changed, or it was tried too often. [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS`: there is
    /// no such file, or not for this user. [`Error::Unauthenticated`], [`Error::Token`], [`Error::Address`], [`Error::Answer`]; the
    /// reason for which the client ended.
    pub fn download(&self, url: impl Into<String>) -> Download {
        let (line, url) = (Line::new(self.clone()), url.into());
        let fetching = Fetching { line, url, at: 0, size: None, tag: None, body: None, left: Bytes::new() };
        Download { state: State::Idle(Box::new(fetching)), size: None, at: 0 }
    }
}

impl Download {
    /// Passes over so many bytes, such as those that an earlier run of the application has. Before the first piece.
    pub fn from(mut self, offset: u64) -> Self {
        self.set(|fetching| fetching.at = offset);
        self.at = offset;
        self
    }

    /// As [`Upload::tries`](super::Upload::tries).
    pub fn tries(mut self, tries: u32) -> Self {
        self.set(|fetching| fetching.line.tries.most = tries);
        self
    }

    /// As [`Upload::silence`](super::Upload::silence).
    pub fn silence(mut self, limit: Duration) -> Self {
        self.set(|fetching| fetching.line.silence = limit);
        self
    }

    fn set(&mut self, set: impl FnOnce(&mut Fetching)) {
        if let State::Idle(fetching) = &mut self.state {
            set(fetching);
        }
    }

    /// How many bytes the whole file has; `None` before the first piece.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// How many bytes of the file are behind: those that were handed out, and those that were passed over.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// The next bytes; `None` at the end, and after an error. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Item> {
        if let State::Idle(_) = &self.state {
            let State::Idle(fetching) = std::mem::replace(&mut self.state, State::Over) else {
                return Poll::Ready(None);
            };
            self.state = State::Busy(fetching.fetch().boxed());
        }
        let State::Busy(busy) = &mut self.state else { return Poll::Ready(None) };
        let (fetching, item) = std::task::ready!(busy.poll_unpin(cx));
        (self.size, self.at) = (fetching.size, fetching.at);
        self.state = match &item {
            Some(Ok(_)) => State::Idle(fetching),
            _ => State::Over,
        };
        Poll::Ready(item)
    }
}

impl Stream for Download {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("at", &self.at).field("size", &self.size).finish_non_exhaustive()
    }
}

impl Fetching {
    async fn fetch(mut self: Box<Self>) -> (Box<Self>, Item) {
        let client = self.line.client().clone();
        let item = while_open(&client, self.piece()).await;
        (self, item.transpose())
    }

    /// The next piece; `None` at the end.
    async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match self.step().await {
                Ok(Step::Open) => {}
                Ok(Step::Piece(piece)) => return Ok(Some(piece)),
                Ok(Step::End) => return Ok(None),
                Err(failed) => {
                    self.body = None;
                    self.line.recover(failed).await?;
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Step, Failed> {
        if !self.left.is_empty() {
            let piece = self.left.split_to(self.left.len().min(PIECE));
            self.at += piece.len() as u64;
            return Ok(Step::Piece(piece));
        }
        let Some(body) = &mut self.body else { return self.open().await };
        let silence = self.line.silence;
        match timeout(silence, body.frame()).await.map_err(|_| silent(silence))? {
            Some(Ok(frame)) => {
                // What is no bytes of the file is nothing.
                self.left = frame.into_data().unwrap_or_default();
                if !self.left.is_empty() {
                    self.line.got_on();
                }
                Ok(Step::Open)
            }
            Some(Err(error)) => Err(lost(&error)),
            None if self.size.is_none_or(|size| self.at == size) => Ok(Step::End),
            None => Err(broken("the answer ended early")),
        }
    }

    async fn open(&mut self) -> Result<Step, Failed> {
        let name = self.name()?;
        let mut asked = Asked::new(Method::GET, &name);
        if self.at > 0 {
            asked = asked.header("range", format!("bytes={}-", self.at));
            if let Some(tag) = &self.tag {
                asked = asked.header("if-range", tag);
            }
        }
        let answer = self.line.ask(asked).await?;
        match answer.status() {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => self.begin(answer),
            // Nothing is left of it.
            StatusCode::RANGE_NOT_SATISFIABLE if range(answer.headers()) == Some((None, self.at)) => {
                self.size = Some(self.at);
                Ok(Step::End)
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {
                Err(self.changed(range(answer.headers()).map(|(_, size)| size)))
            }
            _ => Err(match refused(answer, self.line.silence).await {
                Failed::NotOffered(error) => Failed::Final(error),
                failed => failed,
            }),
        }
    }

    /// Takes the answer that has the bytes.
    fn begin(&mut self, answer: Response<Incoming>) -> Result<Step, Failed> {
        let (head, body) = answer.into_parts();
        let tag = head.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let (start, size) = match head.status {
            StatusCode::PARTIAL_CONTENT => match range(&head.headers) {
                Some((Some(start), size)) => (start, Some(size)),
                _ => return Err(strange("no Content-Range")),
            },
            _ => (
                0,
                head.headers.get(header::CONTENT_LENGTH).and_then(|size| size.to_str().ok()?.parse().ok()),
            ),
        };
        if self.tag.is_some() && tag != self.tag {
            return Err(self.changed(size));
        }
        if start != self.at {
            return Err(strange("other bytes than those that were asked for"));
        }
        (self.tag, self.size, self.body) = (tag, size, Some(body));
        Ok(Step::Open)
    }

    fn changed(&self, found: Option<u64>) -> Failed {
        let announced = self.size.unwrap_or(self.at);
        FileError::Changed { announced, found: found.unwrap_or_default() }.into()
    }

    /// What follows `uploads` in the path. An address of another server is refused here, before the token is near it.
    fn name(&self) -> Result<String, Failed> {
        let sites: Vec<Arc<Site>> = self.line.sites()?;
        let name = sites.iter().find_map(|site| site.file(&self.url));
        Ok(format!("/{}", name.ok_or(FileError::Elsewhere)?))
    }
}

enum Step {
    /// An answer is open, or goes on.
    Open,
    Piece(Bytes),
    End,
}

/// First byte, unless there is none, and size of the whole, of `Content-Range` (RFC 9110 section 14.4).
fn range(headers: &HeaderMap) -> Option<(Option<u64>, u64)> {
    let text = headers.get(header::CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
    let (range, size) = text.split_once('/')?;
    let start = match range {
        "*" => None,
        range => Some(range.split_once('-')?.0.parse().ok()?),
    };
    Some((start, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_say_where_they_begin_and_of_how_much() {
        let of = |text: &str| range(&HeaderMap::from_iter([(header::CONTENT_RANGE, text.parse().unwrap())]));
        assert_eq!(of("bytes 5-9/10"), Some((Some(5), 10)));
        assert_eq!(of("bytes */10"), Some((None, 10)));
        for bad in ["", "bytes", "bytes 5/10", "bytes 5-9/*", "lines 5-9/10", "bytes x-9/10"] {
            assert_eq!(of(bad), None, "{bad}");
        }
        assert_eq!(range(&HeaderMap::new()), None);
    }
}
