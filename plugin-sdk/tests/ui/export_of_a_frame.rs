use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[export]
    fn tick(&self, frame: &Frame) -> u64 {
        frame.tick()
    }
}

fn main() {}
