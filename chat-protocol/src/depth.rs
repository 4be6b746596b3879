//! Nesting of JSON, counted before anything is parsed.

use crate::scan::end_of_string;

/// Whether arrays and objects in `json` nest at most `max` deep.
///
/// Brackets inside strings do not count. The text need not be valid JSON: a parser that runs afterwards finds out,
/// and it then meets no more than `max` levels before it fails. At most two passes over the bytes, no memory.
///
/// ```
/// use chat_protocol::depth_within;
/// assert!(depth_within(br#"{"a":"[[[["}"#, 1));
/// assert!(!depth_within(b"[[", 1));
/// ```
pub fn depth_within(json: &[u8], max: usize) -> bool {
    // Nothing nests deeper than there are brackets, and counting all of them is ten times as quick as telling which
    // of them are in strings: most frames need no more.
    brackets(json) <= max || nests_within(json, max)
}

/// How many arrays and objects are opened, in strings or not.
fn brackets(json: &[u8]) -> usize {
    // Counted in single bytes, which compiles to vector instructions. A byte can count a chunk, and vectors divide it.
    let count = |chunk: &[u8]| chunk.iter().fold(0u8, |n, byte| n.wrapping_add((byte | 0x20 == b'{').into()));
    json.chunks(224).map(|chunk| usize::from(count(chunk))).sum()
}

fn nests_within(json: &[u8], max: usize) -> bool {
    let (mut depth, mut at) = (0usize, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = end_of_string(json, at + 1).0,
            b'[' | b'{' if depth == max => return false,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{brackets, depth_within, nests_within};

    #[test]
    fn only_brackets_outside_strings_count() {
        for (json, depth) in [
            (r#"{}"#, 1),
            (r#"[{"a":[]}]"#, 3),
            (r#"{"a":"\"[[["}"#, 1),
            (r#"{"a":"\\","b":[]}"#, 2),
            ("[][][]", 1),
            ("7", 0),
        ] {
            assert!(depth_within(json.as_bytes(), depth), "{json}");
            assert!(nests_within(json.as_bytes(), depth), "{json}");
            assert!(depth == 0 || !depth_within(json.as_bytes(), depth - 1), "{json}");
        }
        assert!(!depth_within("[".repeat(30_000).as_bytes(), 64));
    }
    #[test]
    fn brackets_are_counted_in_long_texts_too() {
        let json = "[{".repeat(1_000) + &"]};{[".repeat(333) + &"a;:{".repeat(7);
        assert_eq!(brackets(json.as_bytes()), 2_000 + 666 + 7);
        assert!(nests_within(json.as_bytes(), 2_004 + 7));
        let wide = format!("[{}1]", "{},".repeat(1_000));
        assert!(depth_within(wide.as_bytes(), 2) && !depth_within(wide.as_bytes(), 1));
    }
}
