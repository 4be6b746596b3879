//! Error codes: one table, and what a reader makes of a code that is not in it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ErrorCode;

macro_rules! codes {
    ($($variant:ident $text:literal $status:literal $sentence:literal;)*) => {
        /// Why something was refused.
        ///
        /// ```
        /// use chat_protocol::dialect::haraj::Code;
        /// assert_eq!(Code::MissingSubscription.to_string(), "ERR_MISSING_SUBSCRIPTION");
        /// assert_eq!(Code::MissingSubscription.status(), 409);
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
        #[non_exhaustive]
        pub enum Code {
            $(
                #[doc = concat!("`", $text, "`, status ", stringify!($status), ". ", $sentence)]
                #[error($text)]
                $variant,
            )*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// Text on the wire.
            pub const fn text(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// Status of HTTP and of the body.
            pub const fn status(self) -> u16 {
                match self { $(Code::$variant => $status,)* }
            }
        }
    };
}

codes! {
    BadRequest          "ERR_BAD_REQUEST"               400 "Not a command, or a field is missing or wrong.";
    InvalidAccessToken  "ERR_INVALID_ACCESS_TOKEN"      401 "The token is wrong or expired, or none was given yet.";
    ForbiddenAccess     "ERR_FORBIDDEN_ACCESS"          403 "Another user's path, or a topic that is unknown or not mine.";
    MismatchCredentials "ERR_MISMATCH_CREDENTIALS"      409 "Login with wrong credentials.";
    MissingSubscription "ERR_MISSING_SUBSCRIPTION"      409 "A message to a p2p topic that was never started.";
    MaxConfirmation     "ERR_MAX_CONFIRMATION_REACHED"  409 "More reads confirmed at once than allowed.";
    MessageNotFound     "ERR_MESSAGE_NOT_FOUND"         409 "There is no such message to delete.";
    TopicNotFound       "ERR_TOPIC_NOT_FOUND"           409 "There is no such topic to hide.";
    MaxResolveTopics    "ERR_MAX_RESOLVE_TOPICS_REACHED" 409 "More topics resolved at once than allowed.";
    MaxFind             "ERR_MAX_FIND_REACHED"          409 "More users looked up at once than allowed.";
    TooManyRequests     "ERR_TOO_MANY_REQUESTS"         429 "Too much at once.";
    Internal            "ERR_INTERNAL_ERROR"            500 "The server failed; this spelling in HTTP.";
    ServerInternal      "ERR_SERVER_INTERNAL_ERROR"     500 "The server failed; this spelling on the socket.";
    // The original documents none for these statuses (section 1 names them): the texts of our own protocol.
    MethodNotAllowed    "ERR_METHOD_NOT_ALLOWED"        405 "The path exists, but not with this method.";
    TooLarge            "ERR_TOO_LARGE"                 413 "The body or content exceeds its size limit.";
    NotSupported        "ERR_NOT_SUPPORTED"             501 "This server does not offer that: its operator does it elsewhere.";
    StorageUnavailable  "ERR_STORAGE_UNAVAILABLE"       503 "The store cannot take or give data now.";
}

impl Code {
    /// What answers a refusal of the server's over HTTP, where the call has no answer of its own for it.
    pub fn of(code: ErrorCode) -> Self {
        match (code, code.status()) {
            (ErrorCode::MessageNotFound, _) => Self::MessageNotFound,
            (_, 401) => Self::InvalidAccessToken,
            (_, 403 | 404) => Self::ForbiddenAccess,
            (_, 405) => Self::MethodNotAllowed,
            (_, 413) => Self::TooLarge,
            (_, 409 | 429) => Self::TooManyRequests,
            (_, 400 | 408 | 415) => Self::BadRequest,
            (_, 501) => Self::NotSupported,
            (_, 503) => Self::StorageUnavailable,
            _ => Self::Internal,
        }
    }

    /// The code with this text.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.text() == text)
    }
}

/// A code as it travels: a known one, or the text of one that only the peer knows.
///
/// ```
/// use chat_protocol::dialect::haraj::{Code, Reason};
/// let reason: Reason = serde_json::from_str(r#""ERR_BAD_REQUEST""#).unwrap();
/// assert_eq!(reason, Reason::Known(Code::BadRequest));
/// let other: Reason = serde_json::from_str(r#""ERR_NEW""#).unwrap();
/// assert_eq!(serde_json::to_string(&other).unwrap(), r#""ERR_NEW""#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
#[serde(from = "String", into = "String")]
pub enum Reason {
    /// A code of the table.
    Known(Code),
    /// Another code, as it came.
    Other(String),
}

impl Reason {
    /// The text on the wire.
    pub fn text(&self) -> &str {
        match self {
            Reason::Known(code) => code.text(),
            Reason::Other(text) => text,
        }
    }

    /// The code, if the table has it.
    pub fn known(&self) -> Option<Code> {
        match self {
            Reason::Known(code) => Some(*code),
            Reason::Other(_) => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl From<Code> for Reason {
    fn from(code: Code) -> Self {
        Reason::Known(code)
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Code::from_text(&text).map_or(Reason::Other(text), Reason::Known)
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.text().to_owned()
    }
}
