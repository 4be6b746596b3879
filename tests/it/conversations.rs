//! The conversations of `schema/vectors/`: the client SDK plays the client, and a real server plays the server.

mod client;
mod matching;
mod play;
mod server;
