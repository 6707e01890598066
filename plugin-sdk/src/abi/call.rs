//! Data that the host passes to a plugin for one call.

#![expect(unsafe_code, reason = "follows the pointer to the host's table")]

use core::ffi::c_void;

use super::{HostTable, List};

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
