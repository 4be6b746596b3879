//! Finding the ends of JSON strings, a block of bytes at a time.

/// A block is compared without an early exit, which is what compilers turn into vector instructions. 32 bytes are two
/// registers of the least processor that we compile for; twice that finds less to skip in short strings.
const BLOCK: usize = 32;

/// Where the next quote or backslash is, from `at` on; the end of `bytes` when there is none.
pub(crate) fn quote_or_backslash(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let is_mark = |byte: u8| byte == b'"' || byte == b'\\';
    let mut skipped = 0;
    for block in rest.chunks_exact(BLOCK) {
        if block.iter().fold(false, |any, &byte| any | is_mark(byte)) {
            break;
        }
        skipped += BLOCK;
    }
    let found = rest[skipped..].iter().position(|&byte| is_mark(byte));
    bytes.len() - rest.len() + found.map_or(rest.len(), |found| skipped + found)
}

/// Where the string ends whose first byte, after its quote, is at `at`: the place of the closing quote, or the end of
/// `bytes` when it is never closed.
pub(crate) fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    loop {
        at = quote_or_backslash(bytes, at);
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            _ => return at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{end_of_string, quote_or_backslash};

    #[test]
    fn marks_are_found_wherever_they_are_in_a_block() {
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
        for (text, end) in
            [(r#"a"b"#, 1), (r#"\"a""#, 3), (r#"\\"a""#, 2), ("abc", 3), (r"\", 1), (r#"\""#, 2)]
        {
            assert_eq!(end_of_string(text.as_bytes(), 0), end, "{text}");
        }
    }
}
