use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct State {
    count: u64,
    #[serde(default = "three", skip_serializing_if = "is_zero")]
    lives: u64,
}

fn main() {}
