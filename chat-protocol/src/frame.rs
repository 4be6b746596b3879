//! Frames: what transports carry.

use bytes::Bytes;

/// UTF-8 text with cheap clones: one encoded packet is shared by all its readers.
///
/// ```
/// use chat_protocol::Text;
/// let text = Text::from("hi".to_owned());
/// assert_eq!(text.as_str(), "hi");
/// assert!(Text::try_from(bytes::Bytes::from_static(&[0xff])).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(Bytes);

impl Text {
    /// What a JSON writer wrote, which is UTF-8.
    pub(crate) fn written(json: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(json))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Checked when the value was made. Checking again costs some 20 ns per 350 bytes, and the workspace
        // forbids the unsafe code that would spare it; the hot path uses `as_bytes`.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The bytes of the text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The shared bytes of the text.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }
}

impl TryFrom<Bytes> for Text {
    type Error = std::str::Utf8Error;
    fn try_from(bytes: Bytes) -> Result<Self, Self::Error> {
        std::str::from_utf8(&bytes)?;
        Ok(Self(bytes))
    }
}

/// One frame of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One packet as JSON.
    Text(Text),
    /// Bytes; no native packet is binary.
    Binary(Bytes),
    /// Liveness probe of the transport; the other side's transport answers it.
    Ping,
    /// Answer to a probe.
    Pong,
    /// The last frame of its direction.
    Close(Close),
}

/// Why a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// RFC 6455 section 7.4 code: 1000 to 1011, or 4000 to 4999 from the table of error codes.
    pub code: u16,
    /// Short text for people, at most 123 bytes.
    pub reason: String,
}

impl Close {
    /// A normal end: the work is done.
    pub fn normal() -> Self {
        Self { code: 1000, reason: String::new() }
    }
}
