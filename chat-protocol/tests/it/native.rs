//! The native format: what is written of any value is read as it was, and is what the published schemas describe.
//!
//! Each type has one strategy, `Sample::any`, made of those of its fields by `record!`: a plain literal of the struct, so
//! that a new field does not compile until it has one. Samples keep the wire limits; what is beyond them is in `check`.

#[macro_use]
mod sample;
mod check;
mod command;
mod event;
mod hooks;
mod ids;
mod json;
mod message;
mod published;
mod push;
mod reply;
mod request;
mod room;
mod survive;
mod text;

use sample::Sample;
