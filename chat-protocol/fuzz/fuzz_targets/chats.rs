//! Frames of the dialect `chats`, in both directions.
#![no_main]

use chat_protocol::UserId;
use chat_protocol::dialect::chats::{Chat, ClientFrame, ServerFrame};
use chat_protocol_fuzz::{Cost, exact, refused};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    let read = exact::<ClientFrame>(frame, Cost::SERVER);
    // The server's own way of reading differs in what it says about bad input alone.
    match (ClientFrame::read(frame), read) {
        (Ok(frame), Some(read)) => {
            assert_eq!(frame, read);
            peer(&frame);
        }
        (Err(error), None) => refused(&error),
        (frame, read) => panic!("{frame:?} and {read:?} of one frame"),
    }
    if let Some(frame) = exact::<ServerFrame>(frame, Cost::VALUES) {
        let _ = frame.kind();
    }
});

/// Whom a chat is with.
fn peer(frame: &ClientFrame) {
    if let ClientFrame::UserTyping(Chat::Direct(name)) = frame {
        let me = UserId::new("1").expect("one digit is an id");
        let _ = Chat::peer(name, &me);
    }
}
