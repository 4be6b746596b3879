//! Frames without parsing what is in them: those of a server are counted by their first bytes, those of a client are
//! made once and sent many times with another number in them.

/// How much of a frame is looked at: the header, then enough to see what it is and a reply's status.
const LOOK: usize = 10 + 96;

/// What a frame of a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `{"message":...`
    Message,
    /// `{"reply":...` with a status of success.
    Reply,
    /// `{"reply":...` with another one.
    Refusal,
    /// Any other text.
    Other,
    /// An answer to a probe.
    Pong,
    /// A probe, to be answered.
    Ping,
    /// The end.
    Close,
}

/// Finds the frames in a stream of bytes.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// The beginning of a frame that ended with the last read.
    begun: Vec<u8>,
    /// How much of the present frame is only passed over.
    skip: usize,
}

impl Scanner {
    /// Tells every frame whose beginning is in `bytes`, with what is there of its first bytes.
    pub(crate) fn scan(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Kind, &[u8])) {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            if bytes.is_empty() {
                return;
            }
            // Most frames are whole and are looked at where they are.
            if self.begun.is_empty() {
                match look(bytes) {
                    Some(length) => {
                        let begin = &bytes[..length.min(LOOK)];
                        tell(kind(begin), begin);
                        self.skip = length;
                    }
                    None => {
                        self.begun.extend_from_slice(bytes);
                        return;
                    }
                }
            } else {
                let had = self.begun.len();
                let more = bytes.len().min(LOOK - had);
                self.begun.extend_from_slice(&bytes[..more]);
                let Some(length) = look(&self.begun) else { return };
                let begin = &self.begun[..length.min(self.begun.len())];
                tell(kind(begin), begin);
                self.begun.clear();
                self.skip = length - had;
            }
        }
    }
}

/// The length of the frame that begins here, header included, once enough of it is there.
fn look(bytes: &[u8]) -> Option<usize> {
    let length = match *bytes.get(1)? {
        126 => 4 + usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)),
        127 => 10 + usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?,
        short => 2 + usize::from(short),
    };
    (bytes.len() >= length.min(LOOK)).then_some(length)
}

fn kind(bytes: &[u8]) -> Kind {
    match bytes[0] & 0x0f {
        8 => return Kind::Close,
        9 => return Kind::Ping,
        10 => return Kind::Pong,
        _ => {}
    }
    let payload = match bytes[1] {
        126 => &bytes[4..],
        127 => &bytes[10..],
        _ => &bytes[2..],
    };
    match payload.get(2..5) {
        Some(b"mes") => Kind::Message,
        Some(b"rep") if payload.windows(10).any(|text| text == br#""status":2"#) => Kind::Reply,
        Some(b"rep") => Kind::Refusal,
        _ => Kind::Other,
    }
}

/// A client's text frame. The mask is zero, which RFC 6455 section 5.3 allows a program that has no web page to
/// protect: the bytes stay as they are and the server's work is the same.
pub(crate) fn text(payload: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&u16::try_from(long).expect("a frame below 64 KiB").to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload.as_bytes());
    frame
}

/// The answer to an empty probe.
pub(crate) const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// Stands in a template where a number goes.
pub(crate) const NUMBER: &str = "@@@@@@@@@@";

/// A frame that is sent many times, with another number each time.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    frame: Vec<u8>,
    places: Vec<usize>,
}

impl Template {
    /// A template of a packet with [`NUMBER`] in it.
    pub(crate) fn new(payload: &str) -> Self {
        let frame = text(payload);
        let marks = frame.windows(NUMBER.len()).enumerate();
        let places = marks.filter(|(_, bytes)| *bytes == NUMBER.as_bytes()).map(|(place, _)| place).collect();
        Self { frame, places }
    }

    /// The frame with this number.
    pub(crate) fn fill(&mut self, mut number: u64) -> &[u8] {
        let mut digits = [b'0'; NUMBER.len()];
        for digit in digits.iter_mut().rev() {
            *digit += (number % 10) as u8;
            number /= 10;
        }
        for place in &self.places {
            self.frame[*place..place + NUMBER.len()].copy_from_slice(&digits);
        }
        &self.frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: &str) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
        [&[0x81, 126, length[0], length[1]], payload.as_bytes()].concat()
    }

    #[test]
    fn frames_are_found_however_the_bytes_are_cut() {
        let long = format!(r#"{{"message":{{"text":"{}"}}}}"#, "x".repeat(300));
        let stream = [
            frame(&long),
            frame(r#"{"reply":{"id":"7","status":200}}"#),
            vec![0x89, 0],
            frame(r#"{"reply":{"id":"8","status":403}}"#),
            frame(r#"{"resumed":{}}"#),
            frame(&long),
            vec![0x88, 2, 3, 232],
        ]
        .concat();
        let expected =
            [Kind::Message, Kind::Reply, Kind::Ping, Kind::Refusal, Kind::Other, Kind::Message, Kind::Close];
        for size in 1..stream.len() {
            let (mut scanner, mut found) = (Scanner::default(), Vec::new());
            stream.chunks(size).for_each(|bytes| scanner.scan(bytes, |kind, _| found.push(kind)));
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_template_is_filled_everywhere() {
        let mut template = Template::new(r#"{"id":"@@@@@@@@@@","b":"x-@@@@@@@@@@"}"#);
        let frame = template.fill(1_234).to_vec();
        assert!(frame.ends_with(br#"{"id":"0000001234","b":"x-0000001234"}"#));
        assert_eq!(template.fill(1_234), frame);
    }
}
