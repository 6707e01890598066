use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Counter {
    name: String,
}

impl Drop for Counter {
    fn drop(&mut self) {}
}

fn main() {}
