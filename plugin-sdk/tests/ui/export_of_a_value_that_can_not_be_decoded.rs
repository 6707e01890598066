use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

struct Flag;

#[plugin(name = "race")]
impl Race {
    #[export]
    fn start(&mut self, _flag: Flag) {}
}

fn main() {}
