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
pub mod section;
mod status;
mod text;
mod version;

pub use call::{Bump, Call, ColumnPointer, HostTable, LifeCall, ParamValue, TableColumns};
pub use descriptor::{
    Access, ComponentDescriptor, CreateFn, DeliverFn, DestroyFn, ParamDescriptor, ParamKind, PluginDescriptor, SaveFn,
    Sink, Stage, SubscriptionDescriptor, SystemDescriptor, SystemFn, TermDescriptor, TopicDescriptor,
};
pub use status::{Level, Status};
pub use text::{List, Text};
pub use version::{ABI_VERSION, ENTRY, STATE_STACK_BYTES};

/// Sizes on 64-bit platforms; a change that is not an addition at the end of the first three takes a new version.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<PluginDescriptor>() == 136 && size_of::<HostTable>() == 104 && size_of::<Call>() == 96);
    assert!(size_of::<ComponentDescriptor>() == 48 && size_of::<TermDescriptor>() == 56);
    assert!(size_of::<TopicDescriptor>() == 80 && size_of::<ParamDescriptor>() == 120);
    assert!(size_of::<SystemDescriptor>() == 80 && size_of::<SubscriptionDescriptor>() == 120);
    assert!(size_of::<ParamValue>() == 24 && size_of::<TableColumns>() == 16 && size_of::<ColumnPointer>() == 16);
};

/// Type of the exported function. It also looks at the types of the state, on whose depth the stack that it needs depends.
pub type EntryFn = extern "C" fn() -> *const PluginDescriptor;
