//! One user in one room. Lines are added as the client tells them and never put in order or dropped, so that what is seen
//! is what was told.

use std::time::Duration;

use chat_client::protocol::{ErrorText, RoomId};
use chat_client::{Client, ClientEvent, Error, Recovery, TokenError};
use futures::future::{FutureExt, LocalBoxFuture};
use js_sys::Promise;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::page::Page;

/// Shows a room until the client ends.
pub(crate) async fn chat(page: &Page) -> Result<String, Error> {
    let room = RoomId::new(page.asked("room")).map_err(|error| Error::Address(error.to_string()))?;
    let mut builder = Client::builder(page.asked("server")).token_source(token(page.asked("token")));
    if let Ok(millis) = page.asked("heartbeat").parse().map(Duration::from_millis) {
        builder = builder.heartbeat_interval(millis).heartbeat_timeout(millis);
    }
    page.state("connecting");
    let client = builder.connect().await?;
    let mut events = client.events();
    let user = client.user_id().map(ToString::to_string).unwrap_or_default();
    page.who(&format!("{user} in {room}"));
    client.join(room.clone()).await?;
    take_words(page, &client, &room);
    while let Some(event) = events.next().await {
        show(page, &room, event);
    }
    Ok("closed".to_owned())
}

/// Gives the token as a page gets one: by a promise, which must stay on its thread.
fn token(token: String) -> impl Fn(Option<ErrorText>) -> SendWrapper<LocalBoxFuture<'static, TokenResult>> {
    move |_| {
        let promise = JsFuture::from(Promise::resolve(&JsValue::from(&token)));
        let given =
            async { promise.await.ok().and_then(|token| token.as_string()).ok_or(TokenError::SignedOut) };
        SendWrapper::new(given.boxed_local())
    }
}

type TokenResult = Result<String, TokenError>;

/// Sends what is said; it is shown apart until it is stored.
fn take_words(page: &Page, client: &Client, room: &RoomId) {
    let (shown, room) = (page.clone(), client.room(room.clone()));
    page.on_say(move |text| {
        let (page, room) = (shown.clone(), room.clone());
        let waiting = page.add("waiting", &text);
        spawn_local(async move {
            match room.send_text(&text).await {
                Ok(_) => waiting.remove(),
                Err(error) => waiting.set_text_content(Some(&format!("{text}: {error}"))),
            }
        });
    });
    let client = client.clone();
    page.on_leave(move || {
        let client = client.clone();
        spawn_local(async move { client.close().await });
    });
}

fn show(page: &Page, room: &RoomId, event: ClientEvent) {
    match event {
        ClientEvent::Message(message) if message.room == *room => {
            let text = message.content.text().unwrap_or_default();
            page.add("messages", &format!("{} {}: {text}", message.seq, message.from));
        }
        ClientEvent::Connected => page.state("ready"),
        ClientEvent::Disconnected { reason, .. } => page.state(&format!("away: {reason}")),
        ClientEvent::Resumed { room: Some(of), recovery, .. } if of == *room => {
            let how = match recovery {
                Recovery::Recovered { missed } => format!("recovered {missed}"),
                Recovery::Snapshot { .. } => "snapshot".to_owned(),
                Recovery::Trimmed { .. } => "trimmed".to_owned(),
                Recovery::Gone => "gone".to_owned(),
            };
            page.add("resumed", &how);
        }
        ClientEvent::Lagged { missed } => {
            page.add("messages", &format!("{missed} events were lost"));
        }
        ClientEvent::Closed { reason: Some(error) } => page.state(&format!("ended: {error}")),
        _ => {}
    }
}
