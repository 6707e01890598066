use plugin_sdk::prelude::*;

#[derive(PluginState)]
struct Counter {
    count: u64,
}

fn main() {}
