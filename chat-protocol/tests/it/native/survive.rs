//! What a value must survive: being written, and being read again.

use std::fmt::Debug;

use chat_protocol::reply::ExportLine;
use chat_protocol::{Command, Event, Reply, decode, encode, encode_into};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Runs a test on values of a strategy: on a quarter of what `PROPTEST_CASES` says, because there are many types.
pub(super) fn each<T: Debug>(strategy: impl Strategy<Value = T>, test: impl Fn(T)) {
    run(Config::default().cases / 4, strategy, test);
}

/// The same for one rule of many: on a sixteenth.
pub(super) fn some<T: Debug>(strategy: impl Strategy<Value = T>, test: impl Fn(T)) {
    run(Config::default().cases / 16, strategy, test);
}

fn run<T: Debug>(cases: u32, strategy: impl Strategy<Value = T>, test: impl Fn(T)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&strategy, |value| {
        test(value);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}

/// What is read of what is written of a value; all ways to write it give the same.
pub(super) fn again<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let text = encode(value);
    let mut buffer = b",".to_vec();
    encode_into(&mut buffer, value);
    assert_eq!(buffer[1..], *text.as_str().as_bytes());
    decode(text.as_str().as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", text.as_str()))
}

/// A value whose type says when two are equal.
pub(super) fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    assert_eq!(&again(value), value, "written as {}", encode(value).as_str());
}

/// Packets of the same kind whose contents are equal.
macro_rules! same {
    ($packet:ident, $a:expr, $b:expr, { $($variant:ident)* }) => {
        match ($a, $b) {
            $(($packet::$variant(a), $packet::$variant(b)) => a == b,)*
            ($packet::Unknown { kind: a, raw: x }, $packet::Unknown { kind: b, raw: y }) => {
                a == b && x.get() == y.get()
            }
            _ => false,
        }
    };
}

fn same_command(a: &Command, b: &Command) -> bool {
    same!(Command, a, b, {
        Auth Resume Follow Unfollow Create Join Leave Members Role Invite Kick Ban Unban Block Unblock Set Send
        Cancel Edit Delete React Unreact Delivered Read MarkUnread Typing Away Listen Unlisten History Thread
        Search Inbox Device Sessions Revoke Ping Blocks Scheduled
    })
}

fn same_event(a: &Event, b: &Event) -> bool {
    if let (Event::Reply(a), Event::Reply(b)) = (a, b) {
        return same_reply(a, b);
    }
    same!(Event, a, b, {
        Message Edited Deleted Reaction Member Room User Reads Pres Resumed System Pong
    })
}

fn same_reply(a: &Reply, b: &Reply) -> bool {
    fn parts(reply: &Reply) -> impl PartialEq {
        let Reply { id, status, data, err, action, detail, retry_after_ms, ts } = reply.clone();
        let data = data.map(|data| data.get().to_owned());
        (id, status, data, err, action, detail, retry_after_ms, ts)
    }
    parts(a) == parts(b)
}

pub(super) fn command_survives(command: &Command) {
    assert!(same_command(&again(command), command), "written as {}", encode(command).as_str());
}

pub(super) fn event_survives(event: &Event) {
    assert!(same_event(&again(event), event), "written as {}", encode(event).as_str());
}

pub(super) fn line_survives(line: &ExportLine) {
    let same = same!(ExportLine, &again(line), line, {
        User Device Session Room Block Scheduled Message Upload End
    });
    assert!(same, "written as {}", encode(line).as_str());
}

pub(super) fn reply_survives(reply: &Reply) {
    assert!(same_reply(&again(reply), reply), "written as {}", encode(reply).as_str());
}

/// A kind that this version does not know. Keys that begin with `_` are no kinds.
pub(super) fn newer_kind(kinds: &'static [&'static str]) -> BoxedStrategy<String> {
    let newer = |kind: &String| !kinds.contains(&kind.as_str()) && !kind.starts_with('_');
    prop_oneof!["[a-z_]{1,9}", super::text::any_text(20)].prop_filter("a newer kind", newer).boxed()
}
