use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[export]
    fn read(&self, laps: &mut u32) {
        *laps = self.laps;
    }
}

fn main() {}
