//! The client over real sockets, against a server that is played by hand.

mod connect;
mod delivery;
mod server;
mod store;
