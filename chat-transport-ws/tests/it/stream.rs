//! A stream of events as a real HTTP client reads it, and the requests beside it.

use chat_protocol::{Event, decode};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

use crate::raw::soon;

/// An open stream.
#[derive(Debug)]
pub(crate) struct Events {
    http: Client,
    base: String,
    token: String,
    /// The session that its commands belong to.
    pub(crate) session: String,
    stream: Stream,
}

/// The body of an answer that is a stream.
#[derive(Debug)]
pub(crate) struct Stream {
    response: Response,
    read: Vec<u8>,
}

/// One event: its name, if it has one, and its data.
pub(crate) type Sent = (Option<String>, String);

impl Events {
    /// Opens the stream of a user; `query` begins with `?` or is empty.
    pub(crate) async fn open(base: &str, user: &str, query: &str) -> Self {
        let (http, token) = (Client::new(), format!("dev-{user}"));
        let request = http.get(format!("{base}/v1/events{query}")).bearer_auth(&token);
        let response = soon(request.send()).await.unwrap();
        assert_eq!(response.status(), 200);
        let (base, session) = (base.to_owned(), String::new());
        let mut events = Self { http, base, token, session, stream: Stream::new(response) };
        let Event::Reply(reply) = events.event().await else { panic!("the reply comes first") };
        assert_eq!((reply.id.unwrap().as_str(), reply.status), ("events", 200));
        let data: Value = serde_json::from_str(reply.data.unwrap().get()).unwrap();
        events.session = data["session_id"].as_str().unwrap().to_owned();
        events
    }

    /// What the stream's answer has in this header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.stream.response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    /// The next event; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        self.stream.next().await
    }

    /// The next packet.
    pub(crate) async fn event(&mut self) -> Event {
        match self.next().await {
            Some((None, data)) => decode(data.as_bytes()).unwrap(),
            other => panic!("no packet but {other:?}"),
        }
    }

    /// The next packet that fits.
    pub(crate) async fn until(&mut self, fits: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.event().await;
            if fits(&event) {
                return event;
            }
        }
    }

    /// The code of the last event; what comes before it is dropped.
    pub(crate) async fn close_code(&mut self) -> Option<u64> {
        while let Some((name, data)) = self.next().await {
            if name.as_deref() == Some("close") {
                let packet: Value = serde_json::from_str(&data).unwrap();
                assert!(self.next().await.is_none(), "nothing follows it");
                return packet["close"]["code"].as_u64();
            }
        }
        None
    }

    /// A request with commands, not sent yet.
    pub(crate) fn request(&self) -> RequestBuilder {
        let address = format!("{}/v1/commands", self.base);
        self.http.post(address).query(&[("session_id", &self.session)]).bearer_auth(&self.token)
    }

    /// Brings commands, one per line; status and body of the answer.
    pub(crate) async fn post(&self, lines: &str) -> (u16, String) {
        let request = self.request().header("content-type", "application/x-ndjson").body(lines.to_owned());
        answer(request).await
    }
}

impl Stream {
    pub(crate) fn new(response: Response) -> Self {
        Self { response, read: Vec::new() }
    }

    /// The next event, as the HTML standard reads it; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.read.drain(..end + 2).collect();
                if let Some(sent) = parse(std::str::from_utf8(&block).unwrap()) {
                    return Some(sent);
                }
                continue;
            }
            let chunk = soon(self.response.chunk()).await.ok().flatten()?;
            self.read.extend_from_slice(&chunk);
        }
    }
}

/// Sends a request; status and body of its answer.
pub(crate) async fn answer(request: RequestBuilder) -> (u16, String) {
    soon(async {
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    })
    .await
}

/// One block of a stream; `None` for a comment.
fn parse(block: &str) -> Option<Sent> {
    let (mut name, mut data) = (None, Vec::new());
    for line in block.lines().filter(|line| !line.starts_with(':')) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = Some(value.to_owned()),
            "data" => data.push(value),
            "" => {}
            other => panic!("an event has no {other}"),
        }
    }
    (!data.is_empty()).then(|| (name, data.join("\n")))
}
