//! What of an entry is shown: tokens never, and what people write only where the operator says so.
//!
//! A frame is shown as what it means, not as it came: JSON that was read, masked and written again. What cannot be read cannot
//! be masked, and so is not shown.

mod mask;

use chat_protocol::{Command, Event, Frame, Timestamp};
use serde::Serialize;
use serde_json::Value;

pub(super) use mask::is_secret;
use mask::{mask_text, without};

use super::ring::{Entry, What, size};

/// How many bytes of a body are shown at most: as much as anybody reads of one.
const MAX_SHOWN: usize = 4 * 1024;

/// Keys that tell what a packet of the five formats is; of several, the first here.
const KEYS: [&str; 8] = ["received", "injected", "text", "body", "ERROR", "error", "status", "data"];

/// Values of `type`, in the formats whose packets have one.
const TYPES: [&str; 10] = [
    "new_message",
    "edit_message",
    "delete_message",
    "message_read",
    "user_typing",
    "typing",
    "set_online",
    "set_offline",
    "update_message",
    "update_helpdesk",
];

/// Keys whose value names a room, in any of the formats.
const ROOMS: [&str; 4] = ["room", "chat_id", "topic_id", "help_desk"];

/// An entry, as the page gets it.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'e> {
    /// Its number, from 0.
    n: u64,
    time: Timestamp,
    /// `open`, `in` for what the peer said, `out` for what it was told, `end`.
    dir: &'static str,
    /// The number of the connection.
    conn: u64,
    address: Option<&'e str>,
    format: &'static str,
    user: Option<&'e str>,
    room: Option<String>,
    /// What the frame is, as far as it is known.
    kind: String,
    /// Bytes of the frame.
    size: usize,
    /// `null` where it is not shown.
    body: Option<String>,
}

/// An entry with this number, tokens masked; `bodies`: also what people write.
pub(super) fn show(entry: &Entry, n: u64, bodies: bool) -> Shown<'_> {
    let peer = &*entry.peer;
    let owner = peer.owner.get();
    let mut shown = Shown {
        n,
        time: entry.at,
        dir: "open",
        conn: peer.number,
        address: peer.address.as_deref(),
        format: peer.format,
        user: owner.map(|(user, _)| user.as_str()),
        room: owner.and_then(|(_, room)| room.as_ref()).map(|room| room.as_str().to_owned()),
        kind: String::new(),
        size: 0,
        body: None,
    };
    let frame = match &entry.what {
        What::Opened => return shown,
        What::Ended => return Shown { dir: "end", ..shown },
        What::Heard(frame) => {
            shown.dir = "in";
            frame
        }
        What::Said(frame) => {
            shown.dir = "out";
            frame
        }
    };
    shown.size = size(frame);
    let bytes = match frame {
        Frame::Text(text) => text.as_bytes(),
        Frame::Binary(bytes) => bytes,
        Frame::Close(close) => {
            shown.kind = format!("close {}", close.code);
            return shown;
        }
        Frame::Ping | Frame::Pong => return shown,
    };
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else {
        shown.kind = "not JSON".to_owned();
        return shown;
    };
    shown.kind = kind(&value).to_owned();
    let found = mask::mask(&mut value, bodies);
    peer.with_secrets(found, |secrets| {
        let named = |room: String| without(&mask_text(&room), secrets);
        shown.room = shown.room.take().or_else(|| room(&value).map(named));
        shown.body = bodies.then(|| cut(without(&value.to_string(), secrets)));
    });
    shown
}

/// What a packet is: a word of a format, never one that a peer made up.
fn kind(packet: &Value) -> &str {
    let known = |word: &str| TYPES.contains(&word);
    if let Some(word) = packet["type"].as_str().filter(|word| known(word)) {
        return word;
    }
    let Some(packet) = packet.as_object() else { return "" };
    let mut kinds = [Command::KINDS, Event::KINDS, &KEYS].into_iter().flatten();
    kinds.find(|kind| packet.contains_key(**kind)).copied().unwrap_or("")
}

/// The room that a packet names: at its top, or in what it holds.
fn room(packet: &Value) -> Option<String> {
    let packet = packet.as_object()?;
    let named = ROOMS.iter().find_map(|key| match packet.get(*key)? {
        Value::String(room) => Some(room.clone()),
        Value::Number(room) => Some(room.to_string()),
        _ => None,
    });
    named.or_else(|| packet.values().find_map(room))
}

/// As much as is shown.
fn cut(mut text: String) -> String {
    if text.len() > MAX_SHOWN {
        let end = (0..=MAX_SHOWN).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chat_protocol::{Close, RoomId, Text, UserId};
    use serde_json::json;

    use super::super::tap::Peer;
    use super::super::{DebugPanel, Panel};
    use super::mask::HIDDEN;
    use super::*;

    fn entry(format: &'static str, what: What) -> Entry {
        let panel = Arc::new(Panel::new(&DebugPanel::default()));
        let peer = Peer::new(panel, 7, format, None, vec!["marker-of-the-handshake".to_owned()]);
        Entry { at: Timestamp::from_micros(0), peer: Arc::new(peer), what }
    }

    #[track_caller]
    fn check(body: &str, kind: &str, room: Option<&str>, shown: Option<Value>) {
        let entry = entry("native", What::Heard(Frame::Text(Text::from(body.to_owned()))));
        let found = show(&entry, 3, true);
        assert_eq!((found.kind.as_str(), found.room.as_deref(), found.size), (kind, room, body.len()));
        let read = found.body.as_ref().map(|body| serde_json::from_str::<Value>(body).unwrap());
        assert_eq!(read, shown, "{body}");
        let entry = Entry { what: What::Said(Frame::Binary(body.to_owned().into())), ..entry };
        let hidden = show(&entry, 3, false);
        assert_eq!((hidden.kind.as_str(), hidden.body, hidden.dir), (kind, None, "out"));
    }

    #[test]
    fn frames_of_every_format_are_named_by_words_of_theirs_alone() {
        let send = r#"{"send":{"id":"1","room":"r","content":{"type":"text/plain"}}}"#;
        check(send, "send", Some("r"), Some(serde_json::from_str(send).unwrap()));
        check(r#"{"received":"5f"}"#, "received", None, Some(json!({"received": "5f"})));
        let chats = json!({"type": "new_message", "content": {"chat_id": 10, "text": "hi"}});
        check(&chats.to_string(), "new_message", Some("10"), Some(chats.clone()));
        let haraj = json!({"pres": {"what": "typing", "topic_id": "p2p1_2"}});
        check(&haraj.to_string(), "pres", Some("p2p1_2"), Some(haraj.clone()));
        check(r#"{"made-up":1,"type":"made-up"}"#, "", None, Some(json!({"made-up": 1, "type": "made-up"})));
        check("not JSON", "not JSON", None, None);
        check(r#"{"auth":{"token":"marker"#, "not JSON", None, None);
    }

    #[test]
    fn the_page_is_told_whose_frame_it_is_and_how_a_connection_ended() {
        let close = Frame::Close(Close { code: 1008, reason: "ERR".to_owned() });
        let entry = entry("hipochat", What::Said(close));
        let (user, room) = (UserId::new("1").unwrap(), RoomId::new("r").unwrap());
        entry.peer.owner.set((user, Some(room))).unwrap();
        let shown = serde_json::to_value(show(&entry, 3, true)).unwrap();
        let expected = json!({
            "n": 3, "time": "1970-01-01T00:00:00.000Z", "dir": "out", "conn": 7, "address": null,
            "format": "hipochat", "user": "1", "room": "r", "kind": "close 1008", "size": 3, "body": null,
        });
        assert_eq!(shown, expected);
        for (what, dir) in [(What::Opened, "open"), (What::Ended, "end")] {
            assert_eq!(show(&Entry { what, ..entry.clone() }, 3, true).dir, dir);
        }
    }

    #[test]
    fn long_bodies_are_cut() {
        let text = format!(r#"{{"text":"{}"}}"#, "ä".repeat(10_000));
        let entry = entry("tndata", What::Heard(Frame::Text(Text::from(text))));
        let shown = show(&entry, 0, true).body.unwrap();
        assert!(shown.ends_with("ä…") && shown.len() < MAX_SHOWN + 4, "{}", shown.len());
    }

    #[test]
    fn a_token_of_the_connection_is_hidden_from_then_on_in_whatever_it_says() {
        let heard = |body: &'static str| What::Heard(Frame::Text(Text::from(body)));
        let entry = entry("native", heard(r#"{"send":{"room":"x-marker-of-the-handshake"}}"#));
        assert_eq!(show(&entry, 0, true).room, Some(format!("x-{HIDDEN}")));
        let auth = Entry { what: heard(r#"{"auth":{"token":"marker-of-a-frame"}}"#), ..entry.clone() };
        show(&auth, 1, true);
        let later = Entry { what: heard(r#"{"type":"a marker-of-a-frame"}"#), ..entry };
        assert_eq!(show(&later, 2, true).body, Some(json!({"type": format!("a {HIDDEN}")}).to_string()));
    }

    #[test]
    fn of_a_room_tokens_are_hidden_where_bodies_are_not_shown_as_well() {
        let heard = |body: &'static str| What::Heard(Frame::Text(Text::from(body)));
        let auth = entry("native", heard(r#"{"auth":{"token":"marker-of-a-frame"}}"#));
        show(&auth, 0, false);
        for (body, room) in [
            (r#"{"send":{"room":"x-marker-of-a-frame"}}"#, format!("x-{HIDDEN}")),
            (r#"{"send":{"room":"?token=marker"}}"#, format!("?token={HIDDEN}")),
        ] {
            let entry = Entry { what: heard(body), ..auth.clone() };
            assert_eq!(show(&entry, 1, false).room, Some(room));
        }
    }
}
