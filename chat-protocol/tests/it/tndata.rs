//! `tndata`: its documented examples.
