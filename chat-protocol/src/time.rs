//! Points in time on the wire: RFC 3339, UTC, exactly three fraction digits, `Z`.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time with microseconds, written as `2026-11-20T08:30:39.789Z`.
///
/// Readers accept any RFC 3339 text with any offset and any number of fraction digits. Order never depends on it:
/// it is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Year -9999 to 9999: what RFC 3339 can write, with a margin for offsets.
    const RANGE: std::ops::RangeInclusive<i64> = -377_705_023_201_000_000..=253_402_207_200_000_000;

    /// From microseconds since 1970-01-01T00:00:00Z; values outside years -9999 to 9999 are clamped.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(*Self::RANGE.start(), *Self::RANGE.end()))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn as_micros(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ts = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        // Rounding down, not to nearest: a later message never prints an earlier millisecond.
        write!(f, "{ts:.3}")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time: RFC 3339 text such as 2026-11-20T08:30:39.789Z")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                let ts: jiff::Timestamp = text.parse().map_err(|_| E::custom("not an RFC 3339 time"))?;
                Ok(Timestamp::from_micros(ts.as_microsecond()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339, UTC, milliseconds: 2026-11-20T08:30:39.789Z.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let ts: Timestamp = serde_json::from_str(&format!("{input:?}")).unwrap();
        assert_eq!(serde_json::to_string(&ts).unwrap(), format!("{expected:?}"));
    }

    #[test]
    fn times_are_read_tolerantly_and_written_one_way() {
        check("2018-02-02T08:30:39.789Z", "2018-02-02T08:30:39.789Z");
        check("2018-10-08T08:30:39Z", "2018-10-08T08:30:39.000Z");
        check("2021-06-14T22:10:39.551836-03:00", "2021-06-15T01:10:39.551Z");
        assert!(serde_json::from_str::<Timestamp>("\"yesterday\"").is_err());
        assert!(serde_json::from_str::<Timestamp>("1514764800").is_err());
    }

    #[test]
    fn a_time_is_never_rounded_up() {
        let ts = Timestamp::from_micros(1_600_000_000_999_999);
        assert_eq!(ts.to_string(), "2020-09-13T12:26:40.999Z");
    }

    #[test]
    fn the_ends_of_the_range_can_be_written() {
        assert!(Timestamp::from_micros(i64::MIN).to_string().starts_with("-009999"));
        assert!(Timestamp::from_micros(i64::MAX).to_string().starts_with("9999"));
    }
}
