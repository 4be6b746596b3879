//! Every dialect passes the suite, and speaks as its document says.

mod broken;
mod chats;
mod haraj;
mod helpdesk;
mod hipochat;
mod lists;
mod scene;
mod tndata;
