use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[export(thread)]
    fn laps(&mut self) -> u32 {
        self.laps
    }
}

fn main() {}
