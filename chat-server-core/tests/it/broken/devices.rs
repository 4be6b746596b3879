//! Faults of devices.

use async_trait::async_trait;
use chat_protocol::{DeviceId, Patch, UserId};
use chat_server_core::storage::{Device, DeviceStore, MAX_DEVICES, OwnAppend, OwnChange, StorageError};

use super::Broken;

impl Broken {
    /// Whether a new device finds no room.
    pub(super) async fn has_no_room(&self, user: &UserId, device: &DeviceId) -> bool {
        let of_user = self.inner.devices(std::slice::from_ref(user)).await.unwrap();
        of_user.len() >= MAX_DEVICES && of_user.iter().all(|found| found.device != *device)
    }

    /// What is stored instead of something about devices.
    pub(super) async fn broken_device(&self, append: &OwnAppend) -> OwnAppend {
        let mut append = append.clone();
        let of_user = self.inner.devices(std::slice::from_ref(&append.user)).await.unwrap();
        match &mut append.change {
            // What is not named is forgotten.
            OwnChange::Device { name, .. }
                if self.has("devices_are_as_registered_last") && *name == Patch::Keep =>
            {
                *name = Patch::Clear;
            }
            // Tokens differ where their services do not.
            OwnChange::Device { push: Patch::Set(target), .. } if self.has("a_token_has_one_holder") => {
                target.token = format!("{}{TOLD_APART}{}", target.token, append.user);
            }
            // The present target is meant, whatever was named.
            OwnChange::ForgetPush { device, target } if self.has("a_gone_token_spares_its_successor") => {
                let found = of_user.into_iter().find(|found| found.device == *device);
                *target = found.and_then(|found| found.push).unwrap_or_else(|| target.clone());
            }
            OwnChange::ForgetPush { target, .. } if self.has("a_token_has_one_holder") => {
                target.token = format!("{}{TOLD_APART}{}", target.token, append.user);
            }
            _ => {}
        }
        append
    }
}

/// Begins what the fault about tokens adds to each of them.
const TOLD_APART: &str = "|of ";

#[async_trait]
impl DeviceStore for Broken {
    async fn devices(&self, users: &[UserId]) -> Result<Vec<Device>, StorageError> {
        let mut devices = self.inner.devices(users).await?;
        if self.has("devices_come_by_user") {
            devices.sort_by(|a, b| (&a.user, &a.device).cmp(&(&b.user, &b.device)));
        }
        for push in devices.iter_mut().filter_map(|device| device.push.as_mut()) {
            if let Some((token, _)) = push.token.split_once(TOLD_APART) {
                push.token = token.to_owned();
            }
        }
        Ok(devices)
    }
}
