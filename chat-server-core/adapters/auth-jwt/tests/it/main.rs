//! Tokens of every algorithm against keys of every kind.

mod issuer;
mod keys;
mod tokens;
