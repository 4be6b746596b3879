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
    Some(Timestamp::from_micros(Offset::UTC.to_timestamp(time.ok()?).ok()?.as_microsecond()))
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
