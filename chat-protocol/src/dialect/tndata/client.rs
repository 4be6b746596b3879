//! What clients send.

use std::fmt;

use serde::de::{self, Error};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Digest, Object, required, text};
use crate::dialect::WireUser;
use crate::dialect::scalar::Scalar;

/// One frame of a client.
///
/// A frame with the key `received` is always a receipt, whatever else it holds.
///
/// ```
/// use chat_protocol::dialect::tndata::ClientFrame;
/// for json in [
///     r#"{"text":"Hello","from":1,"token":"T"}"#,
///     r#"{"received":"584d07235fb9e4f2ab2a2c0c24142180"}"#,
/// ] {
///     let frame: ClientFrame = chat_protocol::decode(json.as_bytes()).unwrap();
///     assert_eq!(serde_json::to_string(&frame).unwrap(), json);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ClientFrame {
    /// A message was received.
    Receipt(Receipt),
    /// A message to everyone in the room of the socket.
    Message(NewMessage),
}

impl ClientFrame {
    /// The token, by which the first frame of a socket may authenticate it.
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Receipt(receipt) => receipt.token.as_deref(),
            Self::Message(message) => message.token.as_deref(),
        }
    }
}

/// A message to everyone in the room of the socket. It is sent back to its sender too, which is how a client knows that
/// it was stored.
///
/// ```
/// use chat_protocol::dialect::tndata::NewMessage;
/// let message: NewMessage = serde_json::from_str(r#"{"text":"Hello"}"#).unwrap();
/// assert_eq!((message.text.as_str(), message.from), ("Hello", None));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewMessage {
    /// What was written.
    pub text: String,
    /// Who claims to have written it. Ignored: the sender is the user of the socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<WireUser>,
    /// Credential. Read from the first frame of a socket that has shown none, ignored later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Says that a message was received, which moves the read pointer of the room. Never answered; repeats are harmless.
///
/// ```
/// use chat_protocol::dialect::tndata::Receipt;
/// let receipt: Receipt = serde_json::from_str(r#"{"received":"584d07235fb9e4f2ab2a2c0c24142180"}"#).unwrap();
/// assert!(receipt.digest().is_some());
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// The digest of the message. Other texts are no error: they name no message, and nothing happens.
    pub received: String,
    /// Credential, as in a message. The documented receipt has none; one is read because any frame may be the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl Receipt {
    /// A receipt as documented.
    pub fn new(digest: Digest) -> Self {
        Self { received: digest.to_string(), token: None }
    }

    /// The message's digest; `None` when `received` cannot be that of any message.
    pub fn digest(&self) -> Option<Digest> {
        self.received.parse().ok()
    }
}

/// The token is not shown.
impl fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "<redacted>");
        let mut shown = f.debug_struct("NewMessage");
        shown.field("text", &self.text).field("from", &self.from).field("token", &token).finish()
    }
}

/// The token is not shown.
impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "<redacted>");
        f.debug_struct("Receipt").field("received", &self.received).field("token", &token).finish()
    }
}

/// Both frames at once: which keys matter depends on whether there is a `received`.
#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "Scalar::present")]
    received: Option<Scalar>,
    #[serde(default, deserialize_with = "Scalar::present")]
    text: Option<Scalar>,
    #[serde(default)]
    from: Option<Scalar>,
    #[serde(default)]
    token: Option<Scalar>,
}

impl<'de> Deserialize<'de> for ClientFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(wire) = Object::<Wire>::deserialize(deserializer)?;
        if wire.received.is_some() {
            let received = required("received", wire.received)?;
            return Ok(Self::Receipt(Receipt { received, token: text("token", wire.token)? }));
        }
        if wire.text.is_none() {
            return Err(D::Error::custom("a frame has `text` or `received`"));
        }
        Ok(Self::Message(NewMessage {
            text: required("text", wire.text)?,
            from: claimed(wire.from)?,
            token: text("token", wire.token)?,
        }))
    }
}

/// An empty text is no claim: it is what a page sends that does not yet know its user.
fn claimed<E: de::Error>(from: Option<Scalar>) -> Result<Option<WireUser>, E> {
    match from {
        None => Ok(None),
        Some(Scalar::Text(text)) if text.is_empty() => Ok(None),
        Some(value) => match value.user() {
            None => Err(E::custom("from: expected a user id: a number or a string")),
            user => Ok(user),
        },
    }
}

impl<'de> Deserialize<'de> for NewMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match ClientFrame::deserialize(deserializer)? {
            ClientFrame::Message(message) => Ok(message),
            ClientFrame::Receipt(_) => Err(D::Error::custom("a receipt, and not a message")),
        }
    }
}

impl<'de> Deserialize<'de> for Receipt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match ClientFrame::deserialize(deserializer)? {
            ClientFrame::Receipt(receipt) => Ok(receipt),
            ClientFrame::Message(_) => Err(D::Error::custom("a message, and not a receipt")),
        }
    }
}
