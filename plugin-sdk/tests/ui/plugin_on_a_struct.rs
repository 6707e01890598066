use plugin_sdk::prelude::*;

#[plugin(name = "race")]
#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

fn main() {}
