use plugin_sdk::prelude::*;

#[interface]
pub trait RaceApi {
    fn laps(&self) -> u32;
}

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race", implements(RaceApi, RaceApi))]
impl Race {
    #[export]
    fn laps(&self) -> u32 {
        self.laps
    }
}

fn main() {}
