//! Which types are plain data, and which bytes are values of them.
//!
//! Every bit pattern is a value of a number, but not of a `bool` or an enum. A type says so in [`Plain::ANY_BITS`], a constant: code that
//! receives numbers only is compiled without a check.
//!
//! # Invariants
//! 1. Bytes of another process or library become a value only after [`Plain::is_value`] has accepted them, in memory that no other process
//!    writes.

#![expect(unsafe_code, reason = "states which types are plain data")]

use core::marker::PhantomData;

use super::SchemaText;

/// Plain data that may be a field of a message or component: defined layout, no padding, no pointer.
///
/// Implemented for the fixed-width integers, floats, `bool`, arrays of plain data, [`EntityId`], and by `#[derive(Plain)]`.
///
/// # Safety
/// The type has a defined layout (`repr(C)`, `repr` of an integer, or primitive) and no padding byte. [`Self::is_value`] returns `true` only
/// for bytes that are a value. [`Self::ANY_BITS`] is `true` only if every bit pattern is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not plain data",
    label = "not plain data",
    note = "derive it: `#[derive(Clone, Copy, Plain)]`, for a struct with `#[repr(C)]`, for an enum with `#[repr(u8)]`, `#[repr(u16)]` or `#[repr(u32)]`"
)]
pub unsafe trait Plain: Copy + Send + Sync + 'static {
    /// Canonical type text, as it appears in a schema.
    const TYPE: &'static str;
    /// Whether every bit pattern is a value, so that nothing has to be checked.
    const ANY_BITS: bool;

    /// Whether `bytes` are a value of this type. `false` if there are more or fewer than the type has.
    fn is_value(bytes: &[u8]) -> bool;
}

macro_rules! numbers {
    ($($type:ident)*) => {$(
        // SAFETY: fixed-width integers and floats have no padding and no invalid bit pattern.
        unsafe impl Plain for $type {
            const TYPE: &'static str = stringify!($type);
            const ANY_BITS: bool = true;

            #[inline]
            fn is_value(bytes: &[u8]) -> bool {
                bytes.len() == size_of::<Self>()
            }
        }
    )*};
}
numbers!(u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);

// SAFETY: a `bool` is one byte, 0 or 1; `is_value` accepts no other.
unsafe impl Plain for bool {
    const TYPE: &'static str = "bool";
    const ANY_BITS: bool = false;

    #[inline]
    fn is_value(bytes: &[u8]) -> bool {
        matches!(bytes, [0 | 1])
    }
}

// SAFETY: an array has no padding beyond that of its elements, which have none; it is a value if each element is.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {
    const TYPE: &'static str = ArrayText::<T, N>::TEXT.as_str();
    const ANY_BITS: bool = T::ANY_BITS || N == 0;

    #[inline]
    fn is_value(bytes: &[u8]) -> bool {
        // Chunks have at least one byte: of a type without bytes, any bits are a value.
        bytes.len() == size_of::<Self>() && (T::ANY_BITS || bytes.chunks_exact(size_of::<T>()).all(T::is_value))
    }
}

struct ArrayText<T, const N: usize>(PhantomData<T>);

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
    const ANY_BITS: bool = true;

    #[inline]
    fn is_value(bytes: &[u8]) -> bool {
        bytes.len() == size_of::<Self>()
    }
}

/// Asserts at compile time that a field is plain data; called by the derives.
#[doc(hidden)]
pub const fn require_plain<T: Plain>() {}

/// Whether the bytes of a struct from `offset` on are a value of its field of type `T`; called by the derives.
#[doc(hidden)]
#[inline]
#[must_use]
pub fn is_value_at<T: Plain>(bytes: &[u8], offset: usize) -> bool {
    T::ANY_BITS || bytes.get(offset..offset + size_of::<T>()).is_some_and(T::is_value)
}

#[cfg(test)]
mod tests {
    use super::{EntityId, Plain, is_value_at};

    #[test]
    fn text_of_nested_arrays_is_canonical() {
        assert_eq!(<[[f32; 3]; 12] as Plain>::TYPE, "[[f32;3];12]");
        assert_eq!(<[bool; 2] as Plain>::TYPE, "[bool;2]");
    }

    #[test]
    fn numbers_need_no_check() {
        const { assert!(u8::ANY_BITS && f64::ANY_BITS && EntityId::ANY_BITS && <[[i16; 2]; 3]>::ANY_BITS) };
        const { assert!(!bool::ANY_BITS && !<[bool; 2]>::ANY_BITS) };
    }

    #[test]
    fn a_bool_is_0_or_1() {
        for byte in 0..=u8::MAX {
            assert_eq!(bool::is_value(&[byte]), byte < 2, "{byte}");
        }
    }

    #[test]
    fn an_array_is_a_value_if_each_element_is() {
        assert!(<[[bool; 2]; 2]>::is_value(&[0, 1, 1, 0]));
        for place in 0..4 {
            let mut bytes = [0, 1, 1, 0];
            bytes[place] = 2;
            assert!(!<[[bool; 2]; 2]>::is_value(&bytes), "{bytes:?}");
        }
        assert!(<[[bool; 0]; 3]>::is_value(&[]));
    }

    #[test]
    fn bytes_of_another_length_are_no_value() {
        assert!(!bool::is_value(&[]) && !bool::is_value(&[0, 0]) && !u32::is_value(&[0; 3]));
        assert!(!<[bool; 2]>::is_value(&[0]) && !<[u16; 2]>::is_value(&[0; 3]));
        assert!(is_value_at::<bool>(&[9, 1], 1));
        assert!(!is_value_at::<bool>(&[9, 1], 0) && !is_value_at::<bool>(&[9, 1], 2));
    }
}
