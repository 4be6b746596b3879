//! What commands cost, and requests that are none.
//!
//! Each command is paid from two buckets of points, the connection's and the user's, which fill up steadily (see
//! `connection_rate` and `user_rate` of [`ServerConfig`](crate::ServerConfig)); a request over HTTP from the user's
//! alone. What they cannot pay is refused with `ERR_TOO_MANY_REQUESTS` and `retry_after_ms`, and never dropped silently.

use std::num::NonZeroU32;

/// What a command costs that is missing in the table; a test says so.
const UNKNOWN: u32 = 20;

/// Requests that are no commands and cost something all the same, by the names that OpenAPI gives them.
pub const REQUESTS: &[&str] = &["desks", "export_user", "forget_user"];

/// How many points a command costs, by its name on the wire, or one of [`REQUESTS`].
///
/// ```
/// use chat_server_core::limits::cost;
/// assert!(cost("send") > cost("typing") && cost("search") > cost("send"));
/// ```
pub fn cost(kind: &str) -> NonZeroU32 {
    NonZeroU32::new(known_cost(kind).unwrap_or(UNKNOWN)).unwrap_or(NonZeroU32::MIN)
}

/// The table: every command of the protocol. One point is about what it costs to look at a command at all.
fn known_cost(kind: &str) -> Option<u32> {
    Some(match kind {
        // Nothing is stored: at most others are told.
        "typing" | "ping" | "away" | "unfollow" | "unlisten" => 1,
        // A pointer that is stored with many others.
        "read" | "delivered" => 2,
        // A change of a log: one write, told to every follower.
        "send" | "edit" | "delete" | "react" | "unreact" | "cancel" | "mark_unread" => 5,
        // One or a few reads of the store.
        "history" | "thread" | "members" | "inbox" | "blocks" | "scheduled" | "sessions" | "listen"
        | "desks" => 5,
        // Changes who may do what: decided again by everyone who writes there.
        "join" | "leave" | "kick" | "role" | "ban" | "unban" | "block" | "unblock" | "set" | "device"
        | "revoke" => 10,
        // Reads a log and keeps what comes meanwhile.
        "follow" => 10,
        // Reads, or changes, what belongs to many.
        "create" | "invite" | "search" | "resume" | "auth" => 20,
        // Reads all that is kept of one user, or begins to take it away.
        "export_user" | "forget_user" => 100,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use chat_protocol::Command;

    use super::*;

    #[test]
    fn every_command_has_a_cost() {
        let all = Command::KINDS.iter().chain(REQUESTS);
        let missing: Vec<_> = all.filter(|kind| known_cost(kind).is_none()).collect();
        assert_eq!(missing, [&""; 0]);
    }
}
