//! Client sessions against the real server over links that fail.

mod bugs;
mod exhaustive;
mod random;
