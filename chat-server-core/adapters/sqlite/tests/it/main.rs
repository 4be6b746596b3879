//! Tests of the store from outside.

mod conformance;
mod damage;
mod model;
mod restart;
mod standing;
mod support;
