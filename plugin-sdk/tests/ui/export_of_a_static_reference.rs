use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[export]
    fn name(&self, name: &'static str) -> usize {
        name.len()
    }
}

fn main() {}
