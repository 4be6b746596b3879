//! Names of rooms: which room a caller means by one.

use chat_protocol::UserId;
use chat_protocol::dialect::{PairForm, PairOrder, chats, haraj, tndata};
use serde::Deserialize;

use super::line::lines;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    format: String,
    name: String,
    caller: UserId,
    /// The other user of the direct room; absent: the name is none of a room of the caller.
    peer: Option<UserId>,
    /// The name as the server writes it.
    written: Option<String>,
}

fn form(format: &str) -> PairForm {
    match format {
        "tndata" => tndata::PAIR,
        "chats" => chats::PAIR,
        "haraj" => haraj::PAIR,
        _ => panic!("{format} names no pairs"),
    }
}

#[test]
fn names_mean_rooms() {
    for Name { format, name, caller, peer, written } in lines::<Name>("names.jsonl") {
        let form = form(&format);
        let read = form.read(&name, &caller);
        assert_eq!(read, peer, "{format} {name} for {caller}");
        let again = read.map(|peer| form.write(&caller, &peer));
        assert_eq!(again, written, "{format} {name} for {caller}");
        // Both users mean the same room by what is written.
        if let (Some(peer), Some(written)) = (peer, written) {
            assert_eq!(form.read(&written, &peer), Some(caller), "{format} {written} for {peer}");
        }
    }
    assert_eq!(tndata::PAIR.order, PairOrder::Bytes);
}
