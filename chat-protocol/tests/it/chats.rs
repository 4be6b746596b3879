//! `chats`: its documented examples.
