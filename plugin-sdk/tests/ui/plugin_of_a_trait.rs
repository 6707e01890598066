use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Clone for Race {
    fn clone(&self) -> Self {
        Self { laps: self.laps }
    }
}

fn main() {}
