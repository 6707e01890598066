use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[export]
    fn set<T: Into<u32>>(&mut self, laps: T) {
        self.laps = laps.into();
    }
}

fn main() {}
