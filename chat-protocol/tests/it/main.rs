//! Tests of the crate's public face.

mod packets;
#[cfg(feature = "schema")]
mod schema;
