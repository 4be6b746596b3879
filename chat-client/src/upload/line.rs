//! The way to a server's files for one transfer: the connection, the token, and what a failed request costs.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::{ErrorCode, ErrorText};
use http::{HeaderValue, Method, Response, request};
use hyper::body::Incoming;

use super::failed::{Again, Failed};
use super::http::Http;
use super::pace::Tries;
use super::site::Site;
use super::source::Source;
use crate::client::misplaced;
use crate::session::{Answer, Command, Token};
use crate::{Client, ConnectionState, Error, TokenError};

/// How often a transfer is tried again without getting on. The waits between these double from 250 ms to 30 s, so that a network may be
/// away for about a minute.
const TRIES: u32 = 10;

/// How long a server may take nothing and say nothing. Ours give up a request after as long.
const SILENCE: Duration = Duration::from_secs(30);

/// The way to the files of a server, for one transfer.
pub(super) struct Line {
    client: Client,
    pub(super) tries: Tries,
    pub(super) silence: Duration,
    http: Option<Http>,
    token: Option<Token>,
    /// Whether the server refused the last token, and none was taken since.
    refused: bool,
}

/// A request to be made: what is sent, and where.
pub(super) struct Asked<'a> {
    pub(super) method: Method,
    /// What follows `uploads` in the path.
    pub(super) rest: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(method: Method, rest: &'a str) -> Self {
        Self { method, rest, query: "", headers: Vec::new() }
    }

    pub(super) fn query(mut self, query: &'a str) -> Self {
        self.query = query;
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

impl Line {
    pub(super) fn new(client: Client) -> Self {
        let tries = Tries::new(client.shared().files.backoff, TRIES);
        Self { client, tries, silence: SILENCE, http: None, token: None, refused: false }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The ways to the server, at least one.
    pub(super) fn sites(&self) -> Result<Vec<Arc<Site>>, Error> {
        self.client.shared().files.sites()
    }

    /// Makes a request without a body.
    pub(super) async fn ask(&mut self, asked: Asked<'_>) -> Result<Response<Incoming>, Failed> {
        let (head, silence) = (self.prepare(asked).await?, self.silence);
        self.http().await?.ask(head, silence).await
    }

    /// Makes a request whose body is a part of a source.
    pub(super) async fn bring(
        &mut self,
        asked: Asked<'_>,
        source: &mut Source,
        part: std::ops::Range<u64>,
    ) -> Result<Response<Incoming>, Failed> {
        let (head, silence) = (self.prepare(asked).await?, self.silence);
        self.http().await?.bring(head, source, part, silence).await
    }

    async fn prepare(&mut self, asked: Asked<'_>) -> Result<request::Builder, Failed> {
        if self.token.is_none() {
            self.token = Some(self.fetch(None).await?);
        }
        let bearer = self.token.as_ref().and_then(bearer);
        let bearer = bearer.ok_or(Error::Unauthenticated { code: ErrorCode::InvalidToken.into() })?;
        let head = self.site()?.request(asked.method, asked.rest, asked.query, &bearer);
        Ok(asked.headers.into_iter().fold(head, |head, (name, value)| head.header(name, value)))
    }

    /// The way that is tried now: the next one after each failure.
    fn site(&self) -> Result<Arc<Site>, Error> {
        let sites = self.sites()?;
        Ok(sites[self.tries.failed() % sites.len()].clone())
    }

    async fn http(&mut self) -> Result<&mut Http, Failed> {
        let http = match self.http.take() {
            Some(http) => http,
            None => Http::open(&self.site()?.dialer).await?,
        };
        Ok(self.http.insert(http))
    }

    /// The client's token; another one than `refused`.
    async fn fetch(&self, refused: Option<(Token, ErrorText)>) -> Result<Token, Failed> {
        match self.client.call(Command::Token { refused }).await {
            Ok(Answer::Token(token)) => Ok(token),
            Ok(_) => Err(misplaced().into()),
            Err(why @ Error::Token(TokenError::Unavailable(_))) => {
                Err(Failed::Again(Again { why, hint: None }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Closes the connection: what is on its way over it is not known, or not wanted.
    pub(super) fn close(&mut self) {
        self.http = None;
    }

    /// The transfer has got on: whatever failed before is forgotten.
    pub(super) fn got_on(&mut self) {
        self.tries.got_on();
        self.refused = false;
    }

    /// Does what there is to do about a failure; an error when nothing helps. Cancel-safe.
    pub(super) async fn recover(&mut self, failed: Failed) -> Result<(), Error> {
        self.close();
        match failed {
            Failed::Again(again) => self.tries.wait(again).await,
            Failed::Elsewhere(_) => {
                let why = Error::Answer("the server takes other bytes than it asks for".to_owned());
                self.tries.wait(Again { why, hint: None }).await
            }
            Failed::Token(code) => self.refresh(code).await,
            Failed::Gone(error) | Failed::NotOffered(error) | Failed::Final(error) => Err(error),
        }
    }

    /// Asks for another token, once: a second one that is refused as well means that there is none that helps.
    async fn refresh(&mut self, code: ErrorText) -> Result<(), Error> {
        let Some(token) = self.token.take().filter(|_| !self.refused) else {
            return Err(Error::Unauthenticated { code });
        };
        match self.fetch(Some((token.clone(), code))).await {
            Ok(other) => {
                (self.token, self.refused) = (Some(other), true);
                Ok(())
            }
            Err(Failed::Again(again)) => {
                self.token = Some(token);
                self.tries.wait(again).await
            }
            Err(Failed::Final(error)) => Err(error),
            Err(_) => Err(misplaced()),
        }
    }
}

/// Does `work` for as long as the client lives: with a client that was closed, or whose user was signed out, a transfer ends too.
/// Cancel-safe if `work` is.
pub(super) async fn while_open<T>(
    client: &Client,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let mut state = client.shared().state.clone();
    tokio::select! {
        biased;
        done = work => done,
        // An error is that nobody drives the client any more.
        _ = state.wait_for(|state| matches!(state, ConnectionState::Closed { .. })) => Err(client.shared().end()),
    }
}

/// The token as a header; `None`: it cannot be one.
fn bearer(token: &Token) -> Option<HeaderValue> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.0)).ok()?;
    bearer.set_sensitive(true);
    Some(bearer)
}
