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
        let missing =
            || WireError::new(ErrorCode::BadRequest, "device.device_id: which installation is meant");
        let own = || asking.link.as_ref().and_then(|link| self.device_of(link));
        let id = device.device_id.or_else(own).ok_or_else(missing)?;
        let change = OwnChange::Device { device: id, push: device.push, name: device.name };
        let wait = self.start_own(&asking.user, change).await?;
        Ok(Box::pin(async move { Self::own_stored(wait).await.map(|_| None) }))
    }
}
