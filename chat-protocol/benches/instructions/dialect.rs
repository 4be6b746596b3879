//! One frame of each dialect and direction, read and written: a message where the socket carries one.

use std::fmt::Debug;
use std::hint::black_box;

use chat_protocol::dialect::{chats, haraj, helpdesk, hipochat, tndata};
use chat_protocol::{Text, WireError, decode, encode};
use gungraun::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::input;

/// What stands for the text in the frames below.
const TEXT: &str = "…";

/// A frame with our text in it, which is read before it is counted.
fn json<T: DeserializeOwned + Debug>(frame: &str) -> String {
    let json = frame.replace(TEXT, input::TEXT);
    input::packet::<T>(&json);
    json
}

/// The same as it is in memory, for what is written as it is read.
fn frame<T: DeserializeOwned + Serialize + Debug>(frame: &str) -> T {
    let json = json::<T>(frame);
    let frame = input::packet(&json);
    assert_eq!(encode(&frame).as_str(), json);
    frame
}

/// The two benches of one kind of frame.
macro_rules! benches_of {
    ($dialect:ident::$frame:ident, $decode:ident, $encode:ident, $id:ident, $json:expr) => {
        #[library_benchmark]
        #[bench::$id(json::<$dialect::$frame>($json))]
        fn $decode(json: String) -> Result<$dialect::$frame, WireError> {
            decode(black_box(json.as_bytes()))
        }

        #[library_benchmark]
        #[bench::$id(frame::<$dialect::$frame>($json))]
        fn $encode(frame: $dialect::$frame) -> (Text, $dialect::$frame) {
            (encode(black_box(&frame)), frame)
        }
    };
}

benches_of!(
    tndata::ClientFrame,
    decode_tndata_client,
    encode_tndata_client,
    message,
    r#"{"text":"…","from":1048576001,"token":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxMDQ4NTc2MDAxIn0.c2lnbmF0dXJl"}"#
);
benches_of!(
    tndata::ServerFrame,
    decode_tndata_server,
    encode_tndata_server,
    message,
    r#"{"from_id":1048576001,"from":"Brad Montgomery","message":"…","text":"…","avatar":"//example.org/photo.jpg","digest":"584d07235fb9e4f2ab2a2c0c24142180"}"#
);
benches_of!(
    chats::ClientFrame,
    decode_chats_client,
    encode_chats_client,
    message,
    r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"1_2","text":"…","reply_to":null,"file_urls":[]}}"#
);
benches_of!(
    chats::ServerFrame,
    decode_chats_server,
    encode_chats_server,
    message,
    r#"{"type":"new_message","content":{"message_id":17,"chat_id":"1_2","chat_type":"direct","author_id":1,"text":"…","created_at":1677240000.123456,"message":{"id":17,"author":{"id":1,"first_name":"Ann","last_name":"Lee","patronymic":null,"avatar":null,"is_active":true,"is_online":true},"text":"…","reply_to":null,"files":[],"is_edited":false,"is_read":false,"is_deleted":false,"created_at":"2023-02-24T12:00:00.123456Z"}}}"#
);
benches_of!(
    hipochat::ClientFrame,
    decode_hipochat_client,
    encode_hipochat_client,
    message,
    r#"{"message":"…","author":"ann"}"#
);
benches_of!(
    hipochat::ServerFrame,
    decode_hipochat_server,
    encode_hipochat_server,
    message,
    r#"{"message":"…","author":"ann","timestamp":1414768486.196569,"token":"r1"}"#
);
// Messages are written over HTTP; of what clients say over the socket this comes most often.
benches_of!(
    haraj::ClientFrame,
    decode_haraj_client,
    encode_haraj_client,
    listen,
    r#"{"listen":{"id":"listen peer 2","peer_id":2}}"#
);
benches_of!(
    haraj::ServerFrame,
    decode_haraj_server,
    encode_haraj_server,
    message,
    r#"{"message":{"topic_id":"p2p1_2","seq_id":41,"from_id":2,"name":"abdullah","content":{"type":"text/plain","payload":{"text":"…"}},"status":{"1":false},"ts":"2018-10-08T08:30:39.657Z"}}"#
);
benches_of!(
    helpdesk::ClientFrame,
    decode_helpdesk_client,
    encode_helpdesk_client,
    message,
    r#"{"type":"new_message","data":{"message":"…"}}"#
);
// The data is text that is JSON again, so that each escape of ours is escaped once more.
benches_of!(
    helpdesk::ServerFrame,
    decode_helpdesk_server,
    encode_helpdesk_server,
    message,
    &helpdesk_message()
);

fn helpdesk_message() -> String {
    let data = r#"{"created_at":"2021-06-15T11:57:16.420655-03:00","updated_at":"2021-06-15T11:57:16.420655-03:00","uuid":"0b9c1d2e-3f40-4152-8637-48596a7b8c9d","message":"…","file":null,"type":"sent","status":"sending","help_desk":"5d6e7f80-91a2-43b4-95c6-d7e8f9010203"}"#;
    let data = serde_json::Value::from(data.replace(TEXT, input::TEXT));
    format!(r#"{{"type":"new_message","data":{data}}}"#)
}

library_benchmark_group!(
    name = dialects,
    benchmarks = [
        decode_tndata_client,
        encode_tndata_client,
        decode_tndata_server,
        encode_tndata_server,
        decode_chats_client,
        encode_chats_client,
        decode_chats_server,
        encode_chats_server,
        decode_hipochat_client,
        encode_hipochat_client,
        decode_hipochat_server,
        encode_hipochat_server,
        decode_haraj_client,
        encode_haraj_client,
        decode_haraj_server,
        encode_haraj_server,
        decode_helpdesk_client,
        encode_helpdesk_client,
        decode_helpdesk_server,
        encode_helpdesk_server,
    ]
);
