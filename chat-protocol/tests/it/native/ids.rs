//! Identifiers and positions.

use chat_protocol::*;
use proptest::prelude::*;

use super::Sample;
use super::text::id_text;

macro_rules! ids {
    ($($id:ident)*) => {
        $(impl Sample for $id {
            fn any() -> BoxedStrategy<Self> {
                id_text($id::MAX_BYTES).prop_map(|text| $id::new(text).expect("it keeps the rules")).boxed()
            }
        })*
    };
}

ids! { UserId DeviceId SessionId RequestId ClientMsgId ClientRoomId Epoch Cursor Emoji }

impl Sample for RoomId {
    fn any() -> BoxedStrategy<Self> {
        let named =
            id_text(RoomId::MAX_BYTES).prop_map(|text| RoomId::new(text).expect("it keeps the rules"));
        let direct = (UserId::any(), UserId::any()).prop_map(|(a, b)| RoomId::direct(&a, &b));
        prop_oneof![2 => named, 1 => direct].boxed()
    }
}

macro_rules! numbers {
    ($($number:ident)*) => {
        $(impl Sample for $number {
            fn any() -> BoxedStrategy<Self> {
                u64::any().prop_map(|number| $number::new(number).expect("at most 2^53-1")).boxed()
            }
        })*
    };
}

numbers! { Seq Offset UserOffset RoomNumber }
