//! WebSocket frames written and read byte by byte: a peer that may break every rule.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};

/// First byte of a frame: FIN and an opcode.
pub(crate) const TEXT: u8 = 0x81;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

/// A header as a client writes it; the mask is zero, so that the payload follows as it is.
pub(crate) fn header(first: u8, length: u64) -> Vec<u8> {
    masked(first, length, 0x80)
}

fn masked(first: u8, length: u64, mask: u8) -> Vec<u8> {
    let mut head = vec![first];
    if let Ok(short @ 0..126) = u8::try_from(length) {
        head.push(mask | short);
    } else if let Ok(medium) = u16::try_from(length) {
        head.push(mask | 126);
        head.extend(medium.to_be_bytes());
    } else {
        head.push(mask | 127);
        head.extend(length.to_be_bytes());
    }
    if mask != 0 {
        head.extend([0; 4]);
    }
    head
}

/// A whole frame as a client writes it.
pub(crate) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    [&header(first, payload.len() as u64), payload].concat()
}

/// A whole frame without a mask, which only servers may write.
pub(crate) fn unmasked(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    [&masked(first, payload.len() as u64, 0), payload].concat()
}

/// A close frame with a code.
pub(crate) fn close(code: u16) -> Vec<u8> {
    frame(CLOSE, code.to_be_bytes())
}

/// The next frame of a server; `None` at the end of the stream, however it ends.
pub(crate) async fn read_frame(reader: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let first = reader.read_u8().await.ok()?;
    let length = match reader.read_u8().await.ok()? {
        126 => u64::from(reader.read_u16().await.ok()?),
        127 => reader.read_u64().await.ok()?,
        short => u64::from(short),
    };
    let mut payload = vec![0; usize::try_from(length).ok()?];
    reader.read_exact(&mut payload).await.ok()?;
    Some((first, payload))
}

/// The code of the close frame that comes next, whatever comes before it; `None` when the stream ends without one.
pub(crate) async fn close_code(reader: &mut (impl AsyncRead + Unpin)) -> Option<u16> {
    loop {
        match read_frame(reader).await? {
            (CLOSE, payload) => return Some(u16::from_be_bytes(*payload.first_chunk()?)),
            _ => continue,
        }
    }
}

/// Waits for something that must happen soon.
pub(crate) async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("it happens within 20 s")
}
