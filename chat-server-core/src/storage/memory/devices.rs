//! Devices of users.

use chat_protocol::command::PushTarget;
use chat_protocol::{DeviceId, Patch, UserId};

use super::own::Answer;
use super::state::State;
use crate::storage::{Device, MAX_DEVICES, OwnAppend};

impl State {
    pub(super) fn devices_of(&self, users: &[UserId]) -> Vec<Device> {
        let own = users.iter().filter_map(|user| self.users.get(user));
        own.flat_map(|own| own.devices.values().cloned()).collect()
    }

    pub(super) fn register(
        &mut self,
        append: &OwnAppend,
        device: &DeviceId,
        push: &Patch<PushTarget>,
        name: &Patch<String>,
    ) -> Answer {
        if let Some(target) = push.value() {
            self.take_token(target);
        }
        let devices = &mut self.users.entry(append.user.clone()).or_default().devices;
        let mut changed = devices.remove(device).unwrap_or_else(|| Device {
            user: append.user.clone(),
            device: device.clone(),
            push: None,
            name: None,
            updated_at: append.now,
        });
        push.clone().apply(&mut changed.push);
        name.clone().apply(&mut changed.name);
        changed.updated_at = append.now;
        if changed.push.is_some() || changed.name.is_some() {
            let oldest = devices.values().min_by_key(|device| (device.updated_at, device.device.clone()));
            if let Some(oldest) = oldest.filter(|_| devices.len() >= MAX_DEVICES) {
                let oldest = oldest.device.clone();
                devices.remove(&oldest);
            }
            devices.insert(device.clone(), changed);
        }
        Ok(self.stored_own(append))
    }

    /// Whoever has the token of a service, has it no more.
    fn take_token(&mut self, target: &PushTarget) {
        for own in self.users.values_mut() {
            own.devices.retain(|_, device| {
                device.push.take_if(|held| held.service == target.service && held.token == target.token);
                device.push.is_some() || device.name.is_some()
            });
        }
    }

    pub(super) fn forget_push(
        &mut self,
        append: &OwnAppend,
        device: &DeviceId,
        target: &PushTarget,
    ) -> Answer {
        let devices = &mut self.users.entry(append.user.clone()).or_default().devices;
        let Some(found) = devices.get_mut(device).filter(|found| found.push.as_ref() == Some(target)) else {
            return Ok(self.nothing_told(append));
        };
        found.push = None;
        if found.name.is_none() {
            devices.remove(device);
        }
        Ok(self.stored_own(append))
    }
}
