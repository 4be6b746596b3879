//! A guide: how a client lives, what it promises at each step, and what an application sees when something goes wrong.
//!
//! # Where to begin
//!
//! | to | begin with | example |
//! | --- | --- | --- |
//! | connect, talk and listen | [`Client::builder`], [`RoomHandle::send_text`], [`Client::events`] | `hello`, `chat` |
//! | show a room, or a thread of it | [`RoomHandle::timeline`] and [`thread_timeline`](RoomHandle::thread_timeline): the list to draw, see [`timeline`](crate::timeline) | |
//! | show all rooms | [`Client::inbox`]: the list to draw, see [`inbox`](crate::inbox) | |
//! | read what is old, or find it | [`RoomHandle::messages`] in either direction, [`RoomHandle::search`], [`Client::search`] | `export_history` |
//! | send files | `RoomHandle::upload` and `send_file`, see `upload` (feature `uploads`): progress, and going on after a lost connection | |
//! | answer by itself | [`Client::events`], and names that make an answer unique ([`Draft::client_msg_id`]) | `echo_bot` |
//! | work without a network | [`ClientBuilder::start`], [`ClientBuilder::store`], [`Client::network_changed`] | `offline_queue` |
//! | keep a user signed in | [`ClientBuilder::token_source`] | |
//! | test the application | `testing::FakeServer` (feature `testing`) in its tests, which goes offline when it is told to | |
//! | carry it over something else | [`transport::channel`](crate::transport::channel), and `connector_conformance!` (feature `conformance`) to prove it | `custom_connector` |
//! | use WebSockets without a chat | [`transport`](crate::transport): a connection is a stream and a sink of frames | `echo_client` |
//! | run on another runtime | [`session`](crate::session): the rules without I/O | |
//!
//! The examples are programs of `chat-client/examples`; `cargo run -p chat-client --example hello` runs one against a server that
//! `cargo run -p chat-server` starts.
//!
//! An application that opens without a network, and draws a room while it is there:
//!
//! ```no_run
//! # async fn sign_in() -> Result<String, std::io::Error> { Ok(String::new()) }
//! # async fn run(store: impl chat_client::store::ClientStore) -> Result<(), Box<dyn std::error::Error>> {
//! use chat_client::timeline::TimelineOptions;
//! use chat_client::{Client, ClientEvent, TokenError};
//!
//! let client = Client::builder("wss://chat.example.org/v1/ws")
//!     .token_source(|_refused| async {
//!         sign_in().await.map_err(|error| TokenError::Unavailable(error.to_string()))
//!     })
//!     .store(store)
//!     .start()
//!     .await?;
//! let mut events = client.events();
//! let lobby = client.room("lobby".parse()?);
//! // In the outbox at once, shown as an echo, sent when there is a connection; nobody has to wait for it.
//! drop(lobby.send_text("written in a tunnel"));
//! let mut shown = lobby.timeline(TimelineOptions::default()).await?;
//! loop {
//!     tokio::select! {
//!         changed = shown.changed() => {
//!             changed?;
//!             println!("{} items to draw", shown.items().len());
//!         }
//!         event = events.next() => match event {
//!             Some(ClientEvent::Connected) => println!("online"),
//!             Some(ClientEvent::Disconnected { .. }) => println!("offline"),
//!             Some(ClientEvent::Closed { reason }) => return Ok(reason.map_or(Ok(()), Err)?),
//!             _ => {}
//!         },
//!     }
//! }
//! # }
//! ```
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
//! - With [`ClientBuilder::token_source`] a new token takes the place of one that ends, on the open connection: it is asked for 30 s
//!   before, or after half of a life of less than a minute.
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
//! Every row was seen with the real server, by the tests that it names (`tests/it/endings` of the repository).
//!
//! ## The network and the server
//!
//! | what | what the application sees | what the client does | test |
//! | --- | --- | --- | --- |
//! | no network, no server | [`Disconnected`](ClientEvent::Disconnected) with the reason and the wait, for each attempt; [`connect`](ClientBuilder::connect) ends with [`Error::ConnectTimeout`] and the last reason | tries again for ever, with waits whose upper ends double | `a_server_that_is_away_is_tried_until_it_is_there` |
//! | the connection is lost | [`Disconnected`](ClientEvent::Disconnected); then what was missed, a [`Resumed`](ClientEvent::Resumed) for each log, and [`Connected`](ClientEvent::Connected) | connects again and resumes | `a_lost_connection_is_made_again_and_what_was_missed_is_told` |
//! | the server is about to stop | [`Draining`](ClientEvent::Draining), then [`Disconnected`](ClientEvent::Disconnected) with `ERR_SHUTTING_DOWN` | connects to whatever is there next, and sends what was not acknowledged: everything is stored once, in order | `a_server_that_drains_is_left_and_found_again_with_nothing_lost` |
//! | too much at once | messages that were `InFlight` are `Queued` again | sends them again when the server says; each is stored once, in order | `what_is_too_much_at_once_goes_later_and_once` |
//! | the versions have nothing in common | [`Closed`](ClientEvent::Closed) with [`Error::Ended`], `ERR_UNSUPPORTED_VERSION` | ends | `versions_that_have_nothing_in_common_end_the_client` |
//! | the chat server has nothing at this path | [`Closed`](ClientEvent::Closed) with [`Error::Ended`], `ERR_NOT_FOUND` | ends | `an_address_without_a_chat_ends_the_client` |
//! | another web server has nothing there, before any connection worked | [`Closed`](ClientEvent::Closed) with [`Error::Address`] and the HTTP status | ends | `somebody_elses_server_that_has_nothing_there_ends_the_client` |
//! | what answers is no web server | [`Disconnected`](ClientEvent::Disconnected), for each attempt | tries again, as without a server | `what_is_no_web_server_is_tried_again` |
//!
//! ## Tokens and sessions
//!
//! | what | what the application sees | what the client does | test |
//! | --- | --- | --- | --- |
//! | the token ends, with a [source](ClientBuilder::token_source) | nothing | asks for another before that, for the open connection and the same session | `tokens_that_end_cost_nothing_with_a_source` |
//! | the source fails while the old token holds | nothing | asks again, with waits that grow | `a_source_that_fails_while_the_old_token_holds_is_not_to_be_seen` |
//! | the source fails for longer | [`Disconnected`](ClientEvent::Disconnected) with `ERR_TOKEN_EXPIRED`, then one with the source's reason for each call | asks again for ever, and tells the source why the last token was refused | `a_source_that_fails_for_longer_costs_the_connection_and_is_asked_until_it_works` |
//! | the source fails before the first connection | [`Disconnected`](ClientEvent::Disconnected) with its reason, for each call; [`connect`](ClientBuilder::connect) ends with [`Error::ConnectTimeout`] and that reason, [`start`](ClientBuilder::start) does not | asks again, with waits that grow | `a_source_that_fails_three_times_is_asked_a_fourth_time_with_waits_that_grow`, `a_source_that_never_works_ends_a_connect_with_its_cause`, `a_client_that_was_started_outlives_a_source_that_does_not_work` |
//! | the server refuses the token, with a source | [`Disconnected`](ClientEvent::Disconnected); at the second in a row [`Closed`](ClientEvent::Closed) with [`Error::Unauthenticated`] | asks for another, once | `two_tokens_in_a_row_that_the_server_does_not_take_end_the_client` |
//! | the token ends or is refused, without a source | [`Closed`](ClientEvent::Closed) with [`Error::Unauthenticated`], `ERR_TOKEN_EXPIRED` or `ERR_INVALID_ACCESS_TOKEN` | ends | `a_token_that_ends_ends_the_client_without_a_source` |
//! | the source says that the user has signed out | [`Closed`](ClientEvent::Closed) with [`Error::Unauthenticated`]; with a connection open, when its token ends | ends | `a_user_who_has_signed_out_ends_the_client` |
//! | the session was revoked, or the user deleted; without a source | [`Closed`](ClientEvent::Closed) with [`Error::Unauthenticated`], `ERR_SESSION_REVOKED` | ends | `a_revoked_session_ends_its_client_without_a_source`, `a_user_whom_the_operator_deletes_is_signed_out_everywhere` |
//! | the session was revoked, with a source | [`Disconnected`](ClientEvent::Disconnected) with `ERR_SESSION_REVOKED`, which the source is told too | as the source says: with a token it goes on in a new session, after [`TokenError::SignedOut`] it ends | `a_revoked_session_is_followed_by_another_when_the_source_gives_a_token`, `a_revoked_session_ends_its_client_when_the_source_takes_it_for_a_sign_out` |
//! | the session was taken over | [`Closed`](ClientEvent::Closed) with [`Error::Ended`], `ERR_SESSION_REPLACED` | ends | `a_session_that_is_taken_over_ends_its_client` |
//!
//! ## Rooms
//!
//! | what | what the application sees | what the client does | test |
//! | --- | --- | --- | --- |
//! | the user is banned from a room | [`RoomLeft`](ClientEvent::RoomLeft); what it sends there is wedged with `ERR_FORBIDDEN_ACCESS` | goes on in the other rooms | `a_ban_is_told_and_what_is_sent_there_afterwards_is_wedged` |
//! | it was banned while it was away | [`Resumed`](ClientEvent::Resumed) with [`Recovery::Gone`], then [`RoomLeft`](ClientEvent::RoomLeft); what waited for the room is wedged | keeps it: let in again, [`RoomHandle::retry`] sends it in its order | `what_waits_for_a_room_is_wedged_when_the_user_was_banned_meanwhile` |
//!
//! ## The application itself
//!
//! | what | what the application sees | what the client does | test |
//! | --- | --- | --- | --- |
//! | a subscriber is too slow | [`Lagged`](ClientEvent::Lagged) with how much it missed | goes on, with the newest events | `a_subscriber_that_is_too_slow_is_told_how_much_it_missed` |
//! | a part that it brought, such as a token source, panics, or its runtime ends | [`Closed`](ClientEvent::Closed) with [`Error::Halted`] | ends; messages may have been stored | `a_part_of_the_application_that_panics_ends_the_client` |
//! | the store cannot write | [`StoreFailed`](ClientEvent::StoreFailed), once until it has worked again; [`Client::save`] is [`Error::Store`] | sends all the same, and tries again | `a_store_that_cannot_write_is_told_once_and_keeps_nobody_from_sending` |
//! | the store cannot be read | [`start`](ClientBuilder::start) and [`connect`](ClientBuilder::connect) end with [`Error::Store`] | does not begin | `a_store_that_cannot_be_read_keeps_the_client_from_starting` |
//! | the store holds another user's messages | [`Closed`](ClientEvent::Closed) with [`Error::OtherUser`] | ends, and sends none of them | `the_store_of_another_user_ends_the_client_and_sends_nothing` |
//!
//! What waits for an answer when a client ends gets the reason as its error. With a [store](crate::store), messages that were not
//! acknowledged are sent by the next client.
//!
//! # Bounds
//!
//! | what | default | setter |
//! | --- | --- | --- |
//! | messages without an ack | 1,000 | [`ClientBuilder::max_outbox`] |
//! | wedged messages | 1,000 more, of which the oldest goes for the next | [`ClientBuilder::max_outbox`] |
//! | other calls without an answer | 256 | [`ClientBuilder::max_requests`] |
//! | events that wait for the slowest subscriber | 2,048 | [`ClientBuilder::event_buffer`] |
//! | commands in flight | what the server takes, at most 64 | |
//! | a frame, in both directions | 64 KiB | |
//! | rooms followed | what the server follows, at most 1,000 | |

#[allow(unused_imports, reason = "for the links of the text")]
use crate::{Client, ClientBuilder, ClientEvent, Draft, Error, Recovery, RoomHandle, Sending, TokenError};
