use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[export]
    fn show(&self) -> std::fmt::Result {
        Ok(())
    }
}

fn main() {}
