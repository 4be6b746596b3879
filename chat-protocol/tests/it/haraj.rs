//! `haraj`: its documented examples.
