//! The client over real sockets, against a server that is played by hand.

#[cfg(all(feature = "conformance", feature = "sse"))]
mod conformance;
mod connect;
mod delivery;
mod dial;
#[cfg(feature = "ring")]
mod proxy;
mod server;
#[cfg(feature = "sse")]
mod sse;
mod store;
mod testing;
#[cfg(feature = "ring")]
mod tls;
