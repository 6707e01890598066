//! The call as one export sees it.

#![expect(unsafe_code, reason = "reads a text of the host")]

use core::fmt;
use core::time::Duration;

use super::nested::sealed::Life;
use super::nested::{self, Calling, OtherPlugin};
use crate::abi::{ExportCall, Level, LifeCall};

/// The current call of one export. A method marked `#[export]` may take `&CallContext` as its first argument.
pub struct CallContext<'call> {
    call: &'call ExportCall,
}

impl fmt::Debug for CallContext<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CallContext").finish_non_exhaustive()
    }
}

impl Life for CallContext<'_> {
    fn life(&self) -> LifeCall {
        self.call.life
    }
}

impl Calling for CallContext<'_> {}

impl<'call> CallContext<'call> {
    pub(crate) fn new(call: &'call ExportCall) -> Self {
        Self { call }
    }

    /// Another plugin, to be called from within this call.
    #[must_use]
    pub fn plugin<'a>(&'a self, name: &'a str) -> OtherPlugin<'a> {
        OtherPlugin::new(self.call.life, name)
    }

    /// Time until the deadline that the caller has set, or that a caller of it has set; `None` without one. The host calls nothing after
    /// it, but interrupts nothing either: a long method looks at it.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        nested::remaining(&self.call.life)
    }

    /// Whether the deadline has passed.
    #[must_use]
    pub fn expired(&self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }

    /// Name of the calling plugin; `None` if the host called, for itself or for another process.
    #[must_use]
    pub fn caller(&self) -> Option<String> {
        // SAFETY: valid for as long as the library is loaded.
        let caller = unsafe { nested::info(&self.call.life).caller.to_owned_text() };
        Some(caller).filter(|caller| !caller.is_empty())
    }

    /// Number of the chain of calls that this one is in, unique in this process. Calls of one chain have the same.
    #[must_use]
    pub fn trace_id(&self) -> u64 {
        nested::info(&self.call.life).trace
    }

    /// Number of this call, unique in this process.
    #[must_use]
    pub fn span_id(&self) -> u64 {
        nested::info(&self.call.life).span
    }

    /// Number of calls that this one is nested in.
    #[must_use]
    pub fn depth(&self) -> u32 {
        nested::info(&self.call.life).depth
    }

    /// Writes a line to the host's log, with the plugin's name and generation.
    pub fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        crate::log::write(self.call.life, level, message);
    }
}
