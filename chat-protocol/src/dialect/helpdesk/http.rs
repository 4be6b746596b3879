//! Bodies of HTTP requests and answers.
//!
//! Rule: dialect reference (`docs/dialects.md`), section 7, "Paths and authentication", "HTTP endpoints" and
//! "Bad input".

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Desk, Message, Uuid};
use crate::ErrorCode;
use crate::dialect::scalar::Scalar;
use crate::object::read_object;

/// Answer of `GET /api/help-desks/`: the desk with the newest `created_at` first.
pub type Desks = Vec<Desk>;

/// Answer of `GET /api/help-desks/<uuid>/history/`: the newest message first.
pub type History = Vec<Message>;

/// Query of `GET /api/help-desks/`.
///
/// ```
/// use chat_protocol::dialect::helpdesk::DeskQuery;
/// let query: DeskQuery = serde_json::from_str(r#"{"organization":"acme"}"#).unwrap();
/// assert_eq!(query.organization.as_deref(), Some("acme"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeskQuery {
    /// Whose desks to list. Without it, with one that does not exist or is not the caller's: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// Whether a text can name an organization: one or more letters and digits of any script, and underscores.
pub fn is_organization(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Body of `POST /api/send-message/`, as JSON, as a form or, with a file beside it, as a multipart form.
///
/// ```
/// use chat_protocol::dialect::helpdesk::SendMessage;
/// let json = r#"{"message":"Oi","help_desk":"5d6e7f80-91a2-43b4-95c6-d7e8f9010203"}"#;
/// let send = SendMessage::from_json(json.as_bytes()).unwrap();
/// assert_eq!(send.text.as_deref(), Some("Oi"));
/// assert_eq!(serde_json::to_string(&send).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SendMessage {
    /// Its text; may be absent when there is a file.
    #[serde(rename = "message", default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The desk to write to.
    #[serde(rename = "help_desk")]
    pub desk: Uuid,
}

/// The JSON body as it comes. A desk that is no string is answered like a string that is no UUID.
#[derive(Deserialize)]
struct Fields {
    help_desk: Option<Scalar>,
    message: Option<String>,
}

impl Fields {
    fn from<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer, "an object with help_desk and message")
    }

    fn desk(&self) -> Result<Uuid, Refusal> {
        match self.help_desk.as_ref().ok_or(Refusal::NoDesk)? {
            Scalar::Text(desk) => desk.parse().map_err(|_| Refusal::NotFound),
            _ => Err(Refusal::NotFound),
        }
    }
}

impl<'de> Deserialize<'de> for SendMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::from(deserializer)?;
        let desk = fields.desk().map_err(|_| serde::de::Error::custom("expected help_desk to be a UUID"))?;
        Ok(Self { text: fields.message, desk })
    }
}

impl SendMessage {
    /// Reads a JSON body, which never has a file: a `file` in it is ignored, as the original did. Unlike the
    /// plain reader of JSON it knows what to answer, and that a text must be there.
    ///
    /// # Errors
    /// What to answer: [`Refusal::TooLarge`] above the size of a frame, [`Refusal::Malformed`] for what is no
    /// object of this shape, then as [`SendMessage::from_fields`].
    pub fn from_json(body: &[u8]) -> Result<Self, Refusal> {
        struct Body(Fields);
        impl<'de> Deserialize<'de> for Body {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Fields::from(deserializer).map(Self)
            }
        }
        let Body(fields) = crate::decode(body).map_err(|error| match error.code {
            ErrorCode::TooLarge => Refusal::TooLarge,
            _ => Refusal::Malformed,
        })?;
        Self { desk: fields.desk()?, text: fields.message }.with_text_or(false)
    }

    /// Reads the fields of a form; `file` says whether one came with it.
    ///
    /// # Errors
    /// What to answer: [`Refusal::NoDesk`], [`Refusal::NotFound`] when the desk is no UUID,
    /// [`Refusal::NoMessage`] when there is neither text nor file, by the first rule that is broken. Our
    /// decision: an empty text is a text.
    pub fn from_fields(desk: Option<&str>, text: Option<String>, file: bool) -> Result<Self, Refusal> {
        let desk = desk.ok_or(Refusal::NoDesk)?.parse().map_err(|_| Refusal::NotFound)?;
        Self { desk, text }.with_text_or(file)
    }

    fn with_text_or(self, file: bool) -> Result<Self, Refusal> {
        if self.text.is_none() && !file { Err(Refusal::NoMessage) } else { Ok(self) }
    }
}

/// Answer of `POST /api/send-message/`.
///
/// ```
/// use chat_protocol::dialect::helpdesk::Created;
/// let json = r#"{"message":"Mensagem criada"}"#;
/// assert_eq!(serde_json::to_string(&Created::default()).unwrap(), json);
/// assert_eq!(serde_json::from_str::<Created>(json).unwrap(), Created::default());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(expecting = "an object with message")]
pub struct Created {
    /// A word for people. Not the text that was sent.
    pub message: String,
}

impl Default for Created {
    /// The words of the original.
    fn default() -> Self {
        Self { message: "Mensagem criada".to_owned() }
    }
}

/// Why a request is refused. Displayed as the text that its answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// 400: `help_desk` is missing.
    #[error("This field is required.")]
    NoDesk,
    /// 400: both `message` and `file` are missing.
    #[error("This field is required.")]
    NoMessage,
    /// 400: the body cannot be read, or a field has a wrong type (our decision).
    #[error("Malformed request.")]
    Malformed,
    /// 401: no valid token.
    #[error("Authentication credentials were not provided.")]
    Unauthenticated,
    /// 404: no such desk or file, an id that is no UUID, or not an agent of the organization, which looks the
    /// same.
    #[error("Not found.")]
    NotFound,
    /// 405: the path has no such method (our decision: the text).
    #[error("Method not allowed.")]
    MethodNotAllowed,
    /// 413: larger than `helpdesk.max_upload` or, as JSON, than a frame (our decision: the text).
    #[error("Request entity too large.")]
    TooLarge,
    /// 429: too many requests (our decision: the text).
    #[error("Request was throttled.")]
    RateLimited,
    /// 503: the storage does not answer (our decision: the text).
    #[error("Service temporarily unavailable, try again later.")]
    Unavailable,
}

impl Refusal {
    /// What answers a refusal of the server's, where the call has no answer of its own for it.
    pub fn of(code: ErrorCode) -> Self {
        match code.status() {
            401 => Self::Unauthenticated,
            403 | 404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            413 => Self::TooLarge,
            409 | 429 => Self::RateLimited,
            400 | 415 => Self::Malformed,
            _ => Self::Unavailable,
        }
    }

    /// The status of the answer.
    pub fn status(self) -> u16 {
        match self {
            Self::NoDesk | Self::NoMessage | Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::RateLimited => 429,
            Self::Unavailable => 503,
        }
    }

    /// The body of the answer.
    pub fn body(self) -> ErrorBody {
        let text = self.to_string();
        match self {
            Self::NoDesk => ErrorBody::field("help_desk", text),
            Self::NoMessage => ErrorBody::field("message", text),
            _ => ErrorBody::Detail(text),
        }
    }
}

/// Body of an answer that refuses.
///
/// ```
/// use chat_protocol::dialect::helpdesk::{ErrorBody, Refusal};
/// for (json, refusal) in [
///     (r#"{"detail":"Not found."}"#, Refusal::NotFound),
///     (r#"{"help_desk":["This field is required."]}"#, Refusal::NoDesk),
/// ] {
///     let body: ErrorBody = serde_json::from_str(json).unwrap();
///     assert_eq!(body, refusal.body());
///     assert_eq!(serde_json::to_string(&body).unwrap(), json);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "WireBody", into = "WireBody")]
pub enum ErrorBody {
    /// What is wrong with the request.
    Detail(String),
    /// What is wrong with its fields, by their names.
    Fields(BTreeMap<String, Vec<String>>),
}

impl ErrorBody {
    fn field(name: &str, text: String) -> Self {
        Self::Fields(BTreeMap::from([(name.to_owned(), vec![text])]))
    }
}

/// An object with `detail`, or one with the fields that are wrong.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "an object with detail, or with lists of texts by field")]
enum WireBody {
    /// What is wrong with the request, in words for people.
    Detail {
        /// The words.
        detail: String,
    },
    /// What is wrong with its fields, by their names.
    Fields(BTreeMap<String, Vec<String>>),
}

impl From<WireBody> for ErrorBody {
    fn from(body: WireBody) -> Self {
        match body {
            WireBody::Detail { detail } => Self::Detail(detail),
            WireBody::Fields(fields) => Self::Fields(fields),
        }
    }
}

impl From<ErrorBody> for WireBody {
    fn from(body: ErrorBody) -> Self {
        match body {
            ErrorBody::Detail(detail) => Self::Detail { detail },
            ErrorBody::Fields(fields) => Self::Fields(fields),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organizations_are_words_of_any_script() {
        for (name, good) in [
            ("acme", true),
            ("Acme_2", true),
            ("ação", true),
            ("", false),
            ("a b", false),
            ("a/b", false),
            ("a-b", false),
        ] {
            assert_eq!(is_organization(name), good, "{name:?}");
        }
    }
}
