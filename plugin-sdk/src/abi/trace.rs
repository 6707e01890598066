//! How a library's `tracing` events and spans reach the host.
//!
//! The library makes each place in its code that has an event or a span known to the host once, and gets a number for it. From then on it
//! passes numbers and values. Numbers of places are valid until the process ends, numbers of spans until they are closed as often as they
//! were opened and cloned.

use core::ffi::c_void;

use super::status::Level;
use super::text::{List, Text};

/// The host's functions for a library's `tracing`. Unlike those of [`HostTable`](super::HostTable), they may be called at any time and on any
/// thread, also outside of every call. `origin` is what [`HostTable::origin`](super::HostTable::origin) returned.
#[derive(Debug)]
#[repr(C)]
pub struct TraceTable {
    /// `size_of::<TraceTable>()` of the host's build: fields are only ever appended.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// The most verbose level that anybody listens to; [`Level::OFF`] if nobody does.
    pub level: unsafe extern "C" fn(origin: *const c_void) -> Level,
    /// Makes a place known, and stores a [`TraceInterest`] in it; returns its number. The same place gets the same number again.
    pub place: unsafe extern "C" fn(origin: *const c_void, place: *const TracePlace, interest: *mut u32) -> u64,
    /// Of a place with [`TraceInterest::Sometimes`]: whether anybody listens to it now; 0 if nobody does.
    pub enabled: unsafe extern "C" fn(origin: *const c_void, place: u64) -> u32,
    /// Passes an event on.
    pub event: unsafe extern "C" fn(origin: *const c_void, place: u64, parent: TraceParent, values: List<TraceValue>),
    /// Opens a span; returns its number, which isn't 0.
    pub span:
        unsafe extern "C" fn(origin: *const c_void, place: u64, parent: TraceParent, values: List<TraceValue>) -> u64,
    /// Adds values to a span.
    pub record: unsafe extern "C" fn(origin: *const c_void, span: u64, values: List<TraceValue>),
    /// Notes that a span follows from another one.
    pub follows: unsafe extern "C" fn(origin: *const c_void, span: u64, other: u64),
    /// This thread enters a span.
    pub enter: unsafe extern "C" fn(origin: *const c_void, span: u64),
    /// This thread leaves a span.
    pub exit: unsafe extern "C" fn(origin: *const c_void, span: u64),
    /// Counts another use of a span.
    pub clone: unsafe extern "C" fn(origin: *const c_void, span: u64),
    /// Ends a use of a span; returns 0 if there are others.
    pub close: unsafe extern "C" fn(origin: *const c_void, span: u64) -> u32,
}

/// An event or a span in the code of a library.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TracePlace {
    /// Its name; of an event usually file and line.
    pub name: Text,
    /// Its target; usually the module's path.
    pub target: Text,
    /// The module's path, or empty.
    pub module: Text,
    /// The source file, or empty.
    pub file: Text,
    /// The line in it, or 0.
    pub line: u32,
    /// Its level.
    pub level: Level,
    /// 1 for a span, 0 for an event.
    pub is_span: u32,
    /// Zero.
    pub reserved: u32,
    /// The names of its fields.
    pub fields: List<Text>,
}

/// Whether anybody listens to a place. An unknown number counts as [`TraceInterest::Sometimes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum TraceInterest {
    /// The library asks each time.
    Sometimes = 0,
    /// Nobody, until the host calls [`PluginDescriptor::trace_changed`](super::PluginDescriptor::trace_changed).
    Never = 1,
    /// Somebody, until then.
    Always = 2,
}

/// What an event or a span belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct TraceParent(pub u64);

impl TraceParent {
    /// The span that this thread is in, if any. Every other number but [`Self::ROOT`] is a span's.
    pub const CURRENT: Self = Self(0);
    /// No span.
    pub const ROOT: Self = Self(u64::MAX);
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TraceValue {
    /// The field's number in [`TracePlace::fields`].
    pub field: u32,
    /// A [`TraceKind`].
    pub kind: u32,
    /// Of a number or a `bool`: its bits.
    pub bits: u64,
    /// Of a text.
    pub text: Text,
}

/// Kind of a field's value. An unknown number counts as [`TraceKind::Shown`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum TraceKind {
    /// A value of any type, formatted with `Debug` or `Display`.
    Shown = 0,
    /// A `str`.
    Str = 1,
    /// An `i64`.
    Signed = 2,
    /// A `u64`.
    Unsigned = 3,
    /// An `f64`.
    Float = 4,
    /// A `bool`.
    Bool = 5,
}
