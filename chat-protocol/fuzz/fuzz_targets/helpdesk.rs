//! Frames of the dialect `helpdesk`, in both directions.
#![no_main]

use chat_protocol::dialect::helpdesk::{ClientFrame, ServerFrame};
use chat_protocol_fuzz::{Cost, exact};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    if let Some(ClientFrame::Relay(relay)) = exact::<ClientFrame>(frame, Cost::SERVER) {
        // The server hands it on as it came, and its readers read it.
        let told = chat_protocol::encode(&ServerFrame::from(relay));
        let _ = serde_json::from_str::<ServerFrame>(told.as_str()).expect("what is told can be read");
    }
    if let Some(frame) = exact::<ServerFrame>(frame, Cost::TYPED) {
        let _ = frame.kind();
    }
});
