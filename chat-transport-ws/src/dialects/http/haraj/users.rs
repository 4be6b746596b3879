//! Users: tokens, names and pictures, devices.

use axum::response::Response;
use chat_protocol::command::{PushService, PushTarget};
use chat_protocol::dialect::haraj::{
    Code, Device, FindQuery, FoundUser, FoundUsers, Login, Platform, Profile, Session, UpdateUser,
    UpdatedUser,
};
use chat_protocol::{ErrorCode, UserId};
use chat_server_core::Error;
use chat_server_core::auth::{self, Issued};
use chat_server_core::clock::{Clock, SystemClock};

use super::{Asked, Guest, body, error, told};

/// Who guesses is slowed down, by where it comes from; the issuer looks at the name.
pub(super) async fn log_in(asked: Asked<'_>) -> Result<Response, Code> {
    let Asked { edge, port, facts, body: bytes, .. } = asked;
    let login: Login = body(edge, bytes).await?;
    let from = facts.household();
    edge.logins.attempt(&from, SystemClock.now()).map_err(|_| Code::TooManyRequests)?;
    let said = match &login {
        Login::Basic { username, password } => auth::Login::Password { username, password: &password.0 },
        Login::HarajSession { session_value } => auth::Login::Session(&session_value.0),
    };
    let logged_in = edge.server.log_in(port, said).await;
    let is_wrong = |refused: &Error| refused.wire().code == ErrorCode::InvalidToken;
    // What nobody could look at, because somebody is not there or waits already, was no guess.
    if !logged_in.as_ref().is_err_and(is_wrong) {
        edge.logins.was_right(&from);
    }
    match logged_in {
        Ok(issued) => Ok(session(issued)),
        Err(refused) if is_wrong(&refused) => Err(Code::MismatchCredentials),
        Err(other) => Err(error(other)),
    }
}

pub(super) async fn renew(guest: Guest<'_>) -> Result<Response, Code> {
    guest.visit.renew().await.map(session).map_err(error)
}

fn session(issued: Issued) -> Response {
    let Issued { user, token, expires_at } = issued;
    told(Session { user_id: user.into(), access_token: token, expires: expires_at })
}

pub(super) async fn find(guest: Guest<'_>) -> Result<Response, Code> {
    let query = FindQuery::read(guest.query())?;
    let found = guest.visit.named(&query.usernames).await.map_err(error)?;
    let users = found.iter().map(|(name, user)| FoundUser::of(user, name)).collect();
    Ok(told(FoundUsers { user_id: guest.me(), users }))
}

pub(super) async fn profile(guest: Guest<'_>) -> Result<Response, Code> {
    let user = UserId::new(guest.param("user").unwrap_or_default()).map_err(|_| Code::BadRequest)?;
    let found = guest.visit.profile(&user).await.map_err(error)?;
    Ok(told(Profile::of(&found)))
}

pub(super) async fn update(guest: Guest<'_>) -> Result<Response, Code> {
    let (user_id, visit) = (guest.me(), guest.visit);
    let update: UpdateUser = body(guest.edge, guest.body).await?;
    let done = match &update {
        UpdateUser::UpdateAvatar { avatar } => visit.set_avatar(avatar).await,
        UpdateUser::UpdateDevice { device } => visit.set_device(target(device)).await,
    };
    done.map_err(error)?;
    Ok(told(UpdatedUser { user_id, update }))
}

/// Where pushes for a device go. Whose service carries them in the end is the operator's choice.
fn target(device: &Device) -> PushTarget {
    let service = match device.platform {
        Platform::Ios => PushService::Apns,
        Platform::Android => PushService::Fcm,
    };
    PushTarget { service, token: device.token.0.clone(), app: None }
}
