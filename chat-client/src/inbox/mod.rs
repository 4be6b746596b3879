//! The inbox: all rooms of the user as a list that an application draws.
//!
//! ```no_run
//! # use chat_client::Client;
//! use chat_client::inbox::{InboxOptions, Shelf};
//!
//! # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
//! let mut inbox = client.inbox(InboxOptions::default()).await?;
//! loop {
//!     for room in inbox.rooms(Shelf::Main) {
//!         let name = room.state.info.name.as_deref().unwrap_or(room.state.room.as_str());
//!         let last = room.last.message().and_then(|message| message.content.text());
//!         println!("{name} ({}): {}", room.state.unread, last.unwrap_or_default());
//!     }
//!     inbox.changed().await?;
//! }
//! # }
//! ```
//!
//! Rooms that the client follows are there at once, also without a connection, with what is unread as the client counts it. Their
//! newest messages and the names of peers come with pages of the server, the top of the list first, and stay up to date from then on.
//!
//! The order is the server's: pinned rooms first, then by latest activity, to the millisecond; rooms that changed in the same one
//! stand as they were told.
//!
//! [`InboxList`] is the model: no I/O, no clock, no tasks. [`Inbox`] feeds it from a [`Client`](crate::Client) while the application waits in
//! [`changed`](Inbox::changed).

#[cfg(feature = "driver")]
mod handle;
mod list;
mod pages;
mod room;
#[cfg(test)]
mod tests;

use chat_protocol::limits;

#[cfg(feature = "driver")]
pub use handle::{Inbox, InboxEnd};
pub use list::InboxList;
pub use pages::{Answer, Ask, Request};
pub use room::{InboxRoom, Last, Peer};

/// Greatest number of rooms whose details are loaded by pages, per shelf: far more than anybody scrolls through.
pub(crate) const MAX_DETAILED: usize = 10_000;

/// One of the two lists of an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shelf {
    /// The rooms that are not archived.
    Main,
    /// The archived ones.
    Archive,
}

/// How much an inbox loads.
///
/// ```
/// use chat_client::inbox::InboxOptions;
/// let options = InboxOptions::default().detailed(200);
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "options are given to `Client::inbox`"]
pub struct InboxOptions {
    pub(crate) page: u32,
    pub(crate) detailed: usize,
}

impl Default for InboxOptions {
    fn default() -> Self {
        Self { page: limits::DEFAULT_PAGE, detailed: 100 }
    }
}

impl InboxOptions {
    /// Rooms in one page, 1 to 100. Default 50.
    pub fn page(mut self, rooms: u32) -> Self {
        self.page = rooms.clamp(1, limits::MAX_PAGE);
        self
    }

    /// How many rooms that are not archived are loaded with their newest message without being asked for, from the top, at most
    /// 10,000. Default 100: two pages. [`Inbox::more`] loads others.
    pub fn detailed(mut self, rooms: usize) -> Self {
        self.detailed = rooms.min(MAX_DETAILED);
        self
    }
}
