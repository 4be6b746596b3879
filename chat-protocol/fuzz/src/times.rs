//! Times lose what is finer than the form in which they are written.

use std::fmt::Debug;

/// How a time is shown to developers, with its number of microseconds.
const SHOWN: &str = "Timestamp(";

/// Less than a millisecond, in microseconds.
const LOST: u64 = 999;

/// Whether two values look the same to a developer, but for less than a millisecond in their times.
pub(crate) fn alike<T: Debug>(a: &T, b: &T) -> bool {
    let (a, b) = (format!("{a:?}"), format!("{b:?}"));
    let (mut a, mut b) = (a.split(SHOWN), b.split(SHOWN));
    a.next() == b.next() && a.by_ref().zip(b.by_ref()).all(|(a, b)| part_alike(a, b)) && a.next() == b.next()
}

/// A number of microseconds, and what is shown after it.
fn part_alike(a: &str, b: &str) -> bool {
    let split = |part: &str| {
        let (number, rest) = part.split_once(')')?;
        Some((number.parse::<i64>().ok()?, rest.to_owned()))
    };
    match (split(a), split(b)) {
        (Some((a, rest)), Some((b, other))) => a.abs_diff(b) <= LOST && rest == other,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::Timestamp;

    use super::alike;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn only_times_may_differ_and_only_a_little() {
        assert!(alike(&("a", at(1_999), 5), &("a", at(1_000), 5)));
        assert!(!alike(&("a", at(2_000), 5), &("a", at(1_000), 5)));
        assert!(!alike(&("a", at(1_999), 5), &("a", at(1_000), 6)));
        assert!(!alike(&("b", at(1_000), 5), &("a", at(1_000), 5)));
        assert!(!alike(&vec![at(1), at(2)], &vec![at(1)]));
        assert!(!alike(&"Timestamp(x)", &"Timestamp(y)"));
    }
}
