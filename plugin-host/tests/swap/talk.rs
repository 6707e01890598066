//! The talker and the listener, which send and receive numbers: their fixtures, and the fields of their states.

use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
pub(crate) struct Talker {
    pub(crate) sent: u64,
    pub(crate) held_back: u64,
}

#[derive(Debug, Default, PartialEq, PluginState)]
pub(crate) struct Listener {
    pub(crate) heard: u64,
    pub(crate) sum: u64,
    pub(crate) out_of_order: u64,
}

pub(crate) const BOTH: [(&str, &str); 2] = [("listener", "listener_v1"), ("talker", "talker_v1")];
