//! Numbers and ids as they come from the database: checked, because a flipped bit must not become a position.

use chat_protocol::{Offset, RoomId, RoomNumber, Seq, UserId, UserOffset};

use crate::error::{Fault, Result};

/// A bounded number in a column.
pub(crate) trait Number: Sized {
    /// What the column holds.
    type Column;
    fn read(column: Self::Column) -> Result<Self>;
}

macro_rules! numbers {
    ($($name:ident),+) => {$(
        impl Number for $name {
            type Column = u64;
            fn read(column: u64) -> Result<Self> {
                $name::new(column).ok_or_else(|| Fault::Corrupt(format!("{} {column} is too great", stringify!($name))))
            }
        }
    )+};
}

numbers!(Seq, Offset, RoomNumber, UserOffset);

/// An id in a column.
pub(crate) trait Id: Sized {
    fn read(column: &str) -> Result<Self>;
}

macro_rules! ids {
    ($($name:ident),+) => {$(
        impl Id for $name {
            fn read(column: &str) -> Result<Self> {
                $name::new(column).map_err(|error| Fault::Corrupt(error.to_string()))
            }
        }
    )+};
}

ids!(RoomId, UserId);
