//! Calls of helpdesk (dialect reference, section 7).

mod files;
mod form;
mod send;

use axum::http::header::{self, HeaderValue};
use axum::response::Response;
use chat_protocol::ErrorCode;
use chat_protocol::dialect::helpdesk::{
    Call, Desks, Helpdesk, History, Message, Refusal, Uuid, is_organization,
};
use chat_protocol::dialect::{RoomName, Secret};
use chat_server_core::Error;
use chat_server_core::dialects::{PortId, ShownMessage, Visit};

use super::{Asked, absolute, code, json};
use crate::dialects::facts::Facts;
use crate::edge::Edge;
use crate::http::commands::within;

pub(super) async fn answer(asked: Asked<'_>, call: Call) -> Response {
    let edge = asked.edge;
    let answered = match call {
        // It takes as long as its file does, and sees to that itself.
        Call::SendMessage => send::answer(asked).await,
        call => {
            let answered = within(edge, async { Ok(perform(asked, call).await) }).await;
            // Time alone ends it from outside.
            answered.unwrap_or(Err(Refusal::Unavailable))
        }
    };
    answered.unwrap_or_else(refused)
}

/// What answers a refusal of the server's.
pub(super) fn refuse(code: ErrorCode) -> Response {
    refused(Refusal::of(code))
}

fn refused(refusal: Refusal) -> Response {
    let mut response = json(refusal.status(), &refusal.body());
    if refusal == Refusal::Unauthenticated {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Token"));
    }
    response
}

fn error(error: Error) -> Refusal {
    Refusal::of(code(&error))
}

/// The options of the format.
fn options(edge: &Edge, port: PortId) -> Helpdesk {
    let dialect = &edge.server.port(port).dialect;
    dialect.as_any().downcast_ref().copied().unwrap_or_default()
}

/// Who asks: whose token it is, or anybody where the operator opened the port.
async fn visit(edge: &Edge, port: PortId, facts: &Facts) -> Result<Visit, Refusal> {
    if let Some(token) = Helpdesk::token(&facts.handshake()) {
        match edge.server.visit(port, &Secret(token.to_owned())).await {
            Err(refused) if code(&refused) == ErrorCode::InvalidToken => {}
            visit => return visit.map_err(error),
        }
    }
    edge.server.visit_open(port).await.map_err(error)
}

async fn perform(asked: Asked<'_>, call: Call) -> Result<Response, Refusal> {
    let Asked { edge, port, params, facts, .. } = asked;
    let (visit, format) = (visit(edge, port, facts).await?, options(edge, port));
    let named = params.first().map_or("", |(_, name)| name);
    match call {
        Call::Desks => Ok(json(200, &desks(&visit, &format, facts).await?)),
        Call::History => Ok(json(200, &history(&visit, &format, facts, named).await?)),
        Call::Upload => files::give(&visit, facts, named).await,
        // Answered elsewhere.
        Call::SendMessage => Err(Refusal::Unavailable),
    }
}

/// Those of an organization; of none, of one that nobody knows, and of one that is not the visitor's: none.
async fn desks(visit: &Visit, format: &Helpdesk, facts: &Facts) -> Result<Desks, Refusal> {
    let organization = facts.handshake().query("organization").unwrap_or_default();
    if !is_organization(organization) {
        return Ok(Desks::new());
    }
    match visit.desks(organization).await {
        Ok(found) => {
            Ok(found.iter().filter_map(|desk| desk.facts(None, |facts| format.desk(&facts))).collect())
        }
        Err(refused) if code(&refused) == ErrorCode::Forbidden => Ok(Desks::new()),
        Err(other) => Err(error(other)),
    }
}

async fn history(visit: &Visit, format: &Helpdesk, facts: &Facts, uuid: &str) -> Result<History, Refusal> {
    let desk = uuid.parse().map_err(|_| Refusal::NotFound)?;
    let found = visit.desk_history(&name(desk)).await.map_err(error)?;
    let shown = |message: &ShownMessage| message.news(None, |news| format.message(news));
    let origin = absolute(facts, "");
    Ok(found.iter().filter_map(shown).map(|message: Message| message.with_origin(&origin)).collect())
}

/// The name by which the server knows a desk.
fn name(desk: Uuid) -> RoomName {
    RoomName::Alias(desk.to_string())
}
