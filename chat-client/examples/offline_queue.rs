//! Messages that outlive the program: what is typed goes into a file first, and out of it when the server has it.
//!
//! ```text
//! cargo run -p chat-client --features sqlite --example offline_queue -- --user alice --store outbox.sqlite
//! ```
//!
//! Type without a server, kill the program however you like, start it again with a server: every line arrives once, in order.
//! It ends with its input, when everything has arrived. A room that does not exist is made when the server is there; lines that were
//! refused before that are sent again, behind those that were not.

use std::path::PathBuf;
use std::process::ExitCode;

use chat_client::protocol::{Access, RoomId};
use chat_client::store::sqlite::SqliteStore;
use chat_client::{Client, ClientEvent, EventStream, NewRoom, RoomHandle, SendState};
use clap::Parser;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[derive(Parser)]
#[command(about = "Sends the lines of its input, through a file that outlives it")]
struct Args {
    /// Who you are, to a server with development auth.
    #[arg(long)]
    user: String,
    /// The file that keeps what is not sent yet.
    #[arg(long)]
    store: PathBuf,
    /// Where to write; made if it does not exist.
    #[arg(long, default_value = "lobby")]
    room: RoomId,
    /// Where the server is.
    #[arg(long, default_value = "ws://127.0.0.1:8080/v1/ws")]
    url: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("offline_queue: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    let store = SqliteStore::open(&args.store)?;
    let token = format!("dev-{}", args.user);
    // Without waiting for the server: it may not be there.
    let client = Client::builder(&args.url).token(token).store(store).start().await?;
    println!("{} messages wait from before", client.outbox().await?.len());
    let mut events = client.events();
    let room = client.room(args.room.clone());
    let mut lines = BufReader::new(stdin()).lines();
    let (mut open, mut entered) = (true, false);
    while open || anything_waits(&client, entered).await? {
        tokio::select! {
            line = lines.next_line(), if open => match line? {
                Some(line) => {
                    // Nobody waits for it: the file and the events tell.
                    drop(room.send_text(&line));
                    client.save().await?;
                    println!("kept: {line}");
                }
                None => open = false,
            },
            told = tell(&mut events) => match told {
                Some(Told::Connected) => {
                    enter(&client, &room).await?;
                    entered = true;
                }
                Some(Told::Nothing) => {}
                None => break,
            },
        }
    }
    client.close().await;
    Ok(())
}

/// Whether something is still on its way. Who is no member yet is refused at first, which says nothing before the room was entered.
async fn anything_waits(client: &Client, entered: bool) -> Result<bool, chat_client::Error> {
    let sends = client.outbox().await?;
    Ok(sends.iter().any(|send| !entered || !matches!(send.state, SendState::Wedged(_))))
}

enum Told {
    Connected,
    Nothing,
}

/// Says what happens; `None`: the client has ended.
async fn tell(events: &mut EventStream) -> Option<Told> {
    match events.next().await? {
        ClientEvent::Connected => return Some(Told::Connected),
        ClientEvent::Disconnected { reason, .. } => eprintln!("no connection: {reason}"),
        ClientEvent::Outbox(update) => match update.state {
            SendState::Settled(data) => println!("stored as #{}", data.seq),
            SendState::Wedged(error) => eprintln!("not taken: {error}"),
            _ => {}
        },
        ClientEvent::StoreFailed(error) => eprintln!("the file: {error}"),
        ClientEvent::Closed { reason: Some(error) } => eprintln!("{error}"),
        _ => {}
    }
    Some(Told::Nothing)
}

/// Joins the room, or makes it. What was not taken because the user was no member yet goes again.
async fn enter(client: &Client, room: &RoomHandle) -> Result<(), chat_client::Error> {
    let id = room.id().clone();
    if client.join(id.clone()).await.is_err() {
        client.create(NewRoom::group().id(id).access(Access::Open)).await?;
    }
    for send in client.outbox().await? {
        if matches!(send.state, SendState::Wedged(_)) {
            drop(room.retry(send.client_msg_id));
        }
    }
    Ok(())
}
