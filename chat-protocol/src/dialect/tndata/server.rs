//! What servers send.

use std::fmt;

use serde::de::{self, Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Digest, Object, required, text};
use crate::UserId;
use crate::dialect::WireUser;
use crate::dialect::scalar::Scalar;
use crate::id::canonical_decimal;

/// The picture of a user who has none: a grey outline.
pub const DEFAULT_AVATAR: &str = "//www.gravatar.com/avatar/0?d=mm&s=30";

/// What stands in `from` of a frame that no user wrote.
const SYSTEM: &str = "system";

/// One frame of the server.
///
/// ```
/// use chat_protocol::dialect::tndata::ServerFrame;
/// for json in [
///     r#"{"from_id":42,"from":"Brad Montgomery","message":"Hi","text":"Hi","avatar":"//host/photo.jpg","digest":"584d07235fb9e4f2ab2a2c0c24142180"}"#,
///     r#"{"from_id":-1,"from":"system","room":"chat-1-42","message":"Brad Montgomery joined.","text":"Brad Montgomery joined."}"#,
/// ] {
///     let frame: ServerFrame = chat_protocol::decode(json.as_bytes()).unwrap();
///     assert_eq!(serde_json::to_string(&frame).unwrap(), json);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ServerFrame {
    /// Something that a user wrote.
    Message(UserMessage),
    /// Something about the room or the connection, for people to read.
    Notice(Notice),
}

/// In which form a user message tells its sender. Setting `tndata.from_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FromIdForm {
    /// A number when the id is one: React compares it with a number, Android parses one.
    #[default]
    Number,
    /// Always a string, as in the original document.
    String,
}

/// The sender of a user message, and the form in which it is written.
///
/// ```
/// use chat_protocol::{UserId, dialect::tndata::{FromId, FromIdForm}};
/// let user = UserId::new("42").unwrap();
/// let write = |form| serde_json::to_string(&FromId::new(user.clone(), form)).unwrap();
/// assert_eq!((write(FromIdForm::Number).as_str(), write(FromIdForm::String).as_str()), ("42", r#""42""#));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FromId {
    user: UserId,
    form: FromIdForm,
}

impl FromId {
    /// The sender in a form. An id that is no number has one form only, which counts as that of numbers.
    pub fn new(user: UserId, form: FromIdForm) -> Self {
        let form = if canonical_decimal(user.as_str()).is_some() { form } else { FromIdForm::Number };
        Self { user, form }
    }

    /// The sender.
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The form.
    pub fn form(&self) -> FromIdForm {
        self.form
    }
}

/// A message as every socket of its room gets it, the sender's own included. Its `from` is made by
/// [`display_name`], its `avatar` by [`avatar()`].
///
/// ```
/// use chat_protocol::dialect::tndata::UserMessage;
/// // As documented first, with `message` alone and the id as a string.
/// let json = r#"{"from_id":"42","avatar":"//host/photo.jpg","from":"Brad","message":"Hi","digest":"584d07235fb9e4f2ab2a2c0c24142180"}"#;
/// let message: UserMessage = serde_json::from_str(json).unwrap();
/// assert_eq!((message.from_id.user().as_str(), message.text.as_str()), ("42", "Hi"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserMessage {
    /// Who wrote it.
    pub from_id: FromId,
    /// The sender's name.
    pub from: String,
    /// What was written. It is sent twice, as `message` for the first clients and as `text` for the later ones.
    pub text: String,
    /// Address of the sender's picture, without a scheme.
    pub avatar: String,
    /// The message's name in receipts.
    pub digest: Digest,
}

/// A frame from `system`: somebody came or left, or a message was refused. Its texts are those of [`SystemText`].
///
/// ```
/// use chat_protocol::{UserId, dialect::tndata::{Notice, SystemText}};
/// let joined = Notice::new("chat-1-42", &SystemText::Joined("Brad Montgomery".to_owned()));
/// let json = r#"{"from_id":-1,"from":"system","room":"chat-1-42","message":"Brad Montgomery joined.","text":"Brad Montgomery joined."}"#;
/// assert_eq!(serde_json::to_string(&joined).unwrap(), json);
/// assert_eq!(serde_json::from_str::<Notice>(json).unwrap(), joined);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Name of the room, which every server of today tells; absent as read from one of the first generation.
    pub room: Option<String>,
    /// What people read.
    pub text: String,
}

impl Notice {
    /// A notice in a room, by the name that this dialect gives it.
    pub fn new(room: impl Into<String>, text: &SystemText) -> Self {
        Self { room: Some(room.into()), text: text.to_string() }
    }
}

/// The texts of notices.
///
/// ```
/// use chat_protocol::dialect::tndata::{Refusal, SystemText};
/// let text = SystemText::NotSent(Refusal::Blocked);
/// assert_eq!(text.to_string(), "Message not sent: blocked.");
/// assert_eq!(SystemText::read("Message not sent: blocked."), Some(text));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SystemText {
    /// `<name> joined.`: a socket of that user came into the room. Told to all of them, the new one first of all.
    #[error("{0} joined.")]
    Joined(String),
    /// `<name> left.`: a socket of that user is gone. Told to the others.
    #[error("{0} left.")]
    Left(String),
    /// `Message not sent: <reason>.`: told to the sender alone.
    #[error("Message not sent: {0}.")]
    NotSent(Refusal),
}

impl SystemText {
    /// What a notice says; `None` for other texts.
    pub fn read(text: &str) -> Option<Self> {
        let refusal = || text.strip_prefix("Message not sent: ")?.strip_suffix('.');
        let refusal = || Refusal::ALL.into_iter().find(|known| Some(known.to_string().as_str()) == refusal());
        let joined = || Some(Self::Joined(text.strip_suffix(" joined.")?.to_owned()));
        let left = || Some(Self::Left(text.strip_suffix(" left.")?.to_owned()));
        joined().or_else(left).or_else(|| refusal().map(Self::NotSent))
    }
}

/// Why a message was not sent. The reference names the reasons and leaves their words to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// `too many messages`: wait a moment.
    #[error("too many messages")]
    Rate,
    /// `blocked`: the room does not take messages of this user.
    #[error("blocked")]
    Blocked,
    /// `too long`: shorten it.
    #[error("too long")]
    TooLong,
    /// `storage trouble`: try again later.
    #[error("storage trouble")]
    Storage,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Rate, Self::Blocked, Self::TooLong, Self::Storage];
}

/// A user's name: the full name, else the e-mail address, else the id. Blank ones do not count.
///
/// ```
/// use chat_protocol::{UserId, dialect::tndata::display_name};
/// let user = UserId::new("42").unwrap();
/// assert_eq!(display_name(Some("Brad Montgomery"), None, &user), "Brad Montgomery");
/// assert_eq!(display_name(Some(" "), Some("brad@host"), &user), "brad@host");
/// assert_eq!(display_name(None, None, &user), "42");
/// ```
pub fn display_name<'a>(full_name: Option<&'a str>, email: Option<&'a str>, user: &'a UserId) -> &'a str {
    let known = |name: Option<&'a str>| name.map(str::trim).filter(|name| !name.is_empty());
    known(full_name).or_else(|| known(email)).unwrap_or(user.as_str())
}

/// A picture's address as this dialect writes it: without its scheme, and [`DEFAULT_AVATAR`] when there is none.
///
/// ```
/// use chat_protocol::dialect::tndata::avatar;
/// assert_eq!(avatar(Some("https://host/photo.jpg")), "//host/photo.jpg");
/// assert_eq!(avatar(None), "//www.gravatar.com/avatar/0?d=mm&s=30");
/// ```
pub fn avatar(url: Option<&str>) -> &str {
    let url = url.map(str::trim).filter(|url| !url.is_empty()).unwrap_or(DEFAULT_AVATAR);
    let rest = url.split_once(':').filter(|(scheme, rest)| {
        rest.starts_with("//")
            && (scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http"))
    });
    rest.map_or(url, |(_, rest)| rest)
}

impl Serialize for FromId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.form {
            FromIdForm::Number => WireUser(self.user.clone()).serialize(serializer),
            FromIdForm::String => self.user.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for FromId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Sender::deserialize(deserializer)? {
            Sender::User(from_id) => Ok(from_id),
            Sender::Nobody => Err(D::Error::custom(NO_USER)),
        }
    }
}

/// Why `from_id` of a user message is refused.
const NO_USER: &str = "from_id: expected a user id";

/// Whoever `from_id` names.
enum Sender {
    User(FromId),
    /// -1; `""` in some frames of the original.
    Nobody,
}

impl<'de> Deserialize<'de> for Sender {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Id;
        impl Visitor<'_> for Id {
            type Value = Sender;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a user id, or -1 for none")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Sender, E> {
                match number {
                    -1 => Ok(Sender::Nobody),
                    _ => Err(E::custom("a user id is not negative")),
                }
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Sender, E> {
                let text = number.to_string();
                if canonical_decimal(&text).is_none() {
                    return Err(E::custom("a user id is at most 9007199254740991"));
                }
                let user = UserId::new(text).map_err(E::custom)?;
                Ok(Sender::User(FromId::new(user, FromIdForm::Number)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Sender, E> {
                if text.is_empty() {
                    return Ok(Sender::Nobody);
                }
                let user = UserId::new(text).map_err(E::custom)?;
                Ok(Sender::User(FromId::new(user, FromIdForm::String)))
            }
        }
        deserializer.deserialize_any(Id)
    }
}

/// A user message as it is written.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct MessageWire<'a> {
    /// The sender's id: a number when it is one, else a string; a string always when the server is set so.
    from_id: &'a FromId,
    /// The sender's name.
    from: &'a str,
    /// What was written.
    message: &'a str,
    /// The same again.
    text: &'a str,
    /// Address of the sender's picture, without a scheme.
    avatar: &'a str,
    /// The message's name in receipts.
    digest: Digest,
}

impl Serialize for UserMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { from_id, from, text, avatar, digest } = self;
        MessageWire { from_id, from, message: text, text, avatar, digest: *digest }.serialize(serializer)
    }
}

/// A notice as it is written.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct NoticeWire<'a> {
    /// Always -1.
    #[cfg_attr(feature = "schema", schemars(extend("const" = -1)))]
    from_id: i64,
    /// Always `system`.
    from: &'static str,
    /// Name of the room.
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    /// What people read.
    message: &'a str,
    /// The same again.
    text: &'a str,
}

impl Serialize for Notice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (room, text) = (self.room.as_deref(), self.text.as_str());
        NoticeWire { from_id: -1, from: SYSTEM, room, message: text, text }.serialize(serializer)
    }
}

/// Both frames at once, and each with one of two keys for its text.
#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    from_id: Option<Sender>,
    from: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    room: Option<Scalar>,
    #[serde(default)]
    avatar: Option<Scalar>,
    #[serde(default)]
    digest: Option<Scalar>,
}

impl<'de> Deserialize<'de> for ServerFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(wire) = Object::<Wire>::deserialize(deserializer)?;
        // Where they differ, the later key is the one that later clients show.
        let shown = wire.text.or(wire.message).ok_or_else(|| D::Error::missing_field("text"))?;
        match wire.from_id {
            Some(Sender::User(from_id)) => Ok(Self::Message(UserMessage {
                from_id,
                from: wire.from,
                text: shown,
                avatar: required("avatar", wire.avatar)?,
                digest: required::<D::Error>("digest", wire.digest)?
                    .parse()
                    .map_err(|error| D::Error::custom(format_args!("digest: {error}")))?,
            })),
            // A user may be called `system`, and has an id then.
            _ if wire.from == SYSTEM => {
                Ok(Self::Notice(Notice { room: text("room", wire.room)?, text: shown }))
            }
            Some(Sender::Nobody) => Err(D::Error::custom(NO_USER)),
            None => Err(D::Error::missing_field("from_id")),
        }
    }
}

impl<'de> Deserialize<'de> for UserMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match ServerFrame::deserialize(deserializer)? {
            ServerFrame::Message(message) => Ok(message),
            ServerFrame::Notice(_) => Err(D::Error::custom("a notice, and not a user message")),
        }
    }
}

impl<'de> Deserialize<'de> for Notice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match ServerFrame::deserialize(deserializer)? {
            ServerFrame::Notice(notice) => Ok(notice),
            ServerFrame::Message(_) => Err(D::Error::custom("a user message, and not a notice")),
        }
    }
}

#[cfg(feature = "schema")]
mod schemas {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator};

    use super::{FromId, MessageWire, Notice, NoticeWire, UserMessage, WireUser};

    impl JsonSchema for FromId {
        fn schema_name() -> Cow<'static, str> {
            "FromId".into()
        }
        fn inline_schema() -> bool {
            true
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            generator.subschema_for::<WireUser>()
        }
    }

    impl JsonSchema for UserMessage {
        fn schema_name() -> Cow<'static, str> {
            "UserMessage".into()
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            MessageWire::json_schema(generator)
        }
    }

    impl JsonSchema for Notice {
        fn schema_name() -> Cow<'static, str> {
            "Notice".into()
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            NoticeWire::json_schema(generator)
        }
    }
}
