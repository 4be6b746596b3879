//! Going over JSON text without parsing it: strings are skipped eight bytes at a time.

const ONES: u64 = u64::MAX / 255;

/// In the highest bit of each byte of the result: whether that byte of `word` is `wanted`. After one that is, others may
/// be marked in error ("Determine if a word has a zero byte" in Sean Anderson's "Bit Twiddling Hacks"), before it none.
/// The other bits mean nothing.
fn equal(word: u64, wanted: u8) -> u64 {
    let different = word ^ (ONES * u64::from(wanted));
    different.wrapping_sub(ONES) & !different
}

/// Where the next quote or backslash is, from `at` on; the end of `bytes` when there is none.
///
/// Eight bytes at a time. Comparing blocks of 32 in the hope of vector instructions took 1.6 times as many: texts are
/// short, and where in its block the byte is remains to be found.
pub(crate) fn quote_or_backslash(bytes: &[u8], at: usize) -> usize {
    let mut rest = bytes.get(at..).unwrap_or_default();
    while let Some((word, after)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*word);
        let found = (equal(word, b'"') | equal(word, b'\\')) & (ONES << 7);
        if found != 0 {
            return bytes.len() - rest.len() + found.trailing_zeros() as usize / 8;
        }
        rest = after;
    }
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    bytes.len() - rest.len() + found.unwrap_or(rest.len())
}

/// What stands for other characters in a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Escapes {
    /// Nothing: what is written is the text.
    None,
    /// Escapes of two characters, which cannot be wrong.
    Short,
    /// `\u` as well, which may be half of a surrogate pair.
    Unicode,
}

/// Where the string ends whose first byte, after its quote, is at `at`: the place of the closing quote, or the end of
/// `bytes` when it is never closed.
pub(crate) fn end_of_string(bytes: &[u8], mut at: usize) -> (usize, Escapes) {
    let mut escapes = Escapes::None;
    loop {
        at = quote_or_backslash(bytes, at);
        if bytes.get(at) != Some(&b'\\') {
            return (at, escapes);
        }
        let escape = if bytes.get(at + 1) == Some(&b'u') { Escapes::Unicode } else { Escapes::Short };
        escapes = escapes.max(escape);
        at += 2;
    }
}

/// A place in a text that a JSON parser has taken before. Of a text that none took, the answers are wrong, no more.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn jump(&mut self, at: usize) {
        self.at = at;
    }

    /// The byte after any white space.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    /// Goes over `byte`, if it is the one after any white space.
    pub(crate) fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Goes over a string: what is between its quotes, as it is written.
    pub(crate) fn string(&mut self) -> Option<(&'a str, Escapes)> {
        self.take(b'"')?;
        let (start, (end, escapes)) = (self.at, end_of_string(self.bytes(), self.at));
        self.at = end;
        self.take(b'"')?;
        Some((self.text.get(start..end)?, escapes))
    }

    /// Goes over a number or a word.
    pub(crate) fn scalar(&mut self) -> &'a str {
        let rest = &self.bytes()[self.at..];
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
        let end = self.at + rest.iter().position(ends).unwrap_or(rest.len());
        let scalar = self.text.get(self.at..end).unwrap_or_default();
        self.at = end;
        scalar
    }

    /// Goes over any value.
    pub(crate) fn value(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'"' => _ = self.string()?,
                b'{' | b'[' => (depth, self.at) = (depth + 1, self.at + 1),
                b'}' | b']' => (depth, self.at) = (depth.checked_sub(1)?, self.at + 1),
                b',' | b':' => self.at += 1,
                _ => _ = self.scalar(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Escapes, end_of_string, quote_or_backslash};

    #[test]
    fn a_value_ends_where_it_ends() {
        for value in
            [r#""a\"]""#, "-1.5e3", "null", "[]", "{}", r#"{ "a]" : [1, {"b":true}], "c":"}" }"#, "[[ ],[0]]"]
        {
            for after in ["", ",1", " ]", "}"] {
                let text = format!(" {value}{after}");
                let mut cursor = Cursor::new(&text);
                assert_eq!((cursor.value(), cursor.at()), (Some(()), 1 + value.len()), "{text}");
            }
        }
    }

    #[test]
    fn marks_are_found_wherever_they_are() {
        for length in 0..100 {
            let mut text = vec![b'x'; length];
            assert_eq!(quote_or_backslash(&text, 0), length);
            for place in 0..length {
                for mark in *b"\"\\" {
                    text[place] = mark;
                    for from in 0..=length + 1 {
                        let expected = if from <= place { place } else { length };
                        assert_eq!(quote_or_backslash(&text, from), expected, "{length} {place} {from}");
                    }
                }
                text[place] = b'x';
            }
        }
    }

    #[test]
    fn an_escaped_quote_ends_no_string() {
        for (text, end, escapes) in [
            (r#"a"b"#, 1, Escapes::None),
            (r#"\"a""#, 3, Escapes::Short),
            (r#"\\"a""#, 2, Escapes::Short),
            (r#"\\u0041""#, 7, Escapes::Short),
            (r#"\u0041\n""#, 8, Escapes::Unicode),
            ("abc", 3, Escapes::None),
            (r"\", 1, Escapes::Short),
            (r#"\""#, 2, Escapes::Short),
        ] {
            assert_eq!(end_of_string(text.as_bytes(), 0), (end, escapes), "{text}");
        }
    }
}
