//! Parameters of the HTTP interface.

use super::date::read_last;
use super::{QueryError, read_date};
use crate::Timestamp;
use crate::dialect::Spaced;

/// Which page of the user's own messages: `?page=&page_size=`.
///
/// ```
/// use chat_protocol::dialect::tndata::{PageQuery, QueryError};
/// assert_eq!(PageQuery::read([("page", "2"), ("version", "2")]), Ok(PageQuery { page: 2, page_size: 25 }));
/// assert_eq!(PageQuery::read([("page", "0")]), Err(QueryError::Page));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageQuery {
    /// Number of the page; 1 is the first, and the default.
    pub page: u64,
    /// Entries of a page, 1 or more; 25 when absent.
    pub page_size: u64,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self { page: 1, page_size: Self::DEFAULT_SIZE }
    }
}

impl PageQuery {
    /// Entries of a page when the query does not say.
    pub const DEFAULT_SIZE: u64 = 25;

    /// Reads decoded parameters. The last of several with one name counts, unknown ones are ignored.
    ///
    /// An unusable `page_size` is not an error: the original's framework takes its default then.
    ///
    /// # Errors
    /// [`QueryError::Page`] when `page` is no number from 1.
    pub fn read<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, QueryError> {
        let (mut page, mut page_size) = (None, None);
        for (name, value) in parameters {
            match name {
                "page" => page = Some(value),
                "page_size" => page_size = Some(value),
                _ => {}
            }
        }
        let from_1 = |value: &str| number(value).filter(|number| *number > 0);
        Ok(Self {
            page: page.map_or(Some(1), from_1).ok_or(QueryError::Page)?,
            page_size: page_size.and_then(from_1).unwrap_or(Self::DEFAULT_SIZE),
        })
    }

    /// The parameters to send, not yet encoded for an address.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![("page", self.page.to_string()), ("page_size", self.page_size.to_string())]
    }
}

/// One end of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Only messages of this time and later ones.
    Since(Timestamp),
    /// Only messages of this time and earlier ones.
    Before(Timestamp),
}

/// Which messages of a room: `?room=&size=&since=&before=`.
///
/// ```
/// use chat_protocol::dialect::tndata::{Bound, HistoryQuery};
/// let query = HistoryQuery::read([("room", "chat-1-2"), ("since", "2017-01-04"), ("before", "2017-01-05")]).unwrap();
/// assert_eq!((query.room.as_deref(), query.size), (Some("chat-1-2"), 20));
/// assert!(matches!(query.bound, Some(Bound::Since(_))));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Name of the room; without one the answer is an empty object.
    pub room: Option<String>,
    /// Greatest number of messages; 20 when absent. Zero gives none. The server has a limit of its own.
    pub size: u64,
    /// One end; `None`: the newest messages.
    pub bound: Option<Bound>,
}

impl Default for HistoryQuery {
    fn default() -> Self {
        Self { room: None, size: Self::DEFAULT_SIZE, bound: None }
    }
}

impl HistoryQuery {
    /// Messages of an answer when the query does not say.
    pub const DEFAULT_SIZE: u64 = 20;

    /// Reads decoded parameters. The last of several with one name counts, unknown ones are ignored, and so are a room
    /// and dates without text. With `since` the value of `before` is not looked at. A `before` of no more than milliseconds
    /// is the last microsecond of its millisecond: `created_on` of a message includes that message.
    ///
    /// # Errors
    /// [`QueryError::Size`] or [`QueryError::Date`] when the value cannot be used.
    pub fn read<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, QueryError> {
        let (mut room, mut size, mut since, mut before) = (None, None, None, None);
        for (name, value) in parameters {
            let some = Some(value).filter(|value| !value.is_empty());
            match name {
                "room" => room = some,
                "size" => size = Some(value),
                "since" => since = some,
                "before" => before = some,
                _ => {}
            }
        }
        let bound = match (since, before) {
            (Some(since), _) => Some(Bound::Since(read_date(since).ok_or(QueryError::Date)?)),
            (None, Some(before)) => Some(Bound::Before(read_last(before).ok_or(QueryError::Date)?)),
            (None, None) => None,
        };
        let size = size.map_or(Some(Self::DEFAULT_SIZE), number).ok_or(QueryError::Size)?;
        Ok(Self { room: room.map(str::to_owned), size, bound })
    }

    /// The parameters to send, not yet encoded for an address. Times lose what is finer than a millisecond, so that `before`
    /// is read as the end of it.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::with_capacity(3);
        parameters.extend(self.room.clone().map(|room| ("room", room)));
        parameters.push(("size", self.size.to_string()));
        parameters.extend(self.bound.map(|bound| match bound {
            Bound::Since(ts) => ("since", Spaced(ts).to_string()),
            Bound::Before(ts) => ("before", Spaced(ts).to_string()),
        }));
        parameters
    }
}

/// Digits alone. What is beyond the greatest number is the greatest: more than there are, either way.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_the_original_read_them() {
        assert_eq!(PageQuery::read([]), Ok(PageQuery { page: 1, page_size: 25 }));
        assert_eq!(PageQuery::read([("page_size", "0")]), Ok(PageQuery::default()));
        assert_eq!(PageQuery::read([("page_size", "x")]), Ok(PageQuery::default()));
        for bad in ["", "0", "-1", "1.5", "x", "+1"] {
            assert_eq!(PageQuery::read([("page", bad)]), Err(QueryError::Page), "{bad}");
        }
        let history = |pairs: &[(&'static str, &'static str)]| HistoryQuery::read(pairs.iter().copied());
        assert_eq!(history(&[]), Ok(HistoryQuery::default()));
        assert_eq!(history(&[("room", ""), ("since", ""), ("before", "")]), Ok(HistoryQuery::default()));
        assert_eq!(
            history(&[("size", "5"), ("size", "7")]).map(|query| query.size),
            Ok(7),
            "the last counts"
        );
        assert_eq!(history(&[("size", "0")]).map(|query| query.size), Ok(0));
        assert_eq!(history(&[("size", "99999999999999999999")]).map(|query| query.size), Ok(u64::MAX));
        for bad in ["", "-1", "x", "2.0"] {
            assert_eq!(history(&[("size", bad)]), Err(QueryError::Size), "{bad}");
        }
        let day = read_date("2017-01-04").unwrap();
        let bound = |pairs: &[(&'static str, &'static str)]| history(pairs).map(|query| query.bound);
        let end = Timestamp::from_micros(day.as_micros() + 999);
        assert_eq!(bound(&[("before", "2017-01-04")]), Ok(Some(Bound::Before(end))));
        assert_eq!(bound(&[("before", "x"), ("since", "2017-01-04")]), Ok(Some(Bound::Since(day))));
        assert_eq!(bound(&[("since", "x"), ("before", "2017-01-04")]), Err(QueryError::Date));
        assert_eq!(bound(&[("before", "x")]), Err(QueryError::Date));
    }
}
