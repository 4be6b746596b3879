//! Tests of the crate's public face.

mod chats;
#[cfg(feature = "conformance")]
mod dialects;
#[cfg(feature = "schema")]
mod documents;
mod examples;
mod haraj;
mod helpdesk;
mod hipochat;
#[cfg(feature = "schema")]
mod native;
mod packets;
#[cfg(feature = "schema")]
mod schema;
mod sizes;
mod tndata;
#[cfg(feature = "schema")]
mod vectors;
