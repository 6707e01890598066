//! A plugin that calls another one.

use std::sync::OnceLock;

use plugin_sdk::OtherExport;
use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Relay;

#[plugin]
impl Relay {
    /// Calls `nothing` of the plugin `calls` so often.
    #[export]
    fn relay(&self, call: &CallContext, times: u64) -> Result<u64> {
        static NOTHING: OnceLock<OtherExport> = OnceLock::new();
        let nothing = match NOTHING.get() {
            Some(known) => *known,
            None => *NOTHING.get_or_init({
                let found = call.plugin("calls").export("nothing")?;
                move || found
            }),
        };
        let mut reply = Vec::new();
        for _ in 0..times {
            nothing.call_bytes(call, &[], &mut reply)?;
        }
        Ok(times)
    }
}
