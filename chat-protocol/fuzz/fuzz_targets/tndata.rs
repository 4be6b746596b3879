//! Frames of the dialect `tndata`, in both directions.
#![no_main]

use chat_protocol::dialect::tndata::{ClientFrame, ServerFrame, SystemText};
use chat_protocol_fuzz::{Cost, exact};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    match exact::<ClientFrame>(frame, Cost::SERVER) {
        Some(ClientFrame::Receipt(receipt)) => _ = receipt.digest(),
        Some(ClientFrame::Message(message)) => _ = ClientFrame::Message(message).token(),
        None => {}
    }
    match exact::<ServerFrame>(frame, Cost::TYPED) {
        Some(ServerFrame::Notice(notice)) => _ = SystemText::read(&notice.text),
        Some(ServerFrame::Message(message)) => _ = (message.from_id.user(), message.from_id.form()),
        None => {}
    }
});
