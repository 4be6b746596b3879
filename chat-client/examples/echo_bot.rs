//! A bot: says again what is said to it, in direct rooms and where it is mentioned.
//!
//! ```text
//! cargo run -p chat-client --example echo_bot -- --user echo --join lobby
//! cargo run -p chat-client --example chat -- --user alice --room lobby    # and write: @echo hello
//! ```
//!
//! What was said while it was away is answered when it is back, from where it has read to. An answer is named after the message
//! that it answers, so that each is stored once, however often the bot is killed between answering and reading. Ctrl-C ends it.

use chat_client::protocol::{ClientMsgId, Content, Message, RoomId, RoomKind, UserId};
use chat_client::{Client, ClientEvent, Draft, Error, Recovery, RoomHandle};
use clap::Parser;

/// How its answers begin. Whatever begins like this is never answered: two bots would talk for ever.
const ECHO: &str = "echo: ";

/// Says again what is said to it.
#[derive(Parser)]
struct Args {
    /// Who the bot is, to a server with development auth.
    #[arg(long, default_value = "echo")]
    user: UserId,
    /// Open rooms to join. It also answers wherever it is invited.
    #[arg(long)]
    join: Vec<RoomId>,
    /// Where the server is.
    #[arg(long, default_value = "ws://127.0.0.1:8080/v1/ws")]
    url: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Err(error) = run(Args::parse()).await {
        eprintln!("echo_bot: {error}");
        std::process::exit(1);
    }
}

async fn run(args: Args) -> Result<(), Error> {
    let client = Client::builder(&args.url).token(format!("dev-{}", args.user)).connect().await?;
    let mut events = client.events();
    for room in args.join {
        client.join(room).await?;
    }
    let bot = Bot { me: client.user_id().cloned().unwrap_or(args.user), client };
    eprintln!("{} listens", bot.me);
    let work = async {
        while let Some(event) = events.next().await {
            bot.hear(event).await?;
        }
        Ok(())
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        _ = tokio::signal::ctrl_c() => Ok(()),
    };
    // Waits until the last answers are stored.
    bot.client.close().await;
    outcome
}

struct Bot {
    client: Client,
    me: UserId,
}

impl Bot {
    async fn hear(&self, event: ClientEvent) -> Result<(), Error> {
        match event {
            ClientEvent::Message(message) => self.read(&message).await?,
            // Not every message was told: at the start, and after a long absence.
            ClientEvent::Resumed { room: Some(room), recovery, .. }
                if !matches!(recovery, Recovery::Recovered { .. } | Recovery::Gone) =>
            {
                self.catch_up(&self.client.room(room)).await?;
            }
            ClientEvent::Lagged { .. } => {
                for state in self.client.rooms().await? {
                    self.catch_up(&self.client.room(state.room)).await?;
                }
            }
            ClientEvent::Disconnected { reason, .. } => eprintln!("no connection: {reason}"),
            ClientEvent::Closed { reason: Some(error) } => return Err(error),
            _ => {}
        }
        Ok(())
    }

    /// Reads what came since the bot has read last.
    async fn catch_up(&self, room: &RoomHandle) -> Result<(), Error> {
        let Some(state) = room.state().await? else { return Ok(()) };
        let mut messages = room.messages().forward().from(state.read);
        while let Some(entry) = messages.next().await {
            self.read(&entry?.message).await?;
        }
        Ok(())
    }

    /// Answers a message if it is for the bot, and marks it read when the answer is stored.
    async fn read(&self, message: &Message) -> Result<(), Error> {
        let room = self.client.room(message.room.clone());
        let text = message.content.text().unwrap_or_default();
        if message.from != self.me && !text.starts_with(ECHO) && self.is_meant(&room, message, &text).await? {
            let name =
                ClientMsgId::new(format!("echo-{}", message.seq)).expect("letters and digits are an id");
            let answer = Draft::new(Content::plain(format!("{ECHO}{text}"))).reply_to(message.seq);
            let answer = message.thread.into_iter().fold(answer, Draft::thread);
            match room.send(answer.client_msg_id(name)).await {
                Err(Error::Refused { code, .. }) => eprintln!("no answer in {}: {}", room.id(), code.text()),
                sent => drop(sent?),
            }
        }
        room.mark_read(message.seq).await
    }

    async fn is_meant(&self, room: &RoomHandle, message: &Message, text: &str) -> Result<bool, Error> {
        let called = message.mentions.as_ref().is_some_and(|mentions| mentions.calls(&self.me))
            || text.split_whitespace().any(|word| word.strip_prefix('@') == Some(self.me.as_str()));
        let direct = room.state().await?.is_some_and(|state| state.kind.known() == Some(RoomKind::Direct));
        Ok(message.deleted_at.is_none() && (called || direct))
    }
}
