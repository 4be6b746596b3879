//! Writing JSON as `serde_json` writes it, for the shapes that packets have, in three quarters of the instructions.
//!
//! `serde_json` looks at each byte of each string, names of members included, for what must be escaped. Here eight are
//! looked at together, and a string that needs escapes is left to it. So is everything that packets do not have, such as
//! floats, tuples and members that are not named by strings: then nothing is gained, and nothing is different.

use std::fmt;

use serde::ser::{self, Impossible, Serialize};

use crate::scan::{ONES, equal};

/// `serde_json` tells its serialiser by a struct of such a name that its one member is text to be written as it is. That is
/// nowhere promised: other names that begin with `$` are left to it, and the tests know the one.
const AS_IS: &str = "$serde_json::private::";

/// Writes `value` into the room of `out`, which is empty; on an error it has to be left to `serde_json`.
pub(crate) fn write(value: &impl Serialize, out: Vec<u8>) -> Result<Vec<u8>, Unsupported> {
    let mut writer = Writer { out, as_is: false };
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

/// The value is of a shape that is not written here, or refuses to be written at all.
#[derive(Debug)]
pub(crate) struct Unsupported;

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("left to serde_json")
    }
}

impl std::error::Error for Unsupported {}

impl ser::Error for Unsupported {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Writer {
    out: Vec<u8>,
    /// The next string is JSON already.
    as_is: bool,
}

/// Whether a string that holds these bytes may need escapes: quotes, backslashes, control characters below U+0020.
fn needs_escape(bytes: [u8; 8]) -> bool {
    let word = u64::from_le_bytes(bytes);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (control | equal(word, b'"') | equal(word, b'\\')) & (ONES << 7) != 0
}

/// Whether a string is written as it is. The last bytes are looked at with the end of those before once more, which costs
/// less than one by one.
fn is_plain(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else {
        return is_short_plain(text);
    };
    let mut rest = text;
    while let Some((word, after)) = rest.split_first_chunk() {
        if needs_escape(*word) {
            return false;
        }
        rest = after;
    }
    rest.is_empty() || !needs_escape(*last)
}

/// As `is_plain`, of fewer than eight bytes, as most names of members have.
fn is_short_plain(text: &[u8]) -> bool {
    match (text.first_chunk(), text.last_chunk()) {
        (Some(&[a, b, c, d]), Some(&[e, f, g, h])) => !needs_escape([a, b, c, d, e, f, g, h]),
        _ => text.iter().all(|byte| *byte >= b' ' && *byte != b'"' && *byte != b'\\'),
    }
}

impl Writer {
    fn string(&mut self, text: &str) -> Result<(), Unsupported> {
        if !is_plain(text.as_bytes()) {
            return self.escaped(text);
        }
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
        Ok(())
    }

    /// The name of a member and what is around it, in as few steps as it can be.
    fn name(&mut self, name: &str, first: bool) -> Result<(), Unsupported> {
        if !is_plain(name.as_bytes()) {
            return self.odd_name(name, first);
        }
        match first {
            true => self.out.push(b'"'),
            false => self.out.extend_from_slice(b",\""),
        }
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn odd_name(&mut self, name: &str, first: bool) -> Result<(), Unsupported> {
        self.out.extend((!first).then_some(b','));
        self.escaped(name)?;
        self.out.push(b':');
        Ok(())
    }

    // Kept apart, so that strings without escapes do not pay for its registers.
    #[cold]
    #[inline(never)]
    fn escaped(&mut self, text: &str) -> Result<(), Unsupported> {
        serde_json::to_writer(&mut self.out, text).map_err(|_| Unsupported)
    }

    fn number(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut before = &mut digits[..];
        while let [more @ .., digit] = before {
            *digit = b'0' + (number % 10) as u8;
            (before, number) = (more, number / 10);
            if number == 0 {
                break;
            }
        }
        let start = before.len();
        self.out.extend_from_slice(&digits[start..]);
    }
}

/// An array or object that is being written.
struct Parts<'a> {
    writer: &'a mut Writer,
    empty: bool,
    /// What ends it; nothing, when its one member stands for the whole.
    end: Option<u8>,
}

impl Parts<'_> {
    fn separate(&mut self) {
        if !std::mem::take(&mut self.empty) {
            self.writer.out.push(b',');
        }
    }

    fn finish(self) -> Result<(), Unsupported> {
        if let Some(end) = self.end {
            self.writer.out.push(end);
        }
        Ok(())
    }
}

macro_rules! unsupported {
    ($($method:ident($($type:ty),*);)*) => {
        $(fn $method(self, $(_: $type),*) -> Result<Self::Ok, Unsupported> {
            Err(Unsupported)
        })*
    };
}

macro_rules! numbers {
    ($($method:ident($type:ty);)*) => {
        $(fn $method(self, value: $type) -> Result<(), Unsupported> {
            self.number(value.try_into().map_err(|_| Unsupported)?);
            Ok(())
        })*
    };
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeTuple = Impossible<(), Unsupported>;
    type SerializeTupleStruct = Impossible<(), Unsupported>;
    type SerializeTupleVariant = Impossible<(), Unsupported>;
    type SerializeStructVariant = Impossible<(), Unsupported>;

    numbers! {
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
    }

    unsupported! {
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_bytes(&[u8]);
    }

    fn serialize_str(self, text: &str) -> Result<(), Unsupported> {
        if self.as_is {
            self.out.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        self.string(text)
    }

    fn serialize_bool(self, value: bool) -> Result<(), Unsupported> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Unsupported> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Unsupported> {
        self.serialize_unit()
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Unsupported> {
        value.serialize(self)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unsupported> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Unsupported> {
        self.string(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>, Unsupported> {
        self.out.push(b'[');
        Ok(Parts { writer: self, empty: true, end: Some(b']') })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>, Unsupported> {
        self.out.push(b'{');
        Ok(Parts { writer: self, empty: true, end: Some(b'}') })
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Parts<'a>, Unsupported> {
        if !name.starts_with('$') {
            return self.serialize_map(Some(len));
        }
        if !name.starts_with(AS_IS) {
            return Err(Unsupported);
        }
        self.as_is = true;
        Ok(Parts { writer: self, empty: true, end: None })
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTuple, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTuple, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unsupported> {
        Err(Unsupported)
    }
}

impl ser::SerializeSeq for Parts<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.separate();
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unsupported> {
        self.finish()
    }
}

impl ser::SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Unsupported> {
        self.separate();
        let start = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        if self.writer.out.get(start) == Some(&b'"') { Ok(()) } else { Err(Unsupported) }
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.writer.out.push(b':');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unsupported> {
        self.finish()
    }
}

impl ser::SerializeStruct for Parts<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        if self.end.is_some() {
            let first = std::mem::take(&mut self.empty);
            self.writer.name(key, first)?;
        }
        value.serialize(&mut *self.writer)?;
        self.writer.as_is = false;
        Ok(())
    }

    fn end(self) -> Result<(), Unsupported> {
        self.finish()
    }
}

#[cfg(test)]
mod tests;
