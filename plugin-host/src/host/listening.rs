//! Keeps the plugins' libraries up to date on who listens to their `tracing` events.

use super::Host;
use crate::trace;

impl Host {
    /// Tells the libraries if somebody listens to other events than at the last edge.
    pub(super) fn tell_listening(&mut self, has_new_plugins: bool) {
        let word = trace::now();
        if word == self.trace_word && !has_new_plugins {
            return;
        }
        self.trace_word = word;
        for image in self.plugins.values().filter_map(|plugin| plugin.image.as_ref()) {
            trace::tell(image.callee(), image.functions().trace_changed);
        }
    }
}
