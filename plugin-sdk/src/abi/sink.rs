//! Where one side writes bytes whose number the other doesn't know before.

#![expect(unsafe_code, reason = "writes through the context of a sink")]

use core::ffi::c_void;

use super::status::Status;
use super::text::List;

/// Receives bytes in pieces.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Sink {
    /// Handed back.
    pub context: *mut c_void,
    /// Appends `length` bytes.
    pub write: unsafe extern "C" fn(context: *mut c_void, bytes: *const u8, length: usize) -> Status,
}

impl Sink {
    /// A sink that appends to `bytes`, to be used only while nobody else uses them. Without memory a write is refused with
    /// [`Status::FULL`].
    #[inline]
    pub fn into_vec(bytes: &mut Vec<u8>) -> Self {
        Self { context: core::ptr::from_mut(bytes).cast(), write: append }
    }
}

unsafe extern "C" fn append(context: *mut c_void, bytes: *const u8, length: usize) -> Status {
    // SAFETY: `into_vec` passes its vector as the context, and the writer passes that back unchanged.
    let vector = unsafe { &mut *context.cast::<Vec<u8>>() };
    if vector.try_reserve(length).is_err() {
        return Status::FULL;
    }
    // SAFETY: the writer passes as many bytes as it says.
    vector.extend_from_slice(unsafe { List { pointer: bytes, length }.as_slice() });
    Status::OK
}
