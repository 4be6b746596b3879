//! Writing packets: into the caller's buffer, or as a text that queues can share.

use std::cell::Cell;

use serde::Serialize;

use crate::{Text, limits};

thread_local! {
    /// Where this thread writes; kept, so that packets need not be moved while they grow.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Writes one packet.
///
/// It is written into a buffer of the thread and copied out of it, so that a text that waits in a queue takes the memory
/// that it is counted as: 60 bytes for a `pong`, not what a longer packet might have needed.
///
/// # Panics
/// When the packet cannot be written as JSON, which none of the types of this crate can cause.
pub fn encode(packet: &impl Serialize) -> Text {
    // Taken, so that a packet that encodes another one while it is written finds another, empty buffer.
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    buffer.clear();
    encode_into(&mut buffer, packet);
    let text = Text::written(&buffer);
    if buffer.capacity() <= limits::MAX_FRAME {
        _ = BUFFER.try_with(|place| place.set(buffer));
    }
    text
}

/// Writes one packet behind what `buffer` holds: for many packets in one write, or one buffer for many packets.
///
/// ```
/// use chat_protocol::command::Ping;
/// use chat_protocol::{Command, encode_into};
/// let mut buffer = Vec::new();
/// for _ in 0..2 {
///     encode_into(&mut buffer, &Command::Ping(Ping { id: None }));
///     buffer.push(b'\n');
/// }
/// assert_eq!(buffer, b"{\"ping\":{}}\n{\"ping\":{}}\n");
/// ```
///
/// # Panics
/// When the packet cannot be written as JSON, which none of the types of this crate can cause.
pub fn encode_into(buffer: &mut Vec<u8>, packet: &impl Serialize) {
    // A message of 200 bytes of text takes 400: those at least are written without moving to a larger place.
    buffer.reserve(512);
    serde_json::to_writer(buffer, packet).expect("packets are plain JSON");
}

#[cfg(test)]
mod tests {
    use serde::Serializer;

    use super::*;
    use crate::Content;

    #[test]
    fn a_text_takes_the_memory_of_its_length() {
        let text = encode(&"x".repeat(100));
        let memory = text.into_bytes().try_into_mut().unwrap();
        assert_eq!((memory.len(), memory.capacity()), (102, 102));
    }

    #[test]
    fn a_packet_may_encode_another_while_it_is_written() {
        struct Outer;
        impl Serialize for Outer {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                (encode(&"inner").as_str(), "outer").serialize(serializer)
            }
        }
        assert_eq!(encode(&Outer).as_str(), r#"["\"inner\"","outer"]"#);
        assert_eq!(encode(&Outer).as_str(), r#"["\"inner\"","outer"]"#);
    }

    #[test]
    fn the_buffer_is_used_again_but_a_large_one_is_not_kept() {
        let kept = || {
            let buffer = BUFFER.take();
            let kept = (buffer.as_ptr(), buffer.capacity());
            BUFFER.set(buffer);
            kept
        };
        encode(&Content::plain("hi"));
        let first = kept();
        encode(&Content::plain("ho"));
        assert_eq!(kept(), first);
        assert_ne!(first.1, 0);
        encode(&Content::plain("x".repeat(limits::MAX_FRAME)));
        assert_eq!(kept().1, 0);
    }
}
