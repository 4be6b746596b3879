//! What can go wrong, grouped by who must act.

use std::time::Duration;

use chat_protocol::{Action, ContentError, ErrorCode, ErrorText, ReplyError, UserId};

use crate::store::StoreError;

/// Why a call failed, or why the client ended.
///
/// Tokens, paths and queries of addresses and message bodies never appear in it; hosts do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server's address or the way to it cannot work: not a URL that this build can dial, a proxy in the environment
    /// that cannot be one, or TLS with nobody to trust. Change the configuration.
    #[error("unusable server address: {0}")]
    Address(String),
    /// The server does not know the token, or knows it no longer, and the token source, if there is one, has no better.
    /// Get a new one and connect again; sends that were not acknowledged may be repeated with their `client_msg_id`.
    #[error("the server did not accept the token ({})", code.text())]
    Unauthenticated {
        /// Which of the codes for this it was.
        code: ErrorText,
    },
    /// The server understood and said no. Repeating the call unchanged gives the same answer, unless `action` is
    /// `retry`: then the client has tried often enough by itself and gave up.
    #[error("refused: {}{}", code.text(), detail.as_deref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused {
        /// Which error.
        code: ErrorText,
        /// What the server advises.
        action: Action,
        /// What exactly was wrong, for the person who debugs. Not stable.
        detail: Option<String>,
    },
    /// The server ended the session, or refused to begin one, and a new connection would not help: it was taken over,
    /// the two sides share no version, or there is no chat at this path. The client is closed.
    #[error("the server refuses this session for good ({})", code.text())]
    Ended {
        /// Which error.
        code: ErrorText,
    },
    /// The content breaks a rule of its type or is larger than this server takes. Nothing was sent.
    #[error("content not sent: {0}")]
    Content(#[from] ContentError),
    /// The queue of unacknowledged sends is full. Wait until some are acknowledged, then send again.
    #[error("{max} sends wait for their acknowledgement, which is the most that is kept")]
    OutboxFull {
        /// Greatest number of unacknowledged sends.
        max: usize,
    },
    /// The message has left, so that only the server knows whether it has it: it can neither be edited nor taken back in the
    /// outbox. Edit or delete it when it is stored.
    #[error("the message has left already")]
    TooLate,
    /// No message of this name waits in the outbox.
    #[error("no such message waits to be sent")]
    NotQueued,
    /// The message was taken back before it was sent, or dropped because too many are wedged.
    #[error("the message was taken back")]
    Cancelled,
    /// The message could not leave before its time was over. Nothing was stored.
    #[error("the message could not be sent in time")]
    Expired,
    /// The store cannot be read, so that the client does not start: what is in it would be lost or sent by somebody else.
    #[error("the store of unsent messages: {0}")]
    Store(#[from] StoreError),
    /// The store holds the messages of another user than the token is of. Nothing was sent. Give each user a store of its own.
    #[error("the store holds messages of user {stored:?}, and the token is of user {connected:?}")]
    OtherUser {
        /// Whose messages the store holds.
        stored: UserId,
        /// Who the server says the user is.
        connected: UserId,
    },
    /// Too many calls other than sends wait for their answer. Wait for some of them, then call again.
    #[error("{max} calls wait for their answer, which is the most that is kept")]
    Busy {
        /// Greatest number of unanswered calls.
        max: usize,
    },
    /// No answer came in time. The call may or may not have had its effect; all calls are safe to repeat.
    #[error("no answer within {after:?}")]
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// The token source gives no token: a call of its own, such as an upload, cannot be made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A file could not be sent or fetched.
    #[error(transparent)]
    File(#[from] FileError),
    /// The first connection was not ready in time.
    #[error("not connected within {after:?}{}", last.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
    ConnectTimeout {
        /// How long was tried.
        after: Duration,
        /// What the last attempt failed with.
        last: Option<String>,
    },
    /// The server's answer has another shape than this version of the client knows.
    #[error("the answer cannot be read: {0}")]
    Answer(String),
    /// The operating system gave no random numbers, of which ids are made.
    #[error("no random numbers: {0}")]
    Random(String),
    /// The task that keeps the connection was ended from outside: its runtime was shut down, or a token source, store or connector of
    /// the application panicked. Sends that were not acknowledged may be stored; repeat them with their `client_msg_id`.
    #[error("the client was ended from outside: its runtime was shut down, or a part of it panicked")]
    Halted,
    /// The client was closed by `close`, or by dropping its last handle.
    #[error("the client is closed")]
    Closed,
}

/// Why a token source ([`ClientBuilder::token_source`](crate::ClientBuilder::token_source)) gives no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none at the moment: whoever gives tokens cannot be reached. The client asks again, with waits that grow.
    #[error("no token now: {0}")]
    Unavailable(String),
    /// There will be none: the user has signed out. The client ends with [`Error::Unauthenticated`].
    #[error("signed out")]
    SignedOut,
}

/// Why a file could not be sent or fetched (feature `uploads`), where it was not the server that refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The source cannot be read: it is gone, or none of the user's. Nothing of it is kept by the server.
    #[error("the file cannot be read: {reason}")]
    Source {
        /// What kind of error it is.
        kind: std::io::ErrorKind,
        /// What the system, or a source of one's own, says.
        reason: String,
    },
    /// There are more or fewer bytes than at the beginning, or others: what was sent and the rest would not fit together. Begin anew.
    #[error("the file has changed: it had {announced} bytes, now there are {found}")]
    Changed {
        /// How many bytes there were.
        announced: u64,
        /// How many there are, as far as that was seen.
        found: u64,
    },
    /// The server takes no file of this size. Nothing was sent.
    #[error("a file of {size} bytes, at most {max} are allowed")]
    TooLarge {
        /// Size in bytes.
        size: u64,
        /// Greatest size in bytes.
        max: u64,
    },
    /// The server lost the unfinished upload, and lost it again after it was begun anew.
    #[error("the server lost the upload twice")]
    Lost,
    /// The address is not that of a file of this server. Nothing was asked anywhere, because the token is for this server alone.
    #[error("the address is not one of a file of this server")]
    Elsewhere,
    /// The server, or something before it, answered with an HTTP status and no error of the protocol.
    #[error("HTTP status {status} instead of a file")]
    Status {
        /// The status. Redirects are among them, as they are not followed.
        status: u16,
    },
    /// The connection was lost too often without getting on; how the last one was, for people.
    #[error("the connection was lost too often, the last time: {0}")]
    Connection(String),
}

impl Error {
    /// The code that the server gave, if it was the server that refused.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Error::Unauthenticated { code } | Error::Refused { code, .. } | Error::Ended { code } => {
                code.known()
            }
            _ => None,
        }
    }
}

impl From<ReplyError> for Error {
    fn from(error: ReplyError) -> Self {
        match error.action {
            Action::Refresh => Error::Unauthenticated { code: error.code },
            action => Error::Refused { code: error.code, action, detail: error.detail },
        }
    }
}
