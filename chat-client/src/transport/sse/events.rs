//! Bytes into events, as the section "Parsing an event stream" of the HTML standard says, with bounds.

use std::io;

use chat_protocol::limits;

/// Greatest line in bytes: a frame, behind the name of its field.
const MAX_LINE: usize = limits::MAX_FRAME + 16;

/// What a stream tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A comment: whoever writes lives.
    Comment,
    /// An event with its data; without a name it is a message.
    Event { name: Vec<u8>, data: Vec<u8> },
}

/// What was read of the event that comes.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    name: Vec<u8>,
    data: Option<Vec<u8>>,
    /// The last line ended with a carriage return: a line feed behind it belongs to it.
    after_cr: bool,
    /// A first line was read.
    begun: bool,
}

impl Parser {
    /// Takes from `bytes` up to the end of the next event or comment; `None` when all is taken and more must come.
    ///
    /// # Errors
    /// When a line or an event is greater than a frame.
    pub(super) fn take(&mut self, bytes: &mut &[u8]) -> io::Result<Option<Heard>> {
        while let Some(&first) = bytes.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                *bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (text, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            if self.line.len() + text.len() > MAX_LINE {
                return Err(too_large("line", MAX_LINE));
            }
            self.line.extend_from_slice(text);
            *bytes = rest;
            let Some(&end) = rest.first() else { break };
            *bytes = &rest[1..];
            self.after_cr = end == b'\r';
            let line = std::mem::take(&mut self.line);
            if let Some(heard) = self.line(&line)? {
                return Ok(Some(heard));
            }
        }
        Ok(None)
    }

    fn line(&mut self, line: &[u8]) -> io::Result<Option<Heard>> {
        let first = !std::mem::replace(&mut self.begun, true);
        let line = if first { line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line) } else { line };
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            return Ok(self.data.take().map(|data| Heard::Event { name, data }));
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(0) => return Ok(Some(Heard::Comment)),
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => self.name = value.to_vec(),
            b"data" => self.data(value)?,
            // `id` and `retry` are for what a browser does by itself, and anything else is for others.
            _ => {}
        }
        Ok(None)
    }

    fn data(&mut self, value: &[u8]) -> io::Result<()> {
        match &mut self.data {
            Some(data) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            None => self.data = Some(value.to_vec()),
        }
        match &self.data {
            Some(data) if data.len() > limits::MAX_FRAME => Err(too_large("event", limits::MAX_FRAME)),
            _ => Ok(()),
        }
    }
}

fn too_large(what: &str, most: usize) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what} of more than {most} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str) -> Heard {
        Heard::Event { name: name.into(), data: data.into() }
    }

    /// All that a stream tells, given in pieces of this size.
    fn parse(stream: &[u8], piece: usize) -> Vec<Heard> {
        let mut parser = Parser::default();
        let mut all = Vec::new();
        for mut bytes in stream.chunks(piece) {
            while let Some(heard) = parser.take(&mut bytes).unwrap() {
                all.push(heard);
            }
            assert!(bytes.is_empty());
        }
        all
    }

    #[test]
    fn events_are_the_same_however_the_bytes_come() {
        let stream = "\u{feff}data: one\n\n:\n\n: a comment\r\nevent: close\r\ndata:two\r\ndata: é\r\n\r\nid: 7\rdata\r\rretry\n\nevent: x\n\ndata:  three\n\ndata: half";
        let expected = [
            event("", "one"),
            Heard::Comment,
            Heard::Comment,
            event("close", "two\né"),
            event("", ""),
            event("", " three"),
        ];
        for piece in 1..=stream.len() {
            assert_eq!(parse(stream.as_bytes(), piece), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn a_frame_of_the_greatest_size_fits_and_one_byte_more_does_not() {
        let stream = |size: usize| format!("data: {}\n\n", "x".repeat(size)).into_bytes();
        assert_eq!(parse(&stream(limits::MAX_FRAME), 4_096).len(), 1);
        let take = |stream: Vec<u8>| Parser::default().take(&mut &stream[..]).map(drop).unwrap_err().kind();
        assert_eq!(take(stream(limits::MAX_FRAME + 1)), io::ErrorKind::InvalidData);
        // Neither a line without an end nor lines without an event are kept for ever.
        assert_eq!(take(vec![b'x'; MAX_LINE + 1]), io::ErrorKind::InvalidData);
        assert_eq!(take(b"data: 12345678\n".repeat(limits::MAX_FRAME / 8)), io::ErrorKind::InvalidData);
    }
}
