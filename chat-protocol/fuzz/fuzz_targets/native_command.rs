//! What clients say in the native format, read as a server does.
#![no_main]

use chat_protocol::{Command, limits, salvage_id};
use chat_protocol_fuzz::{Cost, alike, refused};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    let Some(command) = alike::<Command>(frame, Cost::TYPED) else {
        // What cannot be read is answered all the same, by its id.
        let _ = Cost::TYPED.check(frame.len(), || salvage_id(frame));
        return;
    };
    let _ = (command.kind(), command.id());
    if let Command::Send(send) = command {
        let _ = (send.digest(), send.content.text());
        if let Err(error) = send.content.check(limits::MAX_CONTENT) {
            refused(&error);
        }
    }
});
