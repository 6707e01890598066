use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[export]
    fn set(&mut self, laps: &u32) {
        self.laps = *laps;
    }
}

fn main() {}
