//! Canonical text and hash of plain data: the identity of a type across processes, libraries and languages.
//!
//! A schema looks like `game-types.Contact@1 24/8 {a:entity@0,b:entity@8,x:f32@16,y:f32@20}`: name, version, size/align, then each field
//! with its type and offset. The derives build it at compile time. It is hashed with FNV-1a, stored in segments and shown in errors. Does
//! not use Rust's `TypeId` or `type_name`.
//!
//! # Failure
//! Text that exceeds [`SchemaText::CAPACITY`] stops the compilation.

#![expect(unsafe_code, reason = "states which types are plain data")]

/// Plain data that may be a field of a message or component: any bit pattern is valid, no padding, no pointer.
///
/// Implemented for the fixed-width integers, floats, arrays of these, [`EntityId`], and by `#[derive(Plain)]`.
///
/// # Safety
/// The type has a defined layout (`repr(C)` or primitive), no padding byte, and every bit pattern is a value.
pub unsafe trait Plain: Copy + Send + Sync + 'static {
    /// Canonical type text, as it appears in a schema.
    const TYPE: &'static str;
}

macro_rules! plain {
    ($($type:ident)*) => {$(
        // SAFETY: fixed-width integers and floats have no padding and no invalid bit pattern.
        unsafe impl Plain for $type {
            const TYPE: &'static str = stringify!($type);
        }
    )*};
}
plain!(u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);

// SAFETY: an array has no padding beyond that of its elements, which have none.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {
    const TYPE: &'static str = ArrayText::<T, N>::TEXT.as_str();
}

struct ArrayText<T, const N: usize>(core::marker::PhantomData<T>);

impl<T: Plain, const N: usize> ArrayText<T, N> {
    const TEXT: &'static SchemaText = &SchemaText::new().text("[").text(T::TYPE).text(";").number(N as u64).text("]");
}

/// Identifies an entity of the host's world inside a message or component. Opaque; 0 means no entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct EntityId(pub u64);

// SAFETY: transparent over u64, of which every bit pattern is a value.
unsafe impl Plain for EntityId {
    const TYPE: &'static str = "entity";
}

/// A text that is built at compile time.
#[derive(Clone, Copy)]
pub struct SchemaText {
    bytes: [u8; Self::CAPACITY],
    /// In `0 ..= CAPACITY`.
    len: usize,
}

impl core::fmt::Debug for SchemaText {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Default for SchemaText {
    fn default() -> Self {
        Self::new()
    }
}

impl SchemaText {
    /// Maximum length of a schema in bytes.
    pub const CAPACITY: usize = 1024;

    /// An empty text.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; Self::CAPACITY], len: 0 }
    }

    /// Appends `text`.
    ///
    /// # Panics
    /// If the result is longer than [`Self::CAPACITY`]; at compile time in the derives.
    #[must_use]
    pub const fn text(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        assert!(self.len + text.len() <= Self::CAPACITY, "the schema is longer than 1024 bytes");
        let mut index = 0;
        while index < text.len() {
            self.bytes[self.len + index] = text[index];
            index += 1;
        }
        self.len += text.len();
        self
    }

    /// Appends `number` in decimal.
    ///
    /// # Panics
    /// As for [`Self::text`].
    #[must_use]
    pub const fn number(self, number: u64) -> Self {
        let shorter = if number >= 10 { self.number(number / 10) } else { self };
        let digit = [b'0' + (number % 10) as u8];
        match core::str::from_utf8(&digit) {
            Ok(digit) => shorter.text(digit),
            Err(_) => unreachable!(),
        }
    }

    /// Appends `name:type@offset`, with a comma before it unless it is the first field.
    ///
    /// # Panics
    /// As for [`Self::text`].
    #[must_use]
    pub const fn field(self, first: bool, name: &str, kind: &str, offset: usize) -> Self {
        let separated = if first { self } else { self.text(",") };
        separated.text(name).text(":").text(kind).text("@").number(offset as u64)
    }

    /// The text so far.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => panic!("the text was appended as UTF-8"),
        }
    }
}

/// FNV-1a, 64 bits, of `text`.
///
/// Source: Fowler, Noll, Vo; RFC 9923.
#[must_use]
pub const fn schema_hash(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::{Plain, SchemaText, schema_hash};

    #[test]
    fn text_of_nested_arrays_is_canonical() {
        assert_eq!(<[[f32; 3]; 12] as Plain>::TYPE, "[[f32;3];12]");
    }

    #[test]
    fn fields_are_separated_by_commas() {
        let text = SchemaText::new().field(true, "x", "f32", 0).field(false, "y", "f32", 104);
        assert_eq!(text.as_str(), "x:f32@0,y:f32@104");
    }

    #[test]
    fn hash_agrees_with_the_published_vectors() {
        assert_eq!(schema_hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(schema_hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(schema_hash("foobar"), 0x8594_4171_f739_67e8);
    }
}
