//! Exports: methods of a plugin that anybody may call by name.
//!
//! Arguments and replies are MessagePack. Arguments are one array with an item for each argument, in order; no bytes at all stand for no
//! argument. A reply is one value; no bytes stand for `()`. Structs are maps with field names, and values are written as serde's
//! human-readable formats do it (an `IpAddr` is a text), so that JSON can be converted without knowing the types.

use core::ffi::c_void;

use super::call::LifeCall;
use super::sink::Sink;
use super::status::Status;
use super::text::{List, Text};

/// One exported method.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ExportDescriptor {
    /// Unique within the plugin.
    pub name: Text,
    /// Canonical text: `name(argument: Type, …) -> Type`, without `-> Type` for `()`. The type of a `Result` is that of its value.
    pub signature: Text,
    /// FNV-1a of `signature`.
    pub hash: u64,
    /// Its doc comment, or empty.
    pub docs: Text,
    /// An [`ExportAccess`].
    pub access: u32,
    /// Bits of [`ExportFlags`].
    pub flags: u32,
    /// The shim.
    pub call: ExportFn,
}

/// How an export uses the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum ExportAccess {
    /// `&self`: several threads may be in such exports at a time. The state is `Sync`.
    Shared = 0,
    /// `&mut self`: nothing else of the instance runs meanwhile.
    Exclusive = 1,
}

impl ExportAccess {
    /// The access with this number.
    #[must_use]
    pub const fn from_wire(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Shared),
            1 => Some(Self::Exclusive),
            _ => None,
        }
    }
}

/// Bits of [`ExportDescriptor::flags`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportFlags(pub u32);

impl ExportFlags {
    /// The host and plugins may call it, other processes may not: it is not offered on the bus.
    pub const INTERNAL: Self = Self(1);
    /// Other processes are answered by a thread of the host, also while no frame runs; otherwise at the frame edge. The access is
    /// [`ExportAccess::Shared`].
    pub const THREAD: Self = Self(2);
    /// All flags of this version.
    pub const ALL: Self = Self(Self::INTERNAL.0 | Self::THREAD.0);

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

/// Calls one export. The host passes an instance of this library to which the call has the declared access, and valid arguments. The export
/// writes its reply to `reply`, and only if it ends with [`Status::OK`] is the reply used.
///
/// | status | meaning | text |
/// |---|---|---|
/// | [`Status::OK`] | the reply is whole | |
/// | [`Status::FAILED`] | the method returned an error | code and text went to [`HostTable::failed`](super::HostTable::failed) |
/// | [`Status::REFUSED`] | the arguments are not the method's | why went to [`HostTable::fault`](super::HostTable::fault) |
/// | [`Status::FAULT`] | it panicked | as for a system |
pub type ExportFn =
    unsafe extern "C" fn(instance: *mut c_void, call: *mut ExportCall, arguments: List<u8>, reply: Sink) -> Status;

/// Argument of exports. Valid for that call only.
#[derive(Debug)]
#[repr(C)]
pub struct ExportCall {
    /// `size_of::<ExportCall>()` of the host's build: fields are only ever appended.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Access to the host.
    pub life: LifeCall,
}
