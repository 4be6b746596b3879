//! The parts of the `chat-server` binary that can be used and tested without starting it.
//!
//! [`cli::start`] is what `main` calls first: it reads the arguments, the file and the environment and gives back
//! checked [`settings::Settings`], or the exit code to end with.

pub mod cli;
pub mod compose;
pub mod settings;
