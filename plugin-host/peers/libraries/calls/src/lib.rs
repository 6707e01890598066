//! The plugin that is called.

use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Calls;

#[plugin]
impl Calls {
    /// Does nothing, beside others.
    #[export]
    fn nothing(&self) {}

    /// Does nothing, alone.
    #[export]
    fn nothing_alone(&mut self) {}

    /// The next number.
    #[export]
    fn next(&self, number: u64) -> u64 {
        number.wrapping_add(1)
    }
}
