//! What helpdesk refuses.

use super::super::refused;
use super::*;

const NOBODY: &str = "Authentication credentials were not provided.";

#[tokio::test]
async fn helpdesk_refuses_in_its_own_words() {
    let edge = start(Helpdesk::default()).await;
    let uuid = desk(&edge, "cli").await;
    let never = "00c2a1b3-0000-4577-8cbd-7fd5f0cddbdf";
    let detail = |text: &str| json!({"detail": text});
    let history = |uuid: &str| format!("GET /api/help-desks/{uuid}/history/");
    for (line, token, status, text) in [
        ("GET /api/help-desks/?organization=acme".to_owned(), None, 401, NOBODY),
        ("GET /api/help-desks/?organization=acme&token=wrong".to_owned(), None, 401, NOBODY),
        (history(&uuid), Some("wrong"), 401, NOBODY),
        (history(&uuid), Some("dev-eve"), 404, "Not found."),
        (history(never), Some("dev-amy"), 404, "Not found."),
        (history("12"), Some("dev-amy"), 404, "Not found."),
        (history("%2e%2e"), Some("dev-amy"), 404, "Not found."),
        ("POST /api/help-desks/".to_owned(), Some("dev-amy"), 405, "Method not allowed."),
        ("GET /api/send-message/".to_owned(), Some("dev-amy"), 405, "Method not allowed."),
    ] {
        let answer = ask(&edge, &line, token, ("", "")).await;
        refused(&answer, status, detail(text));
    }
    for path in [
        "/api/help-desks/",
        "/api/help-desks/?organization=",
        "/api/help-desks/?organization=other",
        "/api/help-desks/?organization=a%2Fb",
    ] {
        assert_eq!(get(&edge, path).await, json!([]), "{path}");
    }
    let stranger = ask(&edge, "GET /api/help-desks/?organization=acme", Some("dev-eve"), ("", "")).await;
    assert_eq!((stranger.status, stranger.body.as_str()), (200, "[]"), "as one that is not there");
}

#[tokio::test]
async fn a_message_that_cannot_be_is_refused_by_its_field() {
    let edge = start(Helpdesk::default()).await;
    let uuid = desk(&edge, "cli").await;
    let required = |field: &str| json!({field: ["This field is required."]});
    let (not_found, malformed) = (json!({"detail": "Not found."}), json!({"detail": "Malformed request."}));
    let json = |body: Value| (JSON, body.to_string());
    for ((kind, body), status, answer) in [
        (json(json!({"message": "m"})), 400, required("help_desk")),
        (json(json!({"help_desk": uuid})), 400, required("message")),
        (json(json!({"help_desk": uuid, "message": null, "file": "x"})), 400, required("message")),
        (json(json!({"help_desk": "12", "message": "m"})), 404, not_found.clone()),
        (json(json!({"help_desk": 12, "message": "m"})), 404, not_found.clone()),
        (json(json!({"help_desk": uuid, "message": 5})), 400, malformed.clone()),
        (json(json!([])), 400, malformed.clone()),
        ((JSON, "not JSON".to_owned()), 400, malformed.clone()),
        (("", String::new()), 400, malformed.clone()),
        ((FORM, "message=m".to_owned()), 400, required("help_desk")),
        ((FORM, format!("help_desk={uuid}")), 400, required("message")),
        ((FORM, "help_desk=x&message=m".to_owned()), 404, not_found.clone()),
        ((MULTIPART, form(&[("message", "m")])), 400, required("help_desk")),
        ((MULTIPART, form(&[("help_desk", &uuid)])), 400, required("message")),
        ((MULTIPART, form(&[("help_desk", "12"), ("message", "m")])), 404, not_found.clone()),
        ((MULTIPART, form(&[("file:a", "x")])), 400, required("help_desk")),
        (
            (MULTIPART, form(&[("help_desk", &uuid), ("file:a", "x"), ("file:b", "y")])),
            400,
            malformed.clone(),
        ),
        (
            (MULTIPART, form(&[("help_desk", &uuid), ("message", "m"), ("help_desk", &uuid)])),
            400,
            malformed.clone(),
        ),
        (
            (MULTIPART, form(&[("help_desk", &uuid), ("message", "m")]).replace("--XX--", "")),
            400,
            malformed.clone(),
        ),
        ((MULTIPART, "no boundary at all".to_owned()), 400, malformed.clone()),
        ((MULTIPART, format!("--XX\r\n{}", "x".repeat(300_000))), 400, malformed.clone()),
        ((MULTIPART, "x".repeat(300_000)), 400, malformed.clone()),
        ((MULTIPART, String::new()), 400, malformed.clone()),
        (("multipart/form-data", form(&[("message", "m")])), 400, malformed.clone()),
        (
            json(json!({"help_desk": uuid, "message": "x".repeat(20_000)})),
            413,
            json!({"detail": "Request entity too large."}),
        ),
        (
            (MULTIPART, form(&[("help_desk", &uuid), ("message", &"x".repeat(70_000))])),
            413,
            json!({"detail": "Request entity too large."}),
        ),
    ] {
        let found = post(&edge, Some("dev-amy"), (kind, &body)).await;
        assert_eq!(found.status, status, "{kind} {:.200}: {found:?}", body);
        refused(&found, status, answer);
    }
    for token in [None, Some("wrong"), Some("dev-eve")] {
        let bodies = [
            (JSON, json!({"help_desk": uuid, "message": "m"}).to_string()),
            (MULTIPART, form(&[("help_desk", &uuid), ("file:a", "x")])),
            (MULTIPART, form(&[("file:a", "x"), ("help_desk", &uuid)])),
        ];
        for (kind, body) in bodies {
            let status = if token == Some("dev-eve") { 404 } else { 401 };
            assert_eq!(post(&edge, token, (kind, &body)).await.status, status, "{token:?} {kind}");
        }
    }
    assert_eq!(history(&edge, &uuid).await, [Value::Null; 0], "nothing of all that was kept");
    edge.assert_serving().await;
}

/// What a form's parser has to keep until it understands it would otherwise be whatever is sent.
#[tokio::test]
async fn a_form_that_never_begins_is_not_waited_for() {
    let edge = start(Helpdesk::default()).await;
    let head = format!(
        "POST /api/send-message/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token dev-amy\r\n\
         Content-Type: {MULTIPART}\r\nContent-Length: 1000000\r\n\r\n"
    );
    for begun in ["", "--XX\r\nContent-Disposition: form-data; name=\""] {
        let answer = edge.one_answer(&format!("{head}{begun}{}", "x".repeat(300_000))).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_operator_says() {
    let core = ServerConfig { max_frame: 8_192, max_content: 4_096, ..ServerConfig::default() };
    let edge = start_with(port(Helpdesk::default()), WsConfig::default(), core).await;
    let uuid = desk(&edge, "cli").await;
    let large = "x".repeat(9_000);
    for (kind, body) in [
        (JSON, format!("{}{}", json!({"help_desk": uuid, "message": "m"}), " ".repeat(9_000))),
        (FORM, format!("help_desk={uuid}&message=m&x={large}")),
        (MULTIPART, form(&[("help_desk", &uuid), ("message", &large)])),
    ] {
        let answer = post(&edge, Some("dev-amy"), (kind, &body)).await;
        refused(&answer, 413, json!({"detail": "Request entity too large."}));
    }
}

#[tokio::test]
async fn desks_of_another_organization_are_not_there() {
    let edge = start(Helpdesk::default()).await;
    let uuid = desk(&edge, "cli").await;
    operate(&edge, "PUT /v1/organizations/other/agents/bob", "").await;
    let mut bob = open(&edge, "/ws/chat/other/?token=dev-bob").await;
    let line = format!("GET /api/help-desks/{uuid}/history/");
    assert_eq!(ask(&edge, &line, Some("dev-bob"), ("", "")).await.status, 404);
    let body = json!({"help_desk": uuid, "message": "m"}).to_string();
    assert_eq!(post(&edge, Some("dev-bob"), (JSON, &body)).await.status, 404);
    created(&post(&edge, Some("dev-amy"), (JSON, &body)).await);
    bob.say(json!({"type": "new_message", "data": "own"})).await;
    bob.hears(json!({"type": "new_message", "data": "own"})).await;
}

#[tokio::test]
async fn whoever_asks_too_much_is_told_so() {
    let user_rate = chat_server_core::Rate { per_second: 1, burst: 10 };
    let core = ServerConfig { user_rate, ..ServerConfig::default() };
    let edge = start_with(port(Helpdesk::default()), WsConfig::default(), core).await;
    let mut answer = Answer::default();
    for _ in 0..5 {
        answer = ask(&edge, "GET /api/help-desks/?organization=acme", Some("dev-amy"), ("", "")).await;
    }
    refused(&answer, 429, json!({"detail": "Request was throttled."}));
}
