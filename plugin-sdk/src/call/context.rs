//! The call as one export sees it.

use core::fmt;

use crate::abi::{ExportCall, Level};

/// The current call of one export. A method marked `#[export]` may take `&CallContext` as its first argument.
pub struct CallContext<'call> {
    call: &'call ExportCall,
}

impl fmt::Debug for CallContext<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CallContext").finish_non_exhaustive()
    }
}

impl<'call> CallContext<'call> {
    pub(crate) fn new(call: &'call ExportCall) -> Self {
        Self { call }
    }

    /// Writes a line to the host's log, with the plugin's name and generation.
    pub fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        crate::log::write(self.call.life, level, message);
    }
}
