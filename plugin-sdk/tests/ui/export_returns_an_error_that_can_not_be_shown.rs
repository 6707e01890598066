use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

struct Flag;

#[plugin(name = "race")]
impl Race {
    #[export]
    fn start(&self) -> Result<u32, Flag> {
        Err(Flag)
    }
}

fn main() {}
