//! Frames of the dialect `haraj`, in both directions.
#![no_main]

use chat_protocol::UserId;
use chat_protocol::dialect::haraj::{ClientFrame, ServerFrame, push_body, short};
use chat_protocol_fuzz::{Cost, exact};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    if let Some(frame) = exact::<ClientFrame>(frame, Cost::SERVER) {
        let _ = frame.id();
    }
    if let Some(ServerFrame::Message(message)) = exact::<ServerFrame>(frame, Cost::TYPED) {
        let me = UserId::new("1").expect("one digit is an id");
        let _ = (message.topic_id.room(&me), short(&message.content), push_body(&message.content));
    }
});
