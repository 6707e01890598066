use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Counter(u64);

fn main() {}
