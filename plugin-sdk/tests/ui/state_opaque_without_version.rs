use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Physics {
    #[state(opaque)]
    world: Vec<u8>,
}

fn main() {}
