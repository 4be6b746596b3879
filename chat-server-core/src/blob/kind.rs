//! What a file is: what its bytes show, what its sender claims, and what of that is believed.

use chat_protocol::{ErrorCode, WireError};

/// How many of a file's first bytes are looked at; the signatures of most formats stand in the first 300, those inside
/// of archives within some thousands.
pub(crate) const SNIFFED: usize = 4_096;

/// The type of everything that is not known, and of what must not be taken for what it is.
const BYTES: &str = "application/octet-stream";

/// Media types that are taken unless the operator names others: all. What is not a picture, a sound or a film is only
/// ever saved to a disk, never shown.
pub const DEFAULT_KINDS: &[&str] = &["*/*"];

/// Whether files of this media type are shown where they are named; all others are saved.
///
/// ```
/// use chat_server_core::blob::is_shown;
/// assert!(is_shown("image/png"));
/// assert!(!is_shown("image/svg+xml") && !is_shown("text/html") && !is_shown("application/pdf"));
/// ```
pub fn is_shown(kind: &str) -> bool {
    matches!(family(kind), "image" | "audio" | "video") && !is_active(kind)
}

/// Whether the list has the type: as it is, as `image/*`, or as `*/*`.
pub(crate) fn allowed(list: &[String], kind: &str) -> bool {
    list.iter().any(|entry| match entry.strip_suffix("/*") {
        Some("*") => true,
        Some(whole) => whole == family(kind),
        None => entry == kind,
    })
}

/// The media type under which a file is kept. `head` is its first [`SNIFFED`] bytes, or all.
///
/// What the bytes show counts more than what is claimed. What a browser would run becomes plain bytes.
///
/// # Errors
/// `MediaType` when it claims to be a picture, a sound or a film and the bytes show no such thing, or when the claim is
/// no media type.
pub(crate) fn judge(claimed: Option<&str>, head: &[u8]) -> Result<String, WireError> {
    let claimed = claimed.map(essence).transpose()?.filter(|kind| kind != BYTES);
    let seen = infer::get(head).map(|found| found.mime_type());
    let kind = match (claimed, seen) {
        (Some(claimed), seen) if is_shown(&claimed) => media(claimed, seen)?,
        // Many formats are archives inside, and their senders know them better than we do.
        (Some(claimed), None | Some("application/zip")) => claimed,
        (_, Some(seen)) => seen.to_owned(),
        (None, None) => BYTES.to_owned(),
    };
    Ok(if is_active(&kind) { BYTES.to_owned() } else { kind })
}

/// The type of what claims to be shown.
fn media(claimed: String, seen: Option<&str>) -> Result<String, WireError> {
    match seen {
        Some(seen) if family(seen) == "image" && family(&claimed) == "image" => Ok(seen.to_owned()),
        // One container holds both, and only its sender knows whether there is a picture in it.
        Some(seen) if matches!(family(seen), "audio" | "video") && family(&claimed) != "image" => Ok(claimed),
        _ => Err(unsupported(format!("the bytes are no {claimed}"))),
    }
}

/// `type/subtype` in lower case, without parameters (RFC 9110 section 8.3.1).
pub(crate) fn essence(text: &str) -> Result<String, WireError> {
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let token = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        // RFC 6838 section 4.2.
        (1..=127).contains(&part.len()) && part.bytes().all(plain)
    };
    match essence.split_once('/') {
        // The body is the file: a form around it would be kept as its bytes.
        Some(("multipart", _)) => Err(unsupported("the body is the file itself, not a form".to_owned())),
        Some((family, sub)) if token(family) && token(sub) => Ok(essence),
        _ => Err(unsupported("Content-Type is no media type".to_owned())),
    }
}

fn unsupported(detail: String) -> WireError {
    WireError::new(ErrorCode::MediaType, detail)
}

fn family(kind: &str) -> &str {
    kind.split('/').next().unwrap_or_default()
}

/// What a browser would run in the name of the page's host: pages, pictures with scripts in them, scripts.
fn is_active(kind: &str) -> bool {
    let sub = kind.split('/').nth(1).unwrap_or_default();
    sub.ends_with("xml")
        || ["html", "javascript", "ecmascript", "jscript", "livescript"].iter().any(|word| sub.contains(word))
        || matches!(kind, "application/x-shockwave-flash" | "text/cache-manifest" | "text/xsl" | "text/css")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const OGG: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0";
    const PDF: &[u8] = b"%PDF-1.7\n";
    const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0";
    const HTML: &[u8] = b"<!DOCTYPE html><script>alert(1)</script>";

    #[test]
    fn bytes_count_more_than_claims() {
        for (claimed, head, kind) in [
            (None, PNG, "image/png"),
            (Some("application/octet-stream"), PNG, "image/png"),
            (Some("IMAGE/JPEG; q=1"), PNG, "image/png"),
            (Some("text/plain"), PDF, "application/pdf"),
            (Some("video/ogg"), OGG, "video/ogg"),
            (Some("text/plain; charset=utf-8"), b"hello", "text/plain"),
            (Some("application/vnd.oasis.opendocument.text"), ZIP, "application/vnd.oasis.opendocument.text"),
            (None, b"hello", "application/octet-stream"),
            (None, b"", "application/octet-stream"),
        ] {
            assert_eq!(judge(claimed, head).unwrap(), kind, "{claimed:?}");
        }
    }

    #[test]
    fn what_a_browser_would_run_is_plain_bytes() {
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>";
        for (claimed, head) in [
            (None, HTML),
            (Some("text/html"), HTML),
            (Some("text/html"), b"hello"),
            (Some("image/svg+xml"), svg),
            (Some("application/xhtml+xml"), HTML),
            (Some("text/javascript"), b"alert(1)"),
            (Some("text/plain"), HTML),
        ] {
            assert_eq!(judge(claimed, head).unwrap(), BYTES, "{claimed:?}");
        }
    }

    #[test]
    fn what_claims_to_be_shown_must_be_that() {
        for (claimed, head) in [
            ("image/png", HTML),
            ("image/png", b"hello"),
            ("image/png", OGG),
            ("audio/mpeg", PNG),
            ("video/mp4", b""),
            ("image", PNG),
            ("image/p n g", PNG),
            ("multipart/form-data; boundary=x", PNG),
        ] {
            let refused = judge(Some(claimed), head).unwrap_err();
            assert_eq!(refused.code, ErrorCode::MediaType, "{claimed}");
        }
    }

    #[test]
    fn a_list_names_types_and_families() {
        let list = ["image/*", "application/pdf"].map(str::to_owned);
        for (kind, taken) in [("image/png", true), ("application/pdf", true), ("application/zip", false)] {
            assert_eq!(allowed(&list, kind), taken, "{kind}");
        }
        assert!(allowed(&["*/*".to_owned()], "application/zip"));
    }
}
