//! The opening handshake of RFC 6455 section 4.2, without its refusals.

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::frame::Malformed;

/// The longest request that is waited for, in bytes.
const MAX_REQUEST: usize = 8 << 10;

/// Appends the answer to `out` and tells how many bytes the request took; `None` when some are still to come.
pub(super) fn accept(request: &[u8], out: &mut Vec<u8>) -> Result<Option<usize>, Malformed> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = request.windows(END.len()).position(|window| window == END) else {
        return if request.len() > MAX_REQUEST { Err(Malformed) } else { Ok(None) };
    };
    let key = key(&request[..end]).ok_or(Malformed)?;
    out.extend_from_slice(
        b"HTTP/1.1 101 Switching Protocols\r\n\
        Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ",
    );
    out.extend_from_slice(derive_accept_key(key).as_bytes());
    out.extend_from_slice(END);
    Ok(Some(end + END.len()))
}

fn key(head: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"sec-websocket-key:";
    head.split(|&byte| byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME).then(|| value.trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_the_one_of_the_rfc() {
        let request =
            b"GET /chat HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nmore";
        let mut out = Vec::new();
        assert_eq!(accept(&request[..40], &mut out), Ok(None));
        assert_eq!(accept(request, &mut out), Ok(Some(request.len() - 4)));
        let out = String::from_utf8(out).unwrap();
        assert!(out.ends_with("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"), "{out}");
    }

    #[test]
    fn a_request_without_a_key_is_refused() {
        assert_eq!(accept(b"GET / HTTP/1.1\r\n\r\n", &mut Vec::new()), Err(Malformed));
    }
}
