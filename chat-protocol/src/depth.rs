//! Nesting of JSON, counted before anything is parsed.

/// Whether arrays and objects in `json` nest at most `max` deep.
///
/// Brackets inside strings do not count. The text need not be valid JSON: a parser that runs afterwards finds out,
/// and it then meets no more than `max` levels before it fails. One pass over the bytes, no memory.
///
/// ```
/// use chat_protocol::depth_within;
/// assert!(depth_within(br#"{"a":"[[[["}"#, 1));
/// assert!(!depth_within(b"[[", 1));
/// ```
pub fn depth_within(json: &[u8], max: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in json {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'[' | b'{') => {
                depth += 1;
                if depth > max {
                    return false;
                }
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::depth_within;

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
            assert!(depth == 0 || !depth_within(json.as_bytes(), depth - 1), "{json}");
        }
        assert!(!depth_within("[".repeat(30_000).as_bytes(), 64));
    }
}
