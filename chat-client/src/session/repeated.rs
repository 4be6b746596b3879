//! Refusals of a repeated command that mean that its first try has worked, and only the answer was lost.
//!
//! All other commands are answered a second time as the first time: the server finds that there is nothing to do.
//! `calls::repeated` of the `tests` crate asks the real server for all of them.

use chat_protocol::{Command as Wire, ErrorCode, ReplyError, Role};

/// Whether the refusal of a repeated command says that it is done. `seen`: an event told its effect.
pub(super) fn is_done(command: &Wire, refused: &ReplyError, seen: bool) -> bool {
    let Some(code) = refused.code.known() else { return false };
    match (command, code) {
        // Who is no member hears no reason; one that may not leave hears it.
        (Wire::Leave(_), ErrorCode::Forbidden) => refused.detail.is_none(),
        // Whoever has to go is no member any more.
        (Wire::Kick(_), ErrorCode::NotFound) => true,
        // Nothing waits: because it was taken back, or because it was sent. Only the user's own log tells which.
        (Wire::Cancel(_), ErrorCode::MessageNotFound) => seen,
        // Whoever gave the room away is an admin now, and an admin makes no owners.
        (Wire::Role(set), ErrorCode::Forbidden) => set.role == Role::Owner && seen,
        _ => false,
    }
}
