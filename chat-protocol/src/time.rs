//! Points in time on the wire: RFC 3339, UTC, exactly three fraction digits, `Z`.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::Offset;
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

/// A time as text, at the end. Years before 0 have a sign and six digits; others have four and begin at [`START`], which
/// is aligned, because so is the check for UTF-8 quicker.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(align(8))]
struct Digits([u8; 32]);

const START: usize = 8;
const START_BEFORE_0: usize = 5;

impl Digits {
    const ZERO: Self = Self(*b"     -000000-00-00T00:00:00.000Z");

    fn put<const AT: usize, const END: usize>(&mut self, mut value: u32) {
        for digit in self.0[AT..END].iter_mut().rev() {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
        }
    }

    /// Takes a number out and leaves zeros behind, or other digits where there are none.
    fn take<const AT: usize, const END: usize>(&mut self) -> u32 {
        self.0[AT..END].iter_mut().fold(0, |value, digit| {
            let plain = digit.wrapping_sub(b'0');
            *digit = if plain < 10 { b'0' } else { b'x' };
            value * 10 + u32::from(plain)
        })
    }
}

impl Timestamp {
    /// The text. Written by hand, because every packet has one: through `fmt` it is five times the work.
    fn write(self, digits: &mut Digits) -> &str {
        let ts = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        let ts = Offset::UTC.to_datetime(ts);
        digits.put::<6, 12>(ts.year().unsigned_abs().into());
        digits.put::<13, 15>(ts.month().unsigned_abs().into());
        digits.put::<16, 18>(ts.day().unsigned_abs().into());
        digits.put::<19, 21>(ts.hour().unsigned_abs().into());
        digits.put::<22, 24>(ts.minute().unsigned_abs().into());
        digits.put::<25, 27>(ts.second().unsigned_abs().into());
        // Rounding down, not to nearest: a later message never prints an earlier millisecond.
        digits.put::<28, 31>(ts.subsec_nanosecond().unsigned_abs() / 1_000_000);
        let start = if ts.year() < 0 { START_BEFORE_0 } else { START };
        // It is ASCII.
        std::str::from_utf8(&digits.0[start..]).unwrap_or_default()
    }

    /// The time of a text of exactly the form that is written, from year 0 on; others take a parser.
    fn read(text: &str) -> Option<Self> {
        let mut digits = Digits::ZERO;
        let text: &[u8; 32 - START] = text.as_bytes().try_into().ok()?;
        digits.0[START..].copy_from_slice(text);
        let year = digits.take::<START, 12>() as i16;
        let (month, day) = (digits.take::<13, 15>() as i8, digits.take::<16, 18>() as i8);
        let (hour, minute) = (digits.take::<19, 21>() as i8, digits.take::<22, 24>() as i8);
        let (second, milli) = (digits.take::<25, 27>() as i8, digits.take::<28, 31>() as i32);
        if digits != Digits::ZERO {
            return None;
        }
        let ts = DateTime::new(year, month, day, hour, minute, second, milli * 1_000_000).ok()?;
        Some(Self::from_micros(Offset::UTC.to_timestamp(ts).ok()?.as_microsecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.write(&mut { Digits::ZERO }))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.write(&mut { Digits::ZERO }))
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
                if let Some(ts) = Timestamp::read(text) {
                    return Ok(ts);
                }
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
    /// What is written and read beside jiff, which has the last word.
    fn compare(micros: i64) {
        let ts = Timestamp::from_micros(micros);
        let jiff = jiff::Timestamp::from_microsecond(ts.as_micros()).unwrap();
        let text = format!("{jiff:.3}");
        assert_eq!(ts.to_string(), text);
        assert_eq!(serde_json::to_string(&ts).unwrap(), format!("{text:?}"));
        let parsed: jiff::Timestamp = text.parse().unwrap();
        let parsed = Timestamp::from_micros(parsed.as_microsecond());
        assert_eq!(serde_json::from_str::<Timestamp>(&format!("{text:?}")).unwrap(), parsed);
        assert_eq!(Timestamp::read(&text).is_some(), text.len() == 24, "{text}");
    }

    #[test]
    fn times_at_the_edges_are_written_as_jiff_writes_them() {
        for edge in [
            i64::MIN,
            i64::MAX,
            0,
            // The years 0 and 1 begin.
            -62_167_219_200_000_000,
            -62_135_596_800_000_000,
            // A leap day, and the end of a century without one.
            951_782_400_000_000,
            4_107_542_400_000_000,
        ] {
            for micros in [-1_000_001, -1_000_000, -1_000, -999, -1, 0, 1, 999, 1_000, 1_000_000] {
                compare(edge.saturating_add(micros));
            }
        }
    }

    #[test]
    fn texts_near_the_written_form_are_read_as_jiff_reads_them() {
        let text = "2016-12-31T23:59:59.789Z";
        for place in 0..text.len() {
            for byte in "0129-:.,+ TtZz/_\u{7f}".chars() {
                let mut near = text.to_owned();
                near.replace_range(place..=place, byte.encode_utf8(&mut [0; 4]));
                let ours =
                    serde_json::from_str::<Timestamp>(&format!("{near:?}")).ok().map(Timestamp::as_micros);
                let jiff = near.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond);
                assert_eq!(ours, jiff, "{near}");
            }
        }
        for odd in ["2016-12-31T23:59:60.789Z", "2015-02-29T00:00:00.000Z", "9999-12-31T23:59:59.999Z"] {
            let ours = serde_json::from_str::<Timestamp>(&format!("{odd:?}")).ok().map(Timestamp::as_micros);
            assert_eq!(
                ours,
                odd.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond),
                "{odd}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn times_are_written_as_jiff_writes_them(micros in Timestamp::RANGE, near in -100_000_000_000_000i64..=3_000_000_000_000_000) {
            compare(micros);
            compare(near);
        }
    }
}
