//! What a plugin may ask of the host.

use core::ffi::c_void;

use super::{Call, Status, Text};

/// The host's functions. Each but [`Self::stray`] takes the `context` of the call that it is used in, on that call's thread.
#[derive(Debug)]
#[repr(C)]
pub struct HostTable {
    /// `size_of::<HostTable>()` of the host's build: fields are only ever appended.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Gives `call.arena` a piece with at least `size` bytes at `align`; [`Status::FULL`] past the plugin's quota.
    pub arena_refill: unsafe extern "C" fn(context: *mut c_void, call: *mut Call, size: usize, align: usize) -> Status,
    /// Reserves `length` bytes in publisher `number`'s lane and stores where to write them, 8-byte aligned.
    pub loan_begin:
        unsafe extern "C" fn(context: *mut c_void, number: u32, length: usize, memory: *mut *mut u8) -> Status,
    /// Publishes the first `length` bytes of the open loan.
    pub loan_commit: unsafe extern "C" fn(context: *mut c_void, number: u32, length: usize) -> Status,
    /// Takes the open loan back.
    pub loan_cancel: unsafe extern "C" fn(context: *mut c_void, number: u32) -> Status,
    /// Copies `length` bytes into publisher `number`'s lane as one record.
    pub send: unsafe extern "C" fn(context: *mut c_void, number: u32, payload: *const u8, length: usize) -> Status,
    /// A line for the host's log.
    pub log: unsafe extern "C" fn(context: *mut c_void, level: Level, message: Text),
    /// Why the call is about to return a status other than [`Status::OK`]: message and source location.
    pub fault: unsafe extern "C" fn(context: *mut c_void, message: Text, location: Text),
    /// In `create`: what became of the saved state, for the log once the instance is accepted.
    pub state_report: unsafe extern "C" fn(context: *mut c_void, level: Level, report: Text),
    /// A panic has begun in the call: message and source location. Told before anything unwinds, whatever becomes of it.
    pub panicked: unsafe extern "C" fn(context: *mut c_void, message: Text, location: Text),
    /// The call ends with a panic: the one that was told last, if `is_told` isn't 0, else one with this message that nobody told of.
    pub unwound: unsafe extern "C" fn(context: *mut c_void, is_told: u32, message: Text),
    /// What the image is to the host, for [`Self::stray`]; valid until the process ends.
    pub origin: unsafe extern "C" fn(context: *mut c_void) -> *const c_void,
    /// A panic outside of every call, on whichever thread; `thread` is its name, or empty.
    pub stray: unsafe extern "C" fn(origin: *const c_void, message: Text, location: Text, thread: Text),
}

/// Severity of a log line. An unknown number counts as [`Level::INFO`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Level(pub u32);

impl Level {
    /// Something failed.
    pub const ERROR: Self = Self(1);
    /// Something is off.
    pub const WARN: Self = Self(2);
    /// Worth knowing.
    pub const INFO: Self = Self(3);
    /// For the author.
    pub const DEBUG: Self = Self(4);
}

/// Takes bytes in pieces.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Sink {
    /// Handed back.
    pub context: *mut c_void,
    /// Appends `length` bytes.
    pub write: unsafe extern "C" fn(context: *mut c_void, bytes: *const u8, length: usize) -> Status,
}
