//! The C ABI between host and plugin: `repr(C)` only.
//!
//! Both sides have the same [`ABI_VERSION`]. The structs passed by pointer ([`PluginDescriptor`], [`HostTable`], [`Call`]) begin with their
//! size. Within a version fields may be appended to them; each side refuses a struct that is shorter than the one it knows. List items have a
//! fixed size: changing one requires a new version.
//!
//! One exported function, [`ENTRY`], returns a [`PluginDescriptor`]. A [`section`] of the file repeats the plugin's identity, and the host
//! reads it before any code of the plugin runs. Each call passes a [`Call`]; through the [`HostTable`] in it the plugin calls the host.
//!
//! # Invariants
//! 1. Everything that a descriptor points to is constant data of the library: it lives as long as the library, and the host copies it.
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

/// The version of everything in this module. A library with another version is refused before it is loaded.
pub const ABI_VERSION: u32 = 2;

/// Stack size of the threads on which states are saved and restored. The SDK refuses a state that needs more.
pub const STATE_STACK_BYTES: usize = 32 << 20;

/// Sizes on 64-bit platforms. A change requires a new version, unless it appends to one of the first three.
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

/// Type of the exported function. It also inspects the state's types, and needs stack in proportion to their depth.
pub type EntryFn = extern "C" fn() -> *const PluginDescriptor;

/// How a call across the ABI ended. An unknown number counts as [`Status::FAULT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Status(pub u32);

impl Status {
    /// Done.
    pub const OK: Self = Self(0);
    /// The plugin panicked; [`HostTable::unwound`] got the message.
    pub const FAULT: Self = Self(1);
    /// The plugin refused; [`HostTable::fault`] got the reason.
    pub const REFUSED: Self = Self(2);
    /// No room: a full lane, an exhausted arena.
    pub const FULL: Self = Self(3);
    /// An argument is out of range.
    pub const INVALID: Self = Self(4);
}
