//! `/v1/uploads/resumable`: files that survive a lost connection, as the [tus protocol 1.0](https://tus.io/protocols/resumable-upload)
//! has it, with its extensions creation, expiration and termination.
//!
//! A client announces a file, sends its bytes in as many requests as it takes, and asks after each cut where to go on. One request
//! at a time writes a file, and a later one takes over: a connection that nobody holds any more keeps nobody waiting.
//!
//! Two things are ours. The last `PATCH` is answered 200 with what `POST /v1/uploads` answers, where others are 204: clients of the
//! protocol take any 2xx, and ours need the address. And 409 has an `Upload-Offset`, which spares asking for it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{head, post};
use chat_protocol::reply::Uploaded;
use chat_protocol::{ErrorCode, WireError};
use chat_server_core::{Caller, Resumed, UploadTurn};
use futures::StreamExt;
use tokio::time::{Instant, timeout, timeout_at};

use super::{late, pace};
use crate::edge::Edge;
use crate::http::commands::{caller, within};
use crate::http::error::Refused;

mod headers;

use headers::{BYTES, LENGTH, METHOD, OFFSET, announced, count, expires, is_version, stamp, unknown_version};

/// Where files are announced; the name of one follows. No name of a file is `resumable`: they are 32 digits.
const PATH: &str = "/v1/uploads/resumable";

/// The routes.
pub(crate) fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route(PATH, post(create).options(headers::offer))
        .route(
            "/v1/uploads/resumable/{name}",
            head(show).patch(append).delete(remove).post(renamed).options(headers::offer),
        )
        .layer(map_response(stamp))
}

/// What a request is answered: the protocol's own answers have no body of ours.
type Answer = Result<Response, Refused>;

/// Announces a file.
async fn create(State(edge): State<Arc<Edge>>, request: Request) -> Answer {
    let caller = caller(&edge, request.headers()).await?;
    if !is_version(request.headers()) {
        return Ok(unknown_version());
    }
    let new = announced(&request)?;
    match within(&edge, async { Ok(edge.server.begin_upload(&caller, new).await?) }).await? {
        Resumed::Missing(turn) => {
            let location = [(header::LOCATION, format!("{PATH}/{}", turn.name()))];
            Ok((StatusCode::CREATED, location, standing(&turn)).into_response())
        }
        // Nothing is missing of an empty file.
        Resumed::Done(uploaded) => {
            let name = uploaded.url.rsplit('/').next().unwrap_or_default();
            let location = [(header::LOCATION, format!("{PATH}/{name}"))];
            Ok((StatusCode::CREATED, location, whole(&uploaded), axum::Json(uploaded)).into_response())
        }
    }
}

/// Says how far a file is.
async fn show(State(edge): State<Arc<Edge>>, Path(name): Path<String>, head: HeaderMap) -> Answer {
    let caller = caller(&edge, &head).await?;
    if !is_version(&head) {
        return Ok(unknown_version());
    }
    Ok(match resume(&edge, &caller, &name).await? {
        Resumed::Missing(turn) => standing(&turn).into_response(),
        Resumed::Done(uploaded) => whole(&uploaded).into_response(),
    })
}

/// Takes the next bytes.
async fn append(State(edge): State<Arc<Edge>>, Path(name): Path<String>, request: Request) -> Answer {
    let caller = caller(&edge, request.headers()).await?;
    patch(&edge, &caller, &name, request).await
}

/// Gives a file up.
async fn remove(State(edge): State<Arc<Edge>>, Path(name): Path<String>, head: HeaderMap) -> Answer {
    let caller = caller(&edge, &head).await?;
    delete(&edge, &caller, &name, &head).await
}

/// The same for clients that can say no other method than `POST`.
async fn renamed(State(edge): State<Arc<Edge>>, Path(name): Path<String>, request: Request) -> Answer {
    let caller = caller(&edge, request.headers()).await?;
    let meant = request.headers().get(METHOD).and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    match meant {
        Some(Method::PATCH) => patch(&edge, &caller, &name, request).await,
        Some(Method::DELETE) => delete(&edge, &caller, &name, request.headers()).await,
        _ => Err(ErrorCode::MethodNotAllowed.into()),
    }
}

async fn delete(edge: &Edge, caller: &Caller, name: &str, head: &HeaderMap) -> Answer {
    if !is_version(head) {
        return Ok(unknown_version());
    }
    match resume(edge, caller, name).await? {
        Resumed::Missing(turn) => turn.remove(),
        // What is whole goes with the messages that name it, not by its address.
        Resumed::Done(_) => return Err(ErrorCode::NotFound.into()),
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn resume(edge: &Edge, caller: &Caller, name: &str) -> Result<Resumed, Refused> {
    within(edge, async { Ok(edge.server.resume_upload(caller, name).await?) }).await
}

async fn patch(edge: &Edge, caller: &Caller, name: &str, request: Request) -> Answer {
    let head = request.headers();
    if !is_version(head) {
        return Ok(unknown_version());
    }
    if head.get(header::CONTENT_TYPE).is_none_or(|kind| kind != BYTES) {
        return Err(WireError::new(ErrorCode::MediaType, format!("Content-Type: not {BYTES}")).into());
    }
    let from = count(head, &OFFSET)?;
    let coming =
        head.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match resume(edge, caller, name).await? {
        Resumed::Done(uploaded) if uploaded.size == from => Ok(finished(uploaded)),
        Resumed::Done(uploaded) => Ok(elsewhere(uploaded.size)),
        Resumed::Missing(turn) if turn.offset() != from => Ok(elsewhere(turn.offset())),
        Resumed::Missing(turn) if coming.is_some_and(|coming| coming > turn.length() - from) => {
            let why = format!("more than {} bytes", turn.length());
            Err(WireError::new(ErrorCode::TooLarge, why).into())
        }
        Resumed::Missing(turn) => {
            // By itself: when the connection is lost, the last piece is written and counted all the same.
            let taken = tokio::spawn(receive(turn, request.into_body(), pace(edge)));
            taken.await.map_err(|_| Refused::from(ErrorCode::Internal))?
        }
    }
}

/// How a request's bytes ended.
enum End {
    /// None are missing any more.
    Whole,
    /// The request has no more.
    Body,
    /// Another request wants to go on.
    TakenOver,
    /// The connection broke, or nothing came for too long.
    Broken(Refused),
}

/// Takes the bytes of one request. What came stays, however the request ends.
async fn receive(mut turn: UploadTurn, body: Body, pace: (Duration, Instant)) -> Answer {
    let end = take(&mut turn, body, pace).await?;
    match end {
        End::Whole => Ok(finished(turn.finish().await?)),
        // Whoever took over may already be asking where this one stopped.
        End::TakenOver => Ok(StatusCode::CONFLICT.into_response()),
        End::Body => {
            let (headers, told) = (standing(&turn), turn.rest().await);
            told?;
            Ok((StatusCode::NO_CONTENT, headers).into_response())
        }
        End::Broken(why) => {
            turn.rest().await?;
            Err(why)
        }
    }
}

async fn take(turn: &mut UploadTurn, body: Body, pace: (Duration, Instant)) -> Result<End, Refused> {
    let (pause, deadline) = pace;
    let mut body = body.into_data_stream();
    while turn.offset() < turn.length() {
        // Never given up inside a write: only between two pieces.
        let next = tokio::select! {
            biased;
            () = turn.taken_over() => return Ok(End::TakenOver),
            next = timeout_at(deadline, timeout(pause, body.next())) => next,
        };
        match next {
            Ok(Ok(Some(Ok(piece)))) => turn.write(&piece).await?,
            Ok(Ok(None)) => return Ok(End::Body),
            Ok(Ok(Some(Err(_)))) => {
                let why = WireError::new(ErrorCode::BadRequest, "the body came in part");
                return Ok(End::Broken(why.into()));
            }
            Ok(Err(_)) | Err(_) => return Ok(End::Broken(late().into())),
        }
    }
    Ok(End::Whole)
}

/// How far a file is whose bytes are missing.
fn standing(turn: &UploadTurn) -> [(HeaderName, String); 3] {
    [
        (OFFSET, turn.offset().to_string()),
        (LENGTH, turn.length().to_string()),
        (headers::EXPIRES, expires(turn.expires())),
    ]
}

/// The same of one that is whole: where it is.
fn whole(uploaded: &Uploaded) -> [(HeaderName, String); 3] {
    let size = uploaded.size.to_string();
    [(OFFSET, size.clone()), (LENGTH, size), (header::CONTENT_LOCATION, uploaded.url.clone())]
}

fn finished(uploaded: Uploaded) -> Response {
    (whole(&uploaded), axum::Json(uploaded)).into_response()
}

/// The bytes that come are not those that are missing.
fn elsewhere(offset: u64) -> Response {
    (StatusCode::CONFLICT, [(OFFSET, offset.to_string())]).into_response()
}
