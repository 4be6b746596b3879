//! Dates as people write them into an address.

use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::Timestamp;

/// Reads `since` and `before`: `YYYY-MM-DD`, then perhaps a space or `T` and `H:M:S` of one or two digits each with any
/// fraction, then perhaps `Z`, `+0000`, or ` 0000`, which is a `+` that was not encoded. Always UTC; a date alone is
/// its midnight. What is finer than a microsecond is cut off.
///
/// ```
/// use chat_protocol::dialect::tndata::read_date;
/// let read = |text| read_date(text).map(|ts| ts.to_string());
/// assert_eq!(read("2017-01-04").as_deref(), Some("2017-01-04T00:00:00.000Z"));
/// assert_eq!(read("2017-01-04 9:5:0.25 0000").as_deref(), Some("2017-01-04T09:05:00.250Z"));
/// assert_eq!(read("yesterday"), None);
/// ```
pub fn read_date(text: &str) -> Option<Timestamp> {
    read(text).map(|(ts, _)| ts)
}

/// The last moment that a date stands for, as `before` takes it: written with no more than milliseconds, as messages show
/// their `created_on`, it is all of that millisecond, in which the message lies that was shown with it.
pub(super) fn read_last(text: &str) -> Option<Timestamp> {
    let (ts, digits) = read(text)?;
    let rest = if digits <= 3 { 999 } else { 0 };
    Some(Timestamp::from_micros(ts.as_micros().saturating_add(rest)))
}

/// A date, and how many digits its fraction has.
fn read(text: &str) -> Option<(Timestamp, usize)> {
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (date, zoneless(time)),
        None => (text, "0:0:0"),
    };
    let [year, month, day] = parts(date, '-')?;
    if [year.len(), month.len(), day.len()] != [4, 2, 2] {
        return None;
    }
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = parts(time, ':')?;
    let short = |part: &&str| part.len() <= 2;
    if ![hour, minute, second].iter().all(short) {
        return None;
    }
    let time = DateTime::new(
        number(year)?,
        number(month)?,
        number(day)?,
        number(hour)?,
        number(minute)?,
        number(second)?,
        nanoseconds(fraction)?,
    );
    let ts = Timestamp::from_micros(Offset::UTC.to_timestamp(time.ok()?).ok()?.as_microsecond());
    Some((ts, fraction.len()))
}

fn zoneless(time: &str) -> &str {
    let zones = ["Z", "+0000", " 0000"];
    zones.iter().find_map(|zone| time.strip_suffix(zone)).unwrap_or(time)
}

/// Exactly three texts with two separators between them.
fn parts(text: &str, separator: char) -> Option<[&str; 3]> {
    let mut parts = text.split(separator);
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

/// Digits alone: the standard reader would take a sign as well.
fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// Rounded down to microseconds.
fn nanoseconds(fraction: &str) -> Option<i32> {
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Of ASCII digits alone, so that any place is the border of a character.
    let micros = &fraction[..fraction.len().min(6)];
    Some(number::<i32>(micros)? * 10_i32.pow(9 - micros.len() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_all_their_forms() {
        let date = |text: &str| read_date(text).map(Timestamp::as_micros);
        let midnight = 1_483_488_000_000_000;
        assert_eq!(date("2017-01-04"), Some(midnight));
        for zone in ["", "Z", "+0000", " 0000"] {
            for separator in [' ', 'T'] {
                for (time, seconds) in
                    [("09:05:07", 32_707), ("9:5:7", 32_707), ("23:59:59", 86_399), ("0:0:0", 0)]
                {
                    let text = format!("2017-01-04{separator}{time}{zone}");
                    assert_eq!(date(&text), Some(midnight + seconds * 1_000_000), "{text}");
                }
                for (fraction, micros) in
                    [("5", 500_000), ("123", 123_000), ("123456", 123_456), ("1234569", 123_456)]
                {
                    let text = format!("2017-01-04{separator}0:0:0.{fraction}{zone}");
                    assert_eq!(date(&text), Some(midnight + micros), "{text}");
                }
            }
        }
        assert_eq!(date("1969-12-31 23:59:59.999999"), Some(-1));
        let last = |text: &str| read_last(text).map(Timestamp::as_micros);
        for (fraction, micros) in [("", 999), (".5", 500_999), (".123", 123_999), (".1234", 123_400)] {
            let text = format!("2017-01-04 0:0:0{fraction}");
            assert_eq!(last(&text), Some(midnight + micros), "{text}");
        }
        assert_eq!(last("2017-01-04"), Some(midnight + 999));
        for bad in [
            "",
            "2017",
            "2017-1-4",
            "17-01-04",
            "2017-02-29",
            "2017-13-01",
            "+017-01-04",
            "2017-01-04Z",
            "2017-01-04 ",
            "2017-01-04 0000",
            "2017-01-04 9:5",
            "2017-01-04 9:5:7:1",
            "2017-01-04 009:5:7",
            "2017-01-04 24:00:00",
            "2017-01-04 23:60:00",
            "2017-01-04 23:59:60",
            "2017-01-04 -1:00:00",
            "2017-01-04 9:5:7.",
            "2017-01-04 9:5:7.é",
            "2017-01-04 9:5:7+0100",
            "2017-01-04 9:5:7-0000",
            "2017-01-04  9:5:7",
            "2017-01-04\t9:5:7",
            "2017-01-04 9:5:7.1.2",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }
}
