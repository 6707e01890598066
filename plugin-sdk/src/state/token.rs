//! Tokens of a written state: one scalar, or a container's header.

use rmp::Marker;

use super::error::{Error, Segment};
use super::format::{I128, OPAQUE, SOME, U128};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'de> {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Wide(u128),
    SignedWide(i128),
    Float(f32),
    Double(f64),
    Text(&'de str),
    Bytes(&'de [u8]),
    /// A sequence; this many items follow.
    Items(u32),
    /// A map; this many pairs of key and value follow.
    Entries(u32),
    /// This many `Some`s around nil.
    Some(u32),
    Opaque(&'de [u8]),
}

impl<'de> Token<'de> {
    /// Takes the next token from `rest`.
    pub(super) fn take(rest: &mut &'de [u8]) -> Result<Self, Error> {
        let [first] = bytes(rest)?;
        Ok(match Marker::from_u8(first) {
            Marker::Null => Self::Nil,
            Marker::False => Self::Bool(false),
            Marker::True => Self::Bool(true),
            Marker::FixPos(value) => Self::Unsigned(value.into()),
            Marker::FixNeg(value) => Self::Signed(value.into()),
            Marker::U8 => Self::Unsigned(u8::from_be_bytes(bytes(rest)?).into()),
            Marker::U16 => Self::Unsigned(u16::from_be_bytes(bytes(rest)?).into()),
            Marker::U32 => Self::Unsigned(u32::from_be_bytes(bytes(rest)?).into()),
            Marker::U64 => Self::Unsigned(u64::from_be_bytes(bytes(rest)?)),
            Marker::I8 => Self::Signed(i8::from_be_bytes(bytes(rest)?).into()),
            Marker::I16 => Self::Signed(i16::from_be_bytes(bytes(rest)?).into()),
            Marker::I32 => Self::Signed(i32::from_be_bytes(bytes(rest)?).into()),
            Marker::I64 => Self::Signed(i64::from_be_bytes(bytes(rest)?)),
            Marker::F32 => Self::Float(f32::from_be_bytes(bytes(rest)?)),
            Marker::F64 => Self::Double(f64::from_be_bytes(bytes(rest)?)),
            Marker::FixStr(length) => Self::text(rest, length.into())?,
            Marker::Str8 => Self::sized(rest, 1).and_then(|length| Self::text(rest, length))?,
            Marker::Str16 => Self::sized(rest, 2).and_then(|length| Self::text(rest, length))?,
            Marker::Str32 => Self::sized(rest, 4).and_then(|length| Self::text(rest, length))?,
            Marker::Bin8 => Self::sized(rest, 1).and_then(|length| slice(rest, length)).map(Self::Bytes)?,
            Marker::Bin16 => Self::sized(rest, 2).and_then(|length| slice(rest, length)).map(Self::Bytes)?,
            Marker::Bin32 => Self::sized(rest, 4).and_then(|length| slice(rest, length)).map(Self::Bytes)?,
            Marker::FixArray(length) => Self::Items(length.into()),
            Marker::Array16 => Self::Items(u16::from_be_bytes(bytes(rest)?).into()),
            Marker::Array32 => Self::Items(u32::from_be_bytes(bytes(rest)?)),
            Marker::FixMap(length) => Self::Entries(length.into()),
            Marker::Map16 => Self::Entries(u16::from_be_bytes(bytes(rest)?).into()),
            Marker::Map32 => Self::Entries(u32::from_be_bytes(bytes(rest)?)),
            Marker::FixExt1 => Self::extension(rest, 1)?,
            Marker::FixExt2 => Self::extension(rest, 2)?,
            Marker::FixExt4 => Self::extension(rest, 4)?,
            Marker::FixExt8 => Self::extension(rest, 8)?,
            Marker::FixExt16 => Self::extension(rest, 16)?,
            Marker::Ext8 => Self::sized(rest, 1).and_then(|length| Self::extension(rest, length))?,
            Marker::Ext16 => Self::sized(rest, 2).and_then(|length| Self::extension(rest, length))?,
            Marker::Ext32 => Self::sized(rest, 4).and_then(|length| Self::extension(rest, length))?,
            Marker::Reserved => return Err(Error::new("the bytes are not a saved state")),
        })
    }

    /// A length that is stored in this many bytes.
    fn sized(rest: &mut &'de [u8], width: usize) -> Result<usize, Error> {
        let digits = slice(rest, width)?;
        Ok(digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)))
    }

    fn text(rest: &mut &'de [u8], length: usize) -> Result<Self, Error> {
        core::str::from_utf8(slice(rest, length)?).map(Self::Text).map_err(|_| Error::new("the text is not UTF-8"))
    }

    fn extension(rest: &mut &'de [u8], length: usize) -> Result<Self, Error> {
        let [number] = bytes(rest)?;
        let content = slice(rest, length)?;
        let misfit = || Error::new(format_args!("extension {number} of {length} bytes is not known to this build"));
        Ok(match number as i8 {
            SOME => Self::Some(u32::from_be_bytes(content.try_into().map_err(|_| misfit())?)),
            U128 => Self::Wide(u128::from_be_bytes(content.try_into().map_err(|_| misfit())?)),
            I128 => Self::SignedWide(i128::from_be_bytes(content.try_into().map_err(|_| misfit())?)),
            OPAQUE => Self::Opaque(content),
            _ => return Err(misfit()),
        })
    }
}

/// The next `length` bytes.
pub(super) fn slice<'de>(rest: &mut &'de [u8], length: usize) -> Result<&'de [u8], Error> {
    let (taken, after) = rest.split_at_checked(length).ok_or_else(|| Error::new("the state ends too early"))?;
    *rest = after;
    Ok(taken)
}

fn bytes<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (taken, after) = rest.split_first_chunk().ok_or_else(|| Error::new("the state ends too early"))?;
    *rest = after;
    Ok(*taken)
}

/// Skips one value of any depth.
pub(super) fn skip(rest: &mut &[u8]) -> Result<(), Error> {
    let mut left = 1_u64;
    while left > 0 {
        left -= 1;
        left += match Token::take(rest)? {
            Token::Items(count) => u64::from(count),
            Token::Entries(count) => 2 * u64::from(count),
            _ => 0,
        };
    }
    Ok(())
}

/// A written key as a path segment.
pub(super) fn segment(mut key: &[u8]) -> Segment {
    let length = key.len();
    match Token::take(&mut key) {
        Ok(Token::Text(text)) => Segment::Name(text.to_owned()),
        Ok(Token::Unsigned(number)) => Segment::Key(number.to_string()),
        Ok(Token::Signed(number)) => Segment::Key(number.to_string()),
        Ok(Token::Bool(value)) => Segment::Key(value.to_string()),
        _ => Segment::Key(format!("a key of {length} bytes")),
    }
}
