//! What a request that went wrong means: try again, get another token, begin anew, or give up.

use std::time::Duration;

use chat_protocol::{Action, ErrorCode, ErrorText, ReplyError};
use http::{HeaderMap, StatusCode};
use hyper::Response;
use hyper::body::Incoming;

use super::http::whole;
use crate::transport::{DialError, answer};
use crate::{Error, FileError};

/// Why a request did not do what it was for.
#[derive(Debug)]
pub(super) enum Failed {
    /// It may work another time.
    Again(Again),
    /// The server does not take the token.
    Token(ErrorText),
    /// What was asked for is not there, or not any more.
    Gone(Error),
    /// Other bytes are missing than those that were sent; from where on, if that was said.
    Elsewhere(Option<u64>),
    /// The server does not offer that.
    NotOffered(Error),
    /// No repetition would help.
    Final(Error),
}

/// A try that failed and may be repeated.
#[derive(Debug)]
pub(super) struct Again {
    /// The error, should it have been the last one.
    pub(super) why: Error,
    /// How long the server asks to wait.
    pub(super) hint: Option<Duration>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

impl From<FileError> for Failed {
    fn from(error: FileError) -> Self {
        Self::Final(error.into())
    }
}

impl From<DialError> for Failed {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Unusable(text) => Self::Final(Error::Address(text)),
            other => broken(other.to_string()),
        }
    }
}

/// The connection did not hold; what, for people.
pub(super) fn broken(what: impl Into<String>) -> Failed {
    Failed::Again(Again { why: FileError::Connection(what.into()).into(), hint: None })
}

/// The peer is silent.
pub(super) fn silent(after: Duration) -> Failed {
    broken(format!("nothing was taken or answered within {after:?}"))
}

/// An answer that none of our servers gives.
pub(super) fn strange(what: &str) -> Failed {
    Error::Answer(what.to_owned()).into()
}

/// What an answer means that is not the one hoped for.
pub(super) async fn refused(response: Response<Incoming>, silence: Duration) -> Failed {
    let (head, body) = response.into_parts();
    // Without its body an answer is still an answer.
    let body = whole(body, silence).await.unwrap_or_default();
    verdict(head.status, &head.headers, &body)
}

fn verdict(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failed {
    let (error, hint, again) = match answer::refusal(status, headers, body) {
        DialError::Refused(reply) => of_reply(reply),
        DialError::Status { status, retry_after } => {
            let again = matches!(status, 408 | 425 | 429) || (500..600).contains(&status) && status != 501;
            (FileError::Status { status }.into(), retry_after, again)
        }
        other => return other.into(),
    };
    match (status, error) {
        (StatusCode::UNAUTHORIZED, Error::Unauthenticated { code }) => Failed::Token(code),
        // The answer to `HEAD` has no body to tell which code it is.
        (StatusCode::UNAUTHORIZED, _) => Failed::Token(ErrorCode::InvalidToken.into()),
        (_, error) if again => Failed::Again(Again { why: error, hint }),
        (StatusCode::NOT_FOUND | StatusCode::GONE, error) => Failed::Gone(error),
        (StatusCode::NOT_IMPLEMENTED | StatusCode::METHOD_NOT_ALLOWED, error) => Failed::NotOffered(error),
        (_, error) => Failed::Final(error),
    }
}

/// The error, how long to wait, and whether to try again.
fn of_reply(reply: ReplyError) -> (Error, Option<Duration>, bool) {
    let again = matches!(reply.action, Action::Retry | Action::Reconnect);
    let hint = reply.retry_after_ms.map(Duration::from_millis);
    (reply.into(), hint, again)
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;

    use super::*;

    fn of(status: u16, body: &str) -> String {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "3".parse().unwrap())]);
        let failed = verdict(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes());
        let name = format!("{failed:?}").split([' ', '(']).next().unwrap().to_owned();
        match failed {
            Failed::Again(again) => format!("{name} {:?}", again.hint.unwrap()),
            _ => name,
        }
    }

    #[test]
    fn each_answer_has_its_meaning() {
        let reply = |code: ErrorCode| {
            format!(
                r#"{{"status":{},"err":"{}","action":"{}","retry_after_ms":20,"ts":"2026-01-01T00:00:00.000Z"}}"#,
                code.status(),
                code.text(),
                serde_json::to_value(code.action()).unwrap().as_str().unwrap()
            )
        };
        for (code, expected) in [
            (ErrorCode::StorageUnavailable, "Again 20ms"),
            (ErrorCode::RateLimited, "Again 20ms"),
            (ErrorCode::HeartbeatTimeout, "Again 20ms"),
            (ErrorCode::ShuttingDown, "Again 20ms"),
            (ErrorCode::Internal, "Again 20ms"),
            (ErrorCode::InvalidToken, "Token"),
            (ErrorCode::NotFound, "Gone"),
            (ErrorCode::NotSupported, "NotOffered"),
            (ErrorCode::Forbidden, "Final"),
            (ErrorCode::TooLarge, "Final"),
            (ErrorCode::MediaType, "Final"),
        ] {
            assert_eq!(of(code.status(), &reply(code)), expected, "{code}");
        }
        for (status, expected) in [
            (500, "Again 3s"),
            (502, "Again 3s"),
            (429, "Again 3s"),
            (401, "Token"),
            (404, "Gone"),
            (410, "Gone"),
            (501, "NotOffered"),
            (403, "Final"),
            (302, "Final"),
        ] {
            assert_eq!(of(status, "<html>"), expected, "{status}");
        }
    }
}
