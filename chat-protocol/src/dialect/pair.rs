//! Names of the one conversation of two users.

use std::cmp::Ordering;

use crate::UserId;
use crate::id::pair_order;

/// In which order a name has the two users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairOrder {
    /// Ascending by number when both are canonical decimals, else by bytes.
    Numeric,
    /// By bytes: `chat-10-9`.
    Bytes,
}

/// How a dialect names the direct room of two users: `1_2`, `chat-1-2`, `p2p1_2`.
///
/// Source: dialect reference (`docs/dialects.md`), section 1.
///
/// ```
/// use chat_protocol::UserId;
/// use chat_protocol::dialect::{PairForm, PairOrder};
/// let form = PairForm { prefix: "p2p", separator: "_", order: PairOrder::Numeric };
/// let (nine, ten) = (UserId::new("9").unwrap(), UserId::new("10").unwrap());
/// assert_eq!(form.write(&ten, &nine), "p2p9_10");
/// assert_eq!(form.read("p2p10_9", &nine), Some(ten));
/// assert_eq!(form.read("p2p1_99", &nine), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairForm {
    /// What every name begins with; may be empty.
    pub prefix: &'static str,
    /// What stands between the two ids.
    pub separator: &'static str,
    /// Which id comes first.
    pub order: PairOrder,
}

impl PairForm {
    /// The name of the room of two users, in whichever order they are given.
    pub fn write(&self, a: &UserId, b: &UserId) -> String {
        let order = match self.order {
            PairOrder::Numeric => pair_order(a.as_str(), b.as_str()),
            PairOrder::Bytes => a.as_str().cmp(b.as_str()),
        };
        let (first, second) = if order == Ordering::Greater { (b, a) } else { (a, b) };
        format!("{}{first}{}{second}", self.prefix, self.separator)
    }

    /// The other user of the room that `me` calls `name`, in either order; `None` when it is no name of a pair, or `me`
    /// is not one of the two. The other one of a room with oneself is oneself.
    ///
    /// An id may contain the separator; the reading with `me` first wins.
    pub fn read(&self, name: &str, me: &UserId) -> Option<UserId> {
        let pair = name.strip_prefix(self.prefix)?;
        let (me, separator) = (me.as_str(), self.separator);
        let after = || pair.strip_prefix(me)?.strip_prefix(separator);
        let before = || pair.strip_suffix(me)?.strip_suffix(separator);
        let valid = |other: &str| UserId::new(other).ok();
        after().and_then(valid).or_else(|| before().and_then(valid))
    }

    /// Whether a text is the name of some pair.
    ///
    /// ```
    /// use chat_protocol::dialect::tndata::PAIR;
    /// assert!(PAIR.is_name("chat-1-2"));
    /// assert!(!PAIR.is_name("chat-1") && !PAIR.is_name("chat--2") && !PAIR.is_name("1-2"));
    /// ```
    pub fn is_name(&self, text: &str) -> bool {
        let Some(pair) = text.strip_prefix(self.prefix) else { return false };
        let mut splits = pair.match_indices(self.separator);
        splits.any(|(at, separator)| at > 0 && at + separator.len() < pair.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TNDATA: PairForm = PairForm { prefix: "chat-", separator: "-", order: PairOrder::Bytes };
    const CHATS: PairForm = PairForm { prefix: "", separator: "_", order: PairOrder::Numeric };

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn order_is_that_of_the_dialect() {
        assert_eq!(TNDATA.write(&user("9"), &user("10")), "chat-10-9");
        assert_eq!(CHATS.write(&user("10"), &user("9")), "9_10");
        assert_eq!(CHATS.write(&user("b"), &user("10")), "10_b");
        assert_eq!(CHATS.write(&user("7"), &user("7")), "7_7");
    }

    #[test]
    fn one_side_must_be_exactly_the_caller() {
        for (name, me, other) in [
            ("1_2", "1", Some("2")),
            ("2_1", "1", Some("2")),
            ("1_1", "1", Some("1")),
            ("11_2", "1", None),
            ("2_11", "1", None),
            ("1_", "1", None),
            ("_1", "1", None),
            ("1", "1", None),
            ("", "1", None),
            // With the caller first: the other one is `b_a`, and not `a_b`.
            ("a_b_a", "a", Some("b_a")),
            ("c_a_b", "a_b", Some("c")),
        ] {
            assert_eq!(CHATS.read(name, &user(me)), other.map(user), "{name} of {me}");
        }
        assert_eq!(TNDATA.read("1-2", &user("1")), None, "without the prefix");
    }

    proptest! {
        #[test]
        fn both_users_find_each_other_unless_an_id_has_the_separator(a in "[a-z0-9.@]{1,9}", b in "[a-z0-9.@]{1,9}") {
            let (a, b) = (user(&a), user(&b));
            for form in [TNDATA, CHATS] {
                let name = form.write(&a, &b);
                prop_assert_eq!(&name, &form.write(&b, &a));
                prop_assert_eq!(form.read(&name, &a), Some(b.clone()));
                prop_assert_eq!(form.read(&name, &b), Some(a.clone()));
            }
        }
    }
}
