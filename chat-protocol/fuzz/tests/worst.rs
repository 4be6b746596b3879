//! What the most expensive frames cost a server that decodes them.

use chat_protocol::dialect::chats::Chats;
use chat_protocol::dialect::haraj::Haraj;
use chat_protocol::dialect::helpdesk::{Helpdesk, SendMessage};
use chat_protocol::dialect::hipochat::Hipochat;
use chat_protocol::dialect::tndata::TnData;
use chat_protocol::dialect::{Dialect, Place, Seat};
use chat_protocol::{Timestamp, UserId, limits};
use chat_protocol_fuzz::Cost;

/// What an array is filled with: parts that are short, and large as values.
const PARTS: &[&str] =
    &["0", "[]", "{}", "[0]", r#"{"":0}"#, "[[[[[[0]]]]]]", r#"{"":{"":0}}"#, r#""""#, r#""a""#];

/// A frame or body with as many parts as there is room for.
fn filled(before: &str, part: &str, after: &str) -> String {
    let count = (limits::MAX_FRAME - before.len() - after.len()) / (part.len() + 1);
    format!("{before}{}{after}", vec![part; count].join(","))
}

/// Frames that are full of parts, as a value and as keys that nobody knows.
fn frames(before: &str, after: &str) -> Vec<String> {
    let arrays = PARTS.iter().map(|part| filled(&format!("{before}["), part, &format!("]{after}")));
    let keys =
        [r#""":0"#, r#""a":[]"#].map(|part| filled(&format!("{before}{{"), part, &format!("}}{after}")));
    let distinct: Vec<String> = (0..7_000).map(|n| format!("\"{n:x}\":0")).collect();
    let distinct =
        [format!("{before}{{{}}}{after}", distinct.join(",")), format!("{{{}}}", distinct.join(","))];
    arrays.chain(keys).chain(distinct).chain([filled("{", r#""":0"#, "}")]).collect()
}

// One test alone: what another allocates meanwhile would be counted, too.
#[test]
fn no_frame_costs_a_server_many_times_its_length() {
    let me = UserId::new("1").expect("one digit is an id");
    let (anywhere, peer) = (Place::Anywhere, Place::Peer(me.clone()));
    let (room, organization) = (Place::Room("r".to_owned()), Place::Organization("acme".to_owned()));
    let content = r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"1_2","text":"#;
    let urls = format!(r#"{content}"a","file_urls":"#);
    let dialects: [(&dyn Dialect, &Place, &str, &str); 7] = [
        (&TnData::default(), &peer, r#"{"text":"a","from":"#, "}"),
        (&TnData::default(), &peer, r#"{"received":"#, "}"),
        (&Chats::default(), &anywhere, content, "}}"),
        (&Chats::default(), &anywhere, &urls, "}}"),
        (&Hipochat::default(), &room, r#"{"text":"#, "}"),
        (&Haraj::default(), &anywhere, r#"{"listen":"#, "}"),
        (&Helpdesk::default(), &organization, r#"{"type":"new_message","data":"#, "}"),
    ];
    for (dialect, place, before, after) in dialects {
        let seat = Seat { place, me: Some(&me) };
        for frame in frames(before, after) {
            let json = frame.as_bytes();
            Cost::SERVER.check(json.len(), || dialect.decode(seat, json, Timestamp::default()));
        }
    }
    for body in frames(r#"{"help_desk":"#, "}") {
        _ = Cost::SERVER.check(body.len(), || SendMessage::from_json(body.as_bytes()));
    }
}
