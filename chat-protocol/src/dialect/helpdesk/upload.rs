//! Names of uploaded files.

use super::UPLOADS;

/// Where our own format has files: what follows are 32 hexadecimal digits.
const NATIVE: &str = "/v1/uploads/";

/// Digits of the random part of a name.
const DIGITS: usize = 32;

/// Greatest length of a stored name in bytes, its random part included.
const MAX_NAME: usize = 100;

/// Greatest length of what counts as the ending of a name. The endings of common files have at most five.
const MAX_ENDING: usize = 16;

/// The name under which an upload is stored: the last part of the path that the sender gave, of it only the
/// characters `A-Z a-z 0-9 . _ -` (a space becomes `_`) and no dot at the beginning, then `_` and 32
/// hexadecimal digits of `random`, then the ending. At most 100 bytes.
///
/// Files may be read by whoever knows the name, so `random` must not be guessable.
///
/// ```
/// use chat_protocol::dialect::helpdesk::stored_name;
/// let name = stored_name(r"C:\tmp\..\the photo.png", [0xab; 16]);
/// assert_eq!(name, "the_photo_abababababababababababababababab.png");
/// ```
pub fn stored_name(name: &str, random: [u8; 16]) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().replace(' ', "_");
    let plain: String = last.chars().filter(|c| plain(*c)).collect();
    let (stem, ending) = match plain.rsplit_once('.') {
        Some((stem, ending)) if (1..=MAX_ENDING).contains(&ending.len()) => (stem, format!(".{ending}")),
        _ => (plain.as_str(), String::new()),
    };
    let stem = stem.trim_start_matches('.');
    let random = format!("{:032x}", u128::from_be_bytes(random));
    // Everything is ASCII by now.
    let stem = &stem[..stem.len().min(MAX_NAME - ending.len() - random.len() - "_".len())];
    let stem = if stem.is_empty() { "file" } else { stem };
    format!("{stem}_{random}{ending}")
}

/// Whether a name may be that of a stored file. Any other is answered as not found, without asking the file
/// system.
///
/// ```
/// use chat_protocol::dialect::helpdesk::is_stored_name;
/// assert!(is_stored_name("the_photo_abababababababababababababababab.png"));
/// assert!(!is_stored_name("../secret") && !is_stored_name(".env") && !is_stored_name(""));
/// ```
pub fn is_stored_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && !name.starts_with('.') && name.chars().all(plain)
}

fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// Where this dialect has a file that our own format has at `url`: under the name that the file would have been stored by.
/// `None` when the address is none of those; it stays as it is then. `name` is what the file is called, if it has a name.
///
/// ```
/// use chat_protocol::dialect::helpdesk::upload_path;
/// let digits = "abababababababababababababababab";
/// let path = upload_path(&format!("/v1/uploads/{digits}"), Some("the photo.png"));
/// assert_eq!(path, Some(format!("/media/uploads/the_photo_{digits}.png")));
/// assert_eq!(upload_path("https://files.example.org/a.png", None), None);
/// ```
pub fn upload_path(url: &str, name: Option<&str>) -> Option<String> {
    let digits = url.strip_prefix(NATIVE).filter(|digits| is_random(digits))?;
    let random = u128::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some(format!("{UPLOADS}{}", stored_name(name.unwrap_or_default(), random)))
}

/// The random part of a stored name, by which alone the file is found; `None` when no file can have the name.
///
/// ```
/// use chat_protocol::dialect::helpdesk::stored_digits;
/// let digits = "abababababababababababababababab";
/// assert_eq!(stored_digits(&format!("the_photo_{digits}.png")), Some(digits));
/// assert_eq!(stored_digits(&format!("../x_{digits}.png")), None);
/// ```
pub fn stored_digits(name: &str) -> Option<&str> {
    if !is_stored_name(name) {
        return None;
    }
    // An ending may look like digits, never like all of them: it is shorter.
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    [stem, name].into_iter().find_map(|text| {
        let (_, digits) = text.rsplit_once('_')?;
        is_random(digits).then_some(digits)
    })
}

fn is_random(digits: &str) -> bool {
    digits.len() == DIGITS && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The media type of a stored file that browsers may show in place; `None` for all that is only offered as an
/// attachment. SVG is among those: it can hold scripts (our decision).
///
/// ```
/// use chat_protocol::dialect::helpdesk::image_type;
/// assert_eq!(image_type("a.PNG"), Some("image/png"));
/// assert_eq!(image_type("a.svg"), None);
/// ```
pub fn image_type(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        _ => return None,
    })
}

/// The absolute URL of a file on a server such as `https://chat.example.org`: of its path, or of its stored
/// name alone. What is a URL already stays as it is.
///
/// ```
/// use chat_protocol::dialect::helpdesk::file_url;
/// let url = "https://chat.example.org/media/uploads/a.png";
/// assert_eq!(file_url("https://chat.example.org", "/media/uploads/a.png"), url);
/// assert_eq!(file_url("https://chat.example.org/", "a.png"), url);
/// assert_eq!(file_url("https://elsewhere.example.org", url), url);
/// ```
pub fn file_url(origin: &str, file: &str) -> String {
    let origin = origin.trim_end_matches('/');
    if file.contains("://") {
        file.to_owned()
    } else if file.starts_with('/') {
        format!("{origin}{file}")
    } else {
        format!("{origin}{UPLOADS}{file}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::helpdesk::Uuid;

    #[test]
    fn nothing_of_a_path_survives() {
        let random = "00".repeat(16);
        for (name, before, after) in [
            ("a.png", "a", ".png"),
            ("../../etc/passwd", "passwd", ""),
            ("..", "file", ""),
            ("", "file", ""),
            ("/", "file", ""),
            (".env", "file", ".env"),
            ("...a..b", "a.", ".b"),
            ("a.", "a.", ""),
            ("a\u{0}b\n\".html", "ab", ".html"),
            ("фото.jpg", "file", ".jpg"),
            ("a.b/c", "c", ""),
            ("a.abcdefghijklmnopq", "a.abcdefghijklmnopq", ""),
        ] {
            assert_eq!(stored_name(name, [0; 16]), format!("{before}_{random}{after}"), "{name:?}");
        }
    }

    #[test]
    fn a_file_is_found_by_its_digits_alone() {
        let digits = "ab".repeat(16);
        for name in ["a_{}.png", "_{}", "a.b_{}.c", "a_{}.", "x_y_{}"] {
            let name = name.replace("{}", &digits);
            assert_eq!(stored_digits(&name), Some(&*digits), "{name}");
        }
        for name in ["{}", "a{}.png", "a_{}0.png", "a_0{}", "a/_{}", "..", "", "a_{}.png/", "%2e_{}", ".a_{}"]
        {
            assert_eq!(stored_digits(&name.replace("{}", &digits)), None, "{name}");
        }
        assert_eq!(stored_digits(&format!("a_{}", digits.to_uppercase())), None);
        for url in ["/v1/uploads/", "/v1/uploads/0b5c.png", "https://x/v1/uploads/{}", "/v1/uploads/{}/x"] {
            assert_eq!(upload_path(&url.replace("{}", &digits), None), None, "{url}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_upload_gets_a_name_that_can_be_asked_for(
            name in "\\PC{0,150}",
            plain in "[a-z.]{0,150}",
            random: [u8; 16],
        ) {
            for name in [name, plain] {
                let stored = stored_name(&name, random);
                proptest::prop_assert!(is_stored_name(&stored), "{stored}");
                let digits = Uuid(random).to_string().replace('-', "");
                proptest::prop_assert_eq!(stored_digits(&stored), Some(&*digits));
                let path = upload_path(&format!("{NATIVE}{digits}"), Some(&name));
                proptest::prop_assert_eq!(path, Some(format!("{UPLOADS}{stored}")));
            }
        }
    }
}
