//! `hipochat`: its documented examples.
