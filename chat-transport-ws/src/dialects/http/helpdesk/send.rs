//! `POST /api/send-message/`: a text, a file or both, as JSON, as a form or as a multipart form.

use axum::body::Bytes;
use axum::response::Response;
use chat_protocol::ErrorCode;
use chat_protocol::dialect::helpdesk::{Created, Helpdesk, Refusal, SendMessage, auto_reply};
use chat_protocol::dialect::{File, Parts};
use chat_protocol::reply::Uploaded;
use chat_server_core::dialects::Visit;

use super::form::{self, Filled};
use super::{Asked, error, name, options, visit};
use crate::dialects::facts::pairs;
use crate::dialects::http::{json, read};
use crate::http::commands::within;

pub(super) async fn answer(asked: Asked<'_>) -> Result<Response, Refusal> {
    let Asked { edge, port, facts, body, .. } = asked;
    let format = options(edge, port);
    let visited = within(edge, async { Ok(visit(edge, port, facts).await) }).await;
    let visit = visited.unwrap_or(Err(Refusal::Unavailable))?;
    let kind = facts.handshake().header("content-type").unwrap_or_default().to_owned();
    let filled = match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "multipart/form-data" => form::fill(&visit, edge, (facts, body), format.max_upload).await?,
        kind => {
            let body = within(edge, async { Ok(read(body, edge.server.config().max_frame).await) }).await;
            let body = body.unwrap_or(Err(ErrorCode::StorageUnavailable));
            let message = plain(kind, &body.map_err(Refusal::of)?)?;
            Filled { message, file: None }
        }
    };
    let sent = within(edge, async { Ok(send(&visit, &format, filled).await) }).await;
    sent.unwrap_or(Err(Refusal::Unavailable))?;
    Ok(json(200, &Created::default()))
}

/// Without a file: as a form, else as JSON whatever it is called.
fn plain(kind: &str, body: &Bytes) -> Result<SendMessage, Refusal> {
    if kind != "application/x-www-form-urlencoded" {
        return SendMessage::from_json(body);
    }
    let fields = pairs(body);
    // Of several of one name the last counts, as in the original.
    let field = |name: &str| fields.iter().rev().find(|(field, _)| field == name).map(|(_, value)| value);
    SendMessage::from_fields(field("help_desk").map(String::as_str), field("message").cloned(), false)
}

async fn send(visit: &Visit, format: &Helpdesk, filled: Filled) -> Result<(), Refusal> {
    let Filled { message: SendMessage { text, desk }, file } = filled;
    let room = visit.enter_desk(&name(desk)).await.map_err(error)?;
    let mut files = Vec::new();
    if let Some(mut upload) = file {
        upload.place(room);
        files.push(attached(upload.finish().await.map_err(error)?));
    }
    let answer = auto_reply(text.as_deref().unwrap_or_default());
    let content = Parts { text, files }.into_content();
    let sent = visit.send(&name(desk), content, None).await.map_err(error)?;
    if format.auto_reply {
        visit.answer_later(&sent, answer);
    }
    Ok(())
}

fn attached(file: Uploaded) -> File {
    File { url: file.url, kind: Some(file.kind), name: Some(file.name), size: Some(file.size) }
}
