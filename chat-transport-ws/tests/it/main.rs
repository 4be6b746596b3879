//! The edge alone, on free ports of the loopback address.

mod edge;
mod handshake;
mod hostile;
mod http;
mod limits;
mod raw;
mod sessions;
