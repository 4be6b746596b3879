//! Where the token comes from: it is fixed, or the application is asked for one before each connection and before the
//! last one ends.

use std::time::Duration;

use chat_protocol::command as wire;
use chat_protocol::reply::AuthData;
use chat_protocol::{ErrorCode, ErrorText, Timestamp};

use super::backoff::Loss;
use super::state::{Awaiting, Phase, Timer};
use super::{Answer, LinkAction, Session, Ticket, Token, text};
use crate::{Error, TokenError};

/// How long before the end of a token the next one is asked for: enough for a slow identity provider, and a small part
/// of any usual life. Of a token that lives for less than twice as long, half of the life.
const REFRESH_BEFORE: Duration = Duration::from_secs(30);

/// What is left at least of a token that is replaced before its end: with less, the connection ends with the token, and the next
/// one is asked for then. It also bounds how often a source is asked whose tokens have hardly any life left.
const MIN_LIFE: Duration = Duration::from_secs(2);

/// Who waits for a token that the application was asked for, to use it beside the connection.
#[derive(Debug, Default)]
pub(super) struct Askers {
    waiting: Vec<Ticket>,
    /// Why the token that they had was refused.
    refused: Option<ErrorText>,
}

impl Session {
    /// The answer to [`LinkAction::AskToken`]; harmless when nobody asked.
    ///
    /// Without a connection the session dials with the token, or tells why it cannot. An open connection goes on with
    /// the new token, and with the old one when there is no new one.
    pub fn handle_token(&mut self, now: Duration, token: Result<String, TokenError>) {
        let asking = self.phase == Phase::Asking;
        self.answer_askers(&token.clone().map(Token).map_err(|error| self.no_token(error)));
        match token {
            Ok(token) => {
                self.config.token = token;
                match self.phase {
                    Phase::Asking => self.dial(now),
                    Phase::Ready { .. } => self.say_token(),
                    _ => {}
                }
            }
            Err(TokenError::SignedOut) if asking => {
                let code = self.refused.take().unwrap_or(ErrorCode::NotAuthenticated.into());
                self.finish(Some(Error::Unauthenticated { code }));
            }
            Err(TokenError::Unavailable(reason)) if asking => self.lose(now, Loss::NoToken(reason)),
            Err(error) => self.keep_token(now, &error),
        }
        self.pump(now);
    }

    /// An open connection goes on with the token that it has. Whoever gives tokens may be back before that one ends.
    fn keep_token(&mut self, now: Duration, error: &TokenError) {
        tracing::debug!(%error, "the connection goes on with its old token");
        let Some(failed) = self.unrefreshed.filter(|_| matches!(self.phase, Phase::Ready { .. })) else {
            return;
        };
        if matches!(error, TokenError::Unavailable(_)) {
            let wait = self.config.backoff.delay(failed, self.jitter.draw(), None);
            self.unrefreshed = Some(failed.saturating_add(1));
            self.timers.set(Timer::Refresh, now + wait);
        }
    }

    /// The token ends soon.
    pub(super) fn refresh_token(&mut self) {
        self.unrefreshed.get_or_insert(0);
        self.link.push_back(LinkAction::AskToken);
    }

    /// Why the server took the last token no more, until it takes another: a token source that keeps tokens must not
    /// give the same one again.
    pub fn token_refused(&self) -> Option<&ErrorText> {
        self.refused.as_ref().or(self.askers.refused.as_ref())
    }

    /// The token for requests beside the connection: the present one, or another than the one that was refused.
    pub(super) fn give_token(
        &mut self,
        ticket: Ticket,
        refused: Option<(Token, ErrorText)>,
    ) -> Result<Option<Answer>, Error> {
        let (token, max) = (&self.config.token, self.config.max_requests);
        // One that the connection was refused with is as good as none.
        let known = !self.config.ask_token || !token.is_empty() && self.refused.is_none();
        match refused {
            // A new one has come since, by the way of the connection.
            Some((old, _)) if known && old.0 != *token => {}
            Some((_, code)) if !self.config.ask_token => return Err(Error::Unauthenticated { code }),
            None if known => {}
            _ if self.askers.waiting.len() >= max => return Err(Error::Busy { max }),
            refused => {
                self.askers.refused = refused.map(|(_, code)| code).or(self.askers.refused.take());
                self.askers.waiting.push(ticket);
                self.link.push_back(LinkAction::AskToken);
                return Ok(None);
            }
        }
        Ok(Some(Answer::Token(Token(token.clone()))))
    }

    /// What a call gets that wanted a token.
    fn no_token(&self, error: TokenError) -> Error {
        match error {
            TokenError::SignedOut => {
                let code = self.token_refused().cloned();
                Error::Unauthenticated { code: code.unwrap_or(ErrorCode::NotAuthenticated.into()) }
            }
            error => Error::Token(error),
        }
    }

    pub(super) fn answer_askers(&mut self, token: &Result<Token, Error>) {
        let Askers { waiting, .. } = std::mem::take(&mut self.askers);
        let answer = token.clone().map(Answer::Token);
        self.answers.extend(waiting.into_iter().map(|asker| (asker, answer.clone())));
    }

    /// Begins to connect: asks for a token first, if there is somebody to ask.
    pub(super) fn connect(&mut self, now: Duration) {
        if self.config.ask_token {
            self.phase = Phase::Asking;
            self.link.push_back(LinkAction::AskToken);
        } else {
            self.dial(now);
        }
    }

    pub(super) fn say_token(&mut self) {
        let auth = wire::Auth {
            id: self.ask_id(Awaiting::Auth),
            token: Some(self.config.token.clone()),
            device_id: self.config.device_id.clone(),
            session_id: self.account.as_ref().map(|account| account.session.clone()),
            follow: !self.positions.any(),
        };
        self.push_frame(text(&auth.into()));
    }

    /// The server took the token. `ts`: when it said so, by the clock that `expires_at` is of.
    pub(super) fn token_taken(&mut self, now: Duration, ts: Timestamp, data: &AuthData) {
        self.refused = None;
        self.unrefreshed = None;
        let ends = data.expires_at.filter(|_| self.config.ask_token);
        let left = ends.and_then(|ends| u64::try_from(ends.as_micros().saturating_sub(ts.as_micros())).ok());
        let left = left.map(Duration::from_micros).filter(|left| *left >= MIN_LIFE);
        let wait = left.map(|left| left - REFRESH_BEFORE.min(left / 2));
        self.timers.put(Timer::Refresh, wait.map(|wait| now + wait));
    }

    /// Whether another token may help against what would end the session. It is tried once: a source whose new token is
    /// refused as well has none that helps.
    pub(super) fn may_refresh(&mut self, error: &Error) -> bool {
        let Error::Unauthenticated { code } = error else { return false };
        let first = self.config.ask_token && self.refused.is_none();
        if first {
            self.refused = Some(code.clone());
        }
        first
    }
}
