//! Calls of haraj (dialect reference, section 6): who asks, about what, and the envelope of every answer.

mod files;
mod messages;
mod topics;
mod users;

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::response::Response;
use chat_protocol::dialect::haraj::{Call, Code, Reply, TopicId, TopicRoom};
use chat_protocol::dialect::{RoomName, Secret, WireUser};
use chat_protocol::http::Params;
use chat_protocol::{ErrorCode, RoomId, RoomNumber, decode};
use chat_server_core::Error;
use chat_server_core::clock::{Clock, SystemClock};
use chat_server_core::dialects::Visit;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Asked, code, json, read};
use crate::dialects::facts::Facts;
use crate::edge::Edge;
use crate::http::commands::within;

pub(super) async fn answer(asked: Asked<'_>, call: Call) -> Response {
    let edge = asked.edge;
    if call == Call::PutUpload {
        // A file takes longer than a call may.
        return files::put(asked).await.unwrap_or_else(refused);
    }
    let answered = within(edge, async { Ok(perform(asked, call).await) }).await;
    // Time alone ends it from outside.
    answered.unwrap_or(Err(Code::StorageUnavailable)).unwrap_or_else(refused)
}

/// What answers a refusal of the server's.
pub(super) fn refuse(code: ErrorCode) -> Response {
    refused(Code::of(code))
}

fn refused(code: Code) -> Response {
    let mut response = written(&Reply::<()>::refused(None, code, SystemClock.now()));
    if code.status() == 401 {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn told(data: impl Serialize) -> Response {
    told_with(200, data)
}

/// Success of which a part may have failed.
fn told_with(status: u16, data: impl Serialize) -> Response {
    written(&Reply::ok(None, data, SystemClock.now()).with_status(status))
}

fn written<T: Serialize>(reply: &Reply<T>) -> Response {
    json(reply.status, reply)
}

fn error(error: Error) -> Code {
    Code::of(code(&error))
}

/// A call of a user that is known.
struct Guest<'r> {
    edge: &'r Edge,
    visit: Visit,
    params: Params,
    facts: &'r Facts,
    body: Body,
}

async fn perform(asked: Asked<'_>, call: Call) -> Result<Response, Code> {
    if call == Call::Login {
        return users::log_in(asked).await;
    }
    let Asked { edge, port, params, facts, body, .. } = asked;
    let token = token(facts).ok_or(Code::InvalidAccessToken)?;
    let visit = edge.server.visit(port, &token).await.map_err(error)?;
    let guest = Guest { edge, visit, params, facts, body };
    let named = guest.param("user");
    if call != Call::Profile && named.is_some_and(|named| named != guest.visit.user().as_str()) {
        return Err(Code::ForbiddenAccess);
    }
    match call {
        // Answered before it is known who asks.
        Call::Login | Call::PutUpload => Err(Code::Internal),
        Call::Renew | Call::RenewOld => users::renew(guest).await,
        Call::FindUsers => users::find(guest).await,
        Call::Profile => users::profile(guest).await,
        Call::UpdateUser => users::update(guest).await,
        Call::Upload => files::grant(guest).await,
        Call::GetUpload => files::get(guest).await,
        Call::ResolveTopics => topics::resolve(guest).await,
        Call::Topics => topics::list(guest).await,
        Call::StartTopic => topics::start(guest).await,
        Call::SetTyping => topics::type_in(guest).await,
        Call::HideTopic => topics::hide(guest).await,
        Call::History => messages::history(guest).await,
        Call::SendMessage => messages::send(guest).await,
        Call::ConfirmReads => messages::confirm(guest).await,
        Call::DeleteMessage => messages::delete(guest).await,
    }
}

fn token(facts: &Facts) -> Option<Secret> {
    let (scheme, token) = facts.handshake().header("authorization")?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| Secret(token.to_owned()))
}

/// The JSON of a body that is not larger than a frame.
async fn body<T: DeserializeOwned>(edge: &Edge, body: Body) -> Result<T, Code> {
    let body = read(body, edge.server.config().max_frame).await.map_err(Code::of)?;
    decode(&body).map_err(|_| Code::BadRequest)
}

impl<'r> Guest<'r> {
    fn me(&self) -> WireUser {
        self.visit.user().clone().into()
    }

    fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    fn query(&self) -> impl Iterator<Item = (&'r str, &'r str)> + Clone + use<'r> {
        let facts = self.facts;
        facts.handshake().query.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The topic of the path.
    fn topic(&self) -> Result<Topic, Code> {
        let name = self.param("topic").unwrap_or_default();
        Topic::of(&TopicId(name.to_owned()), &self.visit).ok_or(Code::ForbiddenAccess)
    }
}

/// A topic of which the user may be a part.
struct Topic {
    /// As we write it, whatever the order in which the users came.
    id: TopicId,
    room: RoomName,
    /// Of two users.
    pair: bool,
}

impl Topic {
    fn of(id: &TopicId, visit: &Visit) -> Option<Self> {
        let me = visit.user();
        Some(match id.room(me)? {
            TopicRoom::Direct(peer) => Self {
                id: TopicId::direct(me, &peer),
                room: RoomName::Id(RoomId::direct(me, &peer)),
                pair: true,
            },
            TopicRoom::Group(number) => {
                Self { id: id.clone(), room: RoomName::Number(RoomNumber::new(number)?), pair: false }
            }
        })
    }
}
