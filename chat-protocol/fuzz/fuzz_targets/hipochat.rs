//! Frames of the dialect `hipochat`, in both directions.
#![no_main]

use chat_protocol::dialect::hipochat::{
    ClientFrame, MessageFrame, Profile, Push, PushForm, RoomToken, ServerFrame,
};
use chat_protocol::{Timestamp, UserId};
use chat_protocol_fuzz::{Cost, exact};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    if let Some(frame) = exact::<ClientFrame>(frame, Cost::SERVER) {
        told_and_pushed(frame);
    }
    match exact::<ServerFrame>(frame, Cost::TYPED) {
        Some(ServerFrame::Message(message)) => _ = message.object().text(),
        Some(ServerFrame::Item(item)) => _ = item.injected.text(),
        Some(ServerFrame::Error(_)) | None => {}
    }
});

/// A client's frame, as others are told of it. The readers of this dialect see what its client wrote.
fn told_and_pushed(frame: ClientFrame) {
    let _ = frame.0.text();
    let author = Profile::new(UserId::new("1").expect("one digit is an id"), "Ann");
    let told = MessageFrame::new(frame, &author, Timestamp::from_micros(0), RoomToken::from_key([7; 16]));
    let json = chat_protocol::encode(&told);
    let read: MessageFrame = serde_json::from_str(json.as_str()).expect("what is told can be read");
    assert_eq!(read, told);
    let _ = Push::message(&told, author, Vec::new()).written(PushForm::Json);
}
