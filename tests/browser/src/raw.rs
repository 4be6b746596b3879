//! One connection without a session: what the connector itself does.

use chat_client::protocol::Frame;
use chat_client::transport::browser::BrowserConnector;
use chat_client::transport::{BoxConnection, Connector};
use futures::future::poll_fn;
use futures::{SinkExt, StreamExt};

use crate::page::Page;

/// Bytes of each frame of a flood.
const FRAME: usize = 32 * 1024;

async fn dial(page: &Page) -> Result<BoxConnection, String> {
    let connector = BrowserConnector::new(&page.asked("server")).map_err(|error| error.to_string())?;
    let connection = connector.dial().await.map_err(|error| error.to_string())?;
    page.state("open");
    Ok(connection)
}

/// Shows every frame that arrives, and how it ends. Says `hello` first.
pub(crate) async fn listen(page: &Page) -> Result<String, chat_client::Error> {
    let mut connection = match dial(page).await {
        Ok(connection) => connection,
        Err(error) => return Ok(format!("not open: {error}")),
    };
    let hello = Frame::Text("hello".to_owned().into());
    if let Err(error) = connection.send(hello).await {
        return Ok(format!("nothing is sent: {error}"));
    }
    while let Some(frame) = connection.next().await {
        let shown = match frame {
            Ok(Frame::Text(text)) if text.len() > 100 => format!("text of {} bytes", text.len()),
            Ok(Frame::Text(text)) => format!("text {}", text.as_str()),
            Ok(Frame::Binary(bytes)) => format!("bytes {bytes:?}"),
            Ok(Frame::Close(close)) => format!("close {} {}", close.code, close.reason),
            Ok(Frame::Ping | Frame::Pong) => "a control frame".to_owned(),
            Err(error) => format!("error: {error}"),
        };
        page.add("messages", &shown);
    }
    // Whoever writes is told only now.
    let broken = poll_fn(|cx| connection.as_mut().poll_ready(cx)).await;
    Ok(format!(
        "over, {}",
        broken.map_or_else(|error| error.kind().to_string(), |()| "and writes".to_owned())
    ))
}

/// Sends numbered frames, as many as are asked for, and shows how many were taken whenever the connection takes no more.
pub(crate) async fn flood(page: &Page) -> Result<String, chat_client::Error> {
    let mut connection = match dial(page).await {
        Ok(connection) => connection,
        Err(error) => return Ok(format!("not open: {error}")),
    };
    let frames: usize = page.asked("frames").parse().unwrap_or_default();
    for number in 0..frames {
        let mut waited = false;
        let ready = poll_fn(|cx| {
            let ready = connection.as_mut().poll_ready(cx);
            if ready.is_pending() && !std::mem::replace(&mut waited, true) {
                page.state(&format!("held back after {number}"));
            }
            ready
        });
        let sent = match ready.await {
            Ok(()) => connection.as_mut().start_send(Frame::Text(format!("{number:0>FRAME$}").into())),
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            return Ok(format!("broken after {number}: {error}"));
        }
    }
    page.state("all taken");
    let said = connection.close().await;
    let end = connection.next().await;
    Ok(format!("closed, {said:?}, {end:?}"))
}
