//! The trait of types that have a strategy, and how a struct's is made of those of its fields.

use std::collections::BTreeMap;
use std::fmt::Debug;

use chat_protocol::{MAX_SAFE, Open, Patch, Timestamp};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

/// A type with a strategy. (That of proptest cannot be given to types of another crate.)
pub(super) trait Sample: Sized + Debug + Clone + 'static {
    /// Any value that keeps the wire limits.
    fn any() -> BoxedStrategy<Self>;
}

/// The strategy of a struct, or of one variant of an enum: each field has its type's own, unless another stands beside it.
macro_rules! record {
    ($($type:ident)::+ { $($field:ident $(: $strategy:expr)?),* $(,)? }) => {
        proptest::strategy::Strategy::boxed(proptest::strategy::Strategy::prop_map(
            record!(@strategies $([$field $(: $strategy)?])*),
            |record!(@pattern $($field)*)| $($type)::+ { $($field),* },
        ))
    };
    // Pairs of pairs: a tuple of strategies has no more than twelve.
    (@strategies) => { proptest::strategy::Just(()) };
    (@strategies [$field:ident] $($rest:tt)*) => {
        ($crate::native::Sample::any(), record!(@strategies $($rest)*))
    };
    (@strategies [$field:ident: $strategy:expr] $($rest:tt)*) => { ($strategy, record!(@strategies $($rest)*)) };
    (@pattern) => { () };
    (@pattern $field:ident $($rest:ident)*) => { ($field, record!(@pattern $($rest)*)) };
}

/// Gives structs the strategy that their fields make.
macro_rules! samples {
    ($($type:ident { $($fields:tt)* })*) => {
        $(impl $crate::native::Sample for $type {
            fn any() -> proptest::strategy::BoxedStrategy<Self> {
                record!($type { $($fields)* })
            }
        })*
    };
}

/// Gives closed lists of words a strategy; one that lacks a word does not compile.
macro_rules! words {
    ($($type:ident { $($word:ident)* })*) => {
        $(impl $crate::native::Sample for $type {
            fn any() -> proptest::strategy::BoxedStrategy<Self> {
                let listed = |word| match word { $($type::$word => true,)* };
                let words = vec![$($type::$word),*];
                assert!(words.iter().copied().all(listed));
                proptest::strategy::Strategy::boxed(proptest::sample::select(words))
            }
        })*
    };
}

impl Sample for bool {
    fn any() -> BoxedStrategy<Self> {
        any::<bool>().boxed()
    }
}

/// Counts: the schemas let none be greater than what JavaScript keeps.
impl Sample for u64 {
    fn any() -> BoxedStrategy<Self> {
        prop_oneof![3 => 1..=9_u64, 1 => Just(0), 1 => 0..=MAX_SAFE, 1 => Just(MAX_SAFE)].boxed()
    }
}

impl Sample for u32 {
    fn any() -> BoxedStrategy<Self> {
        prop_oneof![any::<u32>(), Just(0), Just(u32::MAX)].boxed()
    }
}

impl Sample for u16 {
    fn any() -> BoxedStrategy<Self> {
        prop_oneof![any::<u16>(), Just(0), Just(u16::MAX)].boxed()
    }
}

/// In milliseconds: more is not written.
impl Sample for Timestamp {
    fn any() -> BoxedStrategy<Self> {
        let ends = [i64::MIN, i64::MAX].map(|end| Timestamp::from_micros(end).as_micros() / 1_000);
        prop_oneof![
            3 => 1_500_000_000_000..2_000_000_000_000_i64,
            1 => ends[0]..=ends[1],
            1 => proptest::sample::select(vec![ends[0], ends[1], -1, 0, -62_167_219_200_000, -62_167_219_200_001]),
        ]
        .prop_map(|ms| Timestamp::from_micros(ms * 1_000))
        .boxed()
    }
}

impl<T: Sample> Sample for Option<T> {
    fn any() -> BoxedStrategy<Self> {
        proptest::option::of(T::any()).boxed()
    }
}

impl<T: Sample> Sample for Box<T> {
    fn any() -> BoxedStrategy<Self> {
        T::any().prop_map(Box::new).boxed()
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn any() -> BoxedStrategy<Self> {
        proptest::collection::vec(T::any(), 0..=3).boxed()
    }
}

impl<K: Sample + Ord, V: Sample> Sample for BTreeMap<K, V> {
    fn any() -> BoxedStrategy<Self> {
        proptest::collection::btree_map(K::any(), V::any(), 0..=3).boxed()
    }
}

impl<T: Sample> Sample for Patch<T> {
    fn any() -> BoxedStrategy<Self> {
        patch(T::any())
    }
}

/// A change to a value of a strategy.
pub(super) fn patch<T: Debug + Clone + 'static>(value: BoxedStrategy<T>) -> BoxedStrategy<Patch<T>> {
    prop_oneof![1 => Just(Patch::Keep), 1 => Just(Patch::Clear), 2 => value.prop_map(Patch::Set)].boxed()
}

/// A list that is mostly short, and sometimes as long as it may be.
pub(super) fn list<T: Debug + Clone + 'static>(item: BoxedStrategy<T>, max: usize) -> BoxedStrategy<Vec<T>> {
    let vec = proptest::collection::vec::<BoxedStrategy<T>>;
    prop_oneof![12 => vec(item.clone(), 0..=3), 1 => vec(item, max..=max)].boxed()
}

impl<T: Sample + DeserializeOwned> Sample for Open<T> {
    fn any() -> BoxedStrategy<Self> {
        let newer = |word: &String| serde_json::from_value::<T>(word.as_str().into()).is_err();
        let other = prop_oneof!["[a-z_]{1,9}", super::text::any_text(20)].prop_filter("a newer word", newer);
        prop_oneof![3 => T::any().prop_map(Open::Known), 1 => other.prop_map(|word| Open::Other(word.into()))]
            .boxed()
    }
}
