//! Cases about frames: whole, in order, and none forgotten.

use serde_json::{Value, json};

use super::scene::{Scene, send};
use super::{Heard, Sent, Subject, Wrong};
use crate::conformance::skip;

/// Commands at once: below the bound of those in flight, and answered in the order in which they came.
const BURST: usize = 48;

fn ping(id: impl ToString) -> Value {
    json!({"ping": {"id": id.to_string()}})
}

/// Frames arrive in the order in which they were sent, in both directions.
pub async fn frames_keep_their_order(subject: Subject) {
    let scene = Scene::new(&subject).await;
    let mut client = scene.client("a").await;
    for first in (0..BURST * 4).step_by(BURST) {
        let numbers = first..first + BURST;
        for number in numbers.clone() {
            client.say(&ping(number)).await;
        }
        // Whatever still waits goes out before its answer.
        client.say(&ping("last")).await;
        let mut heard = Vec::new();
        loop {
            let pong = client.next("pong").await;
            match pong["id"].as_str() {
                Some("last") => break,
                id => heard.extend(id.map(str::to_owned)),
            }
        }
        let expected: Vec<String> = numbers.map(|number| number.to_string()).collect();
        assert_eq!(heard, expected, "answers come in the order of their commands");
    }
}

/// A text of every size from the smallest to `max_frame` arrives as it was sent, in both directions.
pub async fn texts_of_every_size_arrive_whole(subject: Subject) {
    let scene = Scene::new(&subject).await;
    let mut client = scene.room(&["a"]).await.remove(0);
    let most = scene.server.config().max_frame;
    for size in [64, 125, 126, 127, 4_096, 16_384, 65_000, 65_534, 65_535, 65_536, most - 1, most] {
        if size <= most {
            // What begins with `_` beside a packet is ignored, so that any size is a valid command.
            let frame = |pad: &str| format!(r#"{{"ping":{{"id":"{size}"}},"_":"{pad}"}}"#);
            let pad = "x".repeat(size - frame("").len());
            client.say_text(frame(&pad)).await;
            assert_eq!(client.next("pong").await["id"], size.to_string(), "a text of {size} bytes");
        }
    }
    // Characters of two to four bytes, so that nothing is cut between them.
    let texts: Vec<String> = (1..4).map(|n| "é€😀".repeat(n * 550)).collect();
    for (number, text) in texts.iter().enumerate() {
        client.ok(send(&number.to_string(), text)).await;
    }
    let page = client.ok(json!({"history": {"id": "h", "room": "r"}})).await;
    let messages = page["messages"].as_array().expect("a page of history");
    let mut found: Vec<&str> =
        messages.iter().filter_map(|message| message["content"]["payload"]["text"].as_str()).collect();
    found.sort_by_key(|text| text.len());
    assert_eq!(found, texts, "a large packet arrives as it is");
}

/// After a flush nothing that was fed waits for something else to happen.
pub async fn a_flush_leaves_nothing_behind(subject: Subject) {
    let scene = Scene::new(&subject).await;
    let mut client = scene.client("a").await;
    for count in [1, 2, 3, BURST] {
        for number in 0..count {
            client.say(&ping(number)).await;
        }
        let mut missing: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        while !missing.is_empty() {
            let pong = client.next("pong").await;
            missing.retain(|id| pong["id"] != id.as_str());
        }
    }
}

/// Direct writes and those through the sink keep their order: a follower that also asks hears every message once and in
/// order, and its answers as well.
pub async fn direct_writes_keep_their_order(subject: Subject) {
    let scene = Scene::new(&subject).await;
    if !scene.dial.writes_directly() {
        return skip("it offers no `DirectWriter`");
    }
    let mut clients = scene.room(&["a", "b"]).await;
    let (mut reader, mut sender) = (clients.remove(1), clients.remove(0));
    for number in 0..BURST {
        for part in 0..4 {
            sender.say(&send(&format!("{number}-{part}"), "hi")).await;
        }
        reader.say(&ping(number)).await;
    }
    let (mut seqs, mut pongs) = (Vec::new(), Vec::new());
    while seqs.len() < BURST * 4 || pongs.len() < BURST {
        let packet = reader.packet().await;
        seqs.extend(packet["message"]["seq"].as_u64());
        pongs.extend(packet["pong"]["id"].as_str().map(str::to_owned));
    }
    assert_eq!(seqs, (1..=BURST as u64 * 4).collect::<Vec<_>>(), "messages come once and in order");
    assert_eq!(pongs, (0..BURST).map(|id| id.to_string()).collect::<Vec<_>>(), "and so do answers");
}

/// What breaks a rule of frames is refused with the code of that rule: by a reply, by the close code or by the transport's
/// own means; and nobody else is hurt.
pub async fn what_breaks_a_rule_has_its_code(subject: Subject) {
    let scene = Scene::new(&subject).await;
    let mut other = scene.client("b").await;
    for (wrong, text, close) in [
        (Wrong::Binary, "ERR_UNSUPPORTED_FRAME", 1003),
        (Wrong::InvalidUtf8, "ERR_INVALID_UTF8", 1007),
        (Wrong::TooLarge, "ERR_TOO_LARGE", 1009),
    ] {
        let mut client = scene.client("a").await;
        match client.0.send_wrong(wrong).await {
            Sent::Impossible => {}
            Sent::Refused(code) => assert_eq!(code.text(), text, "{wrong:?}"),
            Sent::Whole => match client.heard().await {
                Some(Heard::Text(packet)) => {
                    assert_eq!(super::scene::read(&packet)["reply"]["err"], text, "{wrong:?}");
                    client.works().await;
                }
                Some(Heard::Close(told)) => assert_eq!(told.code, close, "{wrong:?}: {}", told.reason),
                None => panic!("{wrong:?}: the link ended without a word"),
            },
        }
        other.works().await;
    }
}
