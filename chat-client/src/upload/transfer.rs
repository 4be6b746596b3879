//! An upload on its way: announced, sent in requests that the server confirms one by one, gone on with where the server stands. It is
//! the [tus protocol 1.0](https://tus.io/protocols/resumable-upload), as `docs/uploads.md` has it.

use std::time::Duration;

use chat_protocol::RoomId;
use chat_protocol::reply::Uploaded;
use http::{HeaderMap, Method, Response, StatusCode, header};
use hyper::body::Incoming;

use super::failed::{Failed, refused, strange};
use super::http::whole;
use super::line::{Asked, Line};
use super::pace::{Progress, Segment};
use super::site::is_name;
use super::source::Source;
use crate::runtime::timeout;
use crate::{Error, FileError};

const OFFSET: &str = "upload-offset";
const LENGTH: &str = "upload-length";
const MAX_SIZE: &str = "tus-max-size";
const RESUMABLE: &str = "/resumable";

/// How long is tried to take back an upload that cannot be finished. Otherwise the server gives it up by itself.
const FORGET: Duration = Duration::from_secs(2);

/// What is said of a file when it is announced.
pub(super) struct About {
    pub(super) room: RoomId,
    pub(super) name: String,
    pub(super) kind: Option<String>,
}

impl About {
    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("room", self.room.as_str()).append_pair("name", &self.name);
        if let Some(kind) = &self.kind {
            query.append_pair("type", kind);
        }
        query.finish()
    }
}

/// What the next request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Announce the file.
    Announce,
    /// Ask how far it is.
    Ask,
    /// Send the next bytes.
    Send,
    /// Send it in one request, to a server that takes files in no other way.
    Whole,
}

/// An upload on its way.
pub(super) struct Transfer {
    pub(super) line: Line,
    source: Source,
    about: About,
    progress: Progress,
    segment: Segment,
    next: Next,
    size: u64,
    /// What follows `uploads` in the path of the unfinished file.
    path: String,
    /// How many bytes the server has.
    at: u64,
    /// Whether it was begun anew.
    anew: bool,
}

impl Transfer {
    pub(super) fn new(line: Line, source: Source, about: About, progress: Progress) -> Self {
        let (segment, next, path) = (Segment::new(), Next::Announce, String::new());
        Self { line, source, about, progress, segment, next, size: 0, path, at: 0, anew: false }
    }

    pub(super) async fn run(mut self) -> Result<Uploaded, Error> {
        self.size = self.source.announce().await?;
        self.progress.begin(self.size);
        loop {
            match self.step().await {
                Ok(Some(uploaded)) => {
                    self.progress.end();
                    return Ok(uploaded);
                }
                Ok(None) => {}
                Err(failed) => self.recover(failed).await?,
            }
        }
    }

    /// Makes one request; where the file is, if it is whole.
    async fn step(&mut self) -> Result<Option<Uploaded>, Failed> {
        match self.next {
            Next::Announce => self.announce().await,
            Next::Ask => self.ask().await,
            Next::Send => self.send().await,
            Next::Whole => self.whole().await,
        }
    }

    async fn announce(&mut self) -> Result<Option<Uploaded>, Failed> {
        let query = self.about.query();
        let asked = tus(Method::POST, RESUMABLE).query(&query);
        let asked = asked.header(LENGTH, self.size).header("content-length", 0);
        let answer = self.line.ask(asked).await?;
        let silence = self.line.silence;
        match answer.status() {
            StatusCode::CREATED if self.size == 0 => Ok(Some(uploaded(answer, silence).await?)),
            StatusCode::CREATED => {
                self.path = place(answer.headers())?;
                self.at = 0;
                self.next = Next::Send;
                Ok(None)
            }
            StatusCode::PAYLOAD_TOO_LARGE => Err(self.too_large(refused(answer, silence).await).await),
            _ => Err(refused(answer, silence).await),
        }
    }

    /// The announced size was refused: because no file may be so large, or because there are too many already, which the server's own
    /// answer tells.
    async fn too_large(&mut self, told: Failed) -> Failed {
        let Ok(answer) = self.line.ask(tus(Method::OPTIONS, RESUMABLE)).await else { return told };
        match number(answer.headers(), MAX_SIZE) {
            Some(max) if self.size > max => FileError::TooLarge { size: self.size, max }.into(),
            _ => told,
        }
    }

    async fn ask(&mut self) -> Result<Option<Uploaded>, Failed> {
        let answer = self.line.ask(tus(Method::HEAD, &self.path)).await?;
        if answer.status() != StatusCode::OK {
            return Err(refused(answer, self.line.silence).await);
        }
        let at = number(answer.headers(), OFFSET).ok_or_else(|| strange("no Upload-Offset"))?;
        self.stand(at)?;
        // Of a whole file the answer to no bytes tells the rest.
        self.next = Next::Send;
        Ok(None)
    }

    async fn send(&mut self) -> Result<Option<Uploaded>, Failed> {
        self.source.check().await?;
        let end = self.at.saturating_add(self.segment.begin()).min(self.size);
        let asked = tus(Method::PATCH, &self.path).header(OFFSET, self.at);
        let asked = asked.header("content-type", "application/offset+octet-stream");
        let answer = self.line.bring(asked, &mut self.source, self.at..end).await?;
        match answer.status() {
            StatusCode::OK => Ok(Some(uploaded(answer, self.line.silence).await?)),
            StatusCode::NO_CONTENT => {
                let at = number(answer.headers(), OFFSET).ok_or_else(|| strange("no Upload-Offset"))?;
                if at <= self.at {
                    return Err(Failed::Elsewhere(Some(at)));
                }
                self.stand(at)?;
                self.segment.taken();
                Ok(None)
            }
            StatusCode::CONFLICT => Err(Failed::Elsewhere(number(answer.headers(), OFFSET))),
            _ => Err(refused(answer, self.line.silence).await),
        }
    }

    /// The server has so many bytes.
    fn stand(&mut self, at: u64) -> Result<(), Failed> {
        if at > self.size {
            return Err(strange("Upload-Offset is behind the end"));
        }
        if at > self.at {
            self.line.got_on();
        }
        self.at = at;
        self.progress.at(at);
        Ok(())
    }

    async fn whole(&mut self) -> Result<Option<Uploaded>, Failed> {
        self.source.check().await?;
        let query = self.about.query();
        let kind = self.about.kind.as_deref().unwrap_or("application/octet-stream");
        let asked = Asked::new(Method::POST, "").query(&query).header("content-type", kind);
        let answer = self.line.bring(asked, &mut self.source, 0..self.size).await?;
        match answer.status() {
            StatusCode::OK => Ok(Some(uploaded(answer, self.line.silence).await?)),
            _ => Err(refused(answer, self.line.silence).await),
        }
    }

    async fn recover(&mut self, failed: Failed) -> Result<(), Error> {
        self.segment.failed();
        // Whoever refuses a body may close behind the refusal.
        self.line.close();
        match failed {
            // There is one way that every server has.
            Failed::NotOffered(_) | Failed::Gone(_) if self.next == Next::Announce => {
                self.next = Next::Whole;
                Ok(())
            }
            Failed::Gone(_) if self.next != Next::Whole => self.begin_anew(),
            failed @ Failed::Final(_) => {
                self.forget().await;
                self.line.recover(failed).await
            }
            Failed::Elsewhere(at) => {
                // Without a place to go on from, another request has this file: an earlier one of ours.
                self.next = Next::Ask;
                if let Some(at) = at.filter(|at| *at != self.at && *at <= self.size) {
                    (self.next, self.at) = (Next::Send, at);
                }
                self.line.recover(failed).await
            }
            failed => {
                if self.next == Next::Send {
                    self.next = Next::Ask;
                }
                self.line.recover(failed).await
            }
        }
    }

    /// The server has lost the unfinished file, as one does that was restarted.
    fn begin_anew(&mut self) -> Result<(), Error> {
        if self.anew {
            return Err(FileError::Lost.into());
        }
        (self.anew, self.at, self.next) = (true, 0, Next::Announce);
        Ok(())
    }

    /// Takes back what will not be finished, if that is quickly done: it would count among the user's unfinished ones.
    async fn forget(&mut self) {
        if matches!(self.next, Next::Ask | Next::Send) {
            let path = std::mem::take(&mut self.path);
            // Whoever wants to know why it failed is not kept waiting, and the server forgets by itself.
            let _ = timeout(FORGET, self.line.ask(tus(Method::DELETE, &path))).await;
        }
    }
}

fn tus(method: Method, rest: &str) -> Asked<'_> {
    Asked::new(method, rest).header("tus-resumable", "1.0.0")
}

/// Where the unfinished file is. Only its name is taken from the answer: a proxy before the server may show it under another path,
/// and the token goes nowhere else.
fn place(headers: &HeaderMap) -> Result<String, Failed> {
    let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let name = location.and_then(|location| location.rsplit('/').next()).filter(|name| is_name(name));
    let name = name.ok_or_else(|| strange("no Location of the upload"))?;
    Ok(format!("{RESUMABLE}/{name}"))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

async fn uploaded(answer: Response<Incoming>, silence: Duration) -> Result<Uploaded, Failed> {
    let body = whole(answer.into_body(), silence).await?;
    serde_json::from_slice(&body).map_err(|error| strange(&error.to_string()))
}
