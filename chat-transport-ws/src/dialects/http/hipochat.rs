//! Calls of hipochat (dialect reference, section 5).

use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use chat_protocol::dialect::hipochat::{
    Call, Counted, CreateRoom, Entry, Hipochat, Histories, ItemRequest, MemberTokens, Notification,
    OldMessages, RoomCreated, RoomHistory, RoomToken, Unauthorized, header_token, history_limit,
    history_rooms,
};
use chat_protocol::dialect::{RoomName, Secret};
use chat_protocol::{ErrorCode, Timestamp, UserId, decode, limits};
use chat_server_core::dialects::{PortId, ShownMessage, UNPAGED_MAX, Visit, Window};
use chat_server_core::{Caller, Error};
use futures::future::try_join;

use super::{Asked, code, json, read};
use crate::dialects::facts::Facts;
use crate::edge::Edge;
use crate::http::commands::within;
use crate::http::is_operator;

/// Greatest body of a call that names users: as many tokens as are taken, of some length.
const MAX_BODY: usize = 64 * 1024;

/// Greatest number of rooms whose messages one call asks for. The original had no limit.
const MAX_ROOMS: usize = 50;

pub(super) async fn answer(asked: Asked<'_>, call: Call) -> Response {
    let edge = asked.edge;
    let answered = within(edge, async { Ok(perform(asked, call).await) }).await;
    // Time alone ends it from outside.
    answered.unwrap_or(Err(ErrorCode::StorageUnavailable)).unwrap_or_else(|code| refused(call, code))
}

/// What answers a refusal of the server's: its status and nothing else.
pub(super) fn refuse(code: ErrorCode) -> Response {
    empty(code.status())
}

fn empty(status: u16) -> Response {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

/// Each call has a status of its own for who has no valid token. Rooms alone are refused with words.
fn refused(call: Call, code: ErrorCode) -> Response {
    let is_stranger =
        matches!(code, ErrorCode::NotAuthenticated | ErrorCode::InvalidToken | ErrorCode::TokenExpired);
    match call {
        Call::CreateRoom | Call::OwnRoom => {
            let mut response = json(code.status(), &Unauthorized { detail: detail(code).to_owned() });
            if code.status() == 401 {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Token"));
            }
            response
        }
        Call::OldMessages | Call::InjectItem if is_stranger => empty(400),
        _ if is_stranger => empty(403),
        _ => refuse(code),
    }
}

fn detail(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::NotAuthenticated => "Authentication credentials were not provided.",
        ErrorCode::InvalidToken | ErrorCode::TokenExpired => "Invalid token.",
        code => code.sentence(),
    }
}

fn error(error: Error) -> ErrorCode {
    code(&error)
}

async fn perform(asked: Asked<'_>, call: Call) -> Result<Response, ErrorCode> {
    let Asked { edge, port, params, facts, body, .. } = asked;
    let named = params.first().map_or("", |(_, name)| name);
    let visit = visitor(edge, port, facts, call).await?;
    let query = |name| facts.handshake().query(name);
    let room = || Room::new(&visit, named);
    Ok(match call {
        Call::CreateRoom => {
            let body = read(body, MAX_BODY).await?;
            let create = CreateRoom::from_body(&body).map_err(|error| error.code)?;
            room_of(&visit, &create.users).await?
        }
        Call::OwnRoom => room_of(&visit, &[]).await?,
        Call::OldMessages => json(200, &room()?.old_messages().await?),
        Call::InjectItem => {
            let room = room()?;
            let body = read(body, edge.server.config().max_frame).await?;
            room.inject(decode(&body).map_err(|error| error.code)?).await?;
            empty(200)
        }
        Call::Notification => {
            let count = room()?.waiting(Counted::of(query("type"))).await?;
            json(200, &Notification { count })
        }
        Call::SetNotification => {
            room()?;
            empty(200)
        }
        Call::Histories => json(200, &histories(&visit, named, query("limit")).await?),
        Call::AddMembers | Call::RemoveMembers => {
            let room = room()?;
            let users = users(&visit, &read(body, MAX_BODY).await?).await?;
            let done = match call {
                Call::AddMembers => visit.add_members(&room.name, users).await,
                _ => visit.remove_members(&room.name, users).await,
            };
            done.map_err(error)?;
            empty(200)
        }
    })
}

/// Who asks. The operator does what a backend does: it injects, and says who is a member.
async fn visitor(edge: &Edge, port: PortId, facts: &Facts, call: Call) -> Result<Visit, ErrorCode> {
    let handshake = facts.handshake();
    let headers = ["authorization", "authentication"];
    let header = headers.into_iter().find_map(|name| header_token(handshake.header(name)?));
    let is_backends = matches!(call, Call::InjectItem | Call::AddMembers | Call::RemoveMembers);
    let operator = edge.config.operator_token.as_deref();
    if is_backends && header.is_some_and(|token| is_operator(token, operator)) {
        return Ok(edge.server.visit_as(port, &Caller::Operator));
    }
    let query = handshake.query("token").filter(|token| !token.is_empty());
    let token = query.or(header).ok_or(ErrorCode::NotAuthenticated)?;
    edge.server.visit(port, &Secret(token.to_owned())).await.map_err(error)
}

/// The room of some users: 201 when it was made now.
async fn room_of(visit: &Visit, others: &[UserId]) -> Result<Response, ErrorCode> {
    let (room, made) = visit.room_of(others).await.map_err(error)?;
    let token = RoomToken::new(room.room.alias()).map_err(|_| ErrorCode::Internal)?;
    Ok(json(if made { 201 } else { 200 }, &RoomCreated { token }))
}

/// The users of the tokens of a form. One that is nobody's spoils all: its user would otherwise be a member still, or none.
async fn users(visit: &Visit, body: &[u8]) -> Result<Vec<UserId>, ErrorCode> {
    let form = std::str::from_utf8(body).ok().and_then(MemberTokens::from_form);
    let tokens = form.ok_or(ErrorCode::BadRequest)?.tokens;
    if tokens.len() > limits::MAX_CREATE_MEMBERS {
        return Err(ErrorCode::BadRequest);
    }
    let mut users = Vec::with_capacity(tokens.len());
    for token in tokens {
        let user = visit.user_of(&Secret(token)).await.map_err(error)?;
        users.push(user.ok_or(ErrorCode::BadRequest)?);
    }
    Ok(users)
}

/// The newest messages of some rooms. A room that is not there, and one that is not the caller's, has none.
async fn histories(visit: &Visit, tokens: &str, limit: Option<&str>) -> Result<Histories, ErrorCode> {
    let tokens = history_rooms(tokens).map_err(|_| ErrorCode::NotFound)?;
    let limit = history_limit(limit).filter(|_| tokens.len() <= MAX_ROOMS).ok_or(ErrorCode::BadRequest)?;
    // All rooms together have as many as one list.
    let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(UNPAGED_MAX / tokens.len());
    let mut results = Vec::with_capacity(tokens.len());
    for token in tokens {
        let room = Room { visit, name: RoomName::Alias(token.to_string()), token };
        let unread_count = room.waiting(Counted::All).await?;
        let messages = match unread_count {
            Some(_) => room.entries(&room.history(limit).await?),
            None => Vec::new(),
        };
        results.push(RoomHistory { room_name: room.token, unread_count, messages });
    }
    Ok(Histories { results })
}

/// A room as a caller names it.
struct Room<'v> {
    visit: &'v Visit,
    token: RoomToken,
    name: RoomName,
}

impl<'v> Room<'v> {
    fn new(visit: &'v Visit, token: &str) -> Result<Self, ErrorCode> {
        let token = RoomToken::new(token).map_err(|_| ErrorCode::NotFound)?;
        Ok(Self { visit, name: RoomName::Alias(token.to_string()), token })
    }

    /// Whoever knows the token comes in, as with a socket.
    async fn enter(&self) -> Result<(), ErrorCode> {
        if self.visit.is_member(&self.name).await.map_err(error)? {
            return Ok(());
        }
        self.visit.enter(&self.name).await.map_err(error)
    }

    async fn inject(&self, item: ItemRequest) -> Result<(), ErrorCode> {
        self.enter().await?;
        self.visit.inject(&self.name, item.content()).await.map(drop).map_err(error)
    }

    async fn waiting(&self, counted: Counted) -> Result<Option<u64>, ErrorCode> {
        if counted == Counted::All {
            return self.visit.count_unread(&self.name).await.map_err(error);
        }
        let waiting = self.visit.waiting(&self.name).await.map_err(error)?;
        Ok(waiting.map(|waiting| match counted {
            Counted::Items => waiting.injected,
            _ => waiting.messages,
        }))
    }

    async fn old_messages(&self) -> Result<OldMessages, ErrorCode> {
        self.enter().await?;
        let mut messages = self.history(self.visit.unpaged_max()).await?;
        let mut unread = Vec::new();
        if self.visit.port().read_on_entry {
            let done = try_join(self.visit.take_split(&self.name), self.visit.read_all(&self.name));
            if let (Some(split), ()) = done.await.map_err(error)? {
                let first = messages.partition_point(|shown| shown.stored.message.seq <= split);
                unread = messages.split_off(first);
            }
        }
        Ok(OldMessages { read: self.entries(&messages), unread: self.entries(&unread) })
    }

    /// The newest messages, oldest first.
    async fn history(&self, limit: usize) -> Result<Vec<ShownMessage>, ErrorCode> {
        let mut messages = self.visit.history(&self.name, Window::All, limit).await.map_err(error)?;
        messages.reverse();
        Ok(messages)
    }

    /// Messages in the format's words, without those that it has none for.
    fn entries<T: From<Timestamp>>(&self, messages: &[ShownMessage]) -> Vec<Entry<T>> {
        let dialect = self.visit.port().dialect.as_any().downcast_ref().copied().unwrap_or_default();
        let entry = |shown: &ShownMessage| {
            shown.news(Some(self.token.as_str()), |news| Hipochat::entry(&dialect, news))
        };
        messages.iter().filter_map(entry).collect()
    }
}
