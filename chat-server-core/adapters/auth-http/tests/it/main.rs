//! Against a real server on loopback: what it may answer, and how often it is asked.

mod answers;
mod cache;
mod peer;
mod profiles;
mod setup;
