//! The host's functions that a plugin may call.

use core::ffi::c_void;

use super::{Call, Status, Text};

/// The host's functions. Each except [`Self::stray`] takes the `context` of the current call, and is called on that call's thread.
#[derive(Debug)]
#[repr(C)]
pub struct HostTable {
    /// `size_of::<HostTable>()` of the host's build: fields are only ever appended.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Refills `call.arena` with a piece of at least `size` bytes at `align`; [`Status::FULL`] if that exceeds the plugin's quota.
    pub arena_refill: unsafe extern "C" fn(context: *mut c_void, call: *mut Call, size: usize, align: usize) -> Status,
    /// Reserves `length` bytes in publisher `number`'s lane and stores where to write them, 8-byte aligned.
    pub loan_begin:
        unsafe extern "C" fn(context: *mut c_void, number: u32, length: usize, memory: *mut *mut u8) -> Status,
    /// Publishes the first `length` bytes of the open loan.
    pub loan_commit: unsafe extern "C" fn(context: *mut c_void, number: u32, length: usize) -> Status,
    /// Cancels the open loan.
    pub loan_cancel: unsafe extern "C" fn(context: *mut c_void, number: u32) -> Status,
    /// Copies `length` bytes into publisher `number`'s lane as one record.
    pub send: unsafe extern "C" fn(context: *mut c_void, number: u32, payload: *const u8, length: usize) -> Status,
    /// Writes a line to the host's log.
    pub log: unsafe extern "C" fn(context: *mut c_void, level: Level, message: Text),
    /// Reports why the call is about to return a status other than [`Status::OK`]: message and source location.
    pub fault: unsafe extern "C" fn(context: *mut c_void, message: Text, location: Text),
    /// In `create`: reports how the saved state was restored. The host logs it once the instance is accepted.
    pub state_report: unsafe extern "C" fn(context: *mut c_void, level: Level, report: Text),
    /// Reports that a panic has begun in the call: message and source location. Called before anything unwinds, for every panic.
    pub panicked: unsafe extern "C" fn(context: *mut c_void, message: Text, location: Text),
    /// Reports that the call ends with a panic: the last reported one if `is_told` isn't 0, otherwise an unreported one with this message.
    pub unwound: unsafe extern "C" fn(context: *mut c_void, is_told: u32, message: Text),
    /// The host's handle of this library, for [`Self::stray`]; valid until the process ends.
    pub origin: unsafe extern "C" fn(context: *mut c_void) -> *const c_void,
    /// Reports a panic outside of every call, on any thread; `thread` is the thread's name, or empty.
    pub stray: unsafe extern "C" fn(origin: *const c_void, message: Text, location: Text, thread: Text),
}

/// Severity of a log line. An unknown number counts as [`Level::INFO`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Level(pub u32);

impl Level {
    /// A failure.
    pub const ERROR: Self = Self(1);
    /// A possible problem.
    pub const WARN: Self = Self(2);
    /// Information for users.
    pub const INFO: Self = Self(3);
    /// Details for the plugin's author.
    pub const DEBUG: Self = Self(4);
}

/// Receives bytes in pieces.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Sink {
    /// Passed back to `write`.
    pub context: *mut c_void,
    /// Appends `length` bytes.
    pub write: unsafe extern "C" fn(context: *mut c_void, bytes: *const u8, length: usize) -> Status,
}
