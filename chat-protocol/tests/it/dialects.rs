//! Every dialect passes the suite, and speaks as its document says.

mod broken;
mod haraj;
mod hipochat;
mod scene;
mod tndata;
