//! The C ABI between host and plugin: `repr(C)` only.
//!
//! Both sides have the same [`ABI_VERSION`]. What is passed by pointer ([`PluginDescriptor`], [`HostTable`], [`Call`]) is size-prefixed and
//! may be appended to within a version; each side refuses one that is shorter than it knows. Items of lists have a fixed size: changing
//! one takes a new version.
//!
//! One exported function, [`ENTRY`], returns a [`PluginDescriptor`]. The same identity stands in a [`section`] of
//! the file, which the host reads before any code of the plugin runs. Calls carry a [`Call`]; the plugin reaches the
//! host through the [`HostTable`] in it.
//!
//! # Invariants
//! 1. Everything that a descriptor points at is constant data of the image: it lives as long as the image, and the host copies it.
//! 2. A pointer in a [`Call`] is valid for that call only.
//! 3. No function of either side unwinds; each returns a [`Status`].
//! 4. Memory is never freed on the other side.

mod call;
pub mod command;
mod descriptor;
mod host;
pub mod section;
mod text;

pub use call::{Bump, Call, ColumnPointer, LifeCall, ParamValue, TableColumns};
pub use descriptor::{
    Access, ComponentDescriptor, CreateFn, DeliverFn, DestroyFn, ParamDescriptor, ParamKind, PluginDescriptor, SaveFn,
    Stage, SubscriptionDescriptor, SystemDescriptor, SystemFn, TermDescriptor, TopicDescriptor,
};
pub use host::{HostTable, Level, Sink};
pub use text::{List, Text};

/// The version of everything in this module. Another one is refused before the image is loaded.
pub const ABI_VERSION: u32 = 2;

/// Stack of the threads on which the host has a state written and read. The SDK refuses a state that needs more.
pub const STATE_STACK_BYTES: usize = 32 << 20;

/// Sizes on 64-bit platforms; a change that is not an addition at the end of the first three takes a new version.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<PluginDescriptor>() == 136 && size_of::<HostTable>() == 104 && size_of::<Call>() == 96);
    assert!(size_of::<ComponentDescriptor>() == 48 && size_of::<TermDescriptor>() == 56);
    assert!(size_of::<TopicDescriptor>() == 80 && size_of::<ParamDescriptor>() == 120);
    assert!(size_of::<SystemDescriptor>() == 80 && size_of::<SubscriptionDescriptor>() == 120);
    assert!(size_of::<ParamValue>() == 24 && size_of::<TableColumns>() == 16 && size_of::<ColumnPointer>() == 16);
};

/// The exported function's name.
pub const ENTRY: &str = "hotframe_plugin";

/// Type of the exported function. It also looks at the types of the state, on whose depth the stack that it needs depends.
pub type EntryFn = extern "C" fn() -> *const PluginDescriptor;

/// How a call across the ABI ended. An unknown number counts as [`Status::FAULT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Status(pub u32);

impl Status {
    /// Done.
    pub const OK: Self = Self(0);
    /// It panicked; the message went to [`HostTable::unwound`].
    pub const FAULT: Self = Self(1);
    /// It refused; the reason went to [`HostTable::fault`].
    pub const REFUSED: Self = Self(2);
    /// There is no room: a full lane, an exhausted arena.
    pub const FULL: Self = Self(3);
    /// An argument is out of its range.
    pub const INVALID: Self = Self(4);
}
