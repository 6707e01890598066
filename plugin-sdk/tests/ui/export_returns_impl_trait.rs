use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[export]
    fn all(&self) -> impl Iterator<Item = u32> {
        0..self.laps
    }
}

fn main() {}
