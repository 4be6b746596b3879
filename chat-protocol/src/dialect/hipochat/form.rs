//! Forms: `application/x-www-form-urlencoded`, as the URL standard of the WHATWG has it (section 5).

/// The media type of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// The pairs of a form, in order.
pub(super) fn pairs(form: &str) -> impl Iterator<Item = (String, String)> {
    form.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

/// The form of some pairs.
pub(super) fn written<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pair = |(name, value)| format!("{}={}", encoded(name), encoded(value));
    pairs.into_iter().map(pair).collect::<Vec<_>>().join("&")
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let (byte, digits) = match first {
            // A sign that escapes nothing stands for itself.
            b'%' => escaped(after).map_or((b'%', 0), |byte| (byte, 2)),
            b'+' => (b' ', 0),
            other => (*other, 0),
        };
        bytes.push(byte);
        rest = &after[digits..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte whose two digits come next.
fn escaped(text: &[u8]) -> Option<u8> {
    // Alone, the standard parser would take a sign as well.
    let digits = text.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(form: &str) -> Vec<(String, String)> {
        pairs(form).collect()
    }

    #[test]
    fn forms_are_read_as_browsers_write_them() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read("a=1+2%2b3&&b&=c&%61=%zz%4"),
            [pair("a", "1 2+3"), pair("b", ""), pair("", "c"), pair("a", "%zz%4")]
        );
        assert_eq!(read(""), []);
        assert_eq!(read("a=%ff"), [pair("a", "\u{fffd}")]);
        assert_eq!(written([("t", "a@b c&d"), ("é", "")]), "t=a%40b+c%26d&%C3%A9=");
    }

    proptest! {
        #[test]
        fn every_pair_comes_back(pairs in proptest::collection::vec((".*", ".*"), 0..4)) {
            let form = written(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            prop_assert_eq!(read(&form), pairs);
        }
    }
}
