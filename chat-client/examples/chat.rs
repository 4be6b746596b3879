//! A chat in the terminal.
//!
//! ```text
//! cargo run --release -p chat-client --example chat -- --user alice --room lobby
//! ```
//!
//! Enters the room, making it if it is not there, shows its last messages and everything that happens in it. On a
//! terminal there is a line to write in, which incoming lines leave alone; otherwise lines are read from the standard
//! input until its end, and printed plainly. What is written while the server is away is sent when it is back.

#[path = "chat/app.rs"]
mod app;
#[path = "chat/input.rs"]
mod input;
#[path = "chat/say.rs"]
mod say;
#[path = "chat/screen.rs"]
mod screen;
#[path = "chat/text.rs"]
mod text;

use std::io::IsTerminal;
use std::process::ExitCode;

use chat_client::protocol::{Access, ErrorCode, RoomId, UserId};
use chat_client::{Client, Error, NewRoom};
use clap::Parser;

use app::App;
use screen::Screen;

/// Talk in one room of a chat server.
#[derive(Debug, Parser)]
#[command(name = "chat")]
struct Args {
    /// Who you are.
    #[arg(long)]
    user: UserId,
    /// The room to talk in; it is made if it is not there.
    #[arg(long, default_value = "lobby")]
    room: RoomId,
    /// Where the server is.
    #[arg(long, default_value = "ws://127.0.0.1:8080/v1/ws")]
    url: String,
    /// The credential; by default that of a server with development auth, `dev-<user>`.
    #[arg(long, env = "CHAT_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chat: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    let token = args.token.unwrap_or_else(|| format!("dev-{}", args.user));
    if std::io::stderr().is_terminal() {
        // Without the query, which may hold a token.
        eprintln!("connecting to {} …", text::safe(args.url.split('?').next().unwrap_or_default()));
    }
    let client = Client::builder(&args.url).token(token).connect().await?;
    // Subscribed before the room is entered: what happens in between is shown too.
    let events = client.events();
    let entered = enter(&client, &args.room).await?;
    let screen = Screen::open()?;
    let keys = input::open(screen.is_terminal());
    let me = client.user_id().expect("connected").clone();
    let mut app = App::new(client.clone(), me, entered.room, screen);
    let outcome = app.run(events, keys).await;
    // The terminal is given back before the last words are printed.
    drop(app);
    client.close().await;
    Ok(outcome?)
}

/// Joins the room, or makes it. The server does not say whether a room is missing or closed, so making it decides.
async fn enter(client: &Client, room: &RoomId) -> Result<chat_client::protocol::reply::RoomData, Error> {
    match client.join(room.clone()).await {
        Err(error) if error.code() == Some(ErrorCode::Forbidden) => {}
        joined => return joined,
    }
    let new = NewRoom::group().id(room.clone()).access(Access::Open).name(room.as_str());
    match client.create(new).await {
        // Somebody else was quicker.
        Err(error) if error.code() == Some(ErrorCode::AlreadyExists) => client.join(room.clone()).await,
        made => made,
    }
}
