//! Pushes: what is posted, and what comes of the answers.

use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse;
use chat_protocol::Content;
use chat_protocol::command::PushService;
use chat_protocol::hooks::PushBody;
use chat_push_http::{HttpPush, PushConfig, Secret, SetupError, signature};
use chat_server_core::conformance::push::sample;
use chat_server_core::push::{Push, PushGateway, PushOutcome};

use serde_json::{Value, json};

use crate::peer::{Peer, SECRET, config, response};

fn gateway(peer: &Peer) -> HttpPush {
    HttpPush::new(PushConfig::new(peer.config())).unwrap()
}

async fn one(peer: &Peer) -> PushOutcome {
    gateway(peer).push(&[sample()]).await.remove(0)
}

#[tokio::test]
async fn a_post_is_signed_and_its_repeat_has_the_same_id() {
    let peer = Peer::new(|number, _| response(if number < 3 { 500 } else { 200 }, ""));
    assert_eq!(one(&peer).await, PushOutcome::Delivered);
    let posted = peer.posted();
    assert_eq!(posted.len(), 3);
    for post in &posted {
        let (id, timestamp) = (post.header("webhook-id"), post.header("webhook-timestamp"));
        let expected = signature(&Secret::parse(SECRET).unwrap(), id, timestamp.parse().unwrap(), &post.body);
        assert_eq!(post.header("webhook-signature"), expected);
        assert_eq!(post.header("content-type"), "application/json");
        assert_eq!(id, posted[0].header("webhook-id"));
        assert_eq!(post.body, posted[0].body);
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_nothing_else_is() {
    for status in [301, 307, 401, 403, 404, 408, 410, 425, 429, 500, 502, 503] {
        let peer = Peer::new(move |_, _| response(status, ""));
        assert_eq!(one(&peer).await, PushOutcome::Retry(None), "{status}");
        assert_eq!(peer.posted().len(), 3, "{status}");
    }
    for status in [400, 413, 422] {
        let peer = Peer::new(move |_, _| response(status, ""));
        assert_eq!(one(&peer).await, PushOutcome::Refused, "{status}");
        assert_eq!(peer.posted().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Peer::new(|_, _| response(200, ""));
    let target = elsewhere.url.clone();
    let peer =
        Peer::new(move |_, _| (axum::http::StatusCode::TEMPORARY_REDIRECT, [("location", target.clone())]));
    assert_eq!(one(&peer).await, PushOutcome::Retry(None));
    assert!(elsewhere.posted().is_empty());
}

#[tokio::test]
async fn a_push_that_is_refused_costs_no_other() {
    let bad = |posted: &[u8]| posted.windows(5).any(|window| window == b"bad-1");
    let peer = Peer::new(move |_, posted| response(if bad(&posted.body) { 422 } else { 200 }, ""));
    let push = |n: usize| {
        let mut push = Push { badge: n as u64, ..sample() };
        push.target.token = if n == 5 { "bad-1".to_owned() } else { format!("good-{n}") };
        push
    };
    let batch: Vec<Push> = (0..8).map(push).collect();
    let outcomes = gateway(&peer).push(&batch).await;
    let expected = |n| if n == 5 { PushOutcome::Refused } else { PushOutcome::Delivered };
    assert_eq!(outcomes, (0..8).map(expected).collect::<Vec<_>>());
    let bodies = peer.posted();
    let taken = bodies.iter().filter(|posted| !bad(&posted.body));
    let taken = taken.flat_map(|posted| serde_json::from_slice::<PushBody>(&posted.body).unwrap().pushes);
    assert_eq!(
        taken.map(|push| push.badge).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 6, 7],
        "each once, in order"
    );
    assert_eq!(bodies.len(), 7, "all, two halves, two quarters, two alone");
}

#[tokio::test]
async fn a_long_retry_after_is_given_back_at_once() {
    let peer = Peer::new(|_, _| {
        (axum::http::StatusCode::TOO_MANY_REQUESTS, [("retry-after", "120")]).into_response()
    });
    assert_eq!(one(&peer).await, PushOutcome::Retry(Some(Duration::from_secs(120))));
    assert_eq!(peer.posted().len(), 1);
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for() {
    let peer = Peer::new(|number, _| match number {
        1 => (axum::http::StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")]).into_response(),
        _ => response(204, ""),
    });
    let began = tokio::time::Instant::now();
    assert_eq!(one(&peer).await, PushOutcome::Delivered);
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn an_answer_that_is_no_answer_takes_all() {
    for body in ["", "ok", "{}", "[1", r#"{"results":[{"id":"another","status":"gone"}]}"#] {
        let peer = Peer::new(move |_, _| response(200, body));
        assert_eq!(one(&peer).await, PushOutcome::Delivered, "{body}");
    }
    let peer = Peer::new(|_, _| response(200, "x".repeat(1024 * 1024)));
    assert_eq!(one(&peer).await, PushOutcome::Delivered, "a long one");
}

#[tokio::test]
async fn nobody_answers_in_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let endpoint = chat_push_http::EndpointConfig { timeout: Duration::from_millis(20), ..config(&url) };
    let gateway = HttpPush::new(PushConfig::new(endpoint)).unwrap();
    assert_eq!(gateway.push(&[sample()]).await, [PushOutcome::Retry(None)]);
}

#[tokio::test]
async fn a_silent_push_does_not_ring_on_apples_devices() {
    for silent in [true, false] {
        let peer = Peer::new(|_, _| response(200, ""));
        let mut push = Push { silent, badge: 7, ..sample() };
        push.target.service = PushService::Apns;
        gateway(&peer).push(&[push]).await;
        let body: PushBody = serde_json::from_slice(&peer.posted()[0].body).unwrap();
        let aps = &body.pushes[0].payload["aps"];
        assert_eq!(
            (aps["badge"].as_u64(), aps["alert"].is_null(), aps["sound"].is_null()),
            (Some(7), silent, silent)
        );
        assert_eq!(aps["content-available"].as_u64(), silent.then_some(1));
    }
}

#[tokio::test]
async fn a_silent_push_is_told_to_applications_on_androids_devices() {
    for (silent, priority) in [(true, "NORMAL"), (false, "HIGH")] {
        let payload = payload_of(Push { silent, badge: 7, ..sample() }).await;
        assert_eq!(payload["message"]["android"]["priority"], priority);
        let data = &payload["message"]["data"];
        assert_eq!((&data["badge"], data["silent"].as_str()), (&json!("7"), silent.then_some("true")));
    }
}

/// What the service of a push takes.
async fn payload_of(push: Push) -> Value {
    let peer = Peer::new(|_, _| response(200, ""));
    gateway(&peer).push(&[push]).await;
    let body: PushBody = serde_json::from_slice(&peer.posted()[0].body).unwrap();
    body.pushes[0].payload.clone()
}

#[tokio::test]
async fn what_is_too_long_for_a_service_is_cut_and_says_so() {
    for text in ["a", "👍🏽", "\"", "\u{1}"].map(|unit| unit.repeat(16_000 / unit.len())) {
        for (service, most) in
            [(PushService::Apns, 4_096), (PushService::Fcm, 4_096), (PushService::WebPush, 3_993)]
        {
            let mut push = sample();
            push.target.service = service;
            let mut note = (*push.note).clone();
            note.message.content = Content::plain(&text);
            push.note = Arc::new(note);
            let token = push.target.token.len();
            let payload = payload_of(push).await.to_string();
            assert!(payload.len() <= most + token, "{service:?}: {}", payload.len());
            assert!(payload.len() > most - 40, "{service:?}: {}", payload.len());
            assert!(payload.replace('\\', "").contains(r#""cut":true"#), "{service:?}");
        }
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let url = "http://127.0.0.1:1/";
    let zero = |config| HttpPush::new(PushConfig::new(config)).map(|_| ()).unwrap_err();
    let endpoint = chat_push_http::EndpointConfig { attempts: 0, ..config(url) };
    assert_eq!(zero(endpoint), SetupError::Zero { name: "the number of attempts" });
    let endpoint = chat_push_http::EndpointConfig { timeout: Duration::ZERO, ..config(url) };
    assert_eq!(zero(endpoint), SetupError::Zero { name: "the timeout of posts" });
    for secret in ["", "short", "whsec_", "whsec_!", "whsec_c2hvcnQ="] {
        assert_eq!(Secret::parse(secret), Err(SetupError::Secret), "{secret}");
    }
    assert_eq!(format!("{:?}", Secret::parse(SECRET).unwrap()), "<redacted>");
    let shown =
        format!("{:?}", HttpPush::new(PushConfig::new(config("http://127.0.0.1:1/p?key=k"))).unwrap());
    assert_eq!(shown, r#"HttpPush { host: Some("127.0.0.1"), .. }"#);
}
