//! Exports a room: its messages as lines of JSON, from the oldest to the newest, and what comes then.
//!
//! ```text
//! cargo run -p chat-client --example export_history -- --user alice --room lobby --output lobby.jsonl
//! cargo run -p chat-client --example export_history -- --user alice --room lobby --output lobby.jsonl --after 1200 --follow
//! ```
//!
//! Each line is a message as `schema/native` describes it; its `seq` is where the next run goes on (`--after`), which the last line
//! on the standard error says as well. A file is added to, never replaced. `--follow` stays and goes on until Ctrl-C: what is edited
//! or deleted later is not written again.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use chat_client::protocol::{Message, RoomId, Seq};
use chat_client::{Client, ClientEvent, EventStream, RoomHandle};
use clap::Parser;
use futures::TryStreamExt;

/// Writes the messages of a room as lines of JSON.
#[derive(Parser)]
struct Args {
    /// Who reads, to a server with development auth.
    #[arg(long)]
    user: String,
    /// The room, of which the user is a member.
    #[arg(long, default_value = "lobby")]
    room: RoomId,
    /// Number of the last message that was exported before.
    #[arg(long)]
    after: Option<u64>,
    /// The file to add to; without it, the standard output.
    #[arg(long)]
    output: Option<PathBuf>,
    /// Stay, and write what comes.
    #[arg(long)]
    follow: bool,
    /// Where the server is.
    #[arg(long, default_value = "ws://127.0.0.1:8080/v1/ws")]
    url: String,
}

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Err(error) = run(Args::parse()).await {
        eprintln!("export_history: {error}");
        std::process::exit(1);
    }
}

async fn run(args: Args) -> Result<(), Failure> {
    let output: Box<dyn Write> = match &args.output {
        Some(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
        None => Box::new(io::stdout()),
    };
    let last = args.after.map(|seq| Seq::new(seq).ok_or("--after is no number of a message")).transpose()?;
    let client = Client::builder(&args.url).token(format!("dev-{}", args.user)).connect().await?;
    // Listened to from before the history: nothing falls between the two.
    let events = client.events();
    let mut export = Export { room: client.room(args.room), output: BufWriter::new(output), last };
    let outcome = tokio::select! {
        outcome = export.run(events, args.follow) => outcome,
        _ = tokio::signal::ctrl_c() => Ok(()),
    };
    export.output.flush()?;
    if let Some(last) = export.last {
        eprintln!("exported up to --after {last}");
    }
    client.close().await;
    outcome
}

struct Export {
    room: RoomHandle,
    output: BufWriter<Box<dyn Write>>,
    last: Option<Seq>,
}

impl Export {
    async fn run(&mut self, mut events: EventStream, follow: bool) -> Result<(), Failure> {
        self.read_on().await?;
        // Without `follow` there is nothing to wait for.
        while let Some(event) = if follow { events.next().await } else { None } {
            match event {
                ClientEvent::Message(message) if message.room == *self.room.id() => self.write(&message)?,
                // Whatever was not told is in the history.
                ClientEvent::Resumed { room: Some(room), .. } if room == *self.room.id() => {
                    self.read_on().await?
                }
                ClientEvent::Lagged { .. } => self.read_on().await?,
                ClientEvent::Closed { reason: Some(error) } => return Err(error.into()),
                _ => {}
            }
            self.output.flush()?;
        }
        Ok(())
    }

    /// All messages after the last one, page by page.
    async fn read_on(&mut self) -> Result<(), Failure> {
        let mut messages = self.room.messages().forward().from(self.last.unwrap_or_default());
        while let Some(entry) = messages.try_next().await? {
            self.write(&entry.message)?;
        }
        Ok(self.output.flush()?)
    }

    /// Writes a message, unless the history had it already.
    fn write(&mut self, message: &Message) -> Result<(), Failure> {
        if self.last.is_none_or(|last| message.seq > last) {
            serde_json::to_writer(&mut self.output, message)?;
            self.output.write_all(b"\n")?;
            self.last = Some(message.seq);
        }
        Ok(())
    }
}
