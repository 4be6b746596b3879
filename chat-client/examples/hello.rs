//! The smallest client, as in the README: enters a room, says something, prints what it hears.

use chat_client::{Client, ClientEvent, NewRoom};
use chat_protocol::{Access, RoomId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::builder("ws://127.0.0.1:8080/v1/ws").token("dev-alice").connect().await?;
    let mut events = client.events();
    let lobby = RoomId::new("lobby")?;
    if client.join(lobby.clone()).await.is_err() {
        client.create(NewRoom::group().id(lobby.clone()).access(Access::Open)).await?;
    }
    let ack = client.room(lobby).send_text("hello").await?;
    println!("stored as number {}", ack.seq);
    while let Some(event) = events.next().await {
        if let ClientEvent::Message(message) = event {
            println!("{}: {}", message.from, message.content.text().unwrap_or_default());
        }
    }
    Ok(())
}
