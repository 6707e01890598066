use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Counter<T> {
    value: T,
}

fn main() {}
