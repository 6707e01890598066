//! Lines for the host's log.

#![expect(unsafe_code, reason = "calls the host through its function table")]

use core::fmt::{self, Write as _};

use crate::abi::{Level, LifeCall, Text};

/// Writes a line to the host's log.
pub(crate) fn write(life: LifeCall, level: Level, message: fmt::Arguments<'_>) {
    // A failing `Display` cuts the line off; `to_string` would panic at a location outside of the plugin.
    let mut text = String::new();
    let _ = text.write_fmt(message);
    // SAFETY: the host keeps its table alive for as long as any plugin is loaded.
    let host = unsafe { life.host() };
    // SAFETY: the host's own function and context; the text lives until it returns.
    unsafe { (host.log)(life.context, level, Text::new(&text)) }
}
