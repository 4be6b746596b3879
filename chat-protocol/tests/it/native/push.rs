//! Pushes: the forms of Apple's and Google's services, and those of the operator's own.

use chat_protocol::dialect::haraj::{Device, Message, Platform, Push, PushForm, TopicId};
use chat_protocol::dialect::hipochat::{self, Profile, PushKind, PushSignal, RoomToken};
use chat_protocol::dialect::{Json, Secret, WireUser};
use proptest::prelude::*;

use super::Sample;

words! {
    Platform { Ios Android }
    PushKind { Message Item }
}

samples! {
    Message { topic_id, seq_id, from_id, name, content, status, ts }
    Device { token, platform }
}

type OperatorPush = hipochat::Push;

samples! {
    OperatorPush { chat_token, kind, receivers, body, author }
    PushSignal { chat_token, kind }
}

macro_rules! wrappers {
    ($($wrapper:ident)*) => {
        $(impl Sample for $wrapper {
            fn any() -> BoxedStrategy<Self> {
                Sample::any().prop_map($wrapper).boxed()
            }
        })*
    };
}

wrappers! { TopicId Secret WireUser Json }

impl Sample for RoomToken {
    fn any() -> BoxedStrategy<Self> {
        let texts = prop_oneof!["[a-zA-Z0-9.:,_-]{1,20}", Just("x".repeat(RoomToken::MAX_BYTES))];
        texts.prop_map(|text| RoomToken::new(text).expect("it keeps the rules")).boxed()
    }
}

impl Sample for Profile {
    fn any() -> BoxedStrategy<Self> {
        let known = (Sample::any(), String::any()).prop_map(|(user, name)| Profile::new(user, &name));
        prop_oneof![3 => known, 1 => Just(Profile::default())].boxed()
    }
}

/// Any push of a service.
pub(super) fn of(form: PushForm) -> BoxedStrategy<Push> {
    (Device::any(), Message::any(), Sample::any(), Sample::any(), Sample::any())
        .prop_map(move |(device, message, to, badge, silent)| {
            let push = Push::new(form, device, message, to);
            match form {
                PushForm::FcmLegacy => push,
                PushForm::Apns | PushForm::FcmV1 => Push { badge, silent, ..push },
            }
        })
        .boxed()
}
