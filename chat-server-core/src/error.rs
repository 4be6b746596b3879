//! What the server answers when it does not do what it was asked.

use chat_protocol::{ErrorCode, WireError};

use crate::storage::{Refusal, StorageError, StorageErrorKind};

/// Why a request was refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request breaks a rule; the code and the detail are for the one who asked.
    #[error(transparent)]
    Refused(#[from] WireError),
    /// The store failed; details are for the operator's log only.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Error {
    /// What the one who asked is told.
    pub fn wire(&self) -> WireError {
        match self {
            Error::Refused(error) => error.clone(),
            Error::Storage(error) => match error.kind {
                StorageErrorKind::Unavailable => {
                    WireError::from(ErrorCode::StorageUnavailable).retry_after_ms(1_000)
                }
                StorageErrorKind::Lost => unknown_outcome(),
                StorageErrorKind::Corrupt | StorageErrorKind::Bug => ErrorCode::Internal.into(),
            },
        }
    }
}

/// The answer to a change that may be stored or not, and that may still be: its own was lost.
pub(crate) fn unknown_outcome() -> WireError {
    let detail = "nobody knows whether this is stored: repeat it by its client id, or look first";
    WireError::new(ErrorCode::StorageUnavailable, detail).retry_after_ms(1_000)
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Error::Refused(code.into())
    }
}

/// Why a user who is being forgotten may do nothing.
pub(crate) const BEING_DELETED: &str = "the user is being deleted; try again when that is done";

/// Refusals of a store that reach a user: a stranger cannot tell a missing room from a forbidden one.
impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoRoom | Refusal::NotMember => ErrorCode::Forbidden.into(),
            Refusal::Exists => ErrorCode::AlreadyExists.into(),
            Refusal::NoUser => WireError::new(ErrorCode::NotFound, "user: no member of this room").into(),
            Refusal::NoMessage => ErrorCode::MessageNotFound.into(),
            Refusal::NotAllowed => {
                WireError::new(ErrorCode::Forbidden, "your role does not reach this member or message").into()
            }
            Refusal::Forgotten => WireError::new(ErrorCode::Forbidden, BEING_DELETED).into(),
            Refusal::Full => {
                WireError::new(ErrorCode::LimitReached, "there are as many of these as there may be").into()
            }
            Refusal::RoomFull => {
                WireError::new(ErrorCode::LimitReached, "the room has as many members as it may have").into()
            }
            Refusal::Conflict => ErrorCode::Conflict.into(),
            Refusal::AccessChanged => {
                WireError::new(ErrorCode::RateLimited, "the room's members change too quickly").into()
            }
        }
    }
}
