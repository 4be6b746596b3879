//! The golden vectors: every line of `schema/vectors/` means to this crate what it says, and to the schemas too.

mod coverage;
mod forward;
mod hostile;
mod leaf;
mod line;
mod meaning;
mod mutate;
mod names;
mod objects;
mod readers;
mod types;
mod walk;

pub(crate) use coverage::Shown;
pub(crate) use readers::reader;
pub(crate) use walk::schemas;
