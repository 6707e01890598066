use std::cell::Cell;

use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: Cell<u32>,
}

#[plugin(name = "race")]
impl Race {
    #[export]
    fn laps(&self) -> u32 {
        self.laps.get()
    }
}

fn main() {}
