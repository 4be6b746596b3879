//! Every dialect passes the suite, and speaks as its document says.

mod chats;
mod haraj;
mod helpdesk;
mod scene;
