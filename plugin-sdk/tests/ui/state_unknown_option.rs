use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Physics {
    #[state(binary)]
    world: Vec<u8>,
}

fn main() {}
