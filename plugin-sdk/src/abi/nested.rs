//! Calls from plugin to plugin, through the host.

use super::sink::Sink;
use super::text::Text;

/// Where the host stores why a call of another plugin has no result.
#[derive(Debug)]
#[repr(C)]
pub struct NestedFailure {
    /// `size_of::<NestedFailure>()` of the plugin's build: fields are only ever appended.
    pub size: u32,
    /// A [`FailureKind`].
    pub kind: u32,
    /// The code of the error that the export returned; 0 if it has none.
    pub code: u32,
    /// Zero.
    pub reserved: u32,
    /// Takes the text.
    pub text: Sink,
}

/// Why a call has no result. An unknown number counts as [`FailureKind::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum FailureKind {
    /// Only the text tells.
    Other = 0,
    /// No plugin of this name runs.
    UnknownPlugin = 1,
    /// The plugin has no export of this name.
    UnknownMethod = 2,
    /// The plugin was removed, and has not come back.
    Removed = 3,
    /// The plugin is suspended after a fault.
    Suspended = 4,
    /// The call would wait for itself.
    Reentrant = 5,
    /// Too many calls are in one another.
    TooDeep = 6,
    /// The call's time was over before it could begin.
    TimedOut = 7,
    /// The arguments are not the method's.
    Arguments = 8,
    /// The reply is not of the type that the caller expects.
    Reply = 9,
    /// The method returned an error.
    Failed = 10,
    /// The method panicked.
    Panicked = 11,
    /// The export has another signature than the caller was built for.
    Signature = 12,
}

impl FailureKind {
    /// The kind with this number.
    #[must_use]
    pub const fn from_wire(number: u32) -> Self {
        match number {
            1 => Self::UnknownPlugin,
            2 => Self::UnknownMethod,
            3 => Self::Removed,
            4 => Self::Suspended,
            5 => Self::Reentrant,
            6 => Self::TooDeep,
            7 => Self::TimedOut,
            8 => Self::Arguments,
            9 => Self::Reply,
            10 => Self::Failed,
            11 => Self::Panicked,
            12 => Self::Signature,
            _ => Self::Other,
        }
    }
}

/// What a plugin may ask about its current call.
#[derive(Debug)]
#[repr(C)]
pub struct CallInfo {
    /// `size_of::<CallInfo>()` of the plugin's build: fields are only ever appended.
    pub size: u32,
    /// Number of calls that this one is nested in.
    pub depth: u32,
    /// Time that is left, in nanoseconds; `u64::MAX` without a deadline.
    pub remaining_ns: u64,
    /// Number of the whole chain of calls, unique in this process.
    pub trace: u64,
    /// Number of this call, unique in this process.
    pub span: u64,
    /// Name of the calling plugin; empty if the host called. Valid for as long as the library is loaded.
    pub caller: Text,
}
