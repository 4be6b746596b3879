//! The documents that are published now, and who sends what they describe.

use super::{Document, Documents, Sender};

/// By folder: what clients send, and what servers send. Every document is in one of the lists, so that a new one
/// cannot be checked in the wrong direction because nobody thought of it.
const SENDERS: &[(&str, &[&str], &[&str])] = &[
    ("native", &["command"], &["event", "message"]),
    ("http", &[], &["error", "history_page"]),
    (
        "dialect/tndata",
        &["client_frame", "mark_read"],
        &["server_frame", "message_page", "message_list", "message", "history", "users", "profiles", "error"],
    ),
    (
        "dialect/chats",
        &["client_frame"],
        &[
            "server_frame",
            "directs",
            "direct",
            "projects",
            "project",
            "message_page",
            "files",
            "has_unreads",
            "error",
        ],
    ),
    (
        "dialect/hipochat",
        // The profile is what the application's own server answers when it is asked who a user is.
        &["client_frame", "create_room", "item_request", "profile"],
        &["server_frame", "room_created", "old_messages", "notification", "histories", "push", "error"],
    ),
    (
        "dialect/haraj",
        &[
            "client_frame",
            "login",
            "start_topic",
            "send_message",
            "confirm_reads",
            "set_typing",
            "update_user",
            "upload",
        ],
        &[
            "server_frame",
            "session",
            "started_topic",
            "sent",
            "history",
            "confirmed_reads",
            "typing_set",
            "deleted_message",
            "hidden_topic",
            "topics",
            "resolved_topics",
            "found_users",
            "profile",
            "updated_user",
            "upload_grant",
            "push",
        ],
    ),
    (
        "dialect/helpdesk",
        &["client_frame", "send_message"],
        &["server_frame", "desks", "history", "created", "error"],
    ),
];

/// What a document is called that describes the packets of a socket.
const PACKETS: &[&str] = &["event", "server_frame"];

fn sender(path: &str) -> Option<Sender> {
    let (folder, name) = path.strip_suffix(".json")?.rsplit_once('/')?;
    let (_, clients, servers) = SENDERS.iter().find(|(known, ..)| *known == folder)?;
    match name {
        _ if clients.contains(&name) => Some(Sender::Client),
        _ if servers.contains(&name) && PACKETS.contains(&name) => Some(Sender::ServerPackets),
        _ if servers.contains(&name) => Some(Sender::Server),
        _ => None,
    }
}

/// Every published document.
///
/// # Panics
/// When a document is new, and the table in this file does not say who sends what it describes.
pub fn published() -> Documents {
    let documents = chat_protocol::schema::documents().into_iter().map(|(path, schema)| {
        let sender = sender(path).unwrap_or_else(|| panic!("{path} is new: say in {} who sends it", file!()));
        (path.to_owned(), Document { sender, schema })
    });
    documents.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lists_what_is_published_and_nothing_else() {
        let mut listed: Vec<String> = Vec::new();
        for (folder, clients, servers) in SENDERS {
            listed.extend(clients.iter().chain(*servers).map(|name| format!("{folder}/{name}.json")));
        }
        listed.sort();
        assert_eq!(listed, published().into_keys().collect::<Vec<_>>());
    }
}
