//! Frames as the bytes that a link carries, so that a link can end within one of them.
//!
//! One byte says the kind, four say the length, then the content: as much of a WebSocket's framing as a cut can hurt.

use chat_protocol::{Close, Frame, Text};

/// Bytes before the content of a frame.
const HEAD: usize = 5;

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The bytes of a frame.
pub(super) fn write(frame: &Frame) -> Vec<u8> {
    let close;
    let (kind, content): (u8, &[u8]) = match frame {
        Frame::Text(text) => (TEXT, text.as_bytes()),
        Frame::Binary(bytes) => (BINARY, bytes),
        Frame::Ping => (PING, &[]),
        Frame::Pong => (PONG, &[]),
        Frame::Close(Close { code, reason }) => {
            close = [&code.to_be_bytes()[..], reason.as_bytes()].concat();
            (CLOSE, &close)
        }
    };
    let length = u32::try_from(content.len()).expect("frames are far smaller").to_be_bytes();
    [&[kind], &length[..], content].concat()
}

/// Makes frames of the bytes that have arrived. Of an unfinished one it gives nothing.
#[derive(Debug, Default)]
pub(super) struct Reader {
    bytes: Vec<u8>,
    taken: usize,
}

impl Reader {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.taken));
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame.
    pub(super) fn next(&mut self) -> Option<Frame> {
        let waiting = &self.bytes[self.taken..];
        let (head, rest) = waiting.split_at_checked(HEAD)?;
        let length = u32::from_be_bytes(head[1..].try_into().expect("four bytes of five")) as usize;
        let content = rest.get(..length)?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("only whole texts are written");
        let frame = match head[0] {
            TEXT => Frame::Text(Text::from(text(content))),
            PING => Frame::Ping,
            PONG => Frame::Pong,
            CLOSE => {
                let (code, reason) = content.split_at(2);
                Frame::Close(Close { code: u16::from_be_bytes([code[0], code[1]]), reason: text(reason) })
            }
            _ => Frame::Binary(content.to_vec().into()),
        };
        self.taken += HEAD + length;
        Some(frame)
    }

    /// Whether there is a whole frame.
    pub(super) fn has_frame(&self) -> bool {
        let waiting = &self.bytes[self.taken..];
        let length = waiting.get(1..HEAD).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        length.is_some_and(|length| waiting.len() >= HEAD + length as usize)
    }

    /// Whether a frame has begun and is not whole.
    pub(super) fn is_within(&self) -> bool {
        self.bytes.len() > self.taken && !self.has_frame()
    }
}
