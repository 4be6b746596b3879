//! What the protocol has and the engine does not do: refused by name, so that nothing of a command is lost in silence.

use chat_protocol::command::SendMessage;
use chat_protocol::{Command, ErrorCode, WireError};

/// The refusal of something that is not done here.
pub(super) fn refused(what: &str) -> WireError {
    WireError::new(ErrorCode::NotSupported, format!("{what} is not offered by this server"))
}

fn refuse_if(asked: bool, what: &str) -> Result<(), WireError> {
    if asked { Err(refused(what)) } else { Ok(()) }
}

/// Whether everything that a command asks for is done; `send` has a check of its own.
pub(super) fn check(command: &Command) -> Result<(), WireError> {
    match command {
        Command::Create(create) => refuse_if(create.info.message_ttl_s.is_some(), "create.message_ttl_s"),
        _ => Ok(()),
    }
}

pub(super) fn check_send(send: &SendMessage) -> Result<(), WireError> {
    refuse_if(send.send_at.is_some(), "send.send_at")
}
