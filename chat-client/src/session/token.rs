//! Where the token comes from: it is fixed, or the application is asked for one before each connection and before the
//! last one ends.

use std::time::Duration;

use chat_protocol::command as wire;
use chat_protocol::reply::AuthData;
use chat_protocol::{ErrorCode, ErrorText, Timestamp};

use super::backoff::Loss;
use super::state::{Awaiting, Phase, Timer};
use super::{LinkAction, Session, text};
use crate::{Error, TokenError};

/// How long before the end of a token the next one is asked for: enough for a slow identity provider, and a small part
/// of any usual life. Of a token that lives for less than twice as long, half of the life.
const REFRESH_BEFORE: Duration = Duration::from_secs(30);

/// What is left at least of a token that is replaced before its end: with less, the connection ends with the token, and the next
/// one is asked for then. It also bounds how often a source is asked whose tokens have hardly any life left.
const MIN_LIFE: Duration = Duration::from_secs(2);

impl Session {
    /// The answer to [`LinkAction::AskToken`]; harmless when nobody asked.
    ///
    /// Without a connection the session dials with the token, or tells why it cannot. An open connection goes on with
    /// the new token, and with the old one when there is no new one.
    pub fn handle_token(&mut self, now: Duration, token: Result<String, TokenError>) {
        let asking = self.phase == Phase::Asking;
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
        if matches!(error, TokenError::Unavailable(_)) && matches!(self.phase, Phase::Ready { .. }) {
            let wait = self.config.backoff.delay(self.unrefreshed, self.jitter.draw(), None);
            self.unrefreshed = self.unrefreshed.saturating_add(1);
            self.timers.set(Timer::Refresh, now + wait);
        }
    }

    /// Why the server took the last token no more, until it takes another: a token source that keeps tokens must not
    /// give the same one again.
    pub fn token_refused(&self) -> Option<&ErrorText> {
        self.refused.as_ref()
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
        self.unrefreshed = 0;
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
