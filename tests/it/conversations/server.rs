//! A real server plays the conversations that one can be made to play, over a real socket: so the files cannot tell of a
//! server that there is not.

use std::collections::BTreeMap;

use chat_server_core::{ChatServer, Providers, ServerConfig};
use chat_tests::socket::Socket;
use chat_transport_ws::{WsConfig, bind, serve};
use jsonschema::Validator;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::matching::{Bound, fill};
use super::play::{Elsewhere, Play, Step, all};

/// What a server chooses anew in each run: compared in type only.
const CHOSEN: [&str; 3] = ["ts", "epoch", "session_id"];

/// A server and those who are connected to it.
struct Stage {
    url: String,
    stop: CancellationToken,
    schema: Validator,
    /// The connection of the client that the play is about.
    client: Option<Socket>,
    others: BTreeMap<String, Socket>,
    bound: Bound,
    /// What an epoch of the play is called in this run.
    epochs: BTreeMap<String, Value>,
    ids: u32,
    /// A packet that came before the one that the play tells first.
    early: Option<Value>,
}

#[tokio::test]
async fn a_real_server_plays_the_conversations() {
    let mut played = Vec::new();
    for play in all().into_iter().filter(|play| play.head.real) {
        let mut stage = Stage::new(&play).await;
        for (n, step) in play.steps.iter().enumerate() {
            let told = stage.step(step).await;
            told.unwrap_or_else(|error| panic!("{}, line {}: {error}", play.head.conversation, n + 2));
            if matches!(step, Step::Close { code: 1001, .. }) {
                // The rest of the play is for another server.
                break;
            }
        }
        assert_eq!(stage.early, None, "{}: told too", play.head.conversation);
        stage.stop.cancel();
        played.push(play.head.conversation);
    }
    for name in
        ["handshake", "refresh_open", "resume_recovered", "resume_snapshot", "duplicate", "conflict", "drain"]
    {
        assert!(played.iter().any(|played| played == name), "{name} was not played");
    }
}

/// What the files let a server say is what the schema lets it say, except what only a newer one would.
#[test]
fn what_servers_say_in_the_conversations_is_valid() {
    let schema = schema("native/event.json");
    let commands = schema_of_commands();
    for play in all().iter().filter(|play| play.head.conversation != "newer_server") {
        for step in &play.steps {
            match step {
                Step::Server(line) => assert!(schema.is_valid(line), "{}: {line}", play.head.conversation),
                Step::Elsewhere(Elsewhere::Command { command, .. }) => {
                    assert!(commands.is_valid(command), "{}: {command}", play.head.conversation);
                }
                _ => {}
            }
        }
    }
}

fn schema(path: &str) -> Validator {
    let documents = chat_protocol::schema::documents();
    let document = documents.into_iter().find(|(own, _)| *own == path).expect("a published document").1;
    jsonschema::validator_for(&document).expect("a schema")
}

fn schema_of_commands() -> Validator {
    schema("native/command.json")
}

impl Stage {
    async fn new(play: &Play) -> Self {
        let standard = ServerConfig::default();
        let max_recover = play.head.max_recover.unwrap_or(standard.max_recover);
        let server = ChatServer::start(Providers::default(), ServerConfig { max_recover, ..standard });
        let listeners = bind(&["127.0.0.1:0"]).await.expect("a free port");
        let url = format!("ws://{}/v1/ws", listeners[0].local_addr().expect("an address"));
        let stop = CancellationToken::new();
        tokio::spawn(serve(listeners, server, WsConfig::default(), stop.clone()));
        Self {
            url,
            stop,
            schema: schema("native/event.json"),
            client: None,
            others: BTreeMap::new(),
            bound: Bound::new(),
            epochs: BTreeMap::new(),
            ids: 0,
            early: None,
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Connect {} => self.client = Some(Socket::open(&self.url).await),
            Step::Client(line) => self.say(line).await?,
            Step::Server(line) => self.hear(line).await?,
            Step::Close { code, reason } => match self.client()?.frame().await {
                Some(Message::Close(Some(close)))
                    if u16::from(close.code) == *code && close.reason.as_str() == reason => {}
                other => return Err(format!("{other:?} instead of a close with {code}")),
            },
            Step::Lose {} => self.client = None,
            Step::Elsewhere(elsewhere) => self.elsewhere(elsewhere).await?,
            // The other side's own affair.
            Step::Do(_) | Step::Report(_) | Step::ClockMs(_) | Step::Silent {} => {}
        }
        Ok(())
    }

    fn client(&mut self) -> Result<&mut Socket, String> {
        self.client.as_mut().ok_or_else(|| "no connection".to_owned())
    }

    /// Says what the client must say, with ids of its own.
    async fn say(&mut self, line: &Value) -> Result<(), String> {
        let ids = &mut self.ids;
        let mut new = || {
            *ids += 1;
            json!(format!("id-{ids}"))
        };
        let mut packet = fill(line, &mut self.bound, &mut new).ok_or("nothing to say")?;
        for command in packet.as_object_mut().into_iter().flat_map(|packet| packet.values_mut()) {
            if let Some(epoch) = command.get("epoch").and_then(Value::as_str) {
                command["epoch"] = self.epochs[epoch].clone();
            }
        }
        self.client()?.say(&packet.to_string()).await;
        Ok(())
    }

    /// Hears what the server says next, which must be what the line tells, as far as a server does not choose it.
    async fn hear(&mut self, line: &Value) -> Result<(), String> {
        let expected = fill(line, &mut self.bound, &mut || panic!("a server binds nothing"));
        let expected = expected.ok_or("nothing to hear")?;
        let mut told = self.next().await?;
        // The answer to a send and the message itself come in either order.
        if self.early.is_none() && is_ack(&told) != is_ack(&expected) {
            self.early = Some(told);
            told = self.receive().await?;
        }
        if let (Some(name), Some(epoch)) =
            (expected.pointer("/reply/data/epoch").and_then(Value::as_str), told.pointer("/reply/data/epoch"))
        {
            self.epochs.insert(name.to_owned(), epoch.clone());
        }
        match plain(&told) == plain(&expected) {
            true => Ok(()),
            false => Err(format!("\n{told}\ninstead of\n{expected}")),
        }
    }

    async fn next(&mut self) -> Result<Value, String> {
        match self.early.take() {
            Some(told) => Ok(told),
            None => self.receive().await,
        }
    }

    /// The next packet, which is valid.
    async fn receive(&mut self) -> Result<Value, String> {
        let told = match self.client()?.frame().await {
            Some(Message::Text(text)) => text,
            other => return Err(format!("{other:?} instead of a packet")),
        };
        let told: Value = serde_json::from_str(&told).map_err(|error| error.to_string())?;
        match self.schema.is_valid(&told) {
            true => Ok(told),
            false => Err(format!("not valid: {told}")),
        }
    }

    async fn elsewhere(&mut self, elsewhere: &Elsewhere) -> Result<(), String> {
        match elsewhere {
            Elsewhere::Command { user, command } => {
                self.other(user).await.ok(&command.to_string()).await;
            }
            Elsewhere::Hears { user, hears } => {
                let other = self.other(user).await;
                loop {
                    let Some(Message::Text(text)) = other.frame().await else {
                        return Err(format!("{user} was told nothing"));
                    };
                    let packet: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
                    if packet.pointer("/message/client_msg_id").and_then(Value::as_str) == Some(hears) {
                        break;
                    }
                }
            }
            Elsewhere::Server { server } if server == "drains" => self.stop.cancel(),
            Elsewhere::Server { server } => return Err(format!("a server cannot {server}")),
        }
        Ok(())
    }

    async fn other(&mut self, user: &str) -> &mut Socket {
        if !self.others.contains_key(user) {
            let socket = Socket::log_in(&self.url, user).await;
            self.others.insert(user.to_owned(), socket);
        }
        self.others.get_mut(user).expect("just made")
    }
}

/// Whether it is the answer to a send.
fn is_ack(packet: &Value) -> bool {
    packet.pointer("/reply/data/duplicate").is_some()
}

/// Without what a server chooses, and without words for people.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.iter().filter(|(key, _)| *key != "detail");
            let plain = kept.map(|(key, value)| match value {
                Value::String(_) if CHOSEN.contains(&key.as_str()) => (key.clone(), json!("chosen")),
                value => (key.clone(), plain(value)),
            });
            Value::Object(plain.collect())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}
