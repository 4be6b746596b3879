//! Times as the dialects write them. All of them are read with any fraction and zone that their systems ever wrote.
//!
//! Source: dialect reference (`docs/dialects.md`), section 1, table of times.

use std::fmt;

use jiff::tz::Offset;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Timestamp;

/// `2017-02-13 12:00:05.123+0000`: always three digits and `+0000` (`tndata`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spaced(pub Timestamp);

/// `2023-02-24T12:00:00.123456Z`: always six digits (`chats`, nested messages).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub Timestamp);

/// `1414768486.196569`: a number of seconds with a fraction (`hipochat`, flat messages of `chats`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub Timestamp);

/// `1414768486`: a number of whole seconds, rounded down (`hipochat`, histories of several rooms).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WholeSeconds(pub Timestamp);

impl From<Timestamp> for Seconds {
    fn from(ts: Timestamp) -> Self {
        Self(ts)
    }
}

impl From<Timestamp> for WholeSeconds {
    fn from(ts: Timestamp) -> Self {
        Self(ts)
    }
}

/// `2021-06-14T22:10:39.551836-03:00`: always six digits and a numeric offset (`helpdesk`). Two are equal when both
/// the time and the offset are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zoned {
    /// The time.
    pub ts: Timestamp,
    /// Minutes east of UTC, in which it is written; -1,559 to 1,559.
    pub offset_minutes: i16,
}

const MICROS: f64 = 1_000_000.0;

fn at(ts: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(ts.as_micros()).unwrap_or_default()
}

/// The time as an offset's clocks show it.
fn civil(ts: Timestamp, offset: Offset) -> jiff::civil::DateTime {
    offset.to_datetime(at(ts))
}

/// Date, `between`, time of day and so many digits of the second's fraction, rounded down.
fn write(time: jiff::civil::DateTime, between: char, digits: u32) -> String {
    let fraction = time.subsec_nanosecond().unsigned_abs() / 10_u32.pow(9 - digits);
    let (date, hour, minute, second) = (time.date(), time.hour(), time.minute(), time.second());
    format!("{date}{between}{hour:02}:{minute:02}:{second:02}.{fraction:0width$}", width = digits as usize)
}

/// A text with date and time, a zone or none, which is then UTC; the zone's offset.
fn read(text: &str) -> Option<(Timestamp, Offset)> {
    let pieces = jiff::fmt::temporal::DateTimeParser::new();
    let zoneless =
        || Some((pieces.parse_datetime(text).ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?, Offset::UTC));
    let (time, offset) = match pieces.parse_timestamp(text) {
        Ok(time) => (time, offset_of(text)),
        Err(_) => zoneless().map(|(zoned, offset)| (zoned.timestamp(), offset))?,
    };
    Some((Timestamp::from_micros(time.as_microsecond()), offset))
}

/// The numeric offset that a time ends with; `Z` and none are UTC.
fn offset_of(text: &str) -> Offset {
    let digits = |text: &str| text.parse::<i32>().ok();
    let offset = || {
        let at = text.rfind(['+', '-']).filter(|at| *at >= "2021-06-14T22".len())?;
        let (sign, rest) = (if text.as_bytes()[at] == b'-' { -1 } else { 1 }, &text[at + 1..]);
        let minutes = match rest.len() {
            2 => digits(rest)? * 60,
            4 => digits(&rest[..2])? * 60 + digits(&rest[2..])?,
            _ => digits(rest.get(..2)?)? * 60 + digits(rest.get(3..5)?)?,
        };
        Offset::from_seconds(sign * minutes * 60).ok()
    };
    offset().unwrap_or(Offset::UTC)
}

impl fmt::Display for Spaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+0000", write(civil(self.0, Offset::UTC), ' ', 3))
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", write(civil(self.0, Offset::UTC), 'T', 6))
    }
}

impl fmt::Display for Zoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = Offset::from_seconds(i32::from(self.offset_minutes) * 60).unwrap_or(Offset::UTC);
        let minutes = offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        write!(f, "{}{sign}{hours:02}:{minutes:02}", write(civil(self.ts, offset), 'T', 6))
    }
}

macro_rules! text_time {
    ($name:ident, $from:expr, $example:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a time such as ", $example))
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        let from: fn((Timestamp, Offset)) -> $name = $from;
                        read(text).map(from).ok_or_else(|| E::custom("not a time"))
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                concat!($example).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": concat!("A time: ", $example, "."), "examples": [$example] })
            }
        }
    };
}

text_time!(Spaced, |(ts, _)| Spaced(ts), "2017-02-13 12:00:05.123+0000");
text_time!(Micros, |(ts, _)| Micros(ts), "2023-02-24T12:00:00.123456Z");
text_time!(
    Zoned,
    |(ts, offset)| Zoned { ts, offset_minutes: i16::try_from(offset.seconds() / 60).unwrap_or_default() },
    "2021-06-14T22:10:39.551836-03:00"
);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Up to the year 2240 a double has room for the microseconds, and its shortest text ends with them.
        serializer.serialize_f64(self.0.as_micros() as f64 / MICROS)
    }
}

impl Serialize for WholeSeconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.as_micros().div_euclid(1_000_000))
    }
}

/// A number of seconds, whole or not.
struct Number;

impl Visitor<'_> for Number {
    type Value = Timestamp;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time: a number of seconds since 1970")
    }
    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Timestamp, E> {
        // The fraction by itself: a product of the whole would be rounded once more. Out of range is clamped.
        let whole = seconds.trunc();
        let micros = (whole as i64).saturating_mul(1_000_000);
        Ok(Timestamp::from_micros(micros.saturating_add(((seconds - whole) * MICROS).round() as i64)))
    }
    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Timestamp, E> {
        Ok(Timestamp::from_micros(seconds.saturating_mul(1_000_000)))
    }
    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Timestamp, E> {
        self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

macro_rules! number_time {
    ($name:ident, $kind:literal, $example:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Number).map(Self)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": $kind, "description": "Seconds since 1970-01-01T00:00:00Z.", "examples": [$example] })
            }
        }
    };
}

number_time!(Seconds, "number", 1414768486.196569);
number_time!(WholeSeconds, "integer", 1414768486);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same<T: Serialize + for<'de> Deserialize<'de>>(json: &str) -> T {
        let time: T = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&time).unwrap(), json);
        time
    }

    #[test]
    fn each_form_is_written_as_its_system_wrote_it() {
        let Spaced(ts) = same(r#""2017-02-13 12:00:05.123+0000""#);
        assert_eq!(ts.to_string(), "2017-02-13T12:00:05.123Z");
        let Micros(ts) = same(r#""2023-02-24T12:00:00.123456Z""#);
        assert_eq!(ts.as_micros(), 1_677_240_000_123_456);
        let Seconds(ts) = same("1414768486.196569");
        assert_eq!(ts.as_micros(), 1_414_768_486_196_569);
        let WholeSeconds(ts) = same("1414768486");
        assert_eq!(ts.as_micros(), 1_414_768_486_000_000);
        let zoned: Zoned = same(r#""2021-06-14T22:10:39.551836-03:00""#);
        assert_eq!((zoned.ts.to_string().as_str(), zoned.offset_minutes), ("2021-06-15T01:10:39.551Z", -180));
        let zoned: Zoned = same(r#""2021-06-14T22:10:39.551836+05:30""#);
        assert_eq!(zoned.offset_minutes, 330);
        same::<Zoned>(r#""2021-06-14T22:10:39.000000+00:00""#);
    }

    #[test]
    fn what_is_cut_off_is_rounded_down() {
        let ts = Timestamp::from_micros(1_600_000_000_999_999);
        assert_eq!(Spaced(ts).to_string(), "2020-09-13 12:26:40.999+0000");
        assert_eq!(serde_json::to_string(&WholeSeconds(ts)).unwrap(), "1600000000");
        assert_eq!(serde_json::to_string(&Seconds(Timestamp::from_micros(1_000_000))).unwrap(), "1.0");
    }

    #[test]
    fn other_fractions_and_zones_are_read() {
        let read = |text: &str| serde_json::from_str::<Micros>(&format!("{text:?}")).unwrap().to_string();
        assert_eq!(read("2023-02-24T12:00:00Z"), "2023-02-24T12:00:00.000000Z");
        assert_eq!(read("2023-02-24 12:00:00.5+0100"), "2023-02-24T11:00:00.500000Z");
        assert_eq!(read("2023-02-24T12:00:00.123456789-00:30"), "2023-02-24T12:30:00.123456Z");
        assert_eq!(read("2023-02-24T12:00:00"), "2023-02-24T12:00:00.000000Z");
        assert!(serde_json::from_str::<Micros>(r#""yesterday""#).is_err());
        assert!(serde_json::from_str::<Micros>("5").is_err());
        assert!(serde_json::from_str::<Seconds>(r#""5""#).is_err());
        assert!(serde_json::from_str::<Seconds>("1e300").is_ok(), "clamped");
    }

    proptest! {
        #[test]
        fn every_time_is_read_as_it_was_written(micros in -62_135_596_800_000_000_i64..253_402_207_200_000_000, offset in -1_559_i16..=1_559) {
            let ts = Timestamp::from_micros(micros);
            let json = serde_json::to_string(&Micros(ts)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Micros>(&json).unwrap(), Micros(ts));
            let zoned = Zoned { ts, offset_minutes: offset };
            let json = serde_json::to_string(&zoned).unwrap();
            prop_assert_eq!(serde_json::from_str::<Zoned>(&json).unwrap(), zoned);
        }

        #[test]
        fn seconds_keep_their_microseconds(micros in 0_i64..8_500_000_000_000_000) {
            let json = serde_json::to_string(&Seconds(Timestamp::from_micros(micros))).unwrap();
            prop_assert_eq!(serde_json::from_str::<Seconds>(&json).unwrap().0.as_micros(), micros);
        }
    }
}
