//! Data that the host passes to a plugin for one call, and the host's functions that the plugin may call.

#![expect(unsafe_code, reason = "follows the pointer to the host's table")]

use core::ffi::c_void;

use super::metrics::MetricsTable;
use super::nested::{CallInfo, NestedFailure};
use super::sink::Sink;
use super::status::{Level, Status};
use super::text::{List, Text};
use super::trace::TraceTable;

/// The host's functions. Each function except [`Self::stray`] takes the `context` of the current call, and is called on that call's thread.
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
    /// In an export: reports the error that the method returned. A code of 0 means that it has none.
    pub failed: unsafe extern "C" fn(context: *mut c_void, code: u32, message: Text),
    /// Finds export `method` of `plugin` and stores its number, which is valid for as long as the host lives, whatever is loaded. With a
    /// `signature` that isn't empty, the export must have it, now and at each call. Otherwise fills `failure` and returns
    /// [`Status::FAILED`].
    pub find_export: unsafe extern "C" fn(
        context: *mut c_void,
        plugin: Text,
        method: Text,
        signature: Text,
        number: *mut u64,
        failure: *mut NestedFailure,
    ) -> Status,
    /// Calls the export with this number, which [`Self::find_export`] stored; see [`ExportFn`](super::ExportFn) for arguments and reply.
    /// `limit_ns`: time for it, in nanoseconds; the current call's deadline holds, too. Without a reply it fills `failure` and returns
    /// [`Status::FAILED`].
    pub call_export: unsafe extern "C" fn(
        context: *mut c_void,
        number: u64,
        limit_ns: u64,
        arguments: List<u8>,
        reply: Sink,
        failure: *mut NestedFailure,
    ) -> Status,
    /// Describes the current call.
    pub call_info: unsafe extern "C" fn(context: *mut c_void, info: *mut CallInfo) -> Status,
    /// Takes the library's `tracing` events and spans; null if nobody wants them.
    pub trace: Option<&'static TraceTable>,
    /// Takes the metrics that the library records; null if the host knows none.
    pub metrics: Option<&'static MetricsTable>,
}

/// Argument of `create`, `save` and `destroy`: access to the host.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct LifeCall {
    /// The host's functions.
    pub host: *const HostTable,
    /// Passed back in each of these functions.
    pub context: *mut c_void,
}

impl LifeCall {
    /// The host's functions.
    ///
    /// # Safety
    /// `host` is the host's table, which outlives every plugin.
    #[inline]
    #[must_use]
    pub unsafe fn host(&self) -> &HostTable {
        // SAFETY: by contract.
        unsafe { &*self.host }
    }
}

/// Argument of systems and subscriptions. Valid for that call only.
#[derive(Debug)]
#[repr(C)]
pub struct Call {
    /// `size_of::<Call>()` of the host's build: fields are only ever appended.
    pub size: u32,
    /// Stable number of the system, for random numbers: FNV-1a of `plugin/system`, folded.
    pub system: u32,
    /// Access to the host.
    pub life: LifeCall,
    /// Frames since the world was created.
    pub tick: u64,
    /// The run's seed.
    pub seed: u64,
    /// Length of the fixed timestep, in seconds.
    pub delta_seconds: f32,
    /// Tick of the ECS with which written rows are stamped.
    pub change_tick: u32,
    /// The open piece of the frame arena: the plugin advances its cursor, the host refills it.
    pub arena: Bump,
    /// One value per parameter of the descriptor.
    pub params: List<ParamValue>,
    /// The command buffer, in arena memory; the plugin stores it when the call succeeds.
    pub commands: List<u8>,
}

/// A piece of the frame arena: free bytes are `cursor .. end`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Bump {
    /// Next free byte; null only if `end` is.
    pub cursor: *mut u8,
    /// End of the piece.
    pub end: *mut u8,
}

impl Bump {
    /// No memory yet.
    pub const EMPTY: Self = Self { cursor: core::ptr::null_mut(), end: core::ptr::null_mut() };
}

/// The value of one parameter.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ParamValue {
    /// Of a query: its nonempty matched tables.
    pub tables: List<TableColumns>,
    /// Of a publisher: its number for the host's functions.
    pub publisher: u32,
    /// Zero.
    pub reserved: u32,
}

/// One table of a query.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TableColumns {
    /// Rows in every column.
    pub rows: usize,
    /// One per data term of the query, in order.
    pub columns: *const ColumnPointer,
}

/// One column, `rows` items with the component's size as stride.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ColumnPointer {
    /// First item; entity ids for an entity term; null for an optional component that this table lacks.
    pub data: *mut u8,
    /// First change tick of a written column, else null.
    pub changed: *mut u32,
}

impl ColumnPointer {
    /// No column.
    pub const NULL: Self = Self { data: core::ptr::null_mut(), changed: core::ptr::null_mut() };
}
