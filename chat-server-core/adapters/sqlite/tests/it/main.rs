//! Tests of the store from outside.

mod conformance;
mod damage;
mod forgotten;
mod model;
mod own;
mod purged;
mod repeats;
mod restart;
mod schedule;
mod standing;
mod support;
mod unread;
