//! Calls of tndata (dialect reference, section 3).

use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use chat_protocol::dialect::tndata::{
    Account, Address, ApiError, Bound, Call, ErrorBody, History, HistoryQuery, MarkRead, MessageEntry,
    MessageList, Page, PageQuery, Profile, authorization_token,
};
use chat_protocol::dialect::{RoomName, Secret};
use chat_protocol::{ErrorCode, UserId, decode};
use chat_server_core::Error;
use chat_server_core::dialects::{ShownMessage, UNPAGED_MAX, Visit, Window};

use super::{Asked, absolute, code, json, read};
use crate::dialects::facts::{Facts, pairs};
use crate::http::commands::within;

/// Greatest body: it names a room.
const MAX_BODY: usize = 4 * 1024;

/// The path of the one list that has pages.
const MESSAGES: &str = "/api/chat/";

pub(super) async fn answer(asked: Asked<'_>, call: Call) -> Response {
    let edge = asked.edge;
    let answered = within(edge, async { Ok(perform(asked, call).await) }).await;
    // Time alone ends it from outside.
    answered.unwrap_or(Err(ApiError::Unavailable)).unwrap_or_else(refused)
}

/// What answers a refusal of the server's.
pub(super) fn refuse(code: ErrorCode) -> Response {
    refused(ApiError::of(code))
}

fn refused(error: ApiError) -> Response {
    let mut response = json(error.status(), &ErrorBody::from(error));
    if error.status() == 401 {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Token"));
    }
    response
}

fn error(error: Error) -> ApiError {
    ApiError::of(code(&error))
}

async fn perform(asked: Asked<'_>, call: Call) -> Result<Response, ApiError> {
    let Asked { edge, port, params, facts, body, .. } = asked;
    let token = token(facts).ok_or(ApiError::NoCredentials)?;
    let visit = edge.server.visit(port, &token).await.map_err(error)?;
    let query = || facts.handshake().query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(match call {
        Call::MyMessages => json(200, &my_messages(&visit, facts, PageQuery::read(query())?).await?),
        Call::MyMessage => json(200, &my_message(&visit, &params[0].1).await?),
        Call::Unread => {
            let unread = visit.unread().await.map_err(error)?;
            json(200, &MessageList::from(entries(&unread)))
        }
        Call::History => json(200, &history(&visit, HistoryQuery::read(query())?).await?),
        Call::MarkRead => {
            let body = read(body, MAX_BODY).await.map_err(ApiError::of)?;
            mark_read(&visit, facts, &body).await?;
            StatusCode::NO_CONTENT.into_response()
        }
        Call::Users => json(200, &Page::only(Account::of(&visit.me().await.map_err(error)?))),
        Call::Profiles => json(200, &Page::only(Profile::of(&visit.me().await.map_err(error)?))),
    })
}

fn token(facts: &Facts) -> Option<Secret> {
    let handshake = facts.handshake();
    let header = handshake.header("authorization").and_then(authorization_token);
    let token = header.or_else(|| handshake.query("token").filter(|token| !token.is_empty()))?;
    Some(Secret(token.to_owned()))
}

/// Messages in the format's words, without those that it has none for.
fn entries(messages: &[ShownMessage]) -> Vec<MessageEntry> {
    messages.iter().filter_map(|message| message.news(None, MessageEntry::of)).collect()
}

async fn my_messages(visit: &Visit, facts: &Facts, query: PageQuery) -> Result<Page<MessageEntry>, ApiError> {
    let size = query.page_size.min(UNPAGED_MAX as u64);
    let at = |page: u64| usize::try_from(page.saturating_mul(size)).unwrap_or(usize::MAX);
    let list = visit.my_messages(at(query.page - 1)..at(query.page)).await.map_err(error)?;
    // Not what else the query says: a token in it is not to be seen in answers.
    let page = |page: u64| absolute(facts, &format!("{MESSAGES}?page={page}&page_size={size}"));
    Ok(Page {
        count: list.count,
        next: (query.page.saturating_mul(size) < list.count).then(|| page(query.page + 1)),
        previous: (query.page > 1).then(|| page(query.page - 1)),
        results: entries(&list.messages),
    })
}

async fn my_message(visit: &Visit, id: &str) -> Result<MessageEntry, ApiError> {
    let num = id.parse().map_err(|_| ApiError::NotFound)?;
    let found = visit.my_message(num).await.map_err(error)?;
    found.and_then(|message| message.news(None, MessageEntry::of)).ok_or(ApiError::NotFound)
}

async fn history(visit: &Visit, query: HistoryQuery) -> Result<History, ApiError> {
    let room = query.room.and_then(|name| room(&name, visit.user()));
    let Some(room) = room else { return Ok(History::NoRoom) };
    let window = match query.bound {
        None => Window::All,
        Some(Bound::Since(ts)) => Window::Since(ts),
        Some(Bound::Before(ts)) => Window::Until(ts),
    };
    let size = usize::try_from(query.size).unwrap_or(usize::MAX);
    match visit.history(&room, window, size).await {
        Ok(messages) => Ok(History::Messages(entries(&messages).into())),
        Err(refused) if refused.wire().code == ErrorCode::Forbidden => Ok(History::NoRoom),
        Err(other) => Err(error(other)),
    }
}

/// In JSON or a form; a body that names no room names none that could be read.
async fn mark_read(visit: &Visit, facts: &Facts, body: &[u8]) -> Result<(), ApiError> {
    let form = facts
        .handshake()
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form"));
    let name = match form {
        true => pairs(body).into_iter().find(|(name, _)| name == "room").map(|(_, room)| room),
        false => decode::<MarkRead>(body).ok().map(|mark| mark.room),
    };
    let room = name.and_then(|name| room(&name, visit.user())).ok_or(ApiError::NoRoom)?;
    match visit.read_all(&room).await {
        Err(refused) if refused.wire().code == ErrorCode::Forbidden => Err(ApiError::NoRoom),
        done => done.map_err(error),
    }
}

fn room(name: &str, me: &UserId) -> Option<RoomName> {
    Address::of_name(name, me).room(me).ok().map(RoomName::Id)
}
