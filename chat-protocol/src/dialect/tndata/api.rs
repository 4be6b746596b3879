//! Bodies of the HTTP interface.

use std::fmt;

use serde::de::{self, Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Digest, Object};
use crate::dialect::{Spaced, WireUser};
use crate::{ErrorCode, MAX_SAFE, UserId};

/// What `object_type` of every message says.
const OBJECT_TYPE: &str = "chatmessage";

/// A stored message.
///
/// ```
/// use chat_protocol::dialect::tndata::MessageEntry;
/// let json = r#"{"id":61,"object_type":"chatmessage","user":1,"user_id":"1","user_username":"brad","user_full_name":"Brad Montgomery","avatar":"//host/photo.jpg","room":"chat-1-2","text":"Hi","read":false,"digest":"584d07235fb9e4f2ab2a2c0c24142180","created_on":"2017-01-04 23:10:00.000+0000"}"#;
/// let entry: MessageEntry = serde_json::from_str(json).unwrap();
/// assert_eq!(entry.user.as_str(), "1");
/// assert_eq!(serde_json::to_string(&entry).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageEntry {
    /// Number of the message, unique in the server and growing within a room; at most 2^53-1.
    pub id: u64,
    /// Who wrote it. Written twice: as `user` in the form of the dialect, as `user_id` always a string.
    pub user: UserId,
    /// The author's short name.
    pub username: String,
    /// The author's full name.
    pub full_name: String,
    /// Address of the author's picture, without a scheme.
    pub avatar: String,
    /// Name of the room.
    pub room: String,
    /// What was written.
    pub text: String,
    /// Whether any member other than the author has read it.
    pub read: bool,
    /// The message's name in receipts.
    pub digest: Digest,
    /// When it was stored.
    pub created_on: Spaced,
}

/// A message as it is written.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct EntryWire<'a> {
    /// Number of the message, unique in the server and growing within a room.
    id: u64,
    /// Always `chatmessage`.
    object_type: &'static str,
    /// Who wrote it: a number when the id is one, else a string.
    user: WireUser,
    /// The same, always a string.
    user_id: &'a UserId,
    /// The author's short name.
    user_username: &'a str,
    /// The author's full name.
    user_full_name: &'a str,
    /// Address of the author's picture, without a scheme.
    avatar: &'a str,
    /// Name of the room.
    room: &'a str,
    /// What was written.
    text: &'a str,
    /// Whether any member other than the author has read it.
    read: bool,
    /// The message's name in receipts.
    digest: Digest,
    /// When it was stored.
    created_on: Spaced,
}

impl Serialize for MessageEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EntryWire {
            id: self.id,
            object_type: OBJECT_TYPE,
            user: WireUser(self.user.clone()),
            user_id: &self.user,
            user_username: &self.username,
            user_full_name: &self.full_name,
            avatar: &self.avatar,
            room: &self.room,
            text: &self.text,
            read: self.read,
            digest: self.digest,
            created_on: self.created_on,
        }
        .serialize(serializer)
    }
}

/// A message as it is read: servers of the first generation write the author once and no `object_type`.
#[derive(Deserialize)]
struct EntryRead {
    #[serde(deserialize_with = "message_number")]
    id: u64,
    #[serde(default)]
    user: Option<WireUser>,
    #[serde(default)]
    user_id: Option<WireUser>,
    user_username: String,
    user_full_name: String,
    avatar: String,
    room: String,
    text: String,
    read: bool,
    digest: Digest,
    created_on: Spaced,
}

impl<'de> Deserialize<'de> for MessageEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(wire) = Object::<EntryRead>::deserialize(deserializer)?;
        let WireUser(user) = wire.user.or(wire.user_id).ok_or_else(|| D::Error::missing_field("user"))?;
        Ok(Self {
            id: wire.id,
            user,
            username: wire.user_username,
            full_name: wire.user_full_name,
            avatar: wire.avatar,
            room: wire.room,
            text: wire.text,
            read: wire.read,
            digest: wire.digest,
            created_on: wire.created_on,
        })
    }
}

/// A number that JavaScript keeps exact.
fn message_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Number;
    impl Visitor<'_> for Number {
        type Value = u64;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a message's number: an integer from 0 to {MAX_SAFE}")
        }
        fn visit_u64<E: de::Error>(self, number: u64) -> Result<u64, E> {
            if number <= MAX_SAFE {
                Ok(number)
            } else {
                Err(E::custom("a number is at most 9007199254740991"))
            }
        }
    }
    deserializer.deserialize_u64(Number)
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for MessageEntry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MessageEntry".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        EntryWire::json_schema(generator)
    }
}

/// One page of a list.
///
/// ```
/// use chat_protocol::dialect::tndata::{Account, Page};
/// let json = r#"{"count":1,"next":null,"previous":null,"results":[{"id":1,"email":"","username":"","first_name":"","last_name":""}]}"#;
/// let page: Page<Account> = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&page).unwrap(), json);
/// assert_eq!(page, Page::only(page.results[0].clone()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "{T}Page"))]
pub struct Page<T> {
    /// Number of entries on all pages.
    pub count: u64,
    /// Absolute address of the next page; null on the last.
    pub next: Option<String>,
    /// Absolute address of the page before; null on the first.
    pub previous: Option<String>,
    /// The entries.
    pub results: Vec<T>,
}

impl<T> Page<T> {
    /// The one page of a list with one entry.
    pub fn only(entry: T) -> Self {
        Self { count: 1, next: None, previous: None, results: vec![entry] }
    }
}

/// Messages that are not paged, newest first.
///
/// ```
/// use chat_protocol::dialect::tndata::MessageList;
/// let json = r#"{"count":0,"results":[]}"#;
/// let list: MessageList = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&list).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageList {
    /// Number of messages. Of a history: of those in this answer.
    pub count: u64,
    /// The messages.
    pub results: Vec<MessageEntry>,
}

impl From<Vec<MessageEntry>> for MessageList {
    fn from(results: Vec<MessageEntry>) -> Self {
        Self { count: results.len() as u64, results }
    }
}

/// The answer to a request for the history of a room.
///
/// ```
/// use chat_protocol::dialect::tndata::History;
/// for json in ["{}", r#"{"count":0,"results":[]}"#] {
///     let history: History = serde_json::from_str(json).unwrap();
///     assert_eq!(serde_json::to_string(&history).unwrap(), json);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum History {
    /// The messages asked for.
    Messages(MessageList),
    /// No room was named, or the user is no member of it: an empty object, and still a success.
    NoRoom,
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Messages(list) => list.serialize(serializer),
            Self::NoRoom => HistoryWire { count: None, results: None }.serialize(serializer),
        }
    }
}

/// A history as it is written: both keys or none.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct HistoryWire {
    /// Number of messages in this answer; absent when there is no such room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// The messages, newest first; absent when there is no such room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    results: Option<Vec<MessageEntry>>,
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Object::<HistoryWire>::deserialize(deserializer)?.0 {
            HistoryWire { count: None, results: None } => Ok(Self::NoRoom),
            HistoryWire { count: Some(count), results: Some(results) } => {
                Ok(Self::Messages(MessageList { count, results }))
            }
            HistoryWire { count: None, .. } => Err(D::Error::missing_field("count")),
            HistoryWire { .. } => Err(D::Error::missing_field("results")),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for History {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "History".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        HistoryWire::json_schema(generator)
    }
}

/// Marks everything that others wrote in a room as read. A form with the same key is as good.
///
/// ```
/// use chat_protocol::dialect::tndata::MarkRead;
/// let json = r#"{"room":"chat-1-2"}"#;
/// let mark: MarkRead = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&mark).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MarkRead {
    /// Name of the room.
    pub room: String,
}

impl<'de> Deserialize<'de> for MarkRead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            room: String,
        }
        let Object(Wire { room }) = Object::deserialize(deserializer)?;
        Ok(Self { room })
    }
}

/// The user who asks. Texts that are not known are empty.
///
/// ```
/// use chat_protocol::dialect::tndata::Account;
/// let json = r#"{"id":1,"email":"","username":"","first_name":"","last_name":""}"#;
/// let account: Account = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&account).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account {
    /// The user.
    pub id: WireUser,
    /// E-mail address.
    pub email: String,
    /// Short name.
    pub username: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

/// The picture of the user who asks.
///
/// ```
/// use chat_protocol::dialect::tndata::Profile;
/// let json = r#"{"google_image":"https://host/photo.jpg"}"#;
/// let profile: Profile = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&profile).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Profile {
    /// Address of the picture, here with its scheme.
    pub google_image: String,
}

/// Body of an answer that is an error.
///
/// ```
/// use chat_protocol::dialect::tndata::{ApiError, ErrorBody};
/// let json = r#"{"detail":"Invalid token."}"#;
/// let body: ErrorBody = serde_json::from_str(json).unwrap();
/// assert_eq!(body, ErrorBody::from(ApiError::InvalidToken));
/// assert_eq!(serde_json::to_string(&body).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ErrorBody {
    /// Whoever asks, what is asked for, or the server is at fault.
    Detail(String),
    /// A parameter is at fault.
    Error(String),
}

impl ErrorBody {
    /// The text for people.
    pub fn text(&self) -> &str {
        match self {
            Self::Detail(text) | Self::Error(text) => text,
        }
    }
}

impl<'de> Deserialize<'de> for ErrorBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            detail: Option<String>,
            #[serde(default)]
            error: Option<String>,
        }
        let Object(Wire { detail, error }) = Object::deserialize(deserializer)?;
        let found = detail.map(Self::Detail).or(error.map(Self::Error));
        found.ok_or_else(|| D::Error::missing_field("detail"))
    }
}

/// The errors of the HTTP interface. Each displays as exactly the text that its body holds.
///
/// ```
/// use chat_protocol::dialect::tndata::{ApiError, ErrorBody};
/// let error = ApiError::NoRoom;
/// assert_eq!(error.status(), 400);
/// let json = serde_json::to_string(&ErrorBody::from(error)).unwrap();
/// assert_eq!(json, r#"{"error":"Either room not found or user was not a member"}"#);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// 401: no credential was shown.
    #[error("Authentication credentials were not provided.")]
    NoCredentials,
    /// 401: the credential is not, or no longer, valid.
    #[error("Invalid token.")]
    InvalidToken,
    /// 404: no such message, or one of somebody else.
    #[error("Not found.")]
    NotFound,
    /// 400: no such room, or one of others.
    #[error("Either room not found or user was not a member")]
    NoRoom,
    /// 400: a parameter cannot be used.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// 405: the path does not have this method. The reference leaves the words of this and the next three to us.
    #[error("Method not allowed.")]
    MethodNotAllowed,
    /// 413: the request is too large.
    #[error("Request is too large.")]
    TooLarge,
    /// 429: too many requests; wait before the next.
    #[error("Request was throttled.")]
    TooMany,
    /// 503: the storage cannot answer now; try again later.
    #[error("Service temporarily unavailable, try again later.")]
    Unavailable,
}

/// Which parameter cannot be used. The reference leaves the words to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// `page` is no number from 1.
    #[error("page is not a whole number from 1")]
    Page,
    /// `size` is no number.
    #[error("size is not a whole number")]
    Size,
    /// `since` or `before` is no date.
    #[error("not a date such as 2017-01-04 or 2017-01-04 23:10:00+0000")]
    Date,
}

impl ApiError {
    /// What answers a refusal of the server's, where the call has no answer of its own for it.
    pub fn of(code: ErrorCode) -> Self {
        match (code, code.status()) {
            (ErrorCode::NotAuthenticated, _) => Self::NoCredentials,
            (_, 401) => Self::InvalidToken,
            (_, 403 | 404) => Self::NotFound,
            (_, 405) => Self::MethodNotAllowed,
            (_, 413) => Self::TooLarge,
            (_, 409 | 429) => Self::TooMany,
            // The one body that there is names a room.
            (_, 400 | 415) => Self::NoRoom,
            _ => Self::Unavailable,
        }
    }

    /// The status of the answer.
    pub fn status(self) -> u16 {
        match self {
            Self::NoCredentials | Self::InvalidToken => 401,
            Self::NotFound => 404,
            Self::NoRoom | Self::Query(_) => 400,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::TooMany => 429,
            Self::Unavailable => 503,
        }
    }
}

impl From<ApiError> for ErrorBody {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::NoRoom | ApiError::Query(_) => Self::Error(error.to_string()),
            _ => Self::Detail(error.to_string()),
        }
    }
}
