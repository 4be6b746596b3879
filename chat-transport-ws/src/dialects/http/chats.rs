//! Calls of chats (dialect reference, section 4).

use axum::http::header::{self, HeaderValue};
use axum::response::Response;
use chat_protocol::dialect::chats::{
    Call, Chat, Detail, DirectDetail, DirectSummary, FileEntry, HasUnreads, HttpError, MessageEntry,
    MessagePage, PageQuery, ProjectDetail, ProjectSummary, token,
};
use chat_protocol::dialect::{RoomName, Secret};
use chat_protocol::{ErrorCode, RoomId, RoomNumber, UserId};
use chat_server_core::Error;
use chat_server_core::dialects::{RoomsOf, UNPAGED_MAX, Visit};

use super::{Asked, absolute, code, json};
use crate::dialects::facts::Facts;
use crate::http::commands::within;

pub(super) async fn answer(asked: Asked<'_>, call: Call) -> Response {
    let edge = asked.edge;
    let answered = within(edge, async { Ok(perform(asked, call).await) }).await;
    // Time alone ends it from outside.
    answered.unwrap_or(Err(HttpError::Unavailable)).unwrap_or_else(refused)
}

/// What answers a refusal of the server's.
pub(super) fn refuse(code: ErrorCode) -> Response {
    refused(HttpError::of(code))
}

fn refused(error: HttpError) -> Response {
    let mut response = json(error.status(), &Detail::from(error));
    if error.status() == 401 {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn error(error: Error) -> HttpError {
    HttpError::of(code(&error))
}

async fn perform(asked: Asked<'_>, call: Call) -> Result<Response, HttpError> {
    let Asked { edge, port, params, facts, path, .. } = asked;
    let given = facts.handshake().header("authorization").map(token).filter(|token| !token.is_empty());
    let given = Secret(given.ok_or(HttpError::NoCredentials)?.to_owned());
    let visit = edge.server.visit(port, &given).await.map_err(error)?;
    let named = params.first().map_or("", |(_, name)| name);
    Ok(match call {
        Call::Directs => json(200, &directs(&visit).await?),
        Call::Direct => json(200, &direct(&visit, named).await?),
        Call::DirectMessages => {
            let room = RoomName::Id(RoomId::direct(visit.user(), &peer(&visit, named)?));
            json(200, &messages(&visit, &room, facts, &path).await?)
        }
        Call::DirectFiles => {
            let room = RoomName::Id(RoomId::direct(visit.user(), &peer(&visit, named)?));
            json(200, &files(&visit, &room).await?)
        }
        Call::Projects => json(200, &projects(&visit).await?),
        Call::Project => {
            let found = visit.room_with_members(&project(named)?).await.map_err(error)?;
            json(200, &found.facts(None, ProjectDetail::of).ok_or(HttpError::NotFound)?)
        }
        Call::ProjectMessages => json(200, &messages(&visit, &project(named)?, facts, &path).await?),
        Call::ProjectFiles => json(200, &files(&visit, &project(named)?).await?),
        Call::HasUnreads => {
            let has_unreads = visit.has_unread().await.map_err(error)?;
            json(200, &HasUnreads { has_unreads })
        }
    })
}

/// The other user of a direct chat.
fn peer(visit: &Visit, name: &str) -> Result<UserId, HttpError> {
    Chat::peer(name, visit.user()).map_err(|_| HttpError::of_direct(name))
}

fn project(number: &str) -> Result<RoomName, HttpError> {
    let number = number.parse().ok().and_then(RoomNumber::new);
    number.map(RoomName::Number).ok_or(HttpError::NotFound)
}

async fn directs(visit: &Visit) -> Result<Vec<DirectSummary>, HttpError> {
    let found = visit.rooms(RoomsOf::Pairs, None, visit.unpaged_max()).await.map_err(error)?;
    Ok(found.rooms.iter().filter_map(|room| room.facts(None, DirectSummary::of)).collect())
}

async fn projects(visit: &Visit) -> Result<Vec<ProjectSummary>, HttpError> {
    let found = visit.rooms(RoomsOf::Numbered, None, visit.unpaged_max()).await.map_err(error)?;
    Ok(found.rooms.iter().filter_map(|room| room.facts(None, ProjectSummary::of)).collect())
}

/// The chat, which is made when it is not there.
async fn direct(visit: &Visit, name: &str) -> Result<DirectDetail, HttpError> {
    let started = visit.start_direct(&peer(visit, name)?).await;
    let started = started.map_err(|refused| match code(&refused) {
        ErrorCode::NotFound => HttpError::NoUser,
        code => HttpError::of(code),
    })?;
    started.facts(None, DirectDetail::of).ok_or(HttpError::NotFound)
}

async fn messages(
    visit: &Visit,
    room: &RoomName,
    facts: &Facts,
    path: &str,
) -> Result<MessagePage, HttpError> {
    let number = |name| match facts.handshake().query(name) {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| HttpError::Malformed),
    };
    let query = PageQuery { limit: number("limit")?, offset: number("offset")? };
    let (limit, offset) = query.window();
    let limit = limit.min(UNPAGED_MAX as u64);
    let query = PageQuery { limit: Some(limit), ..query };
    let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let part = at(offset)..at(offset.saturating_add(limit));
    let list = visit.messages(room, part).await.map_err(error)?;
    let base = absolute(facts, path);
    let entries = list.messages.iter().filter_map(|message| message.news(None, MessageEntry::of));
    Ok(MessagePage {
        count: list.count,
        next: query.next(&base, list.count),
        previous: query.previous(&base),
        results: entries.collect(),
    })
}

async fn files(visit: &Visit, room: &RoomName) -> Result<Vec<FileEntry>, HttpError> {
    let found = visit.files(room).await.map_err(error)?;
    let entries = found.iter().filter_map(|message| message.news(None, MessageEntry::of));
    Ok(entries.flat_map(|entry| entry.files).collect())
}
