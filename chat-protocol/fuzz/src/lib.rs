//! What holds for every text that a peer may send, whatever it is.
//!
//! Reading it never panics, takes memory in proportion to its length, and is refused in few words. What is taken is
//! written, read and written again as the same text, which is not many times longer than what came. The targets in
//! `fuzz_targets/` say of which types this must hold, and use what was read as a server or a client does.
//!
//! See `docs/fuzzing.md`.

mod memory;
pub mod model;
mod times;

use std::fmt::Debug;

use chat_protocol::{WireError, decode, encode, limits};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use memory::Cost;

/// Greatest length of the words in which an input is refused, in bytes. They name a field, and fields of the formats
/// are short; what is longer repeats the input.
const MAX_REFUSAL: usize = 1024;

/// How much longer a text may be when it is written than when it was read: some formats write the same text under two
/// names, and readers take short forms of what writers spell out.
const MAX_GROWTH: usize = 3;

/// The same for short texts, most of whose length is keys that may be absent when they are read.
const SLACK: usize = 512;

/// Reads one frame or body as the server's edge does. `None` when it is refused.
///
/// What was read must be equal to what is read of it once it was written, but for times: most are written in
/// milliseconds.
pub fn exact<T: Serialize + DeserializeOwned + Debug + PartialEq>(json: &[u8], cost: Cost) -> Option<T> {
    let (value, again) = there_and_back::<T>(json, cost)?;
    assert!(value == again || times::alike(&value, &again), "written and read, {value:?} became {again:?}");
    Some(value)
}

/// The same for types that cannot be compared: they must look the same to a developer.
pub fn alike<T: Serialize + DeserializeOwned + Debug>(json: &[u8], cost: Cost) -> Option<T> {
    let (value, again) = there_and_back::<T>(json, cost)?;
    assert!(times::alike(&value, &again), "written and read, {value:?} became {again:?}");
    Some(value)
}

/// The same for types whose times are written in whole seconds: only the text must be the same.
pub fn same_text<T: Serialize + DeserializeOwned + Debug>(json: &[u8], cost: Cost) -> Option<T> {
    let (value, _) = there_and_back::<T>(json, cost)?;
    Some(value)
}

/// The value, and what it is after it was written and read.
fn there_and_back<T: Serialize + DeserializeOwned + Debug>(json: &[u8], cost: Cost) -> Option<(T, T)> {
    let value = match cost.check(json.len(), || decode::<T>(json)) {
        Ok(value) => value,
        Err(error) => {
            refused(&error);
            return None;
        }
    };
    let _ = format!("{value:?}");
    let text = encode(&value);
    let allowed = json.len() * MAX_GROWTH + SLACK;
    assert!(text.len() <= allowed, "{} bytes were written for {}", text.len(), json.len());
    let again = read_again::<T>(text.as_bytes());
    assert_eq!(encode(&again).as_str(), text.as_str(), "written, read and written again");
    Some((value, again))
}

/// What was written for a value that was taken is taken, too.
fn read_again<T: DeserializeOwned>(json: &[u8]) -> T {
    // What became too long for a frame is compared all the same.
    let read = match json.len() <= limits::MAX_FRAME {
        true => decode(json),
        false => serde_json::from_slice(json)
            .map_err(|error| WireError::new(chat_protocol::ErrorCode::BadRequest, error.to_string())),
    };
    read.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(json)))
}

/// A refusal is short and can be shown in one line of a log.
pub fn refused(error: &impl std::error::Error) {
    let (words, debug) = (error.to_string(), format!("{error:?}"));
    assert!(words.len() <= MAX_REFUSAL, "a refusal of {} bytes: {words}", words.len());
    assert!(!words.contains(char::is_control), "a refusal with control characters: {debug}");
}
