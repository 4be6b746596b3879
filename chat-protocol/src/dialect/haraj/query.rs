//! Query parameters of HTTP requests.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Code, TopicId};

/// Which page of a topic's messages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryQuery {
    /// The key of the page before; absent or empty for the first page, which is the newest.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "key")]
    pub last_key: Option<String>,
    /// Greatest number of messages; 20 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

impl HistoryQuery {
    /// Number of messages in a page when the query names none.
    pub const DEFAULT: u32 = 20;

    /// Greatest number of messages in a page.
    pub const MAX: u32 = 100;

    /// Reads decoded parameters. The last of several with one name counts, unknown ones are ignored.
    ///
    /// ```
    /// use chat_protocol::dialect::haraj::{Code, HistoryQuery};
    /// let query = HistoryQuery::read([("limit", "80"), ("last_key", "")]).unwrap();
    /// assert_eq!((query.page(), query.last_key), (80, None));
    /// assert_eq!(HistoryQuery::read([("limit", "-5")]).unwrap().page(), 1);
    /// assert_eq!(HistoryQuery::read([("limit", "many")]), Err(Code::BadRequest));
    /// ```
    ///
    /// # Errors
    /// [`Code::BadRequest`] when `limit` is no whole number.
    pub fn read<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)> + Clone) -> Result<Self, Code> {
        let limit = last(parameters.clone(), "limit").filter(|limit| !limit.is_empty());
        let limit = limit.map(|limit| limit.parse::<i64>().map_err(|_| Code::BadRequest)).transpose()?;
        let limit = limit.map(|limit| u32::try_from(limit.max(0)).unwrap_or(u32::MAX));
        Ok(Self { last_key: last_key(parameters), limit })
    }

    /// Number of messages to give: that of the query within 1 to 100.
    pub fn page(&self) -> u32 {
        self.limit.unwrap_or(Self::DEFAULT).clamp(1, Self::MAX)
    }
}

/// Which page of a user's topics.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TopicsQuery {
    /// The key of the page before; absent or empty for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "key")]
    pub last_key: Option<String>,
}

impl TopicsQuery {
    /// Reads decoded parameters, as [`HistoryQuery::read`] does.
    pub fn read<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self { last_key: last_key(parameters) }
    }
}

/// The topics to resolve, in one parameter with commas.
///
/// ```
/// use chat_protocol::dialect::haraj::ResolveQuery;
/// let query: ResolveQuery = serde_json::from_str(r#"{"topic_ids":"p2p1_2,grp7"}"#).unwrap();
/// assert_eq!(query.topic_ids[1].0, "grp7");
/// assert_eq!(query.check(), Ok(()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResolveQuery {
    /// The topics, at most 4. A topic with a comma in its name cannot be asked for.
    #[serde(serialize_with = "join", deserialize_with = "split")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub topic_ids: Vec<TopicId>,
}

impl ResolveQuery {
    /// Greatest number of topics in one request.
    pub const MAX: usize = 4;

    /// Reads decoded parameters. The last of several with one name counts, unknown ones are ignored.
    ///
    /// # Errors
    /// [`Code::BadRequest`] when none is named, [`Code::MaxResolveTopics`] beyond [`ResolveQuery::MAX`].
    pub fn read<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Code> {
        let query = Self { topic_ids: items(last(parameters, "topic_ids")) };
        if query.topic_ids.is_empty() {
            return Err(Code::BadRequest);
        }
        query.check().map(|()| query)
    }

    /// Checks the number of topics.
    ///
    /// # Errors
    /// [`Code::MaxResolveTopics`] beyond [`ResolveQuery::MAX`].
    pub fn check(&self) -> Result<(), Code> {
        if self.topic_ids.len() > Self::MAX { Err(Code::MaxResolveTopics) } else { Ok(()) }
    }
}

/// The users to look up, in one parameter with commas.
///
/// ```
/// use chat_protocol::dialect::haraj::{Code, FindQuery};
/// let query: FindQuery = serde_json::from_str(r#"{"usernames":"a,b c,d,e"}"#).unwrap();
/// assert_eq!(query.usernames[1], "b c");
/// assert_eq!(query.check(), Err(Code::MaxFind));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FindQuery {
    /// The names, at most 3. A name with a comma cannot be asked for.
    #[serde(serialize_with = "join", deserialize_with = "split")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub usernames: Vec<String>,
}

impl FindQuery {
    /// Greatest number of names in one request.
    pub const MAX: usize = 3;

    /// Reads decoded parameters. The last of several with one name counts, unknown ones are ignored.
    ///
    /// # Errors
    /// [`Code::BadRequest`] when none is named, [`Code::MaxFind`] beyond [`FindQuery::MAX`].
    pub fn read<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Code> {
        let query = Self { usernames: items(last(parameters, "usernames")) };
        if query.usernames.is_empty() {
            return Err(Code::BadRequest);
        }
        query.check().map(|()| query)
    }

    /// Checks the number of names.
    ///
    /// # Errors
    /// [`Code::MaxFind`] beyond [`FindQuery::MAX`].
    pub fn check(&self) -> Result<(), Code> {
        if self.usernames.len() > Self::MAX { Err(Code::MaxFind) } else { Ok(()) }
    }
}

/// The value of a parameter.
fn last<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>, name: &str) -> Option<&'a str> {
    parameters.into_iter().filter(|(key, _)| *key == name).last().map(|(_, value)| value)
}

fn last_key<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<String> {
    last(parameters, "last_key").filter(|key| !key.is_empty()).map(str::to_owned)
}

fn items<T: From<String>>(text: Option<&str>) -> Vec<T> {
    let items = text.unwrap_or_default().split(',').filter(|item| !item.is_empty());
    items.map(|item| T::from(item.to_owned())).collect()
}

/// An empty key is what a form without a value sends.
fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|key| !key.is_empty()))
}

fn join<T: fmt::Display, S: Serializer>(items: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    serializer.serialize_str(&items.join(","))
}

fn split<'de, T: From<String>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    String::deserialize(deserializer).map(|text| items(Some(&text)))
}
