//! Where a plugin writes bytes whose number the host doesn't know before.

use core::ffi::c_void;

use super::status::Status;

/// Receives bytes in pieces.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Sink {
    /// Handed back.
    pub context: *mut c_void,
    /// Appends `length` bytes.
    pub write: unsafe extern "C" fn(context: *mut c_void, bytes: *const u8, length: usize) -> Status,
}
