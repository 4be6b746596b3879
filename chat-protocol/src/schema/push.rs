//! What goes to push services and to the operator's own, in one bundle.

use super::format::{Format, roots};
use crate::dialect::haraj::{ApnsPush, FcmLegacyPush, FcmV1Push};
use crate::dialect::hipochat;

pub(super) fn format() -> Format {
    Format {
        name: "push",
        title: "Push payloads",
        about: "What absent members' devices are told: through Apple's service (APNs), Google's former and present one (FCM), or the operator's own.",
        roots: roots![
            "push/apns.json" "1.0" written ApnsPush,
            "push/fcm_legacy.json" "1.0" written FcmLegacyPush,
            "push/fcm_v1.json" "1.0" written FcmV1Push,
            "push/hipochat.json" "1.0" written hipochat::Push,
            "push/hipochat_form.json" "1.0" written hipochat::PushSignal,
        ],
        channels: vec![],
        socket_security: &[],
        http: None,
        hooks: vec![],
    }
}
