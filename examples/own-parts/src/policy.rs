//! Rules of one's own: guests read and do not write.

use chat_protocol::{Command, UserId};
use chat_server_core::Policy;

/// Whoever is called `guest-...` only reads.
pub struct GuestsRead;

impl Policy for GuestsRead {
    fn may(&self, user: &UserId, command: &Command) -> Result<(), String> {
        let writes = matches!(command, Command::Send(_) | Command::Edit(_) | Command::Create(_));
        if writes && user.as_str().starts_with("guest-") {
            Err("guests only read".to_owned())
        } else {
            Ok(())
        }
    }
}
