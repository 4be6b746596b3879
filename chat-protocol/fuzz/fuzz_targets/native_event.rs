//! What servers say in the native format, read as a client does.
#![no_main]

use chat_protocol::reply::{AuthData, ListenData, ReadData, RoomData, SendData};
use chat_protocol::{Event, HistoryPage, Reply};
use chat_protocol_fuzz::{Cost, alike};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    let event = alike::<Event>(frame, Cost::TYPED);
    match &event {
        Some(Event::Reply(reply)) => read_data(reply),
        Some(Event::Message(message)) => _ = (message.content.text(), message.content.digest()),
        Some(event) => _ = event.kind(),
        None => {}
    }
});

/// A client knows by the id of a reply which data to expect; a server may send any.
fn read_data(reply: &Reply) {
    let _ = reply.error();
    let _ = reply.parse::<AuthData>();
    let _ = reply.parse::<HistoryPage>();
    let _ = reply.parse::<ListenData>();
    let _ = reply.parse::<ReadData>();
    let _ = reply.parse::<RoomData>();
    let _ = reply.parse::<SendData>();
}
