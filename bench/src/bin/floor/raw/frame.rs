//! Frames of RFC 6455 section 5.2, as far as a benchmark sends them: none is in fragments.

/// What follows is UTF-8. It is passed on unchecked: to look at each byte is a server's duty, not a floor's.
pub(super) const TEXT: u8 = 1;
/// The peer ends the connection.
pub(super) const CLOSE: u8 = 8;
/// The peer wants a pong.
pub(super) const PING: u8 = 9;
/// The answer to a ping.
pub(super) const PONG: u8 = 10;

/// The largest frame that is waited for, in bytes: far above any that the benchmark sends.
const MAX_PAYLOAD: u64 = 1 << 20;

/// One frame at the start of a buffer.
#[derive(Debug, PartialEq)]
pub(super) struct Frame<'a> {
    pub(super) opcode: u8,
    pub(super) payload: &'a [u8],
    /// Bytes of the buffer that the frame takes, its header included.
    pub(super) length: usize,
}

/// Why a connection ends.
#[derive(Debug, PartialEq)]
pub(super) struct Malformed;

/// Reads the frame that `bytes` begin with and unmasks it in place; `None` when some of it is still to come.
pub(super) fn parse(bytes: &mut [u8]) -> Result<Option<Frame<'_>>, Malformed> {
    let &[first, second, ..] = &*bytes else { return Ok(None) };
    // Neither fragments nor reserved bits; clients must mask.
    if first & 0xf0 != 0x80 || second & 0x80 == 0 {
        return Err(Malformed);
    }
    let (length, at) = match second & 0x7f {
        126 => match bytes.get(2..4) {
            Some(&[a, b]) => (u64::from(u16::from_be_bytes([a, b])), 4),
            _ => return Ok(None),
        },
        127 => match bytes.get(2..10).and_then(|long| long.try_into().ok()) {
            Some(long) => (u64::from_be_bytes(long), 10),
            None => return Ok(None),
        },
        short => (u64::from(short), 2),
    };
    if length > MAX_PAYLOAD {
        return Err(Malformed);
    }
    let end = at + 4 + length as usize;
    let Some(masked) = bytes.get_mut(at..end) else { return Ok(None) };
    let (mask, payload) = masked.split_at_mut(4);
    unmask([mask[0], mask[1], mask[2], mask[3]], payload);
    Ok(Some(Frame { opcode: first & 0x0f, payload, length: end }))
}

/// In words of four bytes, which the compiler turns into wider ones.
fn unmask(mask: [u8; 4], payload: &mut [u8]) {
    let word = u32::from_ne_bytes(mask);
    let (words, rest) = payload.as_chunks_mut::<4>();
    for bytes in words {
        *bytes = (u32::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

/// Appends a whole unmasked frame to `out`.
pub(super) fn encode(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.push(0x80 | opcode);
    let length = payload.len();
    if length < 126 {
        out.push(length as u8);
    } else if let Ok(length) = u16::try_from(length) {
        out.push(126);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        out.push(127);
        out.extend_from_slice(&(length as u64).to_be_bytes());
    }
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&mut bytes, TEXT, payload);
        let mask = [1, 2, 3, 4];
        let header = bytes.len() - payload.len();
        unmask(mask, &mut bytes[header..]);
        bytes[1] |= 0x80;
        bytes.splice(header..header, mask);
        bytes
    }

    #[test]
    fn a_frame_is_read_once_it_is_whole() {
        for length in [0, 3, 125, 126, 1000, 65_535, 65_536] {
            let payload: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let mut bytes = masked(&payload);
            let whole = bytes.len();
            for some in [1, 2, 5, whole - 1] {
                assert_eq!(parse(&mut bytes[..some.min(whole - 1)]), Ok(None));
            }
            let frame = Frame { opcode: TEXT, payload: &payload, length: whole };
            assert_eq!(parse(&mut bytes), Ok(Some(frame)));
        }
    }

    #[test]
    fn an_unmasked_or_too_long_frame_is_refused() {
        assert_eq!(parse(&mut [0x81, 0x01, b'a']), Err(Malformed));
        assert_eq!(parse(&mut [0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0]), Err(Malformed));
    }
}
