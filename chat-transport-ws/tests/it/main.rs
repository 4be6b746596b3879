//! The edge alone, on free ports of the loopback address.

mod agents;
mod browser;
mod conformance;
mod dialects;
mod edge;
mod handshake;
mod hostile;
mod http;
mod late;
mod limits;
mod lookups;
mod operator;
mod pages;
mod people;
mod raw;
mod sessions;
mod sse;
mod stream;
mod uploads;
