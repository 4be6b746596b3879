//! A WebSocket between client and server that notes what is asked, and loses answers.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use chat_client::protocol::{Command, Event, decode};
use futures::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{accept_hdr_async, connect_async};

const SUBPROTOCOL: HeaderValue = HeaderValue::from_static("chat.v1");

/// What the two sides of the wire and the test share. A lock, because they are tasks; held for a look only.
#[derive(Default)]
struct Notes {
    /// Kinds of the commands that went over it.
    asked: BTreeSet<String>,
    /// The answer to the next command of this kind is lost, and the connection with it.
    lose: Option<&'static str>,
    /// How many answers were lost.
    lost: usize,
}

/// The wire: clients dial it instead of the server.
#[derive(Clone)]
pub(super) struct Wire {
    url: String,
    notes: Arc<Mutex<Notes>>,
}

impl Wire {
    /// A wire to the server at `url`, for as many connections as come.
    pub(super) async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire =
            Self { url: format!("ws://{}/v1/ws", listener.local_addr().unwrap()), notes: Arc::default() };
        let accepting = wire.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().carry(stream, server.clone()));
            }
        });
        wire
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Loses the answer to the next command of this kind, once the server has given it.
    pub(super) fn lose(&self, kind: &'static str) {
        self.notes().lose = Some(kind);
    }

    pub(super) fn lost(&self) -> usize {
        self.notes().lost
    }

    /// Kinds of all commands that were asked.
    pub(super) fn asked(&self) -> BTreeSet<String> {
        self.notes().asked.clone()
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap()
    }

    /// Carries frames both ways until one side ends, or an answer is to be lost.
    async fn carry(self, stream: TcpStream, server: String) {
        // The type of the callback's error is the library's.
        #[allow(clippy::result_large_err)]
        let agree = |_: &Request, mut response: Response| {
            response.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL);
            Ok(response)
        };
        let Ok(mut client) = accept_hdr_async(stream, agree).await else { return };
        let mut request = server.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL);
        let Ok((mut server, _)) = connect_async(request).await else { return };
        let mut losing = None;
        loop {
            tokio::select! {
                said = client.next() => {
                    let Some(Ok(said)) = said else { return };
                    losing = self.note(&said).or(losing);
                    if server.send(said).await.is_err() {
                        return;
                    }
                }
                told = server.next() => {
                    let Some(Ok(told)) = told else { return };
                    if losing.as_ref().is_some_and(|id| answers(&told, id)) {
                        self.notes().lost += 1;
                        return;
                    }
                    if client.send(told).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Notes a command; its id, if its answer is to be lost.
    fn note(&self, said: &Message) -> Option<String> {
        let Message::Text(text) = said else { return None };
        let command: Command = decode(text.as_bytes()).expect("a client says commands");
        let mut notes = self.notes();
        notes.asked.insert(command.kind().to_owned());
        if notes.lose != Some(command.kind()) {
            return None;
        }
        notes.lose = None;
        command.id().map(|id| id.as_str().to_owned())
    }
}

fn answers(told: &Message, id: &str) -> bool {
    let Message::Text(text) = told else { return false };
    match decode::<Event>(text.as_bytes()) {
        Ok(Event::Reply(reply)) => reply.id.is_some_and(|of| of.as_str() == id),
        _ => false,
    }
}
