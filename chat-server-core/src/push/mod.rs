//! Telling people of messages while they do not look: who is told, when, and through whom.
//!
//! [`decide`] says for one recipient of one message what is done, and nothing else does. A [`PushGateway`] carries what was
//! decided to the services of the devices; [`memory::MemoryGateway`] keeps it instead. A [`WebhookSink`] carries what
//! happens in all rooms to another system, and an [`AbsenceSink`] tells an existing system who does not receive a message.

mod absence;
mod decide;
mod gateway;
pub mod memory;
mod webhook;

pub use absence::AbsenceSink;
pub use decide::{Author, Decision, Facts, Line, decide};
pub use gateway::{Push, PushGateway, PushNote, PushOutcome};
pub use webhook::{WebhookOutcome, WebhookSink};
