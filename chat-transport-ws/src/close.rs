//! How WebSockets end: close codes in both directions, and the wait that keeps a close frame from being lost.

use std::borrow::Cow;
use std::time::Duration;

use chat_protocol::{Close, ErrorCode};
use chat_server_core::transport::ConnectionError;
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Error};

/// What stands for a close frame without a code (RFC 6455 section 7.4.1); it is never sent.
const NO_CODE: u16 = 1005;

/// Greatest close reason: a control frame holds 125 bytes, two of them are the code.
const MAX_REASON: usize = 123;

/// How much of what a peer still sends is read and thrown away. A simple client writes its whole message before it
/// looks for an answer, so this is the largest message that still gets to see why it was refused.
const MAX_DISCARDED: usize = 4 * 1024 * 1024;

/// Who said goodbye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nobody: the link is in use, or was given up without a word.
    Open,
    /// The peer; the library answers it.
    Peer,
    /// We did.
    Ours,
    /// We did, after the peer broke a rule. The library reads no further then, so we have to.
    OursAfterError,
}

/// A close frame as the core sees it.
pub(crate) fn received(frame: Option<CloseFrame>) -> Close {
    match frame {
        Some(frame) => Close { code: frame.code.into(), reason: frame.reason.as_str().to_owned() },
        None => Close { code: NO_CODE, reason: String::new() },
    }
}

/// A close frame as it is sent. Codes that must not be on the wire are left out.
pub(crate) fn to_send(close: Close) -> Option<CloseFrame> {
    let code = CloseCode::from(close.code);
    let mut end = close.reason.len().min(MAX_REASON);
    while !close.reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut reason = close.reason;
    reason.truncate(end);
    code.is_allowed().then(|| CloseFrame { code, reason: reason.into() })
}

/// What the core is told about an error of the library; `None` for the ordinary end.
pub(crate) fn failure(error: Error) -> Option<ConnectionError> {
    Some(match error {
        Error::ConnectionClosed | Error::AlreadyClosed => return None,
        Error::Capacity(_) => ConnectionError::Peer(ErrorCode::TooLarge),
        Error::Utf8(_) => ConnectionError::Peer(ErrorCode::InvalidUtf8),
        // Answers to a flood of probes filled the buffer, because their sender does not read them.
        Error::WriteBufferFull(_) => ConnectionError::Peer(ErrorCode::SlowReader),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing) => {
            ConnectionError::Lost(Cow::from("the peer left without closing").into())
        }
        Error::Protocol(_) => ConnectionError::Peer(ErrorCode::ProtocolViolation),
        other => ConnectionError::Lost(Box::new(other)),
    })
}

/// Sees a closing WebSocket out: writes what is left, then waits for the peer's half, at most `patience`.
///
/// A socket that is dropped while bytes wait unread makes the system reset the connection, and a reset overtakes the
/// close frame. So what still comes is read and thrown away, within bounds (RFC 6455 section 7.1.1).
pub(crate) async fn see_out<S>(socket: &mut WebSocketStream<S>, ending: Ending, patience: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let goodbye = async {
        let open = socket.flush().await.is_ok();
        // The library does not flush what is below it when its own work is done.
        let written = socket.get_mut().flush().await.is_ok();
        let peer_speaks = match ending {
            _ if !open || !written => false,
            Ending::Open => false,
            Ending::Peer | Ending::Ours => !both_have_closed(socket).await,
            Ending::OursAfterError => true,
        };
        if peer_speaks {
            discard(socket.get_mut()).await;
        }
    };
    // When the time is up the socket is dropped, whatever it still holds.
    let _ = tokio::time::timeout(patience, goodbye).await;
}

/// Reads messages until the peer has closed as well; false when it breaks a rule or talks on and on.
async fn both_have_closed<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) -> bool {
    let mut discarded = 0;
    while let Some(message) = socket.next().await {
        discarded += message.as_ref().map_or(MAX_DISCARDED, tungstenite::Message::len);
        if discarded >= MAX_DISCARDED {
            return false;
        }
    }
    true
}

/// Tells the peer that nothing more comes, and reads until it says the same.
async fn discard<S: AsyncRead + AsyncWrite + Unpin>(io: &mut S) {
    if io.shutdown().await.is_err() {
        return;
    }
    let mut discarded = 0;
    let mut buffer = vec![0; 4096];
    while let Ok(read @ 1..) = io.read(&mut buffer).await {
        discarded += read;
        if discarded > MAX_DISCARDED {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_must_not_be_sent_are_left_out() {
        for (code, sent) in
            [(1000, true), (1001, true), (1002, true), (4408, true), (1005, false), (1006, false)]
        {
            let frame = to_send(Close { code, reason: "x".into() });
            assert_eq!(frame.map(|frame| u16::from(frame.code)), sent.then_some(code), "{code}");
        }
        assert_eq!(received(None), Close { code: NO_CODE, reason: String::new() });
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let frame = to_send(Close { code: 4400, reason: "é".repeat(100) }).unwrap();
        assert_eq!(frame.reason.as_str(), "é".repeat(61));
    }
}
