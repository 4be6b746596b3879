//! Installations of users, and where their pushes go.

use async_trait::async_trait;
use chat_protocol::command::PushTarget;
use chat_protocol::{DeviceId, Timestamp, UserId};

use super::StorageError;

/// Greatest number of devices of one user. A new one beyond it takes the place of the one that was registered longest
/// ago: each new installation has a new id, and nobody says goodbye for an old one.
pub const MAX_DEVICES: usize = 32;

/// One installation of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Whose.
    pub user: UserId,
    /// Which one.
    pub device: DeviceId,
    /// Where its pushes go; `None`: nowhere.
    pub push: Option<PushTarget>,
    /// Name for people.
    pub name: Option<String>,
    /// When it was registered last.
    pub updated_at: Timestamp,
}

/// Users' devices. They are written by [`UserLog::append_own`](super::UserLog::append_own), with
/// [`OwnChange::Device`](super::OwnChange::Device) and [`OwnChange::ForgetPush`](super::OwnChange::ForgetPush).
///
/// # Guarantees
/// - A device is as it was registered last, what was not named stays, and one of which nothing is left is gone; no log
///   tells it (`devices_are_as_registered_last`).
/// - A token of a service has one holder, the newest: every other device loses it (`a_token_has_one_holder`).
/// - A token that is gone is forgotten where it is still the present one (`a_gone_token_spares_its_successor`).
/// - A user has at most [`MAX_DEVICES`], the newest ones (`the_oldest_device_makes_room`).
/// - Devices come in the order of the users who were asked for, and of one user by id (`devices_come_by_user`).
#[async_trait]
pub trait DeviceStore: Send + Sync {
    /// The devices of users, also those that get no pushes. Users without any have none.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn devices(&self, users: &[UserId]) -> Result<Vec<Device>, StorageError>;
}
