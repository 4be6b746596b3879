//! Frames and HTTP bodies of `hipochat`.
