//! Bodies of the HTTP calls.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{MessageEntry, ProjectId, User};

/// A direct chat in the list of them.
///
/// ```
/// use chat_protocol::dialect::chats::DirectSummary;
/// let json = r#"{"id":"1_2","opponent":{"id":2,"first_name":"Bo","last_name":"Ray","patronymic":null,"avatar":null,"is_active":true,"is_online":false},"users":[],"last_message":{"author":{},"text":"","reply_to":null,"files":[],"is_edited":false,"is_read":true,"is_deleted":false,"created_at":null},"name":"Bo Ray","image_address":null}"#;
/// let chat: DirectSummary = serde_json::from_str(json).unwrap();
/// assert_eq!(chat.last_message, None);
/// assert_eq!(serde_json::to_string(&chat).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DirectSummary {
    /// Name of the pair, such as 1_2.
    pub id: String,
    /// The other user; oneself in a chat with oneself.
    pub opponent: User,
    /// Both users.
    pub users: Vec<User>,
    /// The newest message. A chat without one has an object with an empty author, an empty text and no id.
    #[serde(with = "last_message")]
    #[cfg_attr(feature = "schema", schemars(with = "last_message::Wire"))]
    pub last_message: Option<MessageEntry>,
    /// What to call the chat: the other user's name.
    pub name: String,
    /// URL of a picture.
    pub image_address: Option<String>,
}

/// A direct chat.
///
/// ```
/// use chat_protocol::dialect::chats::DirectDetail;
/// let json = r#"{"id":"1_1","opponent":{"id":1,"first_name":"Ann","last_name":"Lee","patronymic":null,"avatar":null,"is_active":true,"is_online":true},"users":[],"name":"Ann Lee","image_address":null}"#;
/// let chat: DirectDetail = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&chat).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DirectDetail {
    /// Name of the pair, such as 1_2.
    pub id: String,
    /// The other user; oneself in a chat with oneself.
    pub opponent: User,
    /// Both users.
    pub users: Vec<User>,
    /// What to call the chat: the other user's name.
    pub name: String,
    /// URL of a picture.
    pub image_address: Option<String>,
}

/// A project chat in the list of them. The number is given twice, also as `project`.
///
/// ```
/// use chat_protocol::dialect::chats::ProjectSummary;
/// let json = r#"{"id":10,"project":10,"last_message":{"author":{},"text":"","reply_to":null,"files":[],"is_edited":false,"is_read":true,"is_deleted":false,"created_at":null},"name":"Bridge","image_address":null}"#;
/// let chat: ProjectSummary = serde_json::from_str(json).unwrap();
/// assert_eq!(chat.last_message, None);
/// assert_eq!(serde_json::to_string(&chat).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "TwiceNumbered", into = "TwiceNumbered")]
pub struct ProjectSummary {
    /// Number of the chat and of its project.
    pub id: ProjectId,
    /// The newest message.
    pub last_message: Option<MessageEntry>,
    /// Name of the project.
    pub name: String,
    /// URL of a picture.
    pub image_address: Option<String>,
}

/// A project chat, with the number of its project.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct TwiceNumbered {
    /// Number of the chat.
    id: ProjectId,
    /// Number of its project, which is the same.
    project: Option<ProjectId>,
    /// The newest message. A chat without one has an object with an empty author, an empty text and no id.
    #[serde(with = "last_message")]
    #[cfg_attr(feature = "schema", schemars(with = "last_message::Wire"))]
    last_message: Option<MessageEntry>,
    /// Name of the project.
    name: String,
    /// URL of a picture.
    image_address: Option<String>,
}

impl From<TwiceNumbered> for ProjectSummary {
    fn from(TwiceNumbered { id, last_message, name, image_address, .. }: TwiceNumbered) -> Self {
        Self { id, last_message, name, image_address }
    }
}

impl From<ProjectSummary> for TwiceNumbered {
    fn from(ProjectSummary { id, last_message, name, image_address }: ProjectSummary) -> Self {
        Self { id, project: Some(id), last_message, name, image_address }
    }
}

/// A project chat.
///
/// ```
/// use chat_protocol::dialect::chats::ProjectDetail;
/// let json = r#"{"id":10,"name":"Bridge","image_address":null,"users":[]}"#;
/// let chat: ProjectDetail = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&chat).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectDetail {
    /// Number of the chat.
    pub id: ProjectId,
    /// Name of the project.
    pub name: String,
    /// URL of a picture.
    pub image_address: Option<String>,
    /// Its members.
    pub users: Vec<User>,
}

/// Which messages of a chat to list.
///
/// ```
/// use chat_protocol::dialect::chats::PageQuery;
/// let query = PageQuery { limit: None, offset: Some(20) };
/// let next = query.next("/chats/directs/1_2/messages/", 50);
/// assert_eq!(next.as_deref(), Some("/chats/directs/1_2/messages/?limit=20&offset=40"));
/// assert_eq!(query.previous("/x/").as_deref(), Some("/x/?limit=20"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PageQuery {
    /// Greatest number of messages; 20 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// How many of the newest to leave out; 0 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

impl PageQuery {
    /// Number of messages of a page when the query names none.
    pub const DEFAULT_LIMIT: u64 = 20;

    /// The address of the next page, of `count` messages in all, at `base`; `None` on the last.
    pub fn next(&self, base: &str, count: u64) -> Option<String> {
        let (limit, offset) = self.window();
        let next = offset.saturating_add(limit);
        (next < count).then(|| format!("{base}?limit={limit}&offset={next}"))
    }

    /// The address of the page before at `base`; `None` on the first.
    pub fn previous(&self, base: &str) -> Option<String> {
        match self.window() {
            (_, 0) => None,
            (limit, offset) if offset <= limit => Some(format!("{base}?limit={limit}")),
            (limit, offset) => Some(format!("{base}?limit={limit}&offset={}", offset - limit)),
        }
    }

    /// Limit and offset with their defaults; a limit of 0 is none.
    pub fn window(&self) -> (u64, u64) {
        let limit = self.limit.filter(|limit| *limit > 0).unwrap_or(Self::DEFAULT_LIMIT);
        (limit, self.offset.unwrap_or_default())
    }
}

/// One page of a chat's messages, newest first and without the deleted ones.
///
/// ```
/// use chat_protocol::dialect::chats::MessagePage;
/// let json = r#"{"count":0,"next":null,"previous":null,"results":[]}"#;
/// let page: MessagePage = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&page).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessagePage {
    /// Number of messages in all pages.
    pub count: u64,
    /// Address of the page with older messages.
    pub next: Option<String>,
    /// Address of the page with newer messages.
    pub previous: Option<String>,
    /// The messages.
    pub results: Vec<MessageEntry>,
}

/// Whether messages of others wait for the caller.
///
/// ```
/// use chat_protocol::dialect::chats::HasUnreads;
/// let unreads: HasUnreads = serde_json::from_str(r#"{"has_unreads":true}"#).unwrap();
/// assert_eq!(unreads, HasUnreads { has_unreads: true });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HasUnreads {
    /// True when at least one is unread.
    pub has_unreads: bool,
}

/// A newest message, or the object that stands for none: clients read `last_message.author.id`, so that null
/// would break them.
mod last_message {
    use serde::de::Error;
    use serde_json::{Map, Value};

    use super::*;

    /// The newest message, or what stands for it in a chat without one.
    #[cfg(feature = "schema")]
    #[derive(schemars::JsonSchema)]
    #[schemars(untagged, rename = "NewestMessage")]
    #[expect(dead_code, reason = "only its shape is of use")]
    pub(super) enum Wire {
        /// The newest message.
        Some(Box<MessageEntry>),
        /// There is none.
        None(Empty),
    }

    /// What stands for the newest message of a chat without one.
    #[derive(Serialize)]
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    #[cfg_attr(feature = "schema", schemars(rename = "NoMessage"))]
    pub(super) struct Empty {
        /// Nobody.
        author: Nobody,
        /// Always empty.
        text: &'static str,
        /// Always null.
        reply_to: (),
        /// Always empty.
        files: Vec<()>,
        /// Always false.
        is_edited: bool,
        /// Always true.
        is_read: bool,
        /// Always false.
        is_deleted: bool,
        /// Always null.
        created_at: (),
    }

    /// No author: an object without fields.
    #[derive(Serialize)]
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    #[cfg_attr(feature = "schema", schemars(rename = "NoAuthor", extend("maxProperties" = 0)))]
    pub(super) struct Nobody {}

    const EMPTY: Empty = Empty {
        author: Nobody {},
        text: "",
        reply_to: (),
        files: Vec::new(),
        is_edited: false,
        is_read: true,
        is_deleted: false,
        created_at: (),
    };

    pub(super) fn serialize<S: Serializer>(
        message: &Option<MessageEntry>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match message {
            Some(message) => message.serialize(serializer),
            None => EMPTY.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<MessageEntry>, D::Error> {
        let keys = Option::<Map<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
        // A message has a number.
        match keys.contains_key("id") {
            true => serde_json::from_value(keys.into()).map(Some).map_err(D::Error::custom),
            false => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_linked_in_both_directions() {
        let page = |limit, offset| PageQuery { limit, offset };
        for (query, next, previous) in [
            (page(None, None), Some("/m/?limit=20&offset=20"), None),
            (page(Some(0), Some(0)), Some("/m/?limit=20&offset=20"), None),
            (page(Some(10), Some(5)), Some("/m/?limit=10&offset=15"), Some("/m/?limit=10")),
            (page(Some(10), Some(35)), None, Some("/m/?limit=10&offset=25")),
            (page(Some(u64::MAX), Some(u64::MAX)), None, Some("/m/?limit=18446744073709551615")),
        ] {
            assert_eq!(query.next("/m/", 45).as_deref(), next, "{query:?}");
            assert_eq!(query.previous("/m/").as_deref(), previous, "{query:?}");
        }
    }

    #[test]
    fn a_missing_newest_message_may_be_null() {
        let chat =
            |last: &str| format!(r#"{{"id":"10","last_message":{last},"name":"","image_address":null}}"#);
        for last in ["null", "{}", r#"{"author":{}}"#] {
            assert_eq!(
                serde_json::from_str::<ProjectSummary>(&chat(last)).unwrap().last_message,
                None,
                "{last}"
            );
        }
        for bad in ["5", "[]", r#"{"id":17}"#] {
            assert!(serde_json::from_str::<ProjectSummary>(&chat(bad)).is_err(), "{bad}");
        }
    }
}
