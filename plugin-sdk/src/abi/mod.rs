//! The C ABI between host and plugin: `repr(C)` only.
//!
//! Both sides have the same [`ABI_VERSION`]. The structs passed by pointer ([`PluginDescriptor`], [`HostTable`], [`Call`], …) begin with their
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
mod export;
mod interface;
mod metrics;
mod nested;
pub mod section;
mod sink;
mod status;
mod text;
mod trace;
mod version;

pub use call::{Bump, Call, ColumnPointer, HostTable, LifeCall, ParamValue, TableColumns};
pub use descriptor::{
    Access, ComponentDescriptor, CreateFn, DeliverFn, DestroyFn, ParamDescriptor, ParamKind, PluginDescriptor, SaveFn,
    Stage, SubscriptionDescriptor, SystemDescriptor, SystemFn, TermDescriptor, TopicDescriptor,
};
pub use export::{ExportAccess, ExportCall, ExportDescriptor, ExportFlags, ExportFn};
pub use interface::InterfaceDescriptor;
pub use metrics::{MetricKind, MetricLabel, MetricsTable};
pub use nested::{CallInfo, FailureKind, NestedFailure};
pub use sink::Sink;
pub use status::{Level, Status};
pub use text::{List, Text};
pub use trace::{TraceInterest, TraceKind, TraceParent, TracePlace, TraceTable, TraceValue};
pub use version::{ABI_VERSION, ENTRY, STATE_STACK_BYTES};

/// Sizes on 64-bit platforms. A change requires a new version, unless it appends to one of the first three.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<PluginDescriptor>() == 176 && size_of::<HostTable>() == 152 && size_of::<Call>() == 96);
    assert!(size_of::<ComponentDescriptor>() == 48 && size_of::<TermDescriptor>() == 56);
    assert!(size_of::<TopicDescriptor>() == 80 && size_of::<ParamDescriptor>() == 120);
    assert!(size_of::<SystemDescriptor>() == 80 && size_of::<SubscriptionDescriptor>() == 120);
    assert!(size_of::<ExportDescriptor>() == 72 && size_of::<ExportCall>() == 24);
    assert!(size_of::<NestedFailure>() == 32 && size_of::<CallInfo>() == 48);
    assert!(size_of::<InterfaceDescriptor>() == 40);
    assert!(size_of::<TraceTable>() == 96 && size_of::<TracePlace>() == 96 && size_of::<TraceValue>() == 32);
    assert!(size_of::<MetricsTable>() == 56 && size_of::<MetricLabel>() == 32);
    assert!(size_of::<ParamValue>() == 24 && size_of::<TableColumns>() == 16 && size_of::<ColumnPointer>() == 16);
};

/// Type of the exported function. It also inspects the state's types, and needs stack in proportion to their depth.
pub type EntryFn = extern "C" fn() -> *const PluginDescriptor;
