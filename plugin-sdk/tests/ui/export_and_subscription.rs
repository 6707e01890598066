use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[subscribe(Laps)]
    #[export]
    fn drive(&mut self, _lap: &Lap) {}
}

fn main() {}
