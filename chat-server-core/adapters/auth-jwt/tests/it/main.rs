//! Tokens of every algorithm against keys of every kind.

mod issuer;
mod jwks;
mod keys;
mod tokens;
