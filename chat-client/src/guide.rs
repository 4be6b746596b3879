//! A guide: how a client lives, what it promises at each step, and what an application sees when something goes wrong.
//!
//! # A connection
//!
//! A client keeps one connection at a time, and one session over all of them.
//!
//! ```text
//!            dial                     reply to auth              all is told
//!  Connecting -----> Authenticating ---------------> Resuming ---------------> Ready
//!   ^  |                   |                             |                        |
//!   |  |  failed           |  lost                       |  lost                  |  lost
//!   |  v                   v                             v                        v
//!  Waiting <----------------------------------------------------------------------'
//!
//!  any state --- close(), or an error that a new connection would not change ---> Closed
//! ```
//!
//! - [`ClientBuilder::connect`] waits for `Ready`; [`ClientBuilder::start`] does not. [`Client::state`] tells the state, and
//!   [`ClientEvent::Connected`], [`Disconnected`](ClientEvent::Disconnected) and [`Closed`](ClientEvent::Closed) tell the edges.
//! - The waits grow from 250 ms to 30 s, all of each wait is random ("full jitter"), and a wait that the server asks for comes before
//!   it. [`Client::network_changed`] cuts it short.
//! - Silence of 25 s is answered with a ping, and silence after that with a new connection. The server does the same.
//! - With [`ClientBuilder::token_source`] a new token takes the place of one that ends, on the open connection.
//! - Several ways to the server ([`ClientBuilder::or`]) are tried in turns.
//!
//! # A message on its way
//!
//! ```text
//!                 next to go                ack                     told in the room's log
//!  Queued ----------------------> InFlight -------> Acked(data) ---------------------------> Settled(data)
//!   ^  |  ^                       |  |  |                                                       ^
//!   |  |  '-- cut, or "later" ----'  |  '-- echo, or the answer of a resume --------------------'
//!   |  |                             | refused
//!   |  |------ cancel ---------------|---------------> Cancelled
//!   |  |                             v                    ^
//!   |  |                           Wedged(error) - cancel-'
//!   |  '------ max_age ------------> | ------------> Expired
//!   '--------- retry ----------------'
//! ```
//!
//! [`RoomHandle::send`] puts a message into the outbox at once and returns a [`Sending`]: wait for it, or do not.
//! [`ClientEvent::Outbox`] tells each step. Messages of one room leave in the order in which they were given, under names that make
//! the server store each once, however often it travels. With a [store](crate::store) they outlive the process.
//!
//! # The log of a room
//!
//! Every durable change of a room has a position in its log. A client takes in the next position and no other: a repeat is dropped,
//! a hole is asked for before anything behind it is told. When a connection is made, each log is resumed from its position, and the
//! answer is one of four, a [`Recovery`], for each of which an application needs an opinion:
//!
//! | answer | what it means | what to do |
//! | --- | --- | --- |
//! | `Recovered` | every missed event was told before it | nothing |
//! | `Snapshot` | they were not told; here is the state | drop what is shown, read history |
//! | `Trimmed` | as a snapshot: the log no longer reaches back so far | the same |
//! | `Gone` | the room is not the user's any more | forget it |
//!
//! # What is unread
//!
//! [`ClientEvent::Unread`] tells how many messages of others come after the read pointer, and how many of them mention the user,
//! counted by the rule of [`protocol::unread`](crate::protocol::unread), as the server does. Deletions count back, on whichever
//! device one reads or deletes.
//!
//! # When something goes wrong
//!
//! | what | what the application sees | what the client does |
//! | --- | --- | --- |
//! | no network, no server | [`Disconnected`](ClientEvent::Disconnected) with the reason and the wait | tries again, for ever |
//! | the token has ended, with a source | nothing | asks for another before it ends, and again when it is refused |
//! | the token has ended, without a source | [`Closed`](ClientEvent::Closed) with [`Error::Unauthenticated`] | ends |
//! | the token source fails | [`Disconnected`](ClientEvent::Disconnected) with its reason, each time | asks it again, with growing waits |
//! | the token source says that the user has signed out | [`Closed`](ClientEvent::Closed) with [`Error::Unauthenticated`] | ends |
//! | the session was revoked or taken over | [`Closed`](ClientEvent::Closed) with [`Error::Ended`] | ends |
//! | the user was banned from a room | [`RoomLeft`](ClientEvent::RoomLeft); what it sends there is wedged with `ERR_FORBIDDEN_ACCESS` | goes on in the other rooms |
//! | the server is about to stop | [`Draining`](ClientEvent::Draining), later [`Disconnected`](ClientEvent::Disconnected) | connects to whatever is there next |
//! | the versions have nothing in common | [`Closed`](ClientEvent::Closed) with [`Error::Ended`], `ERR_UNSUPPORTED_VERSION` | ends |
//! | a subscriber is too slow | [`Lagged`](ClientEvent::Lagged) with how much it missed | goes on |
//! | the store cannot write | [`StoreFailed`](ClientEvent::StoreFailed), once | goes on without it, and tries again |
//!
//! # Bounds
//!
//! | what | default | setter |
//! | --- | --- | --- |
//! | messages without an ack | 1,000 | [`ClientBuilder::max_outbox`] |
//! | wedged messages | 100, of which the oldest goes for the next | |
//! | other calls without an answer | 256 | [`ClientBuilder::max_requests`] |
//! | events that wait for the slowest subscriber | 2,048 | [`ClientBuilder::event_buffer`] |
//! | commands in flight | what the server takes, at most 64 | |
//! | a frame, in both directions | 64 KiB | |
//! | rooms followed | what the server follows, at most 1,000 | |

#[allow(unused_imports, reason = "for the links of the text")]
use crate::{Client, ClientBuilder, ClientEvent, Error, Recovery, RoomHandle, Sending};
