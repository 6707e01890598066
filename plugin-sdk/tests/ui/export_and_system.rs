use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[system]
    #[export]
    fn drive(&mut self) {}
}

fn main() {}
