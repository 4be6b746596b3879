//! Webhooks of room events.

use chat_protocol::hooks::{RoomEvent, WebhookBody};
use chat_protocol::{Event, Timestamp};
use chat_push_http::{HttpWebhook, Secret, signature};
use chat_server_core::conformance::push::sample;
use chat_server_core::push::{WebhookOutcome, WebhookSink};

use crate::peer::{Peer, SECRET, response};

fn body() -> WebhookBody {
    let message = sample().note.message.clone();
    WebhookBody {
        events: vec![RoomEvent { num: 7, event: Event::Message(message) }],
        ts: Timestamp::from_micros(1),
    }
}

#[tokio::test]
async fn a_body_is_posted_signed_under_its_id() {
    let peer = Peer::new(|_, _| response(204, ""));
    let webhook = HttpWebhook::new(peer.config()).unwrap();
    assert_eq!(webhook.post("events-7", &body()).await, WebhookOutcome::Delivered);
    let posted = peer.posted();
    let (id, timestamp) = (posted[0].header("webhook-id"), posted[0].header("webhook-timestamp"));
    assert_eq!(id, "events-7");
    let expected =
        signature(&Secret::parse(SECRET).unwrap(), id, timestamp.parse().unwrap(), &posted[0].body);
    assert_eq!(posted[0].header("webhook-signature"), expected);
    let read: WebhookBody = serde_json::from_slice(&posted[0].body).unwrap();
    assert_eq!(read.events[0].num, 7);
    let Event::Message(message) = &read.events[0].event else { panic!("{read:?}") };
    assert_eq!(*message, sample().note.message);
}

/// What a receiver is told to try its own code with.
#[test]
fn the_documented_signature_is_that_of_the_documented_post() {
    let page = include_str!("../../../../../docs/webhooks.md");
    let cell = |name: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(&format!("| {name} | `"))).expect(name);
        line.strip_suffix("` |").expect("a cell")
    };
    let (id, timestamp) = (cell("`webhook-id`"), cell("`webhook-timestamp`").parse().unwrap());
    let signed = signature(&Secret::parse(cell("secret")).unwrap(), id, timestamp, cell("body").as_bytes());
    assert_eq!(signed, cell("`webhook-signature`"));
}

#[tokio::test]
async fn outcomes_follow_the_status() {
    for (status, outcome) in [
        (200, WebhookOutcome::Delivered),
        (503, WebhookOutcome::Retry(None)),
        (401, WebhookOutcome::Retry(None)),
        (413, WebhookOutcome::Refused),
    ] {
        let peer = Peer::new(move |_, _| response(status, ""));
        assert_eq!(HttpWebhook::new(peer.config()).unwrap().post("1", &body()).await, outcome, "{status}");
    }
}
