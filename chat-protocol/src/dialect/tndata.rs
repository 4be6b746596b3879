//! Frames and HTTP bodies of `tndata`.
