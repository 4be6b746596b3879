//! `POST /v1/commands`: brings commands to an open stream, and answers with their answers.

use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chat_protocol::{Command, ErrorCode, RequestId, SessionId, Text, WireError, decode, salvage_id};
use serde::Deserialize;

use super::pipe::one_line;
use super::streams::OpenStream;
use crate::edge::Edge;
use crate::http::bearer;
use crate::http::error::{Refused, took_too_long};
use crate::origin::check_origin;

/// How many frames of the greatest size one request may hold: the largest resume, with some to spare.
const MAX_BODY_FRAMES: usize = 4;

const LINES: &str = "application/x-ndjson";

/// Whose commands these are.
#[derive(Debug, Deserialize)]
struct Wish {
    session_id: SessionId,
}

/// Takes commands for a stream: all, or none when one of them cannot be a frame.
pub(super) async fn take(State(edge): State<Arc<Edge>>, request: Request) -> Result<Response, Refused> {
    match tokio::time::timeout(edge.config.request_timeout, perform(&edge, request)).await {
        Ok(result) => result,
        Err(_) => Err(took_too_long()),
    }
}

async fn perform(edge: &Edge, request: Request) -> Result<Response, Refused> {
    check_origin(request.headers(), &edge.config)?;
    let token = bearer(request.headers()).ok_or(ErrorCode::NotAuthenticated)?;
    let user = edge.server.authenticate(token).await?.user;
    let Query(wish) = Query::<Wish>::try_from_uri(request.uri())
        .map_err(|_| WireError::new(ErrorCode::BadRequest, "session_id is missing or is none"))?;
    // Of another user's stream nobody learns that there is one.
    let stream = edge.streams.find(&wish.session_id, &user);
    let stream = stream.ok_or_else(|| {
        WireError::new(ErrorCode::NotFound, "this session has no open stream here: open one first")
    })?;
    let (head, body) = request.into_parts();
    let by_lines = by_lines(&head.headers)?;
    let max_frame = edge.server.config().max_frame;
    let most = max_frame.saturating_mul(MAX_BODY_FRAMES);
    let body = to_bytes(body, most).await.map_err(|_| {
        WireError::new(ErrorCode::TooLarge, format!("the body is larger than {most} bytes, or came in part"))
    })?;
    let frames = frames(body, by_lines, max_frame)?;
    let answers = ask(&stream, frames).await?;
    let mut lines = Vec::with_capacity(answers.iter().map(|answer| answer.len() + 1).sum());
    for answer in answers {
        one_line(answer.as_bytes(), &mut lines);
        lines.push(b'\n');
    }
    Ok(([(CONTENT_TYPE, LINES)], lines).into_response())
}

async fn ask(stream: &OpenStream, frames: Vec<Text>) -> Result<Vec<Text>, ErrorCode> {
    let expected = frames.iter().filter_map(|frame| answered(frame.as_bytes())).collect();
    let answers = stream.ask(expected);
    for frame in frames {
        stream.give(frame).await?;
    }
    answers.await.unwrap_or(Err(ErrorCode::NotFound))
}

/// Which answer a frame will get: one with its id, one without an id because it cannot be read, or none.
fn answered(frame: &[u8]) -> Option<Option<RequestId>> {
    match salvage_id(frame) {
        Some(id) => Some(Some(id)),
        None => match decode::<Command>(frame) {
            Ok(Command::Ping(_) | Command::Unknown { .. }) | Err(_) => Some(None),
            Ok(command) => command.check().is_err().then_some(None),
        },
    }
}

/// Whether the body holds one command per line, or is one.
fn by_lines(headers: &HeaderMap) -> Result<bool, ErrorCode> {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or(LINES);
    let media = media.split(';').next().unwrap_or_default().trim();
    match media {
        _ if media.eq_ignore_ascii_case(LINES) => Ok(true),
        _ if media.eq_ignore_ascii_case("application/json") => Ok(false),
        _ => Err(ErrorCode::MediaType),
    }
}

/// The frames of a body, each with the bounds of a frame.
fn frames(body: Bytes, by_lines: bool, max_frame: usize) -> Result<Vec<Text>, WireError> {
    let pieces: Vec<&[u8]> = if by_lines { body.split(|byte| *byte == b'\n').collect() } else { vec![&body] };
    let pieces = pieces.into_iter().map(<[u8]>::trim_ascii).filter(|piece| !piece.is_empty());
    let frame = |piece: &[u8]| match piece.len() {
        len if len > max_frame => {
            let detail = format!("a command of {len} bytes, at most {max_frame} are allowed");
            Err(WireError::new(ErrorCode::TooLarge, detail))
        }
        _ => Text::try_from(body.slice_ref(piece)).map_err(|_| ErrorCode::InvalidUtf8.into()),
    };
    let frames: Vec<Text> = pieces.map(frame).collect::<Result<_, _>>()?;
    if frames.is_empty() {
        return Err(WireError::new(ErrorCode::BadRequest, "the body holds no command"));
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &'static [u8], by_lines: bool) -> Result<Vec<String>, ErrorCode> {
        let frames = frames(Bytes::from_static(body), by_lines, 8);
        let texts = frames.map(|frames| frames.iter().map(|frame| frame.as_str().to_owned()).collect());
        texts.map_err(|error| error.code)
    }

    #[test]
    fn each_line_is_a_frame_and_a_document_is_one() {
        assert_eq!(texts(b"{}\r\n\n [1] \n{}", true).unwrap(), ["{}", "[1]", "{}"]);
        assert_eq!(texts(b"{\n}\n", false).unwrap(), ["{\n}"]);
        assert_eq!(texts(b" \n", true), Err(ErrorCode::BadRequest));
        assert_eq!(texts(b"{}\n123456789\n", true), Err(ErrorCode::TooLarge));
        assert_eq!(texts(b"{}\n\"\xff\"\n", true), Err(ErrorCode::InvalidUtf8));
    }

    #[test]
    fn it_is_known_what_will_be_answered() {
        let id = |id: &str| Some(Some(RequestId::new(id).unwrap()));
        for (frame, expected) in [
            (r#"{"ping":{"id":"7"}}"#, id("7")),
            (r#"{"ping":{}}"#, Some(None)),
            (r#"{"fly":{"id":"8"}}"#, id("8")),
            (r#"{"fly":{}}"#, Some(None)),
            (r#"{"send":{"id":"9"}}"#, id("9")),
            ("{", Some(None)),
            (r#"{"typing":{"room":"r"}}"#, None),
        ] {
            assert_eq!(answered(frame.as_bytes()), expected, "{frame}");
        }
    }
}
