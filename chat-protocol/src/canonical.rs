//! One spelling for all JSON texts that mean the same, so that they can be hashed.
//!
//! Two texts mean the same when [`serde_json::Value`] reads the same from both: key order, white space and the spelling
//! of strings do not count, the last of several members of one name does, `1` and `1.0` differ. The spelling is not
//! JSON, because nothing reads it again: strings are written without escapes and end with a byte that UTF-8 never has,
//! members follow one another in the order of their keys, other numbers than integers are the bits of their value.
//! Every value ends where its own bytes say, so that no two meanings have one spelling.
//!
//! Written while reading, not from a `Value`: that would be one allocation for each key and string of every message
//! sent. Texts come from a [`RawValue`](serde_json::value::RawValue), thus from a parser that took them; what is written
//! for another text means nothing.

use std::ops::Range;

use crate::scan::{Cursor, quote_or_backslash};

/// Ends a string. UTF-8 never has this byte.
const END: u8 = 0xff;

/// Before a text that is taken as it is; no value begins with it.
const AS_IS: u8 = 0xfe;

/// How deep `serde_json` reads.
const MAX_DEPTH: u8 = 127;

/// Appends the one spelling of `json`.
///
/// What no `Value` can hold is taken as it is, white space and all: halves of surrogate pairs, numbers beyond every
/// float, and nesting that no frame has.
pub(crate) fn write(json: &str, out: &mut Vec<u8>) {
    let start = out.len();
    let mut writer = Writer { json: Cursor::new(json), out, members: Vec::new() };
    if writer.value(MAX_DEPTH).is_none() {
        out.truncate(start);
        out.push(AS_IS);
        out.extend_from_slice(json.as_bytes());
    }
}

struct Writer<'a> {
    json: Cursor<'a>,
    out: &'a mut Vec<u8>,
    /// Members written of the objects that are being read, of the outermost first.
    members: Vec<Member>,
}

/// Where a member of an object is in what was written.
struct Member {
    key: usize,
    value: usize,
    end: usize,
}

impl Member {
    fn key(&self) -> Range<usize> {
        self.key..self.value
    }
}

/// Every method returns `None` when it meets what no `Value` can hold.
impl Writer<'_> {
    fn value(&mut self, depth: u8) -> Option<()> {
        match self.json.peek()? {
            b'"' => self.string(),
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            word @ (b't' | b'f' | b'n') => {
                self.out.push(word);
                self.json.scalar();
                Some(())
            }
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: u8) -> Option<()> {
        self.json.take(b'[')?;
        self.out.push(b'[');
        if self.json.take(b']').is_none() {
            loop {
                self.value(depth)?;
                if self.json.take(b',').is_none() {
                    self.json.take(b']')?;
                    break;
                }
            }
        }
        self.out.push(b']');
        Some(())
    }

    fn object(&mut self, depth: u8) -> Option<()> {
        self.json.take(b'{')?;
        self.out.push(b'{');
        let (first, outer) = (self.out.len(), self.members.len());
        let (mut last, mut in_order) = (None::<Member>, true);
        if self.json.take(b'}').is_none() {
            loop {
                let member = self.member(depth)?;
                // The last one is kept apart: most objects have one member, and then nothing is allocated.
                if let Some(before) = last.take() {
                    in_order &= self.out[before.key()] < self.out[member.key()];
                    self.members.push(before);
                }
                last = Some(member);
                if self.json.take(b',').is_none() {
                    self.json.take(b'}')?;
                    break;
                }
            }
        }
        if !in_order {
            self.members.extend(last);
            self.sort(first, outer);
        }
        self.members.truncate(outer);
        self.out.push(b'}');
        Some(())
    }

    fn member(&mut self, depth: u8) -> Option<Member> {
        let key = self.out.len();
        self.json.peek()?;
        self.string()?;
        let value = self.out.len();
        self.json.take(b':')?;
        self.value(depth)?;
        Some(Member { key, value, end: self.out.len() })
    }

    /// Puts the members from `outer` on, written from `first` on, into the order of their keys, and drops all but the
    /// last of those that share one.
    fn sort(&mut self, first: usize, outer: usize) {
        let written = self.out.split_off(first);
        let at = |range: Range<usize>| &written[range.start - first..range.end - first];
        let members = &mut self.members[outer..];
        // Stable: those of one key stay in the order in which they came.
        members.sort_by(|a, b| at(a.key()).cmp(at(b.key())));
        for same in members.chunk_by(|a, b| at(a.key()) == at(b.key())) {
            self.out.extend(same.last().into_iter().flat_map(|member| at(member.key..member.end)));
        }
    }

    fn string(&mut self) -> Option<()> {
        let json = self.json.bytes();
        let mut at = self.json.at() + 1;
        self.out.push(b'"');
        loop {
            let end = quote_or_backslash(json, at);
            self.out.extend_from_slice(&json[at..end]);
            if *json.get(end)? == b'"' {
                self.json.jump(end + 1);
                self.out.push(END);
                return Some(());
            }
            let (char, after) = escape(json, end + 1)?;
            self.out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            at = after;
        }
    }

    fn number(&mut self) -> Option<()> {
        let text = self.json.scalar();
        if is_integer(text) {
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b',');
        } else {
            // The value that `serde_json` gives it, which may differ in its last bit from what `parse` gives.
            let number: f64 = serde_json::from_str(text).ok()?;
            self.out.push(b'.');
            self.out.extend_from_slice(&number.to_bits().to_be_bytes());
        }
        Some(())
    }
}

/// Whether a number is read as an integer, which has but one spelling then. Minus zero is a float.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.len() {
        1..=18 => all_digits && text != "-0",
        19..=20 => all_digits && (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()),
        _ => false,
    }
}

/// The character of the escape whose backslash is before `at`, and where it ends.
fn escape(json: &[u8], at: usize) -> Option<(char, usize)> {
    let char = match json.get(at)? {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(json, at + 1),
        other => char::from(*other),
    };
    Some((char, at + 1))
}

fn unicode_escape(json: &[u8], at: usize) -> Option<(char, usize)> {
    let first = hex(json, at)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some((char::from_u32(first)?, at + 4));
    }
    let second = hex(json, at + 6).filter(|second| (0xdc00..0xe000).contains(second));
    let pair = 0x1_0000 + ((first - 0xd800) << 10) + (second? - 0xdc00);
    (json.get(at + 4..at + 6)? == b"\\u").then_some((char::from_u32(pair)?, at + 10))
}

fn hex(json: &[u8], at: usize) -> Option<u32> {
    let digits = json.get(at..at + 4)?;
    digits.iter().try_fold(0, |value, &digit| Some(value * 16 + char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests;
