//! Everything that the server can do, as typed calls: `impl` blocks of `Client` and `RoomHandle`, by what they are about.
//!
//! | about | calls of | file |
//! | --- | --- | --- |
//! | making, joining, following and changing rooms | both | `rooms.rs`, `new_room.rs`, `changes.rs` |
//! | who is in a room, and who may not be | room | `members.rs` |
//! | changing messages, and those for later | room | `messages.rs` |
//! | reading them | room | `history.rs`, `search.rs` |
//! | how far the user is, and that it writes | room | `pointers.rs` |
//! | the user's list of rooms | client | `inbox.rs` |
//! | whom the user blocks | client | `people.rs` |
//! | who is there | client | `presence.rs` |
//! | the user's devices and sessions | client | `devices.rs` |
//!
//! `pages.rs` and `feed.rs` are what lists have in common.

mod changes;
mod devices;
mod feed;
mod history;
mod inbox;
mod members;
mod messages;
mod new_room;
mod pages;
mod people;
mod pointers;
mod presence;
mod rooms;
mod search;

pub use changes::RoomChanges;
pub use devices::DeviceChanges;
pub use history::{HistoryMessage, Messages};
pub use messages::Scheduled;
pub use new_room::NewRoom;
pub use pages::Pages;
pub use presence::{PresenceWatch, UserPresence};
pub use search::SearchQuery;
