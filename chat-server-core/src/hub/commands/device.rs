//! Where the pushes of an installation go.

use std::sync::Arc;

use chat_protocol::command::Device;
use chat_protocol::{ErrorCode, WireError};

use super::{Asking, Rest};
use crate::hub::Hub;
use crate::storage::OwnChange;

impl Hub {
    pub(super) async fn start_device(
        self: &Arc<Self>,
        asking: Asking,
        device: Device,
    ) -> Result<Rest, WireError> {
        // A session may name another one of its user's, for example to forget it.
        let own = || asking.link.as_ref().and_then(|link| self.device_of(link));
        let missing = || {
            let why = "device.device_id: which installation is meant; `auth` named none either";
            WireError::new(ErrorCode::BadRequest, why)
        };
        let id = device.device_id.or_else(own).ok_or_else(missing)?;
        let change = OwnChange::Device { device: id, push: device.push, name: device.name };
        let wait = self.start_own(&asking.user, change).await?;
        Ok(Box::pin(async move { Self::own_stored(wait).await.map(|_| None) }))
    }
}
