//! What the protocol has and the engine does not do: refused by name, so that nothing of a command is lost in silence.

use chat_protocol::{ErrorCode, WireError};

/// The refusal of something that is not done here.
pub(super) fn refused(what: &str) -> WireError {
    WireError::new(ErrorCode::NotSupported, format!("{what} is not offered by this server"))
}
