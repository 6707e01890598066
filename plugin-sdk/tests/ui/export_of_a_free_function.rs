use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[export]
    fn laps(&self) -> u32 {
        self.laps
    }
}

#[export]
fn add(first: u32, second: u32) -> u32 {
    first + second
}

fn main() {}
