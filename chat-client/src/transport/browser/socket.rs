//! One WebSocket of the browser as frames, and the connector that opens it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use chat_protocol::{Action, Close, ErrorCode, Frame, ReplyError, Text, limits};
use futures::future::{BoxFuture, FutureExt};
use futures::{Sink, Stream};
use gloo_timers::future::TimeoutFuture;
use js_sys::{ArrayBuffer, JsString, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, MessageEvent, Url, WebSocket};

use super::inbox::{Inbox, Side};
use super::rules::{sendable, told};
use crate::Error;
use crate::transport::{BoxConnection, Connector, DialError};

/// Name and version of the packets, agreed on in the handshake.
const SUBPROTOCOL: &str = "chat.v1";

/// Bytes that wait in the browser at most before no more frames are taken, as in the WebSocket of other systems.
const MAX_BUFFERED: u32 = 4 * limits::MAX_FRAME as u32;

/// Milliseconds until the browser is asked again whether its buffer has room: it has no event for that. Short enough to keep
/// 256 KiB from running dry on any usual uplink, and about how often a screen is drawn.
const BUFFER_CHECK: u32 = 20;

/// Dials one `ws://` or `wss://` address with the WebSocket of the browser.
///
/// ```no_run
/// # async fn run() -> Result<(), chat_client::Error> {
/// use chat_client::transport::browser::BrowserConnector;
/// use chat_client::ClientBuilder;
///
/// let connector = BrowserConnector::new("wss://chat.example.org/v1/ws")?;
/// let client = ClientBuilder::new(connector).token("dev-alice").connect().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BrowserConnector {
    url: String,
    host: String,
}

impl BrowserConnector {
    /// A connector to `url`, such as `wss://chat.example.org/v1/ws`.
    ///
    /// A page of `https://` may only dial `wss://`; the browser refuses the other at each dial.
    ///
    /// # Errors
    /// [`Error::Address`] when it is no such URL.
    pub fn new(url: &str) -> Result<Self, Error> {
        let parsed = Url::new(url).map_err(|_| Error::Address("not a URL".to_owned()))?;
        if !matches!(parsed.protocol().as_str(), "ws:" | "wss:") {
            return Err(Error::Address("neither ws:// nor wss://".to_owned()));
        }
        if !parsed.hash().is_empty() {
            return Err(Error::Address("an address has no part after #".to_owned()));
        }
        Ok(Self { url: parsed.href(), host: parsed.host() })
    }
}

// An address may hold a token in its query, so only its host is shown.
impl std::fmt::Debug for BrowserConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrowserConnector").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Connector for BrowserConnector {
    fn dial(&self) -> BoxFuture<'static, Result<BoxConnection, DialError>> {
        let url = self.url.clone();
        // What is of the browser stays on its thread: the task that dials is the one that reads and writes.
        SendWrapper::new(async move {
            let socket = Socket::open(&url).map_err(DialError::Unusable)?;
            socket.opened().await?;
            Ok(Box::pin(BrowserConnection(SendWrapper::new(socket))) as BoxConnection)
        })
        .boxed()
    }
}

/// What the browser calls. It must not outlive the socket's interest in it: a call of a dropped one throws.
struct Listeners {
    _open: Closure<dyn FnMut()>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

/// A socket of the browser and what it has told.
struct Socket {
    socket: WebSocket,
    inbox: Rc<RefCell<Inbox>>,
    _listeners: Listeners,
    /// Runs while the browser's buffer is full.
    pause: Option<TimeoutFuture>,
}

impl Socket {
    /// Begins to open a connection.
    fn open(url: &str) -> Result<Self, String> {
        let socket = WebSocket::new_with_str(url, SUBPROTOCOL).map_err(|error| describe(&error))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let inbox = Rc::new(RefCell::new(Inbox::default()));
        let listeners = listen(&socket, &inbox);
        Ok(Self { socket, inbox, _listeners: listeners, pause: None })
    }

    /// Waits until it is open and speaks our packets.
    async fn opened(&self) -> Result<(), DialError> {
        if !poll_fn(|cx| self.inbox.borrow_mut().poll_open(cx)).await {
            let reason = "no connection, and a browser does not say why".to_owned();
            return Err(DialError::Unreachable(reason));
        }
        // Some browsers refuse a server that names no subprotocol by themselves, others leave it to the page.
        if self.socket.protocol() == SUBPROTOCOL {
            return Ok(());
        }
        Err(DialError::Refused(ReplyError {
            code: ErrorCode::UnsupportedVersion.into(),
            action: Action::Stop,
            detail: None,
            retry_after_ms: None,
        }))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.socket.ready_state() != WebSocket::OPEN {
            let mut inbox = self.inbox.borrow_mut();
            if inbox.is_over() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            inbox.wait(Side::Writer, cx);
            return Poll::Pending;
        }
        while self.socket.buffered_amount() > MAX_BUFFERED {
            let pause = self.pause.get_or_insert_with(|| TimeoutFuture::new(BUFFER_CHECK));
            ready!(pause.poll_unpin(cx));
            self.pause = None;
        }
        self.pause = None;
        Poll::Ready(Ok(()))
    }

    fn send(&self, frame: Frame) -> io::Result<()> {
        let sent = match frame {
            Frame::Text(text) => self.socket.send_with_str(text.as_str()),
            Frame::Binary(bytes) => self.socket.send_with_u8_array(&bytes),
            Frame::Close(close) => {
                let (code, reason) = sendable(&close);
                self.socket.close_with_code_and_reason(code, reason)
            }
            // A page has none. The session has a packet for the same purpose.
            Frame::Ping | Frame::Pong => Ok(()),
        };
        sent.map_err(|error| io::Error::other(describe(&error)))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Closing what is closed does nothing; without a code nothing can be wrong with it.
        let _ = self.socket.close();
    }
}

/// Has the browser fill the inbox. An `error` event is not listened to: it says nothing, and `close` follows it.
fn listen(socket: &WebSocket, inbox: &Rc<RefCell<Inbox>>) -> Listeners {
    let opened = Rc::clone(inbox);
    let open = Closure::<dyn FnMut()>::new(move || opened.borrow_mut().open());
    socket.set_onopen(Some(open.as_ref().unchecked_ref()));

    let (arrived, receiver) = (Rc::clone(inbox), socket.clone());
    let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let mut inbox = arrived.borrow_mut();
        let taken = match frame(&event.data()) {
            Ok(frame) => inbox.push(frame),
            Err(error) => {
                inbox.finish(Some(error));
                false
            }
        };
        if !taken {
            // Nobody will read what comes after.
            receiver.set_onmessage(None);
            let _ = receiver.close();
        }
    });
    socket.set_onmessage(Some(message.as_ref().unchecked_ref()));

    let ended = Rc::clone(inbox);
    let close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
        let mut inbox = ended.borrow_mut();
        if let Some(close) = told(event.code(), event.reason()) {
            inbox.push(Frame::Close(close));
        }
        inbox.finish(None);
    });
    socket.set_onclose(Some(close.as_ref().unchecked_ref()));
    Listeners { _open: open, _message: message, _close: close }
}

/// What arrived, if it is small enough. Its size is looked at before it is copied.
fn frame(data: &JsValue) -> io::Result<Frame> {
    let max = limits::MAX_FRAME;
    let too_large = |bytes: u32| {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        (bytes > max)
            .then(|| io::Error::other(format!("a frame of at least {bytes} bytes, allowed are {max}")))
    };
    if let Some(text) = data.dyn_ref::<JsString>() {
        // Counted in UTF-16, which is never more than there are bytes of UTF-8.
        let error = too_large(text.length());
        let text = error.map_or_else(|| Ok(String::from(text)), Err)?;
        return match too_large(u32::try_from(text.len()).unwrap_or(u32::MAX)) {
            Some(error) => Err(error),
            None => Ok(Frame::Text(Text::from(text))),
        };
    }
    match data.dyn_ref::<ArrayBuffer>() {
        Some(bytes) => match too_large(bytes.byte_length()) {
            Some(error) => Err(error),
            None => Ok(Frame::Binary(Uint8Array::new(bytes).to_vec().into())),
        },
        None => Err(io::Error::other("a frame that is neither text nor bytes")),
    }
}

/// The browser's words for an exception.
fn describe(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| "an exception".to_owned(), |error| error.message().into())
}

/// One WebSocket as frames.
struct BrowserConnection(SendWrapper<Socket>);

impl Stream for BrowserConnection {
    type Item = io::Result<Frame>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.inbox.borrow_mut().poll_next(cx)
    }
}

impl Sink<Frame> for BrowserConnection {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> io::Result<()> {
        self.0.send(frame)
    }

    /// The browser sends what it was given without being asked to.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.send(Frame::Close(Close::normal())))
    }
}
