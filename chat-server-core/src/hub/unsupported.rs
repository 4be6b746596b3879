//! What the protocol has and the engine does not do: refused by name, so that nothing of a command is lost in silence.

use chat_protocol::command::{Create, SendMessage};
use chat_protocol::{Command, ErrorCode, HistoryVisibility, RoomInfo, WireError};

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
        Command::Create(create) => check_create(create),
        Command::Read(read) => {
            refuse_if(read.thread.is_some(), "read.thread")?;
            refuse_if(read.private, "read.private")
        }
        Command::Typing(typing) => refuse_if(typing.thread.is_some(), "typing.thread"),
        _ => Ok(()),
    }
}

fn check_create(create: &Create) -> Result<(), WireError> {
    let RoomInfo { name: _, avatar, topic, custom, message_ttl_s } = &create.info;
    refuse_if(create.history != HistoryVisibility::All, "create.history")?;
    refuse_if(avatar.is_some(), "create.avatar")?;
    refuse_if(topic.is_some(), "create.topic")?;
    refuse_if(custom.is_some(), "create.custom")?;
    refuse_if(message_ttl_s.is_some(), "create.message_ttl_s")?;
    refuse_if(create.number.is_some(), "create.number")?;
    refuse_if(create.owner.is_some(), "create.owner")?;
    refuse_if(create.desk.is_some(), "create.desk")
}

pub(super) fn check_send(send: &SendMessage) -> Result<(), WireError> {
    refuse_if(send.thread.is_some(), "send.thread")?;
    refuse_if(send.mentions.is_some(), "send.mentions")?;
    refuse_if(send.send_at.is_some(), "send.send_at")?;
    refuse_if(send.from.is_some(), "send.from")
}
