//! When to try again, and what not to try again.

use std::time::Duration;

use chat_protocol::{Action, Close, ErrorCode, ErrorText, ReplyError};

use crate::Error;
use crate::transport::DialError;

/// Longest wait that a peer's hint is granted: a mistaken hint must not put a client to sleep for a day.
const MAX_HINT: Duration = Duration::from_secs(600);

/// How waits grow from attempt to attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Upper end of the first wait. Default 250 ms.
    pub base: Duration,
    /// Upper end of every wait; it doubles until here. Default 30 s.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_millis(250), cap: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// The wait before the attempt after `attempt` failed ones: `hint`, if the peer gave one, and then a uniformly
    /// random share of `base * 2^attempt`, at most `cap`.
    ///
    /// The whole range is random ("full jitter"): a crowd that lost its server together comes back spread out.
    /// `random` is any 64 random bits.
    pub fn delay(&self, attempt: u32, random: u64, hint: Option<Duration>) -> Duration {
        let doubled = 1u32.checked_shl(attempt).unwrap_or(u32::MAX);
        let ceiling = self.base.saturating_mul(doubled).min(self.cap).as_nanos();
        // A multiplication maps the random bits onto the range without the bias of a remainder.
        let share = (ceiling * u128::from(random)) >> 64;
        hint.unwrap_or_default().min(MAX_HINT) + Duration::from_nanos(share.try_into().unwrap_or(u64::MAX))
    }
}

/// A stream of random numbers from a seed (SplitMix64, public domain): good enough to spread waits, and the same in
/// every run of a test.
#[derive(Debug)]
pub(super) struct Jitter(pub(super) u64);

impl Jitter {
    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Why there is no connection any more, or why there never was.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loss {
    /// It could not be opened.
    Dial(DialError),
    /// The peer closed it, with a code.
    Closed(Close),
    /// It ended without a word, or broke.
    Broken(String),
    /// The peer refused `auth` or `resume`, or answered another command with "connect again".
    Refused(ReplyError),
    /// The peer said nothing for too long.
    Silent,
    /// There is no token to connect with now; why, for people.
    NoToken(String),
    /// The peer broke a promise of the protocol.
    Violation(&'static str),
}

impl Loss {
    /// For people.
    pub(super) fn reason(&self) -> String {
        match self {
            Loss::Dial(error) => error.to_string(),
            Loss::Closed(close) => match (known_code(close.code), close.reason.as_str()) {
                (Some(code), _) => format!("closed by the server ({code})"),
                (None, "") => format!("closed by the server ({})", close.code),
                (None, reason) => format!("closed by the server ({}: {})", close.code, printable(reason)),
            },
            Loss::Broken(text) => text.clone(),
            Loss::Refused(error) => format!("refused: {}", error.code.text()),
            Loss::Silent => "the server is silent".to_owned(),
            Loss::NoToken(why) => format!("no token: {why}"),
            Loss::Violation(what) => format!("the server broke the protocol: {what}"),
        }
    }

    /// How long the peer asked to wait.
    pub(super) fn hint(&self) -> Option<Duration> {
        match self {
            Loss::Dial(DialError::Status { retry_after, .. }) => *retry_after,
            Loss::Dial(DialError::Refused(error)) | Loss::Refused(error) => {
                error.retry_after_ms.map(Duration::from_millis)
            }
            _ => None,
        }
    }

    /// The error that ends the client, or `None` when a new connection with the same token may help. `was_ready`: an earlier connection
    /// worked, so the address and the version are right and an unexplained status is somebody's bad moment.
    pub(super) fn last_word(&self, was_ready: bool) -> Option<Error> {
        match self {
            Loss::Dial(DialError::Unusable(text)) => Some(Error::Address(text.clone())),
            Loss::Dial(DialError::Status { status: 401, .. }) if !was_ready => {
                Some(Error::Unauthenticated { code: ErrorCode::NotAuthenticated.into() })
            }
            Loss::Dial(DialError::Status { status, .. }) if !was_ready && permanent(*status) => {
                Some(Error::Address(format!("HTTP status {status} instead of a connection")))
            }
            Loss::Dial(DialError::Refused(error)) | Loss::Refused(error) => {
                verdict(&error.code, error.action)
            }
            Loss::Closed(close) => {
                known_code(close.code).and_then(|code| verdict(&code.into(), code.action()))
            }
            Loss::Dial(_) | Loss::Broken(_) | Loss::Silent | Loss::NoToken(_) | Loss::Violation(_) => None,
        }
    }
}

fn verdict(code: &ErrorText, action: Action) -> Option<Error> {
    match action {
        Action::Retry | Action::Reconnect => None,
        // Unless the application is asked for another token, there is none to try.
        Action::Refresh => Some(Error::Unauthenticated { code: code.clone() }),
        Action::Stop => Some(Error::Ended { code: code.clone() }),
    }
}

/// Whether an HTTP status promises the same answer next time (RFC 9110 section 15.5, without those that pass).
fn permanent(status: u16) -> bool {
    (300..500).contains(&status) && !matches!(status, 408 | 425 | 429)
}

/// The first code of the table with this close code; those that share one share their action too.
pub(super) fn known_code(close: u16) -> Option<ErrorCode> {
    ErrorCode::ALL.iter().copied().find(|code| code.close_code() == close)
}

/// Foreign text, safe to print.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(123).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_within_their_bounds_and_use_the_whole_range() {
        let backoff = Backoff::default();
        for attempt in [0, 1, 2, 6, 7, 31, 32, 1000] {
            let ceiling = Duration::from_millis(250 << attempt.min(20)).min(backoff.cap);
            assert_eq!(backoff.delay(attempt, 0, None), Duration::ZERO);
            let most = backoff.delay(attempt, u64::MAX, None);
            assert!(most <= ceiling && most > ceiling * 99 / 100, "{attempt}: {most:?}");
            let half = backoff.delay(attempt, 1 << 63, None);
            assert_eq!(half, ceiling / 2, "{attempt}");
        }
    }

    #[test]
    fn a_hint_is_a_lower_bound_and_itself_bounded() {
        let backoff = Backoff::default();
        let hint = Duration::from_secs(5);
        assert_eq!(backoff.delay(0, 0, Some(hint)), hint);
        assert!(backoff.delay(0, u64::MAX, Some(hint)) <= hint + backoff.base);
        assert_eq!(backoff.delay(0, 0, Some(Duration::from_secs(86_400))), MAX_HINT);
    }

    #[test]
    fn codes_that_share_a_close_code_share_their_action() {
        for code in ErrorCode::ALL {
            assert_eq!(known_code(code.close_code()).map(ErrorCode::action), Some(code.action()), "{code}");
        }
    }

    #[test]
    fn only_stop_and_refresh_are_final() {
        let closed = |code| Loss::Closed(Close { code, reason: String::new() }).last_word(true);
        for code in [1000, 1001, 1006, 1011, 4411, 4412, 4429, 4503, 4999] {
            assert_eq!(closed(code), None, "{code}");
        }
        assert_eq!(closed(4410), Some(Error::Ended { code: ErrorCode::SessionReplaced.into() }));
        assert!(matches!(closed(4401), Some(Error::Unauthenticated { .. })));
        let status = |status, was_ready| {
            Loss::Dial(DialError::Status { status, retry_after: None }).last_word(was_ready).is_some()
        };
        assert!(status(404, false) && !status(404, true) && !status(503, false) && !status(429, false));
    }
}
