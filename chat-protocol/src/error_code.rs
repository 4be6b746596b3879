//! The closed table of error codes. Everything about a code stands in its one line; every mapping is generated
//! from it, so that no code can lack one.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Open;

/// What the receiver of an error does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Send the same command again later, on the same connection.
    Retry,
    /// Connect again and resume.
    Reconnect,
    /// Get a new token, then authenticate again.
    Refresh,
    /// Do not repeat it: the command itself must change.
    Stop,
}

macro_rules! error_codes {
    ($($variant:ident $text:literal $status:literal $close:literal $action:ident $sentence:literal;)*) => {
        /// Why something was refused, or why a connection ends.
        ///
        /// The text is what travels; a reader that meets a text it does not know keeps it (see `ErrorText`) and
        /// acts on the `action` beside it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(
                #[doc = concat!("`", $text, "`, HTTP ", stringify!($status), ", close code ", stringify!($close), ". ", $sentence)]
                $variant,
            )*
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant),*];

            /// Stable text on the wire.
            pub const fn text(self) -> &'static str {
                match self { $(ErrorCode::$variant => $text,)* }
            }

            /// HTTP status, also the `status` of a reply.
            pub const fn status(self) -> u16 {
                match self { $(ErrorCode::$variant => $status,)* }
            }

            /// Close code (RFC 6455 section 7.4) when the connection ends for this reason.
            pub const fn close_code(self) -> u16 {
                match self { $(ErrorCode::$variant => $close,)* }
            }

            /// What the receiver does next.
            pub const fn action(self) -> Action {
                match self { $(ErrorCode::$variant => Action::$action,)* }
            }

            /// One sentence for people.
            pub const fn sentence(self) -> &'static str {
                match self { $(ErrorCode::$variant => $sentence,)* }
            }
        }
    };
}

error_codes! {
    // variant        text                         HTTP close action    sentence
    BadRequest        "ERR_BAD_REQUEST"            400  4400  Stop      "A field is missing, of the wrong type or out of range; `detail` names it.";
    InvalidJson       "ERR_INVALID_JSON"           400  4400  Stop      "The frame or body is not JSON.";
    TooDeep           "ERR_TOO_DEEP"               400  4400  Stop      "JSON nests deeper than 64 levels.";
    UnknownCommand    "ERR_UNKNOWN_COMMAND"        400  4400  Stop      "No command has this name, or the frame holds none or several.";
    UnsupportedFrame  "ERR_UNSUPPORTED_FRAME"      400  1003  Stop      "Native packets are text frames; this one was binary.";
    ProtocolViolation "ERR_PROTOCOL"               400  1002  Reconnect "The peer broke the rules of the transport.";
    InvalidUtf8       "ERR_INVALID_UTF8"           400  1007  Reconnect "A text frame is not UTF-8.";
    UnsupportedVersion "ERR_UNSUPPORTED_VERSION"   400  4406  Stop      "None of the offered subprotocols is spoken here; `chat.v1` is.";
    TooLarge          "ERR_TOO_LARGE"              413  1009  Stop      "The frame, body or content exceeds its size limit.";
    NotAuthenticated  "ERR_NOT_AUTHENTICATED"      401  4401  Refresh   "Authenticate first.";
    InvalidToken      "ERR_INVALID_ACCESS_TOKEN"   401  4401  Refresh   "The token is wrong, expired or revoked.";
    TokenExpired      "ERR_TOKEN_EXPIRED"          401  4402  Refresh   "The token of this connection expired and was not refreshed.";
    AuthTimeout       "ERR_AUTH_TIMEOUT"           408  4408  Reconnect "No successful `auth` arrived within the deadline.";
    Forbidden         "ERR_FORBIDDEN_ACCESS"       403  4403  Stop      "There is no such room, or it is not yours, or your role does not allow this.";
    OriginRefused     "ERR_ORIGIN_REFUSED"         403  4403  Stop      "Pages of this origin may not connect; the operator lists the allowed ones.";
    NotFound          "ERR_NOT_FOUND"              404  4404  Stop      "There is no such path or user.";
    MessageNotFound   "ERR_MESSAGE_NOT_FOUND"      404  4404  Stop      "There is no such message in this room, or it was deleted.";
    MethodNotAllowed  "ERR_METHOD_NOT_ALLOWED"     405  4405  Stop      "The path exists, but not with this method.";
    AlreadyExists     "ERR_ALREADY_EXISTS"         409  4409  Stop      "A room with this id exists; join it instead.";
    Conflict          "ERR_CLIENT_ID_CONFLICT"     409  4409  Stop      "The same client_msg_id or client_room_id was used before with another body.";
    LimitReached      "ERR_LIMIT_REACHED"          409  4413  Stop      "A documented number of things (sessions, rooms followed, users listened to, reactions to a message) would be exceeded.";
    NotSupported      "ERR_NOT_SUPPORTED"          501  4501  Stop      "This server does not offer that; `detail` names it.";
    MediaType         "ERR_UNSUPPORTED_MEDIA_TYPE" 415  4415  Stop      "A body or upload of this media type is not taken.";
    SessionRevoked    "ERR_SESSION_REVOKED"        401  4414  Refresh   "The session was ended from another one, or by the operator.";
    RateLimited       "ERR_TOO_MANY_REQUESTS"      429  4429  Retry     "Too much at once; wait `retry_after_ms`.";
    SessionReplaced   "ERR_SESSION_REPLACED"       409  4410  Stop      "Another connection took this session over.";
    SlowReader        "ERR_SLOW_READER"            503  4411  Reconnect "The connection read too slowly and its queue is full; nothing stored is lost.";
    HeartbeatTimeout  "ERR_HEARTBEAT_TIMEOUT"      408  4412  Reconnect "Nothing was heard from the peer, or it took nothing, for too long.";
    ShuttingDown      "ERR_SHUTTING_DOWN"          503  1001  Reconnect "The server is going away.";
    StorageUnavailable "ERR_STORAGE_UNAVAILABLE"   503  4503  Retry     "The store cannot take or give data now. Nothing was stored, unless `detail` says that nobody knows.";
    Internal          "ERR_INTERNAL_ERROR"         500  1011  Retry     "The server failed; the operator's log says why.";
}

impl ErrorCode {
    /// The code with this text.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.text() == text)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// An error code as it travels: a known one, or the text of one that only the peer knows.
pub type ErrorText = Open<ErrorCode>;

impl ErrorText {
    /// The text on the wire.
    pub fn text(&self) -> &str {
        match self {
            Open::Known(code) => code.text(),
            Open::Other(text) => text,
        }
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Code;
        impl Visitor<'_> for Code {
            type Value = ErrorCode;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an error code")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ErrorCode, E> {
                ErrorCode::from_text(text).ok_or_else(|| E::custom("not a code of this version"))
            }
        }
        deserializer.deserialize_str(Code)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ErrorCode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ErrorCode".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let codes: Vec<schemars::Schema> = ErrorCode::ALL
            .iter()
            .map(|code| schemars::json_schema!({ "const": code.text(), "description": code.sentence() }))
            .collect();
        schemars::json_schema!({
            "description": "Stable error code. A newer server may send others: act on `action` then.",
            "oneOf": codes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_consistent() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_text(code.text()), Some(*code), "texts are unique");
            assert!((400..=599).contains(&code.status()), "{code}");
            let close = code.close_code();
            assert!((1001..=1011).contains(&close) || (4000..=4999).contains(&close), "{code}");
            assert!(code.sentence().ends_with('.'), "{code}");
        }
    }

    #[test]
    fn a_code_of_a_newer_peer_is_kept_as_text() {
        let text: ErrorText = serde_json::from_str("\"ERR_FROM_THE_FUTURE\"").unwrap();
        assert_eq!(text.known(), None);
        assert_eq!(serde_json::to_string(&text).unwrap(), "\"ERR_FROM_THE_FUTURE\"");
    }
}
