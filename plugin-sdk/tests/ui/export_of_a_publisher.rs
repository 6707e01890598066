use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[export]
    fn tell(&self, _laps: Publisher<Laps>) {}
}

fn main() {}
