//! What the other server says.

use chat_protocol::{Timestamp, UserId, limits};
use chat_server_core::auth::{Principal, Profile};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{IdKey, LookupError};

/// Greatest integer that JavaScript and every double keep exactly.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Greatest length in bytes of a name that users of other formats are told: that of a room.
const MAX_NAME: usize = limits::MAX_ROOM_NAME;

/// What is wrong with a `user_id`.
const NO_USER: &str = "whose user_id is neither a valid string nor an integer from 0 to 2^53-1";

#[derive(Deserialize)]
struct Body {
    user_id: Value,
    #[serde(default)]
    expires_at: Value,
}

/// The user in the body of a 200. The reasons never repeat any of it.
pub(crate) fn principal(body: &[u8]) -> Result<Principal, LookupError> {
    let malformed = |reason| LookupError::Malformed { reason };
    let body: Body =
        serde_json::from_slice(body).map_err(|_| malformed("that is no JSON object with a user_id"))?;
    let user = user_id(&body.user_id).ok_or(malformed(NO_USER))?;
    let expires_at: Option<Timestamp> = serde_json::from_value(body.expires_at)
        .map_err(|_| malformed("whose expires_at is no RFC 3339 time"))?;
    Ok(Principal { user, expires_at })
}

/// The user and the profile in the body of a 200, which is an object or anything else.
pub(crate) fn profile(body: &[u8], token: &str, key: &IdKey) -> Result<(Principal, Profile), LookupError> {
    let mut more: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    // It is told to others.
    more.remove("token");
    let user = match more.remove("user_id") {
        None | Some(Value::Null) => key.user(token),
        Some(id) => user_id(&id),
    };
    let user = user.ok_or(LookupError::Malformed { reason: NO_USER })?;
    let text = |key: &str| more.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name: Vec<&str> = [text("name"), text("surname")].into_iter().flatten().collect();
    let name = Some(name.join(" ")).filter(|name| !name.is_empty() && name.len() <= MAX_NAME);
    let avatar = text("avatar").filter(|url| url.len() <= limits::MAX_URL).map(str::to_owned);
    Ok((Principal { user, expires_at: None }, Profile { name, avatar, more, ..Profile::default() }))
}

fn user_id(value: &Value) -> Option<UserId> {
    match value {
        Value::String(id) => UserId::new(id.as_str()).ok(),
        Value::Number(id) => {
            let id = id.as_u64().filter(|id| *id <= MAX_INTEGER)?;
            UserId::new(id.to_string()).ok()
        }
        _ => None,
    }
}
