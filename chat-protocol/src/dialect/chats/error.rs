//! What is said about bad input, on the socket and over HTTP.

use serde::{Deserialize, Serialize};

use super::{MAX_TEXT, MessageId, ProjectId};
use crate::dialect::MAX_FILES;
use crate::{ErrorCode, UserId};

/// Why a command is refused. The text is sent as `{"error": text}` to the sender alone, and the socket stays
/// open.
///
/// Source: `docs/dialects.md` section 4, "Bad input".
///
/// ```
/// use chat_protocol::dialect::chats::{BadInput, ServerFrame};
/// let frame = ServerFrame::from(BadInput::InvalidValue("chat_id"));
/// assert_eq!(serde_json::to_string(&frame).unwrap(), r#"{"error":"Invalid value: 'chat_id'"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadInput {
    /// The id of a direct chat is no name of a pair.
    #[error("Chat id \"{0}\" is not in the format of <user1_id>_<user2_id>, where user1_id < user2_id")]
    ChatId(String),
    /// A direct chat of others.
    #[error("User {user} is not a member of chat {chat}")]
    NotMember {
        /// Who asked.
        user: UserId,
        /// The chat's id as it was given.
        chat: String,
    },
    /// A project chat of others, or none.
    #[error("User {user} is not in project chat {project}")]
    NotInProject {
        /// Who asked.
        user: UserId,
        /// The chat's number.
        project: ProjectId,
    },
    /// The other side of a direct chat is unknown.
    #[error("One or both users do not exist")]
    NoUser,
    /// The message is unknown, is in another chat, or is one's own and was to be read.
    #[error("Some of chat/message ids are wrong, you can't access this message")]
    WrongIds,
    /// Another's message was to be edited.
    #[error("User {user} is not author of message {message}")]
    EditOfOther {
        /// Who asked.
        user: UserId,
        /// The message.
        message: MessageId,
    },
    /// Another's message was to be deleted.
    #[error("User {user} is not author {message}")]
    DeleteOfOther {
        /// Who asked.
        user: UserId,
        /// The message.
        message: MessageId,
    },
    /// A reply to a message that is not in the chat.
    #[error("Message {message} is not in chat {chat}")]
    ReplyElsewhere {
        /// The message.
        message: MessageId,
        /// The chat's id.
        chat: String,
    },
    /// A required key is missing.
    #[error("Missing key (might be backend's fault, but most likely you are missing this field): '{0}'")]
    MissingKey(&'static str),
    /// A chat type other than `direct` and `project`.
    #[error("Chat type is not supported")]
    ChatType,
    /// Not a JSON object.
    #[error("Invalid JSON")]
    InvalidJson,
    /// A key whose value is of another type.
    #[error("Invalid value: '{0}'")]
    InvalidValue(&'static str),
    /// `typing` with a message: the document prints it for reading and for deleting alike, and guessing could
    /// delete.
    #[error("Event type 'typing' does not take message_id: use message_read or delete_message")]
    TypingMessage,
    /// A text of too many characters.
    #[error("text of {0} characters is too long, at most {MAX_TEXT} are allowed")]
    TextLength(usize),
    /// A message with too many files.
    #[error("{0} files are too many, at most {MAX_FILES} are allowed")]
    TooManyFiles(usize),
    /// Refused for another reason.
    #[error("{0}")]
    Refused(String),
}

/// The body of every HTTP error, and of a refused handshake.
///
/// ```
/// use chat_protocol::dialect::chats::{Detail, HttpError};
/// let detail: Detail = serde_json::from_str(r#"{"detail":"Authentication credentials were not provided."}"#).unwrap();
/// assert_eq!(detail, HttpError::NoCredentials.into());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Detail {
    /// What was wrong.
    pub detail: String,
}

/// The errors of the HTTP calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// 401: no token.
    #[error("Authentication credentials were not provided.")]
    NoCredentials,
    /// 403: not a member, or no such chat.
    #[error("You do not have permission to perform this action.")]
    Forbidden,
    /// 400: the id of a direct chat without `_`.
    #[error("processed id must contain underscore")]
    NoUnderscore,
    /// 400: the id of a direct chat with something else than two ids.
    #[error("processed id must contain two integers separated by underscore")]
    NoPair,
    /// 400: the other side is unknown.
    #[error("One or both users do not exist")]
    NoUser,
    /// 400: a parameter cannot be read. The reference leaves the words of this and all that follow to us.
    #[error("Malformed request.")]
    Malformed,
    /// 404: no such project.
    #[error("Not found.")]
    NotFound,
    /// 405: the path does not have this method.
    #[error("Method not allowed.")]
    MethodNotAllowed,
    /// 413: the request is too large.
    #[error("Request entity too large.")]
    TooLarge,
    /// 429: too many requests; wait before the next.
    #[error("Request was throttled.")]
    RateLimited,
    /// 503: the storage cannot answer now; try again later.
    #[error("Service temporarily unavailable, try again later.")]
    Unavailable,
}

impl HttpError {
    /// What answers a refusal of the server's, where the call has no answer of its own for it.
    pub fn of(code: ErrorCode) -> Self {
        match code.status() {
            401 => Self::NoCredentials,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            413 => Self::TooLarge,
            409 | 429 => Self::RateLimited,
            400 | 415 => Self::Malformed,
            _ => Self::Unavailable,
        }
    }

    /// The error for the direct chat `name` when no side of it is the caller.
    ///
    /// ```
    /// use chat_protocol::dialect::chats::HttpError;
    /// assert_eq!(HttpError::of_direct("x"), HttpError::NoUnderscore);
    /// assert_eq!(HttpError::of_direct("1_"), HttpError::NoPair);
    /// assert_eq!(HttpError::of_direct("2_3"), HttpError::Forbidden);
    /// ```
    pub fn of_direct(name: &str) -> Self {
        match name.split_once('_') {
            None => Self::NoUnderscore,
            // User ids need not be numbers here: only a missing one is told.
            Some((a, b)) if a.is_empty() || b.is_empty() => Self::NoPair,
            Some(_) => Self::Forbidden,
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::NoCredentials => 401,
            Self::Forbidden => 403,
            Self::NoUnderscore | Self::NoPair | Self::NoUser | Self::Malformed => 400,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::RateLimited => 429,
            Self::Unavailable => 503,
        }
    }
}

impl From<HttpError> for Detail {
    fn from(error: HttpError) -> Self {
        Self { detail: error.to_string() }
    }
}
