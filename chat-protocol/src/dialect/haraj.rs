//! Frames and HTTP bodies of `haraj`.
