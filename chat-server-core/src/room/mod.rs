//! Pure rules of rooms.

pub(crate) mod policy;
