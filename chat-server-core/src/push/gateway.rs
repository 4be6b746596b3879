//! Who carries pushes to devices.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::command::PushTarget;
use chat_protocol::{DeviceId, Message, RoomId, RoomKind, RoomNumber, UserId, short_digest};

/// What a push tells, the same for all its recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushNote {
    /// What the room is for.
    pub kind: RoomKind,
    /// The room's name, where it has one.
    pub room_name: Option<String>,
    /// The room's number in the whole server, where it has one.
    pub number: Option<RoomNumber>,
    /// Name of who wrote the message; `None`: the directory knows none.
    pub author_name: Option<String>,
    /// The message.
    pub message: Message,
    /// Its name as an integer, unique in the server.
    pub num: u64,
}

/// A push for one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Whose device.
    pub user: UserId,
    /// Which one.
    pub device: DeviceId,
    /// Where it goes.
    pub target: PushTarget,
    /// What it tells.
    pub note: Arc<PushNote>,
    /// Unread messages of the user in all rooms that are neither muted nor archived: the number on the application.
    pub badge: u64,
    /// The device learns of it without ringing.
    pub silent: bool,
}

impl Push {
    /// Its name, 32 hexadecimal digits: the same whenever it is tried, so that a receiver can pass over a repeat.
    pub fn id(&self) -> String {
        digest(&format!("{}\n{}\n{}", self.note.num, self.user, self.device))
    }

    /// What a newer push of the same room replaces on the device, 32 hexadecimal digits: services allow 64 bytes.
    pub fn collapse_key(&self) -> String {
        digest(self.room().as_str())
    }

    /// The room.
    pub fn room(&self) -> &RoomId {
        &self.note.message.room
    }
}

fn digest(text: &str) -> String {
    format!("{:032x}", u128::from_be_bytes(short_digest(text.as_bytes())))
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOutcome {
    /// The service has it.
    Delivered,
    /// The service does not know the token any more: nothing will ever reach it.
    Gone,
    /// Not now: try again, after the time that the service asked for, if it did.
    Retry(Option<Duration>),
    /// The service will never take it, and the token may be good all the same.
    Refused,
}

/// Carries pushes to the services of devices.
///
/// # Guarantees
/// - Every push of a batch is answered, in order (`every_push_is_answered_in_order`), whatever the size of the batch
///   (`a_batch_of_any_size_is_answered`).
/// - What the service gets is what was given: device, message, count, key and whether it rings
///   (`a_push_arrives_as_it_was_given`). An empty batch sends nothing (`an_empty_batch_sends_nothing`).
/// - A token that is gone is told as gone (`a_gone_token_is_told`), and a push that is refused as refused
///   (`a_refused_push_is_told`); neither holds up the rest of the batch.
/// - A service that is busy is tried again, not before the time it asked for (`a_busy_service_is_given_its_time`); one that
///   cannot be reached, too (`an_unreachable_service_is_tried_again`).
/// - A push that is tried again has the same name (`a_repeat_has_the_same_name`).
#[async_trait]
pub trait PushGateway: Send + Sync {
    /// Greatest number of pushes in one batch that still pays. The server gathers no more than that.
    fn max_batch(&self) -> usize {
        100
    }

    /// Gives pushes to their services; one answer for each. It may take as long as the gateway's own bounds on attempts and
    /// times say, and never fails as a whole. Several batches are given at once, as many as
    /// [`max_push_posts`](crate::ServerConfig::max_push_posts) says, and nobody is in two of those of new messages.
    ///
    /// Not cancel-safe: what was given to a service stays there.
    async fn push(&self, batch: &[Push]) -> Vec<PushOutcome>;
}
