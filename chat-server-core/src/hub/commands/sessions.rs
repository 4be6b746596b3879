//! The sessions of the one who asks.

use std::collections::BTreeMap;

use chat_protocol::command::Revoke;
use chat_protocol::reply::{RevokeData, SessionsData};
use chat_protocol::{Patch, SessionId, UserId, WireError};

use super::{Asking, Done, data};
use crate::hub::Hub;
use crate::storage::OwnChange;

/// What the packet around a list of sessions takes at most, in bytes.
const ENVELOPE: usize = 1_024;

impl Hub {
    pub(super) async fn tell_sessions(&self, asking: &Asking) -> Done {
        let devices = self.providers.storage.devices(std::slice::from_ref(&asking.user)).await;
        let devices = devices.map_err(|error| self.storage_failed(error))?.into_iter();
        let names: BTreeMap<_, _> =
            devices.filter_map(|device| Some((device.device, device.name?))).collect();
        let mut sessions = self.sessions_of(&asking.user, asking.session_id());
        for session in &mut sessions {
            session.name = session.device_id.as_ref().and_then(|device| names.get(device)).cloned();
        }
        let mut left = self.config.max_frame.saturating_sub(ENVELOPE);
        let fit = sessions.iter().take(100).take_while(|session| {
            let size = serde_json::to_vec(session).map_or(usize::MAX, |json| json.len() + 1);
            let fits = size <= left;
            left = left.saturating_sub(size);
            fits
        });
        let fit = fit.count();
        sessions.truncate(fit);
        data(&SessionsData { sessions })
    }

    /// Ends sessions: stored first, then each is closed with its entry in the user's log, here and at other nodes.
    pub(super) async fn revoke(&self, asking: &Asking, revoke: Revoke) -> Done {
        let sessions = self.sessions_to_end(&asking.user, asking.session_id(), &revoke);
        let revoked = self.end_all(&asking.user, sessions).await?;
        data(&RevokeData { revoked })
    }

    /// Ends all sessions of a user; gives their number.
    pub(crate) async fn revoke_all(&self, user: &UserId) -> Result<u64, WireError> {
        let sessions = self.sessions_of(user, None).into_iter();
        self.end_all(user, sessions.map(|session| session.session_id).collect()).await
    }

    async fn end_all(&self, user: &UserId, sessions: Vec<SessionId>) -> Result<u64, WireError> {
        let count = sessions.len() as u64;
        self.end_pushes(user, &sessions).await?;
        for session in sessions {
            self.own(user, OwnChange::Revoked { session }).await?;
        }
        Ok(count)
    }

    /// Whoever has a device that was shut out must not go on reading messages on its lock screen. A device that has another
    /// session keeps its pushes.
    async fn end_pushes(&self, user: &UserId, sessions: &[SessionId]) -> Result<(), WireError> {
        let of = self.sessions_of(user, None).into_iter();
        let (ended, stay): (Vec<_>, Vec<_>) = of.partition(|session| sessions.contains(&session.session_id));
        let stay: Vec<_> = stay.into_iter().filter_map(|session| session.device_id).collect();
        let mut ended: Vec<_> = ended.into_iter().filter_map(|session| session.device_id).collect();
        ended.retain(|device| !stay.contains(device));
        for device in ended {
            let change = OwnChange::Device { device, push: Patch::Clear, name: Patch::Keep };
            self.own(user, change).await?;
        }
        Ok(())
    }
}

impl Asking {
    /// The session that asks, if it is one.
    fn session_id(&self) -> Option<&SessionId> {
        self.link.as_ref().and_then(|link| link.session())
    }
}
