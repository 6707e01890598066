use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
enum Phase {
    #[default]
    Calm,
    Storm,
}

fn main() {}
