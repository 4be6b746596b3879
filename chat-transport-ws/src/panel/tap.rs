//! What the panel knows of a connection, and hears of it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::Request;
use axum::http::HeaderName;
use axum::http::header::{AUTHORIZATION, COOKIE, SEC_WEBSOCKET_PROTOCOL};
use chat_protocol::{Frame, RoomId, Text, UserId};
use chat_server_core::clock::{Clock, SystemClock};
use chat_server_core::transport::{DirectWrite, DirectWriter};

use super::Panel;
use super::ring::{Entry, What};
use super::show::is_secret;
use crate::wire::Wire;

/// How many tokens of a connection are known at most: a client has one or two, and whoever sends more hides nobody's but its own.
const MAX_SECRETS: usize = 32;

/// A connection, as the panel knows it.
pub(super) struct Peer {
    panel: Arc<Panel>,
    pub(super) number: u64,
    pub(super) format: &'static str,
    pub(super) address: Option<String>,
    /// The tokens that its request brought, and those that its frames brought as far as they were shown. Written and read by
    /// those who look, never by the connection itself.
    secrets: Mutex<Vec<String>>,
    /// Whose it is, and the one room that it is of, once that is known.
    pub(super) owner: OnceLock<(UserId, Option<RoomId>)>,
}

impl Peer {
    pub(super) fn new(
        panel: Arc<Panel>,
        number: u64,
        format: &'static str,
        address: Option<String>,
        secrets: Vec<String>,
    ) -> Self {
        Self { panel, number, format, address, secrets: Mutex::new(secrets), owner: OnceLock::new() }
    }

    /// Its tokens, the longest first, once these are among them.
    pub(super) fn with_secrets<R>(&self, found: Vec<String>, look: impl FnOnce(&[String]) -> R) -> R {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        for found in found {
            if secrets.len() < MAX_SECRETS && worth_hiding(&found) && !secrets.contains(&found) {
                secrets.push(found);
                sort(&mut secrets);
            }
        }
        look(&secrets)
    }
}

/// Tells the panel what a connection hears and says. The last one that goes tells that it ended.
#[derive(Clone)]
pub(crate) struct Tap(Arc<Hold>);

struct Hold(Arc<Peer>);

impl Tap {
    pub(super) fn new(peer: Peer) -> Self {
        let hold = Hold(Arc::new(peer));
        hold.note(What::Opened);
        Self(Arc::new(hold))
    }

    /// The peer said this.
    pub(crate) fn heard(&self, frame: &Frame) {
        // Probes and their answers are the transport's own.
        if !matches!(frame, Frame::Ping | Frame::Pong) {
            self.0.note(What::Heard(frame.clone()));
        }
    }

    /// The peer was told this.
    pub(crate) fn said(&self, frame: &Frame) {
        if !matches!(frame, Frame::Ping | Frame::Pong) {
            self.0.note(What::Said(frame.clone()));
        }
    }

    /// It is known whose the connection is.
    pub(crate) fn belongs_to(&self, user: &UserId, room: Option<&RoomId>) {
        _ = self.0.0.owner.set((user.clone(), room.cloned()));
    }
}

impl Hold {
    fn note(&self, what: What) {
        let entry = Entry { at: SystemClock.now(), peer: self.0.clone(), what };
        self.0.panel.ring.push(entry);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.note(What::Ended);
    }
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tap").field(&self.0.0.number).finish()
    }
}

/// A connection's way for what is written from any thread, tapped.
#[derive(Debug)]
pub(crate) struct TappedWriter {
    pub(crate) tap: Tap,
    pub(crate) wire: Arc<Wire>,
}

impl DirectWriter for TappedWriter {
    fn write(&self, frames: &[Text]) -> DirectWrite {
        frames.iter().for_each(|text| self.tap.said(&Frame::Text(text.clone())));
        self.wire.write(frames)
    }
}

/// Headers that hold tokens, alone or among other words.
const HEADERS: [HeaderName; 4] =
    [AUTHORIZATION, HeaderName::from_static("authentication"), COOKIE, SEC_WEBSOCKET_PROTOCOL];

/// Every word of a request that may be a token: rather one too many, which is masked for nothing.
pub(crate) fn secrets(request: &Request) -> Vec<String> {
    let query = request.uri().query().unwrap_or_default();
    let named = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| is_secret(name));
    let named: Vec<String> = named.map(|(_, value)| value.into_owned()).collect();
    let headers = HEADERS.into_iter().flat_map(|name| request.headers().get_all(name));
    let headers = headers.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
    let texts = named.iter().map(String::as_str).chain(headers);
    let words = texts.flat_map(|text| text.split([' ', ',', ';']));
    let words = words.flat_map(|word| [word, word.split_once(['=', '.']).map_or("", |(_, value)| value)]);
    let words = words.map(|word| word.trim_matches('"').to_owned());
    let all = named.iter().cloned().chain(words);
    let mut found: Vec<String> = all.filter(|word| worth_hiding(word)).collect();
    sort(&mut found);
    found.dedup();
    found.truncate(MAX_SECRETS);
    found
}

/// The longest first: one may be a part of another.
fn sort(secrets: &mut [String]) {
    secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
}

/// Whether a word can be a token: shorter ones would hide half of what is shown, and these are no secret.
fn worth_hiding(word: &str) -> bool {
    word.len() >= 4 && !["bearer", "token", "basic", "chat.v1"].contains(&word.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn tokens_of_a_request_are_known_wherever_they_stand() {
        let request = Request::builder()
            .uri("/x?access_token=a%40query&room=lobby&TOKEN=upper&token=Bearer%20with-a-word")
            .header("authorization", "Token of-header")
            .header("authentication", "Token of-other-header")
            .header("cookie", "sessionid=of-cookie; theme=\"quoted\"")
            .header("sec-websocket-protocol", "chat.v1, bearer.of-protocol, of-procollab")
            .body(Body::empty())
            .unwrap();
        let found = secrets(&request);
        for token in [
            "a@query",
            "upper",
            "with-a-word",
            "of-header",
            "of-other-header",
            "of-cookie",
            "quoted",
            "of-protocol",
            "of-procollab",
        ] {
            assert!(found.iter().any(|it| it == token), "{token} is not in {found:?}");
        }
        assert!(!found.iter().any(|it| ["lobby", "Token", "chat.v1"].contains(&it.as_str())), "{found:?}");
    }
}
