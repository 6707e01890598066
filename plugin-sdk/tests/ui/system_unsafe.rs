use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[system]
    unsafe fn drive(&mut self) {}
}

fn main() {}
