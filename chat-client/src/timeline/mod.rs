//! Timelines: the messages of a room, or of a thread, as a list that an application draws.
//!
//! ```no_run
//! # use chat_client::{Client, protocol::RoomId};
//! use chat_client::timeline::{Item, TimelineOptions};
//!
//! # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
//! let room = client.room(RoomId::new("lobby")?);
//! let mut timeline = room.timeline(TimelineOptions::default()).await?;
//! loop {
//!     for item in timeline.items() {
//!         match &**item {
//!             Item::Message(message) => println!("{}: {:?}", message.message.from, message.content()),
//!             Item::Gap(gap) => println!("... messages after {} ...", gap.after),
//!             Item::Echo(echo) => println!("(sending) {:?}", echo.content.text()),
//!             _ => {}
//!         }
//!     }
//!     timeline.changed().await?;
//! }
//! # }
//! ```
//!
//! # What is shown
//!
//! - Messages of the line in order, each with what became of it: its edits, deletion, reactions, thread, the message that it
//!   answers, and for one's own how far it has come.
//! - A [`Gap`] wherever messages are not loaded. It is never hidden, and filled when the application says so. Where the room's
//!   history begins, there is none.
//! - An [`Echo`] of each message on its way. It becomes the message in place, under the same [`Key`]: there are never two items for
//!   one message, and never none. Where a message of one's own was stored among others that are not loaded, the gap stands for it.
//!
//! Lists in user interfaces are drawn by key. Compare the keys of the new [`items`](Timeline::items) with those of the old, and
//! the pointers of items with the same key ([`Arc::ptr_eq`](std::sync::Arc::ptr_eq)): an item that did not change is the same one.
//!
//! # Parts
//!
//! [`Line`] is the model: no I/O, no clock, no tasks. [`Timeline`] feeds it from a [`Client`](crate::Client) while the application waits in
//! [`changed`](Timeline::changed), and does nothing in between.

mod echo;
#[cfg(feature = "driver")]
mod handle;
mod item;
mod line;
mod options;
mod pages;
mod pointers;
mod record;
mod shown;
mod span;
#[cfg(test)]
mod tests;
mod window;

pub use echo::{Echo, EchoState};
#[cfg(feature = "driver")]
pub use handle::Timeline;
pub use item::{Answered, Delivery, Gap, GapState, Item, Key, MessageItem, Preview, Reacted};
pub use line::{End, Line};
pub use options::TimelineOptions;
pub use pages::{Answer, Ask, Request};
