//! Frames and HTTP bodies of `chats`.
