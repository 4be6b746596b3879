//! What the other server says.

use chat_protocol::{Timestamp, UserId};
use chat_server_core::auth::Principal;
use serde::Deserialize;
use serde_json::Value;

use crate::LookupError;

/// Greatest integer that JavaScript and every double keep exactly.
const MAX_INTEGER: u64 = (1 << 53) - 1;

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
    let user = user_id(&body.user_id)
        .ok_or(malformed("whose user_id is neither a valid string nor an integer from 0 to 2^53-1"))?;
    let expires_at: Option<Timestamp> = serde_json::from_value(body.expires_at)
        .map_err(|_| malformed("whose expires_at is no RFC 3339 time"))?;
    Ok(Principal { user, expires_at })
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
