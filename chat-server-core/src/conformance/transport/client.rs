//! Clients of transports whose frames are the core's.

use async_trait::async_trait;
use chat_protocol::{Frame, Text};
use futures::{Sink, SinkExt, Stream, StreamExt};

use super::{ClientEnd, Heard, Sent, Wrong};

/// A client's end that is a stream and sink of frames, as the server's end is.
///
/// A text is UTF-8 by its type, so that [`Wrong::InvalidUtf8`] is impossible here, and so is what the sink does not take.
#[derive(Debug)]
pub struct Frames<S>(pub S);

#[async_trait]
impl<S, E> ClientEnd for Frames<S>
where
    S: Stream<Item = Result<Frame, E>> + Sink<Frame> + Send + Unpin,
    <S as Sink<Frame>>::Error: Send,
    E: Send,
{
    async fn send(&mut self, text: Text) {
        // A server that has gone is found when nothing is heard of it.
        let _ = self.0.send(Frame::Text(text)).await;
    }

    async fn receive(&mut self) -> Option<Heard> {
        loop {
            match self.0.next().await?.ok()? {
                Frame::Text(text) => return Some(Heard::Text(text)),
                Frame::Close(close) => return Some(Heard::Close(close)),
                Frame::Ping => self.0.send(Frame::Pong).await.ok()?,
                Frame::Pong | Frame::Binary(_) => {}
            }
        }
    }

    async fn send_wrong(&mut self, wrong: Wrong) -> Sent {
        let frame = match wrong {
            Wrong::Binary => Frame::Binary(wrong.bytes().into()),
            Wrong::InvalidUtf8 => return Sent::Impossible,
            Wrong::TooLarge => {
                Frame::Text(Text::try_from(bytes::Bytes::from(wrong.bytes())).expect("it is UTF-8"))
            }
        };
        self.0.send(frame).await.map_or(Sent::Impossible, |()| Sent::Whole)
    }
}
